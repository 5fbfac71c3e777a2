"""From bytes to text with pages and headings. Runs in the parser's child process, under its limits.

What comes out is what offsets point into from then on: line ends are line feeds, and there are no zero bytes.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import Invalid, TooLarge, UnsupportedMedia
from gateway.retrieval.page import visible

PAGE_GAP = "\n\n"
_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_-]{2,40})""", re.IGNORECASE)
# None of these looks at a character more than a few times, whatever the text: groups stop where the next could begin.
_TARGET = r"\((?:<[^<>\n]*+>|[^()\n]*+(?:\([^()\n]*+\)[^()\n]*+)?+)\)"
_IMAGE = re.compile(rf"!\[([^\[\]\n]*+)\]{_TARGET}")
_LINK = re.compile(rf"(?<!!)\[([^\[\]\n]*+)\]{_TARGET}")
_EMPHASIS = re.compile(r"(?<![*\\])(\*{1,3})(?![*\s])([^*\n]*+)(?<![\s\\])\1(?!\*)")
_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_UNSEEN = dict.fromkeys(map(ord, "\0\u00ad\u200b\u2060\ufeff"))
"""Zero bytes, soft hyphens and spaces of no width: they would cut a value in two that the reader sees whole."""
_MIME = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html",
}
TITLE_BOUND = 4000
"""Characters of a title that leave the child. It is shortened for use once it is redacted: a cut before would leave the
head of a value that nobody recognises."""
MAX_COLUMNS = 1000


@dataclass(slots=True)
class Extracted:
    """Text of one document; offsets are code points of `text`."""

    text: str
    title: str = ""
    pages: list[tuple[int, int, int]] = field(default_factory=list)
    headings: list[tuple[int, int, int]] = field(default_factory=list)
    """(start, end, level)"""


def extract(data: bytes, kind: str, max_pages: int, max_chars: int, *, empty: bool = False) -> Extracted:
    """The document's text; `empty` admits one without any.

    Raises UnsupportedMedia, Invalid or TooLarge; never with content in the message.
    """
    found = _READERS[kind](data, max_pages, max_chars)
    if not empty and not found.text.strip():
        raise Invalid(
            f"no text in this {kind} file",
            hint="a scanned document needs text recognition first" if kind == "pdf" else "",
        )
    if len(found.text) > max_chars:
        raise _too_long(max_chars)
    if not found.title and found.headings:
        start, end, _ = found.headings[0]
        found.title = found.text[start:end]
    found.title = " ".join(found.title.split())[:TITLE_BOUND]
    return found


def tidy(text: str) -> str:
    """One kind of line end, no characters without width, no lone surrogates, no byte-order mark."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_UNSEEN)
    return text.encode("utf-8", "replace").decode("utf-8")


def decode(data: bytes, declared: str | None = None) -> str:
    """Text of unknown encoding: a byte-order mark, UTF-8, what the file declares, then a guess."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return tidy(data.decode("utf-16", "replace"))
    try:
        return tidy(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        pass
    if declared:
        try:
            return tidy(data.decode(declared))
        except (LookupError, UnicodeDecodeError):
            pass
    from charset_normalizer import from_bytes  # noqa: PLC0415

    best = from_bytes(data[:1_000_000]).best()
    if best is None:
        raise UnsupportedMedia("the file's text encoding is not recognised", hint="save it as UTF-8")
    return tidy(data.decode(best.encoding, "replace"))


def markdown_headings(text: str) -> list[tuple[int, int, int]]:
    """(start, end, level) of every `#` heading outside code fences; offsets without the marks."""
    found = []
    fence = ""
    at = 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if (mark := _FENCE.match(text, at, end)) is not None:
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence):
                fence = ""
        elif not fence and (heading := _ATX.match(text, at, end)) is not None:
            # In Python, not in the expression: trailing blanks and marks there are tried in every combination.
            body = text[heading.end() : end].rstrip(" \t")
            bare = body.rstrip("#")
            body = bare.rstrip(" \t") if bare != body and bare[-1:] in {"", " ", "\t"} else body
            if body:
                found.append((heading.end(), heading.end() + len(body), len(heading[1])))
        at = end + 1
    return found


def _plain(data: bytes, max_pages: int, max_chars: int) -> Extracted:  # noqa: ARG001
    return Extracted(decode(data))


def _markdown(data: bytes, max_pages: int, max_chars: int) -> Extracted:  # noqa: ARG001
    text = decode(data)
    return Extracted(text, headings=markdown_headings(text))


def _html(data: bytes, max_pages: int, max_chars: int) -> Extracted:  # noqa: ARG001
    declared = _CHARSET.search(data[:4096])
    title, page = visible(decode(data, declared[1].decode("ascii") if declared else None))
    if not page.strip():
        return Extracted("")
    text = whole_words(tidy(_kreuzberg(page.encode(), "html", "markdown").content))
    return Extracted(text, title, headings=markdown_headings(text))


def _docx(data: bytes, max_pages: int, max_chars: int) -> Extracted:  # noqa: ARG001
    result = _kreuzberg(data, "docx", "markdown")
    text = whole_words(tidy(result.content))
    return Extracted(text, _stated_title(result), headings=markdown_headings(text))


def _pdf(data: bytes, max_pages: int, max_chars: int) -> Extracted:  # noqa: ARG001
    result = _kreuzberg(data, "pdf", "plain")
    pages = result.pages or []
    if len(pages) > max_pages:
        raise TooLarge(f"the document has more than {max_pages} pages", hint="split it, or raise ingest.max_pages")
    parts: list[str] = []
    found = Extracted("", _stated_title(result))
    at = 0
    for page in pages:
        text = tidy(page["content"])
        found.pages.append((int(page["page_number"]), at, at + len(text)))
        parts.append(text)
        at += len(text) + len(PAGE_GAP)
    found.text = PAGE_GAP.join(parts)
    return found


def _csv(data: bytes, max_pages: int, max_chars: int) -> Extracted:  # noqa: ARG001
    """Each row as a paragraph of `column: value` lines: rows stay whole, and values keep their meaning."""
    text = decode(data)
    head = text[:65536].splitlines()[:1]
    try:
        # The delimiter that makes most columns of the first row; quoted delimiters do not count.
        delimiter = max(",;\t|", key=lambda mark: max(map(len, csv.reader(head, delimiter=mark)), default=0))
        table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows = [row for row in table if any(cell.strip() for cell in row)]
    except csv.Error:
        raise UnsupportedMedia("the file is not a readable CSV table") from None
    if not rows:
        return Extracted("")
    if max(map(len, rows)) > MAX_COLUMNS:
        raise TooLarge(f"the table has more than {MAX_COLUMNS} columns", hint="split it into several tables")
    columns = [" ".join(cell.split()) or f"column {n}" for n, cell in enumerate(rows[0], 1)]
    columns += [f"column {n}" for n in range(len(columns) + 1, MAX_COLUMNS + 1)]
    lines: list[str] = []
    length = 0
    for row in rows[1:] or rows:
        named = zip(columns, row, strict=False)
        lines.append("\n".join(f"{column}: {' '.join(cell.split())}" for column, cell in named if cell.strip()))
        length += len(lines[-1])
        # Column names are said again in every row: a small file may grow beyond all bounds.
        if length > max_chars:
            raise _too_long(max_chars)
    return Extracted("\n\n".join(lines) + "\n")


def whole_words(text: str) -> str:
    """Markdown made of a document: images are their captions, and no mark of emphasis or link stands inside a word.

    An image's address would be a way out for data, and a value with marks in it would not be recognised.
    """
    text = _IMAGE.sub(lambda match: match[1], text)
    text = _LINK.sub(lambda match: match[1] if _inside_word(match) else match[0], text)
    return _EMPHASIS.sub(lambda match: match[2] if _inside_word(match) and not _product(match) else match[0], text)


def _inside_word(match: re.Match[str]) -> bool:
    """Whether the marked text goes on, before or behind, without a blank."""
    before, behind = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    return bool(before.strip(" \n\t|(") or behind.strip(" \n\t|).,;:!?"))


def _product(match: re.Match[str]) -> bool:
    """2*3*4 is no emphasis."""
    around = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    return len(match[1]) == 1 and all(mark.isdigit() for mark in (*around, match[2][0], match[2][-1]))


def _too_long(max_chars: int) -> TooLarge:
    return TooLarge(f"the document holds more than {max_chars} characters", hint="split it, or raise the limit")


def _stated_title(result: Any) -> str:
    metadata = result.metadata or {}
    core = metadata.get("core_properties")
    title = metadata.get("title") or (core.get("title") if isinstance(core, dict) else None)
    return title if isinstance(title, str) and title.strip().lower() not in {"untitled", "unspecified"} else ""


def _kreuzberg(data: bytes, kind: str, output: str) -> Any:
    import kreuzberg  # noqa: PLC0415

    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        ocr=None,
        output_format=output,
        pages=kreuzberg.PageConfig(extract_pages=kind == "pdf"),
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
    )
    try:
        return kreuzberg.extract_bytes_sync(data, _MIME[kind], config)
    except kreuzberg.KreuzbergError:
        raise UnsupportedMedia(
            f"the file cannot be read as {kind}", hint="it may be damaged or protected by a password"
        ) from None


_READERS = {"text": _plain, "markdown": _markdown, "html": _html, "pdf": _pdf, "docx": _docx, "csv": _csv}
