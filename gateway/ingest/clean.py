"""Redacting a whole document: window by window for the detector, linked as one, put together again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Final

from gateway.ingest.values import Asked, Clean
from gateway.model import Redacted
from gateway.redaction import Redactor
from gateway.retrieval import PLAIN, Parsed, join, windows

GROUP: Final = 200_000
"""Characters given to the detector in one call."""


async def clean_document(redactor: Redactor, asked: Asked, parsed: Parsed) -> Clean:
    """Every text of the document redacted together, so that a value found once is replaced wherever it stands."""
    title = parsed.title or PurePath(asked.name).stem
    if asked.mode == PLAIN:
        return Clean(parsed, Redacted(parsed.text), Redacted(title), Redacted(asked.name), {})
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
    spans = (*body.spans, *named.redacted.spans, *sourced.redacted.spans)
    found = {token: original for done in (*bodies, named, sourced) for token, original in done.originals.items()}
    kept = {span.token: found[span.token] for span in spans}
    return Clean(parsed, body, named.redacted, sourced.redacted, kept)


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
