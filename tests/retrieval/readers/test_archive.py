"""Archives that are more than documents."""

from __future__ import annotations

import io
import warnings
import zipfile

import pytest

from gateway.errors import TooLarge, UnsupportedMedia
from gateway.retrieval.formats import check
from gateway.retrieval.readers.archive import MAX_ENTRIES, Package, measure
from tests.retrieval.files import archive, bomb, lying_bomb
from tests.retrieval.office import docx, epub, odt, par, pptx, run, xlsx

KINDS = {
    "docx": docx(par(run("x"))),
    "pptx": pptx(""),
    "xlsx": xlsx({"S": ""}),
    "odt": odt(""),
    "epub": epub({"a.xhtml": "<p>x</p>"}),
}


def with_part(data: bytes, name: str, content: bytes, *, packed: bool = True) -> bytes:
    target = io.BytesIO(data)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as made:
        made.writestr(name, content)
    return target.getvalue()


@pytest.mark.parametrize("kind", KINDS)
def test_every_archive_is_measured(kind: str) -> None:
    good = KINDS[kind]
    check(good, kind, 50_000_000)
    with pytest.raises(TooLarge, match="unpacks to more than"):
        check(with_part(good, "media/big.bin", b"0" * (60 << 20)), kind, 50_000_000)
    many = io.BytesIO(good)
    with zipfile.ZipFile(many, "a") as made:
        for number in range(MAX_ENTRIES):
            made.writestr(f"{number}.xml", "")
    with pytest.raises(TooLarge, match="entries"):
        check(many.getvalue(), kind, 50_000_000)
    for name in ("../../etc/cron.d/x", "/etc/passwd", "C:\\x.txt", "a/../../b"):
        with pytest.raises(UnsupportedMedia, match="outside itself"):
            check(with_part(good, name, b"x"), kind, 50_000_000)
    encrypted = bytearray(good)
    at = encrypted.rindex(b"PK\x01\x02")
    encrypted[at + 8] |= 1
    with pytest.raises(UnsupportedMedia, match="encrypted"):
        check(bytes(encrypted), kind, 50_000_000)


def test_bombs_in_bombs_are_not_opened() -> None:
    """An archive inside is a part like any other: it is counted packed, and never unpacked."""
    nested = with_part(KINDS["docx"], "word/embeddings/inner.zip", bomb(60), packed=False)
    assert "word/embeddings/inner.zip" in measure(nested, "docx", 5_000_000)


def test_a_directory_that_lies() -> None:
    with pytest.raises(TooLarge):
        measure(lying_bomb(60), "docx", 200_000_000)


def test_a_part_named_twice() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        twice = with_part(KINDS["docx"], "word/document.xml", b"<other/>")
    with pytest.raises(UnsupportedMedia, match="twice"):
        measure(twice, "docx", 5_000_000)


def test_parts_and_relations() -> None:
    package = Package(
        archive(
            {"a/b.xml": "<x/>", "a/_rels/b.xml.rels": '<r><Relationship Id="1" Type="k/image" Target="../c.png"/></r>'}
        ),
        "docx",
    )
    assert package.relations("a/b.xml") == {"1": ("image", "c.png")}
    assert package.relations("nowhere.xml") == {}
    assert package.xml("nowhere.xml") is None
    with pytest.raises(UnsupportedMedia):
        package.read("nowhere.xml")
