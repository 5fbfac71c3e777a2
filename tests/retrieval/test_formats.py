"""What a file is allowed to be."""

from __future__ import annotations

import pytest

from gateway.errors import Invalid, TooLarge, UnsupportedMedia
from gateway.retrieval.formats import BY_SUFFIX, check, kind_of
from tests.retrieval import files, office

LIMIT = 5_000_000


@pytest.mark.parametrize(("suffix", "kind"), BY_SUFFIX.items())
def test_suffix_says_the_format(suffix: str, kind: str) -> None:
    assert kind_of(f"some/folder/File{suffix.upper()}") == kind


@pytest.mark.parametrize("name", ["a.exe", "a", "a.pdf.zip", ".pdf", "a.xlsm;rm"])
def test_other_suffixes_are_refused(name: str) -> None:
    with pytest.raises(UnsupportedMedia) as refused:
        kind_of(name)
    assert ".docx" in refused.value.hint
    assert ";" not in refused.value.message


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("pdf", files.pdf("text")),
        ("docx", files.docx(("", "text"))),
        ("html", files.HTML),
        ("markdown", files.MARKDOWN),
        ("csv", files.CSV),
        ("text", "Größe in UTF-16".encode("utf-16")),
        ("text", b"latin \xe9"),
        ("markdown", b"<!doctype html><p>a page in Markdown</p>"),
        ("json", b"{}"),
        ("rtf", office.RTF),
        ("eml", b"From: a@example.org\nTo: b@example.org\n\nx"),
        ("msg", office.msg({"0037": "x"})),
        ("epub", office.epub({"a.xhtml": "<p>x</p>"})),
        ("odt", office.odt("")),
        ("pptx", office.pptx("")),
        ("xlsx", office.xlsx({"S": ""})),
    ],
)
def test_good_files_pass(kind: str, data: bytes) -> None:
    check(data, kind, LIMIT)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("pdf", b"this is not a PDF"),
        ("pdf", files.docx(("", "text"))),
        ("docx", files.pdf("text")),
        ("docx", files.archive({"something.txt": "else"})),
        ("docx", files.docx(("", "text"))[:200]),
        ("docx", b"PK\x03\x04 and then nothing"),
        ("text", files.pdf("text")),
        ("text", files.docx(("", "text"))),
        ("markdown", b"\x7fELF\x02\x01"),
        ("csv", b"a,b\0,c\n"),
        ("html", b"\x89PNG\r\n\x1a\n"),
    ],
)
def test_files_that_are_not_what_they_claim(kind: str, data: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        check(data, kind, LIMIT)


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("docx", office.xlsx({"S": ""}), "is a workbook"),
        ("xlsx", files.docx(("", "x")), "is a Word document"),
        ("pptx", files.pdf("x"), "is a PDF"),
        ("pdf", office.RTF, "is rich text"),
        ("odt", office.epub({"a.xhtml": "x"}), "is a book"),
        ("docx", office.compound({("WordDocument",): b"x"}), "is an old Office file"),
        ("text", office.RTF, "is rich text"),
        ("text", b"  <!DOCTYPE html><p>x", "is a web page"),
        ("csv", office.msg({"0037": "x"}), "is an Outlook message"),
        ("rtf", b"plain", "is not rich text"),
        ("epub", files.archive({"a": "b"}), "is an archive"),
        ("json", b"\x89PNG\r\n", "is an image"),
    ],
)
def test_what_the_bytes_are_is_said(kind: str, data: bytes, said: str) -> None:
    with pytest.raises(UnsupportedMedia, match=said):
        check(data, kind, LIMIT)


def test_empty_file() -> None:
    with pytest.raises(Invalid, match="empty"):
        check(b" \n", "text", LIMIT)


def test_archive_bomb_is_refused_by_what_it_states() -> None:
    with pytest.raises(TooLarge, match="unpacks to more than"):
        check(files.bomb(50), "docx", 200_000_000)
    with pytest.raises(TooLarge):
        check(files.bomb(8), "docx", LIMIT)


def test_archive_bomb_that_lies_about_its_size() -> None:
    with pytest.raises(TooLarge):
        check(files.lying_bomb(50), "docx", 200_000_000)


def test_archive_of_too_many_entries() -> None:
    with pytest.raises(TooLarge, match="entries"):
        check(files.archive({f"{n}.xml": "" for n in range(5001)}), "docx", LIMIT)
