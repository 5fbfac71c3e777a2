"""What a file is allowed to be."""

from __future__ import annotations

import pytest

from gateway.errors import Invalid, TooLarge, UnsupportedMedia
from gateway.retrieval.formats import BY_SUFFIX, check, kind_of
from tests.retrieval import files

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
