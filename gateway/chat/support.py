"""Each sentence of a generated answer, checked against the passages it was made from as soon as it has ended.

Both sides are taken as the caller sees them: a verdict tells him nothing that he could not find out from the answer and
from the passages that he may open. A hidden value is its type on both sides.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.chat.links import link
from gateway.chat.restoring import Reading
from gateway.chat.values import Grounded
from gateway.errors import GatewayError
from gateway.model import Json, Model
from gateway.retrieval import (
    Evidence,
    Sentences,
    Source,
    TextEmbedder,
    Verdict,
    Weighed,
    judge,
    render_for_embedding,
    sentences,
    weigh,
)

log = logging.getLogger("gateway.chat")

LIMIT_S: Final = 0.5
"""Seconds that an answer's end may wait for verdicts; what is not judged by then is judged by words and facts alone."""
MOST: Final = 300
"""Sentences of an answer that are looked at."""
MARK: Final = " [unsupported]"
FENCE: Final = "```"


class Support:
    """Makes a `Checking` for each answer. Vectors are used only where the embedder is in this process."""

    def __init__(self, embedder: TextEmbedder, limit_s: float = LIMIT_S) -> None:
        self._embedder = None if embedder.endpoint else embedder
        self._limit_s = limit_s

    def open(self, grounded: Grounded, model: Model, reading: Reading) -> Checking:
        """For one answer. It is not checked without passages, where it quotes, and where it is JSON."""
        idle = not grounded.found.passages or model.provider == "extractive" or reading.json
        return Checking(None if idle else grounded, self._embedder, self._limit_s)

    async def whole(
        self, grounded: Grounded, model: Model, reading: Reading, answer: Json
    ) -> tuple[Json, list[Json] | None]:
        """A chat.completion and its verdicts; marked, where the caller asked for that."""
        support = await self.open(grounded, model, reading).finish(answer)
        if support is None or not grounded.scanned.admitted.options.mark:
            return answer, support
        return marked(answer, support)


@dataclass(slots=True)
class _Claim:
    choice: int
    start: int
    end: int
    text: str = field(repr=False)
    weighed: Weighed | None = None
    alike: float | None = None
    code: bool = False


class Checking:
    """One answer's verdicts. Fed with what the caller receives; offsets are code points of that.

    grounded: None where nothing is checked.
    """

    def __init__(self, grounded: Grounded | None, embedder: TextEmbedder | None, limit_s: float) -> None:
        self._grounded = grounded
        self._embedder = embedder
        self._limit_s = limit_s
        self._evidence: Evidence | None = None
        self._cuts: dict[int, Sentences] = {}
        self._coding: dict[int, bool] = {}
        self._claims: list[_Claim] = []
        self._waiting: list[_Claim] = []
        self._work: asyncio.Task[None] | None = None

    def chunk(self, chunk: Json) -> None:
        """The texts of one chunk, or of a chat.completion; never waits."""
        for choice in chunk.get("choices", []) if self._grounded is not None else ():
            self._feed(choice.get("index"), (choice.get("delta") or choice.get("message") or {}).get("content"))

    async def finish(self, last: Json) -> list[Json] | None:
        """The verdicts in the order of the text, after at most the limit of time. `last`: what is still to be read."""
        if self._grounded is None:
            return None
        self.chunk(last)
        for place, cut in self._cuts.items():
            self._take(place, cut.flush())
        if self._work is not None:
            done, _ = await asyncio.wait({self._work}, timeout=self._limit_s)
            for task in done:
                if not task.cancelled() and (fault := task.exception()) is not None:
                    log.error("an answer could not be checked: %s", type(fault).__name__)
        self.close()
        claims = sorted(self._claims, key=lambda claim: (claim.choice, claim.start))
        return [_shape(claim, self._grounded) for claim in claims]

    def close(self) -> None:
        """Nobody waits for the verdicts any more."""
        if self._work is not None:
            self._work.cancel()

    def _feed(self, place: object, text: object) -> None:
        if not isinstance(text, str) or not text:
            return
        number = place if isinstance(place, int) else 0
        self._take(number, self._cuts.setdefault(number, Sentences()).feed(text))

    def _take(self, place: int, ended: Sequence[tuple[int, int, str]]) -> None:
        for start, end, text in ended:
            if len(self._claims) == MOST:
                break
            coding = self._coding.get(place, False)
            self._coding[place] = coding ^ bool(text.count(FENCE) % 2)
            claim = _Claim(place, start, end, text, code=coding or FENCE in text)
            self._claims.append(claim)
            if not claim.code:
                self._waiting.append(claim)
        if self._waiting and (self._work is None or self._work.done()):
            self._work = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await asyncio.to_thread(self._weigh, batch)
            unsure = [
                (claim, claim.weighed.text) for claim in batch if claim.weighed is not None and claim.weighed.open
            ]
            if self._embedder is None or not unsure:
                continue
            texts = [render_for_embedding(text) for claim, there in unsure for text in (claim.text, there)]
            try:
                vectors = await self._embedder.embed_documents(texts)
            except GatewayError as error:
                log.warning("an answer is checked without vectors: %s", error.code)
                self._embedder = None
                continue
            for at, (claim, _) in enumerate(unsure):
                claim.alike = float(vectors[2 * at] @ vectors[2 * at + 1])

    def _weigh(self, batch: Sequence[_Claim]) -> None:
        if self._evidence is None:
            self._evidence = Evidence(sources_of(self._grounded) if self._grounded is not None else ())
        for claim in batch:
            claim.weighed = weigh(claim.text, self._evidence)


_NOT_LOOKED_AT: Final = Verdict("neutral", ("unchecked",))


def _shape(claim: _Claim, grounded: Grounded) -> Json:
    verdict = _NOT_LOOKED_AT if claim.weighed is None else judge(claim.weighed, claim.alike)
    if claim.code:
        verdict = Verdict("neutral")
    passages = grounded.found.passages
    return {
        "choice": claim.choice,
        "start": claim.start,
        "end": claim.end,
        "supported": verdict.supported,
        "passages": [number + 1 for number, _, _ in verdict.places],
        "open": [link(passages[number], (first, last)) for number, first, last in verdict.places],
        "why": list(verdict.why),
    }


def sources_of(grounded: Grounded) -> list[Source]:
    """The passages as their reader sees them, cut before values return: the cuts are those of the passage opened."""
    show = grounded.quoting.show
    return [
        Source(
            tuple(show(passage.text[start:end]) for start, end in sentences(passage.text)),
            show(f"{passage.title}\n{passage.heading}"),
        )
        for passage in grounded.found.passages
    ]


def marked(answer: Json, support: Sequence[Json]) -> tuple[Json, list[Json]]:
    """The answer with a mark behind each unsupported sentence, and the verdicts with their places in it."""
    moved: list[Json] = []
    choices = []
    for choice in answer.get("choices", []):
        own = [one for one in support if one["choice"] == (choice.get("index") or 0)]
        text = (choice.get("message") or {}).get("content")
        if isinstance(text, str) and own:
            parts, at, shift = [], 0, 0
            for one in own:
                moved.append({**one, "start": one["start"] + shift, "end": one["end"] + shift})
                if one["supported"] == "unsupported":
                    parts.append(text[at : one["end"]] + MARK)
                    at, shift = one["end"], shift + len(MARK)
            choice = {**choice, "message": {**choice["message"], "content": "".join(parts) + text[at:]}}  # noqa: PLW2901
        choices.append(choice)
    return {**answer, "choices": choices}, moved
