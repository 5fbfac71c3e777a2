"""From a parsed document and its redaction to passages: boundaries kept off spans, offsets in both texts. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gateway.model import Redacted, Replaced
from gateway.retrieval.nouns import Heading, Parsed, Piece

WINDOW = 8_000
"""Code points redacted in one go, where a paragraph ends before; a longer paragraph stays whole up to `LONGEST`."""
LONGEST = 60_000
CONTEXT = 400
"""Code points that two windows of one endless paragraph share, so that no value is cut and every label is seen."""
HEADING_GAP = " > "
HEADING_LENGTH = 200
TITLE_LENGTH = 200


def windows(text: str) -> list[tuple[int, int]]:
    """(start, end) of stretches to redact one by one; together they cover the text.

    They end at paragraph breaks. A paragraph longer than `LONGEST` is cut where lines or words end, and the next window
    begins `CONTEXT` code points before the cut.
    """
    found: list[tuple[int, int]] = []
    start = 0
    while len(text) - start > WINDOW:
        cut = text.rfind("\n\n", start + 1, start + WINDOW)
        if cut < 0:
            cut = text.find("\n\n", start + WINDOW, start + LONGEST)
        if cut >= 0:
            found.append((start, cut + 2))
            start = cut + 2
            continue
        if len(text) - start <= LONGEST:
            break
        cut = max(text.rfind(mark, start + LONGEST // 2, start + LONGEST) for mark in ("\n", " "))
        cut = cut if cut > 0 else start + LONGEST
        found.append((start, cut))
        start = max(start + 1, cut - CONTEXT)
    if start < len(text) or not found:
        found.append((start, len(text)))
    return found


def join(text: str, stretches: Sequence[tuple[int, int]], redactions: Sequence[Redacted]) -> Redacted:
    """One redaction of the whole text from those of its windows.

    Where windows overlap, what either found is replaced; of two spans that cross, the longer one stands.
    """
    found: list[Replaced] = []
    for (offset, _), redaction in zip(stretches, redactions, strict=True):
        for span in redaction.spans:
            moved = replace(span, start=span.start + offset, end=span.end + offset)
            while found and found[-1].end > moved.start and _length(found[-1]) < _length(moved):
                found.pop()
            if not found or found[-1].end <= moved.start:
                found.append(moved)
    parts: list[str] = []
    placed: list[Replaced] = []
    at = length = 0
    for span in found:
        parts += (text[at : span.start], span.token)
        length += span.start - at
        placed.append(replace(span, token_start=length))
        length += len(span.token)
        at = span.end
    return Redacted("".join([*parts, text[at:]]), tuple(placed))


def pieces(parsed: Parsed, redacted: Redacted) -> Iterator[Piece]:
    """The passages of a document, in order. `redacted` is of `parsed.text`; `Redacted(parsed.text)` for plain ones.

    A boundary inside a replaced span moves outwards, so that no token is ever cut.
    """
    cut = _Cutter(redacted)
    paths = list(_paths(parsed.headings))
    starts = [heading.start for heading in parsed.headings]
    for ordinal, chunk in enumerate(parsed.chunks):
        start, end = cut.outwards(*chunk)
        inside = cut.slice(start, end)
        # The first heading inside the passage is its own; else the last one before it.
        above = (
            bisect_left(starts, end) if not _body_before(parsed, starts, start, end) else bisect_right(starts, start)
        )
        path = paths[above - 1] if above else ()
        heading = _join_headings([cut.slice(*cut.outwards(h.start, h.end)) for h in path])
        yield Piece(
            ordinal=ordinal,
            start=start,
            end=end,
            page=parsed.page_at(start),
            text=inside.text,
            heading=heading.text,
            spans=inside.spans,
            heading_spans=heading.spans,
        )


def shorten(redacted: Redacted, length: int) -> Redacted:
    """The beginning of a redacted text, at most `length` code points, cut between words and never inside a token.

    A first word that is longer than that is cut, unless a token stands in it.
    """
    text = redacted.text
    if len(text) <= length:
        return redacted
    end = length
    if not text[end].isspace():
        end = max(text.rfind(" ", 0, end), text.rfind("\n", 0, end), 0) or length
    for span in redacted.spans:
        if span.token_start < end < span.token_start + len(span.token):
            end = span.token_start
    kept = text[:end].rstrip()
    spans = tuple(span for span in redacted.spans if span.token_start + len(span.token) <= len(kept))
    return Redacted(kept, spans)


def _length(span: Replaced) -> int:
    return span.end - span.start


def _body_before(parsed: Parsed, starts: list[int], start: int, end: int) -> bool:
    """Whether the passage begins with body text rather than with headings (a splitter keeps them at its start)."""
    first = bisect_left(starts, start)
    if first == len(starts) or starts[first] >= end:
        return True
    return bool(parsed.text[start : starts[first]].strip("# \t\n"))


def _paths(headings: Sequence[Heading]) -> Iterator[tuple[Heading, ...]]:
    """For each heading, itself and those it stands under, outermost first."""
    path: list[Heading] = []
    for heading in headings:
        while path and path[-1].level >= heading.level:
            path.pop()
        path.append(heading)
        yield tuple(path)


class _Cutter:
    """Slices of a redacted text by offsets of the original."""

    def __init__(self, redacted: Redacted) -> None:
        self._text = redacted.text
        self._spans = redacted.spans
        self._starts = [span.start for span in redacted.spans]
        self._ends = [span.end for span in redacted.spans]

    def outwards(self, start: int, end: int) -> tuple[int, int]:
        """The range widened so that neither end lies inside a span."""
        at = bisect_right(self._ends, start)
        if at < len(self._spans) and self._starts[at] < start:
            start = self._starts[at]
        at = bisect_right(self._ends, end)
        if at < len(self._spans) and self._starts[at] < end:
            end = self._ends[at]
        return start, end

    def slice(self, start: int, end: int) -> Redacted:
        """The redacted text of [start, end), which cuts no span; spans relative to the slice, in both texts."""
        first, last = bisect_left(self._starts, start), bisect_right(self._ends, end)
        left = self._place(start)
        spans = tuple(
            replace(span, start=span.start - start, end=span.end - start, token_start=span.token_start - left)
            for span in self._spans[first:last]
        )
        return Redacted(self._text[left : self._place(end)], spans)

    def _place(self, offset: int) -> int:
        """Where a code point outside spans stands in the redacted text."""
        at = bisect_right(self._ends, offset) - 1
        if at < 0:
            return offset
        span = self._spans[at]
        return span.token_start + len(span.token) + offset - span.end


def _join_headings(path: Sequence[Redacted]) -> Redacted:
    text = ""
    spans: list[Replaced] = []
    for whole in path:
        heading = shorten(whole, HEADING_LENGTH)
        body = heading.text
        if text and len(text) + len(HEADING_GAP) + len(body) > HEADING_LENGTH:
            break
        left = len(text) + len(HEADING_GAP) if text else 0
        text = f"{text}{HEADING_GAP}{body}" if text else body
        spans += (replace(span, token_start=span.token_start + left) for span in heading.spans)
    return Redacted(text, tuple(spans))
