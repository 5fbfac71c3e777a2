"""From bytes to text, in this process: the functions the child runs."""

from __future__ import annotations

import time

import pytest

from gateway.errors import Invalid, TooLarge, UnsupportedMedia
from gateway.retrieval.extract import TITLE_BOUND, extract
from gateway.retrieval.readers.draft import Extracted, Limits
from gateway.retrieval.readers.markup import markdown_headings, whole_words
from gateway.retrieval.readers.tables import MAX_COLUMNS
from gateway.retrieval.readers.text import decode, tidy
from tests.retrieval import files


def read(data: bytes, kind: str, *, pages: int = 100, chars: int = 100_000) -> Extracted:
    return extract(data, kind, Limits(pages, chars))


def headings(found: Extracted) -> list[tuple[str, int]]:
    return [(found.text[start:end], level) for start, end, level in found.headings]


def test_pdf_has_pages() -> None:
    found = read(files.pdf("first page\nsecond line", "third"), "pdf")
    assert found.title == "Travel policy"
    assert [number for number, _, _ in found.pages] == [1, 2]
    assert [found.text[start:end] for _, start, end in found.pages] == ["first page\nsecond line", "third"]


def test_docx() -> None:
    found = read(files.docx(("Heading1", "Leave"), ("", "Everyone has 30 days."), ("Heading2", "Sick leave")), "docx")
    assert [text for text, _ in headings(found)] == ["Leave", "Sick leave"]
    assert "Everyone has 30 days." in found.text
    assert found.title == "Leave"
    levels = [level for _, level in headings(found)]
    assert levels[0] < levels[1]


def test_html_without_what_people_do_not_see() -> None:
    found = read(files.HTML, "html")
    assert found.title == "Handbook & more"
    assert headings(found) == [("Benefits", 1), ("Meals", 2)]
    for hidden in ("alert", "IGNORE", "also hidden", "collector.example", "title:"):
        assert hidden not in found.text
    assert "a plate" in found.text


def test_html_declares_its_encoding() -> None:
    page = '<html><head><meta charset="iso-8859-1"></head><body><p>Größe</p></body></html>'
    assert "Größe" in read(page.encode("iso-8859-1"), "html").text


def test_markdown_is_kept_as_it_stands() -> None:
    found = read(files.MARKDOWN, "markdown")
    assert found.text == files.MARKDOWN.decode()
    assert headings(found) == [("Leave", 1), ("Annual leave", 2), ("Sick leave", 2)]
    assert found.title == "Leave"


def test_headings_in_fences_are_code() -> None:
    text = "~~~\n# a\n~~~\n# b #\n####### seven\n#nospace\n```\n# c"
    assert [text[s:e] for s, e, _ in markdown_headings(text)] == ["b"]


def test_csv_rows_become_labelled_lines() -> None:
    found = read(files.CSV, "csv")
    assert found.text == "Name: Jane Roe\nDepartment: Finance\nSalary: 50000\n\nName: Bob Poe\nDepartment: Legal\n"
    assert read(b"a;b\n1;2\n3;4;5\n", "csv").text == "a: 1\nb: 2\n\na: 3\nb: 4\ncolumn 3: 5\n"


def test_line_ends_and_zero_bytes() -> None:
    assert tidy(decode(b"\xef\xbb\xbfa\r\nb\rc")) == "a\nb\nc"
    assert tidy(decode("x\0y".encode("utf-16"))) == "xy"
    assert "é" in decode("café crème brûlée, s'il vous plaît. ".encode("latin-1") * 5)


@pytest.mark.parametrize("data", [b"%PDF-1.7 and then rubbish", files.pdf("text")[:300]])
def test_broken_pdf(data: bytes) -> None:
    with pytest.raises(UnsupportedMedia) as refused:
        read(data, "pdf")
    assert "rubbish" not in str(refused.value)


def test_broken_docx() -> None:
    with pytest.raises((UnsupportedMedia, Invalid)):
        read(files.archive({"word/document.xml": "<w:document><w:body>"}), "docx")


def test_no_text() -> None:
    with pytest.raises(Invalid, match="no text in this pdf file"):
        read(files.pdf(""), "pdf")


def test_limits() -> None:
    with pytest.raises(TooLarge, match="pages"):
        read(files.pdf("a", "b", "c"), "pdf", pages=2)
    with pytest.raises(TooLarge, match="characters"):
        read(b"word " * 100, "text", chars=400)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("markdown", b"# a" + b" \t" * 1300 + b"x\n"),
        ("markdown", b"# a" + b" #" * 20_000),
        ("markdown", b"~~~\n" * 20_000),
        ("markdown", b"#" * 50_000),
        ("html", b"<" * 50_000),
        ("html", b"x<a " * 20_000),
        ("html", b"x<!--" * 20_000),
        ("html", b"<title>" * 20_000 + b"x</title>y"),
        ("html", b"<p>" + b"![" * 20_000),
        ("html", b"<p>" + b"[a](" * 20_000),
        ("html", b"<p>" + b"**a " * 20_000),
        ("html", b"x<style>" + b"@media{" * 20_000 + b"a{color:red}" + b"}" * 20_000),
    ],
)
def test_reading_takes_time_in_proportion(kind: str, data: bytes) -> None:
    begun = time.process_time()
    read(data, kind, chars=1_000_000)
    assert time.process_time() - begun < 2


def test_heading_marks_and_blanks_at_the_end() -> None:
    text = "# a \t x  #\t\n## b#\n### c ### \n#\tc #d\n# #\n```\n~~~\n# code\n````\n# e"
    assert [(text[s:e], level) for s, e, level in markdown_headings(text)] == [
        ("a \t x", 1),
        ("b#", 2),
        ("c", 3),
        ("c #d", 1),
        ("e", 1),
    ]


def test_csv_of_too_many_columns() -> None:
    wide = b",".join(b"c%d" % n for n in range(60_000))
    with pytest.raises(TooLarge, match="columns"):
        read(wide + b"\n" + b"1," * 60_000, "csv")
    assert "column 1000: 1" in read(b"a,b\n" + b",".join([b"1"] * MAX_COLUMNS), "csv").text


def test_csv_that_grows_is_stopped() -> None:
    with pytest.raises(TooLarge, match="characters"):
        read(b"x" * 60_000 + b",b\n" + b"1,2\n" * 20_000, "csv")


def test_title_leaves_with_its_values_whole() -> None:
    value = "jane.roe.kowalski@example.org"
    assert read(f"# {'word ' * 36}{value}\n".encode(), "markdown").title.endswith(value)
    assert len(read(b"# " + b"word " * 5000, "markdown").title) == TITLE_BOUND


@pytest.mark.parametrize(
    ("made", "whole"),
    [
        ("ja**ne.r**oe@exa*mple.com*", "jane.roe@example.com"),
        ("jane[.roe](https://x.example)@example.com", "jane.roe@example.com"),
        ("**Name:** *Jane* ([there](https://x.example)).", "**Name:** *Jane* ([there](https://x.example))."),
        ("2*3*4", "2*3*4"),
        ("![a plate](x.png) ![b](y(1).png)", "a plate b"),
    ],
)
def test_no_marks_inside_a_word(made: str, whole: str) -> None:
    assert whole_words(made) == whole


def test_docx_value_in_several_formats_is_one_word() -> None:
    runs = "</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>ne.r</w:t></w:r><w:r><w:t>"
    assert "jane.roe@example.com" in read(files.docx(("", f"ja{runs}oe@example.com")), "docx").text


def test_characters_without_width_do_not_cut_a_value() -> None:
    assert tidy(decode("ja\u00adne\u200b.roe\u2060@example.com".encode())) == "jane.roe@example.com"
