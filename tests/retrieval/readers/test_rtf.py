"""Rich text."""

from __future__ import annotations

import pytest

from gateway.errors import UnsupportedMedia
from tests.retrieval.office import RTF
from tests.retrieval.readers.reading import headings, read


def test_words_headings_and_tables() -> None:
    found = read(RTF, "rtf")
    assert found.text == (
        "# Pumps\n\nStra\u00dfe and \u20ac sign, bold.\n\nName: Ada\nCity: Bonn\nPhone: 123\n\nAfter.\n"
    )
    assert headings(found) == [("Pumps", 1)]
    assert found.title == "Pump guide"


def test_what_is_not_seen() -> None:
    hidden = read(RTF, "rtf").hidden
    assert {kind: hidden[kind] for kind in ("style", "colour", "tiny", "deleted")} == {
        "style": 12,
        "colour": 11,
        "tiny": 10,
        "deleted": 10,
    }
    assert hidden["comment"] == 9
    assert hidden["metadata"]
    assert hidden["header_footer"]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (rb"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8}", "При\n"),
        (rb"{\rtf1\ansi\deff0{\fonttbl{\f1\fcharset204 A;}}\f1 \'cf}", "П\n"),
        (rb"{\rtf1 \u-10179?\u-8704?}", "\U0001f600\n"),
        (rb"{\rtf1\uc0 \u8364x}", "€x\n"),
        (rb"{\rtf1 a\{b\}\\c}", "a{b}\\c\n"),
        (rb"{\rtf1 {\pict 0a0b0c}{\*\unknown x}{\object{\*\objdata 00}{\result seen}}}", "seen\n"),
        (b"{\\rtf1 a\\bin5 }}}}}b}", "ab\n"),
        (rb"{\rtf1 unfinished {\b bold", "unfinished bold\n"),
    ],
)
def test_details(raw: bytes, text: str) -> None:
    assert read(raw, "rtf").text == text


def test_deep_groups() -> None:
    with pytest.raises(UnsupportedMedia, match="nested"):
        read(b"{\\rtf1 " + b"{" * 5000, "rtf")
