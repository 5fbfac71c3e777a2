"""Redaction in bulk, in this process or in several: batches of lines and windows of text through one redactor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.cli.lines import Batch, answered, failed, parse
from gateway.crypto import KeyRing
from gateway.errors import GatewayError
from gateway.model import Json, PrivacyPolicy, Replaced
from gateway.redaction import Original, Redaction, Redactor

WINDOW: Final = 200_000
"""Characters of one text scanned at once; a longer one is scanned in windows, so that memory stays bounded."""
MARGIN: Final = 2_000
"""Characters beside a window that are scanned with it, so that nothing is cut in two."""
PATIENCE_S: Final = 300.0
"""For one batch or window; nobody waits for an answer here."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A text, or a part of one: redacted, what was found with offsets in the whole text, and what tokens stand for."""

    redacted: str
    spans: tuple[Replaced, ...]
    originals: Mapping[str, Original] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a batch of lines: the lines out, and counts."""

    out: bytes = field(repr=False)
    texts: int
    failed: int
    spans: Mapping[str, int]
    originals: Mapping[str, Original] = field(repr=False)


class Scanner:
    """One redactor with one policy and one scope of tokens."""

    def __init__(self, ring: KeyRing, policy: PrivacyPolicy, scope: str) -> None:
        self._redactor = Redactor(ring, threads=1, timeout_s=PATIENCE_S, queue=4)
        self._policy = policy
        self._scope = scope

    def close(self) -> None:
        """Give the thread back."""
        self._redactor.close()

    async def lines(self, batch: Batch) -> Done:
        """Each line of a batch answered, in order; one that cannot be used is answered by what is wrong with it."""
        rows = [parse(line) for line in batch.lines]
        pieces = await self._texts([row.text for row in rows])
        out: list[bytes] = []
        texts = 0
        counts: dict[str, int] = {}
        originals: dict[str, Original] = {}
        for row, piece in zip(rows, pieces, strict=True):
            if row.error or isinstance(piece, str):
                out.append(failed(row, row.error or str(piece)))
                continue
            texts += 1
            for span in piece.spans:
                counts[span.type] = counts.get(span.type, 0) + 1
            originals.update(piece.originals)
            out.append(answered(row, result_of(piece)))
        return Done(b"".join(out), texts, len(rows) - texts, counts, originals)

    async def windows(self, blocks: Iterable[str]) -> AsyncIterator[Piece]:
        """A text of any length, as it comes, in order. Raises RedactionUnavailable."""
        text, done, base = "", 0, 0
        for block, last in _told_last(blocks):
            text += block
            if not last and len(text) < WINDOW + MARGIN:
                continue
            found = await self._one(text)
            end = len(text) if last else _cut(text, found.redacted.spans, done, len(text) - MARGIN)
            yield _part(text, found, done, end, base)
            keep = max(0, end - MARGIN)
            text, done, base = text[keep:], end - keep, base + keep

    async def _texts(self, texts: Sequence[str]) -> list[Piece | str]:
        """Each text's piece, or why there is none."""
        try:
            if sum(map(len, texts)) <= WINDOW:
                done = await self._redactor.redact(texts, self._policy, self._scope, apart=True)
                return [Piece(one.redacted.text, one.redacted.spans, one.originals) for one in done]
            return [await self._whole(text) for text in texts]
        except GatewayError as error:
            if len(texts) == 1:
                return [error.message]
        return [one for text in texts for one in await self._texts([text])]

    async def _whole(self, text: str) -> Piece:
        return joined(
            [
                piece
                async for piece in self.windows([text[at : at + WINDOW] for at in range(0, max(1, len(text)), WINDOW)])
            ]
        )

    async def _one(self, text: str) -> Redaction:
        return (await self._redactor.redact([text], self._policy, self._scope, apart=True))[0]


def joined(pieces: Sequence[Piece]) -> Piece:
    """The parts of one text as one."""
    return Piece(
        "".join(piece.redacted for piece in pieces),
        tuple(span for piece in pieces for span in piece.spans),
        {token: original for piece in pieces for token, original in piece.originals.items()},
    )


def result_of(piece: Piece) -> Json:
    """What is said about a text: {"redacted", "spans"}."""
    spans = [
        {"start": s.start, "end": s.end, "type": s.type, "score": round(s.score, 3), "token": s.token}
        for s in piece.spans
    ]
    return {"redacted": piece.redacted, "spans": spans}


def _told_last(blocks: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Each block, and whether it is the last; one empty block when there is none."""
    before: str | None = None
    for block in blocks:
        if before is not None:
            yield before, False
        before = block
    yield before or "", True


def _cut(text: str, spans: Sequence[Replaced], done: int, limit: int) -> int:
    """Where a window ends: behind a line, or a blank, or else anywhere; never inside something found."""
    at = next((cut for mark in ("\n", " ") if (cut := text.rfind(mark, done + 1, limit) + 1) > done + MARGIN), limit)
    for span in spans:
        if span.start < at < span.end:
            return span.start if span.start > done else span.end
    return at


def _part(text: str, found: Redaction, start: int, end: int, base: int) -> Piece:
    """The part of a scanned text from `start` to `end`; `base`: where the text begins in the whole."""
    if start == 0 and end == len(text) and base == 0:
        return Piece(found.redacted.text, found.redacted.spans, found.originals)
    out: list[str] = []
    spans: list[Replaced] = []
    at = start
    for span in found.redacted.spans:
        if span.end <= start or span.start >= end:
            continue
        first = max(span.start, at)
        out += (text[at:first], span.token)
        spans.append(replace(span, start=base + first, end=base + span.end))
        at = span.end
    out.append(text[at:end])
    tokens = {span.token for span in spans}
    return Piece("".join(out), tuple(spans), {t: o for t, o in found.originals.items() if t in tokens})
