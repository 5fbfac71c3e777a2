"""Redacting a whole document: window by window for the detector, linked as one, put together again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Final

from gateway.ingest.values import Asked, Clean
from gateway.model import Redacted, Replaced
from gateway.redaction import Redactor
from gateway.retrieval import PLAIN, TITLE_BOUND, TITLE_LENGTH, Parsed, join, shorten, windows

GROUP: Final = 200_000
"""Characters given to the detector in one call."""
TAIL: Final = 500
"""Characters at the end of a title that was bounded before it came here: a value may be cut in two there."""


async def clean_document(redactor: Redactor, asked: Asked, parsed: Parsed) -> Clean:
    """Every text of the document redacted together, so that a value found once is replaced wherever it stands."""
    title = parsed.title or PurePath(asked.name).stem
    if asked.mode == PLAIN:
        return Clean(parsed, Redacted(parsed.text), short_title(Redacted(title)), Redacted(asked.name), {})
    stretches = windows(parsed.text)
    texts = [parsed.text[start:end] for start, end in stretches]
    policy, tenant = asked.request.bundle.privacy, asked.request.principal.tenant
    if len(parsed.text) > GROUP:
        # Each call has a time limit made for messages. Scanned part by part first, the findings are remembered, and
        # the one call over everything has only to link them.
        for part in _groups(texts):
            await redactor.redact(part, policy, tenant, linked=False)
    *bodies, named, sourced = await redactor.redact([*texts, title, asked.name], policy, tenant)
    body = await asyncio.to_thread(join, parsed.text, stretches, [done.redacted for done in bodies])
    short = short_title(named.redacted)
    spans = (*body.spans, *short.spans, *sourced.redacted.spans)
    found = {token: original for done in (*bodies, named, sourced) for token, original in done.originals.items()}
    kept = {span.token: found[span.token] for span in spans}
    return Clean(parsed, body, short, sourced.redacted, kept)


def short_title(title: Redacted) -> Redacted:
    """A title as the index keeps it, cut only now that the values in it are tokens."""
    room = TITLE_LENGTH
    whole = len(title.text) + sum(_drawn(span) for span in title.spans)
    if whole >= TITLE_BOUND:
        # Nothing of the tail may stay, however far tokens have drawn the text together.
        before = [span for span in title.spans if span.end <= whole - TAIL]
        room = min(room, whole - TAIL - sum(_drawn(span) for span in before))
    return shorten(title, room)


def _drawn(span: Replaced) -> int:
    return span.end - span.start - len(span.token)


def _groups(texts: Sequence[str]) -> Iterator[list[str]]:
    group: list[str] = []
    size = 0
    for text in texts:
        if group and size + len(text) > GROUP:
            yield group
            group, size = [], 0
        group.append(text)
        size += len(text)
    if group:
        yield group
