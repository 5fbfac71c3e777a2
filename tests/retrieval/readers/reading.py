"""What the readers' tests share."""

from __future__ import annotations

from gateway.retrieval.extract import extract
from gateway.retrieval.formats import check
from gateway.retrieval.readers.draft import Extracted, Limits


def read(data: bytes, kind: str, *, pages: int = 100, chars: int = 100_000) -> Extracted:
    """As the parser's child does it."""
    check(data, kind, 50_000_000)
    return extract(data, kind, Limits(pages, chars), empty=True)


def headings(found: Extracted) -> list[tuple[str, int]]:
    return [(found.text[start:end], level) for start, end, level in found.headings]
