"""HTML: what a reader sees of a page, as Markdown without marks inside words, tables row by row."""

from __future__ import annotations

import re
from typing import Any

from gateway.retrieval.page import visible
from gateway.retrieval.readers.draft import Draft, Extracted, Limits, damaged
from gateway.retrieval.readers.markup import markdown_headings, whole_words
from gateway.retrieval.readers.tables import unfold
from gateway.retrieval.readers.text import decode

_CHARSET = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,200}(?:charset|encoding)\s*=\s*["']?([A-Za-z0-9_-]{2,40})""", re.IGNORECASE
)


def read_html(data: bytes, limits: Limits, charset: str | None = None) -> Extracted:
    """A page from its bytes; `charset` is what the message around it says."""
    declared = _CHARSET.search(data[:4096])
    return read_page(decode(data, charset or (declared[1].decode("ascii") if declared else None)), limits)


def read_page(source: str, limits: Limits) -> Extracted:
    """A page from its text."""
    draft = Draft(limits)
    draft.title, page = visible(draft.clean(source), draft.hide)
    if not page.strip():
        return draft.done()
    text = draft.clean(whole_words(_markdown(page)))
    text = unfold(text, limits.chars)
    found = draft.done()
    found.text, found.headings = text, markdown_headings(text)
    return found


def _markdown(page: str) -> str:
    import kreuzberg  # noqa: PLC0415

    config: Any = kreuzberg.ExtractionConfig(
        use_cache=False,
        ocr=None,
        output_format="markdown",
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
    )
    try:
        content: str = kreuzberg.extract_bytes_sync(page.encode(), "text/html", config).content
    except kreuzberg.KreuzbergError:
        raise damaged("html") from None
    return content
