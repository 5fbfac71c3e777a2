"""PDF: a page's visible text in lines, headings by size and weight, tables by place; what is not seen is counted only.

Text is looked at in a picture of the page where something about it is odd: a pale colour, no colour, something painted
over it. What does not show there is hidden, whatever the trick was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from gateway.errors import TooLarge
from gateway.retrieval.readers.draft import Draft, Extracted, Limits
from gateway.retrieval.readers.lines import Line, Word, write_pages
from gateway.retrieval.readers.pdfium import GRAY, IMAGE, PATH, SHADING, Box, Document, Page, opened

MAX_OBJECTS: Final = 50_000
_TINY: Final = 1.5
_PALE: Final = 170
_FAINT: Final = 14
"""Levels of 255 by which a character must stand out from what is around it."""
_SCAN: Final = 0.3
"""Share of the page that a picture must cover to be its text."""
_UNTITLED: Final = frozenset({"", "untitled", "unspecified"})


@dataclass(slots=True)
class _Seen:
    """What one page holds."""

    lines: list[Line] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    scan: bool = False


def read_pdf(data: bytes, limits: Limits, recognised: dict[int, str] | None = None) -> Extracted:
    """The document. recognised: page number -> text that was read from its picture.

    `scans` names the pages that are pictures and were not recognised.
    """
    draft = Draft(limits)
    with opened(data) as document:
        if document.pages > limits.pages:
            raise TooLarge(
                f"the document has more than {limits.pages} pages", hint="split it, or raise ingest.max_pages"
            )
        title = document.meta("Title")
        draft.title = draft.clean(title) if title.strip().lower() not in _UNTITLED else ""
        for name in ("Subject", "Keywords"):
            draft.hide("metadata", document.meta(name))
        draft.notes["embedded_files"] += document.embedded
        pages = [_page(document, index, draft) for index in range(document.pages)]
    texts = recognised or {}
    scans = [number for number, page in enumerate(pages, 1) if page.scan]
    for number in scans:
        draft.notes["recognised_pages" if number in texts else "scanned_pages"] += 1
        pages[number - 1].fields.append(texts.get(number, ""))
    write_pages(draft, [(page.lines, page.fields) for page in pages])
    found = draft.done()
    found.scans = [number for number in scans if number not in texts]
    return found


def picture(data: bytes, number: int, dots: int = 300) -> bytes:
    """One page as a grey picture (PGM) of so many dots per inch."""
    with opened(data) as document, document.page(number - 1) as page:
        if page is None:
            return b"P5 1 1 255\n\xff"
        pixels, width, height, stride = page.picture(dots / 72, GRAY)
    rows = b"".join(pixels[row * stride : row * stride + width] for row in range(height))
    return b"P5 %d %d 255\n" % (width, height) + rows


def _page(document: Document, index: int, draft: Draft) -> _Seen:
    seen = _Seen()
    with document.page(index) as page:
        if page is None:
            return seen
        seen.lines = _Reader(page, draft).lines()
        for shown, name, text in page.annotations():
            if shown and text.strip():
                seen.fields.append(f"{name}: {text}" if name else text)
            elif not shown:
                draft.hide("annotation", text)
        if not any(line.text.strip() for line in seen.lines):
            seen.scan = _covered_by_pictures(page) >= _SCAN
    return seen


def _covered_by_pictures(page: Page) -> float:
    """The largest picture's share of the page."""
    left, bottom, right, top = page.box
    whole = max(1.0, (right - left) * (top - bottom))
    best = 0.0
    for _, kind, box in page.objects(MAX_OBJECTS):
        if kind == IMAGE:
            wide, high = min(box[2], right) - max(box[0], left), min(box[3], top) - max(box[1], bottom)
            best = max(best, max(0.0, wide) * max(0.0, high) / whole)
    return best


@dataclass(frozen=True, slots=True)
class _Style:
    """One text object."""

    kind: str
    odd: bool
    size: float
    bold: bool
    order: int


class _Reader:
    """Follows a page's characters in the order PDFium gives them."""

    def __init__(self, page: Page, draft: Draft) -> None:
        self._page = page
        self._draft = draft
        self._styles: dict[int, _Style] = {}
        self._order: dict[int, int] = {}
        self._covers: list[tuple[int, Box]] = []
        self._pixels: Any = None
        self._scanned = False
        for at, (handle, kind, box) in enumerate(page.objects(MAX_OBJECTS)):
            self._order[handle] = at
            if kind in {IMAGE, SHADING} or (kind == PATH and page.filled(handle)):
                self._covers.append((at, box))
        self._last = self._covers[-1][0] if self._covers else -1

    def lines(self) -> list[Line]:
        lines: list[Line] = []
        word: Word | None = None
        line = Line()
        hidden: dict[str, list[str]] = {}
        for index in range(self._page.characters):
            mark, handle = self._page.character(index)
            if mark in "\r\n":
                if mark == "\n" or word is not None:
                    lines.append(line)
                    line, word = Line(), None
                continue
            if mark in "\ufffe\uffff\x02" or (mark in "-\u00ad\u2010" and self._page.hyphen(index)):
                line.broken = True
                continue
            if mark.isspace() or not handle:
                word = None
                for marks in hidden.values():
                    marks.append(" ")
                continue
            box = self._page.place(index)
            style = self._style(handle, index)
            kind = style.kind or self._unseen(style, box)
            if kind:
                hidden.setdefault(kind, []).append(mark)
                continue
            if word is None:
                word = Word(box[0], box[2], self._page.baseline(index), style.size, bold=style.bold)
                line.words.append(word)
            word.add(mark, box[2])
        lines.append(line)
        for kind, marks in hidden.items():
            self._draft.hide(kind, " ".join("".join(marks).split()))
        return [one for one in lines if one.words]

    def _style(self, handle: int, index: int) -> _Style:
        found = self._styles.get(handle)
        if found is None:
            page = self._page
            red, green, blue, alpha = page.ink(handle)
            mode = page.mode(handle)
            size = page.size(index)
            kind = ""
            if mode in {3, 7}:
                # The text of a scan lies unseen upon its picture; elsewhere nobody is meant to read it.
                kind = "" if self._is_scan() else "style"
            elif size < _TINY:
                kind = "tiny"
            elif alpha < 13:
                kind = "colour"
            order = self._order.get(handle, -1)
            odd = min(red, green, blue) >= _PALE or alpha < 128 or any(at < order for at, _ in self._covers)
            found = _Style(kind, odd and mode not in {3, 7}, size, page.bold(index), order)
            self._styles[handle] = found
        return found

    def _is_scan(self) -> bool:
        if not self._scanned:
            self._scanned = _covered_by_pictures(self._page) >= _SCAN
        return self._scanned

    def _unseen(self, style: _Style, box: Box) -> str:
        left, bottom, right, top = self._page.box
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if not (left - 1 <= x <= right + 1 and bottom - 1 <= y <= top + 1):
            return "outside"
        under = style.order < self._last and any(
            at > style.order >= 0 and _inside(x, y, area) for at, area in self._covers
        )
        if not under and not style.odd:
            return ""
        if self._shows(box):
            return ""
        return "covered" if under else "colour"

    def _shows(self, box: Box) -> bool:
        import numpy as np  # noqa: PLC0415

        if self._pixels is None:
            raw, width, height, stride = self._page.picture(2.0)
            rows = np.frombuffer(raw, np.uint8).reshape(height, stride)[:, : width * 3]
            self._pixels = rows.reshape(height, width, 3)
        height, width, _ = self._pixels.shape
        x0, y0 = self._page.pixel(box[0], box[3], width, height)
        x1, y1 = self._page.pixel(box[2], box[1], width, height)
        (x0, x1), (y0, y1) = sorted((x0, x1)), sorted((y0, y1))
        part = self._pixels[max(0, y0 - 1) : y1 + 2, max(0, x0 - 1) : x1 + 2]
        if not part.size:
            return False
        flat = part.reshape(-1, 3).astype(np.int16)
        return bool((flat.max(axis=0) - flat.min(axis=0)).max() >= _FAINT)


def _inside(x: float, y: float, box: Box) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]
