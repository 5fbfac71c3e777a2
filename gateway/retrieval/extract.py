"""From bytes to text with pages and headings. Runs in the parser's child process, under its limits.

What comes out is what offsets point into from then on: line ends are line feeds, and there are no zero bytes.
"""

from __future__ import annotations

import csv
import html
import io
import re
from dataclasses import dataclass, field
from typing import Any

from gateway.errors import Invalid, TooLarge, UnsupportedMedia

PAGE_GAP = "\n\n"
_HEAD = re.compile(r"<head\b.*?</head\s*>", re.IGNORECASE | re.DOTALL)
_TITLE = re.compile(r"<title\b[^>]*>([^<]{1,500})</title\s*>", re.IGNORECASE)
_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_-]{2,40})""", re.IGNORECASE)
_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([^)\n]*\)")
_ATX = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)
_MIME = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html",
}
TITLE_LENGTH = 200


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
    found = _READERS[kind](data, max_pages)
    if not empty and not found.text.strip():
        raise Invalid(
            f"no text in this {kind} file",
            hint="a scanned document needs text recognition first" if kind == "pdf" else "",
        )
    if len(found.text) > max_chars:
        raise TooLarge(f"the document holds more than {max_chars} characters", hint="split it, or raise the limit")
    if not found.title and found.headings:
        start, end, _ = found.headings[0]
        found.title = found.text[start:end]
    found.title = " ".join(found.title.split())[:TITLE_LENGTH]
    return found


def tidy(text: str) -> str:
    """One kind of line end, no zero bytes, no lone surrogates, no byte-order mark."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
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
    fenced = [match.span() for match in _FENCE.finditer(text)]
    found = []
    at = 0
    for match in _ATX.finditer(text):
        while at < len(fenced) and fenced[at][1] <= match.start():
            at += 1
        inside = at < len(fenced) and fenced[at][0] <= match.start()
        if not inside and match[2]:
            found.append((match.start(2), match.end(2), len(match[1])))
    return found


def _plain(data: bytes, max_pages: int) -> Extracted:  # noqa: ARG001
    return Extracted(decode(data))


def _markdown(data: bytes, max_pages: int) -> Extracted:  # noqa: ARG001
    text = decode(data)
    return Extracted(text, headings=markdown_headings(text))


def _html(data: bytes, max_pages: int) -> Extracted:  # noqa: ARG001
    declared = _CHARSET.search(data[:4096])
    source = decode(data, declared[1].decode("ascii") if declared else None)
    title = _TITLE.search(source)
    # The head would come out as front matter; the title is taken here.
    body = _HEAD.sub("", source, count=1)
    text = _without_images(tidy(_kreuzberg(body.encode(), "html", "markdown").content))
    return Extracted(text, html.unescape(title[1]) if title else "", headings=markdown_headings(text))


def _docx(data: bytes, max_pages: int) -> Extracted:  # noqa: ARG001
    result = _kreuzberg(data, "docx", "markdown")
    text = _without_images(tidy(result.content))
    return Extracted(text, _stated_title(result), headings=markdown_headings(text))


def _pdf(data: bytes, max_pages: int) -> Extracted:
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


def _csv(data: bytes, max_pages: int) -> Extracted:  # noqa: ARG001
    """Each row as a paragraph of `column: value` lines: rows stay whole, and values keep their meaning."""
    text = decode(data)
    head = text[:65536].splitlines()[:1]
    # The delimiter that makes most columns of the first row; quoted delimiters do not count.
    delimiter = max(",;\t|", key=lambda mark: max((len(row) for row in csv.reader(head, delimiter=mark)), default=0))
    try:
        table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows = [row for row in table if any(cell.strip() for cell in row)]
    except csv.Error:
        raise UnsupportedMedia("the file is not a readable CSV table") from None
    if not rows:
        return Extracted("")
    columns = [" ".join(cell.split()) or f"column {n}" for n, cell in enumerate(rows[0], 1)]
    lines = []
    for row in rows[1:] or rows:
        named = zip(columns + [f"column {n}" for n in range(len(columns) + 1, len(row) + 1)], row, strict=False)
        lines.append("\n".join(f"{column}: {' '.join(cell.split())}" for column, cell in named if cell.strip()))
    return Extracted("\n\n".join(lines) + "\n")


def _without_images(text: str) -> str:
    """An image in the text of a document is its caption; its address would be a way out for data."""
    return _IMAGE.sub(lambda match: match[1], text)


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
