"""OpenDocument texts."""

# ruff: noqa: E501

from __future__ import annotations

import pytest

from gateway.errors import UnsupportedMedia
from tests.retrieval.office import odt
from tests.retrieval.readers.reading import headings, read

STYLES = (
    '<style:style style:name="W"><style:text-properties fo:color="#ffffff"/></style:style>'
    '<style:style style:name="H"><style:text-properties text:display="none"/></style:style>'
    '<style:style style:name="T"><style:text-properties fo:font-size="1pt"/></style:style>'
    '<style:style style:name="D"><style:text-properties fo:color="#ffffff" fo:background-color="#000000"/></style:style>'
)


def cell(text: str) -> str:
    return f"<table:table-cell><text:p>{text}</text:p></table:table-cell>"


def test_structure() -> None:
    table = (
        f"<table:table><table:table-header-rows><table:table-row>{cell('Name')}{cell('City')}</table:table-row>"
        f"</table:table-header-rows><table:table-row>{cell('Ada')}{cell('Bonn')}"
        '<table:table-cell table:number-columns-repeated="16000"/></table:table-row></table:table>'
    )
    note = "<text:note><text:note-body><text:p>a note</text:p></text:note-body></text:note>"
    found = read(
        odt(
            '<text:h text:outline-level="2">Pumps</text:h><text:p>Quiet<text:s text:c="2"/>ones<text:line-break/>here'
            f"{note}</text:p><text:list><text:list-item><text:p>one</text:p></text:list-item></text:list>{table}"
        ),
        "odt",
    )
    assert found.text == "## Pumps\n\nQuiet  ones\nhere\n\na note\n\n- one\n\nName: Ada\nCity: Bonn\n"
    assert headings(found) == [("Pumps", 2)]


def test_what_is_not_seen() -> None:
    spans = "".join(f'<text:span text:style-name="{name}">{name}-words</text:span>' for name in "WHTD")
    body = (
        f"<text:p>{spans}<office:annotation><text:p>remark</text:p></office:annotation></text:p>"
        '<text:section text:display="none"><text:p>section</text:p></text:section>'
        '<text:p><text:hidden-text text:string-value="gone"/></text:p>'
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>old</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes>"
    )
    found = read(odt(body, STYLES), "odt")
    assert found.text == "D-words\n"
    assert found.hidden == {"colour": 7, "style": 7 + 7 + 4, "tiny": 7, "comment": 6, "deleted": 3}


def test_password() -> None:
    manifest = "<manifest:manifest><manifest:encryption-data/></manifest:manifest>"
    with pytest.raises(UnsupportedMedia, match="password"):
        read(odt("<text:p>x</text:p>", parts={"META-INF/manifest.xml": manifest}), "odt")
