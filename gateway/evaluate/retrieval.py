"""How well documents are found: a set put into an index of its own and asked its questions.

Nothing is parsed and nothing redacted; everything from there on is what an ingest and a search do: passages, vectors,
term weights, the statements in PostgreSQL, fusion.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Final

from gateway.evaluate.retrieval_data import Entry, Judged
from gateway.evaluate.retrieval_index import ARMS, BOTH, RANKED, Asked, Means, Text, open_apart
from gateway.evaluate.retrieval_metrics import METRICS, SHORT, Interval, interval, measures, ranked
from gateway.model import Json, Passage, Redacted

_COLLECTION: Final = "set"
_BATCH: Final = 64
"""Documents written in one transaction."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a set was worth, and what asking cost."""

    documents: int
    passages: int
    questions: int
    embedder: str
    values: dict[str, dict[str, list[float]]] = field(repr=False)
    """arm -> metric -> one value per question, in the set's order."""
    query_ms: list[float] = field(repr=False)
    """Milliseconds by the clock from a question to its ten passages, embedding included."""
    index_s: float

    def figure(self, metric: str, arm: str = BOTH) -> Interval:
        """A metric's mean with its interval."""
        return interval(self.values[arm][metric])

    def data(self) -> Json:
        """Everything as JSON: the fused figures in front, each arm's with intervals behind."""
        arms = {arm: {metric: self.figure(metric, arm).shown() for metric in METRICS} for arm in self.values}
        return {
            **{metric: arms[BOTH][metric]["mean"] for metric in METRICS},
            "ms_per_query": round(fmean(self.query_ms), 3),
            "ms_per_query_p50": round(median(self.query_ms), 3),
            "documents": self.documents,
            "passages": self.passages,
            "questions": self.questions,
            "embedder": self.embedder,
            "index_s": round(self.index_s, 1),
            "arms": arms,
        }


async def measure(
    judged: Judged,
    means: Means,
    *,
    chunk_tokens: int = 200,
    chunk_overlap: int = 40,
    ablate: bool = False,
    advance: Callable[[int], None] = lambda _: None,
) -> Report:
    """Index the documents, ask the questions. `advance` is told how many more of either are done.

    ablate: also each arm alone; with a reranker, always what it makes of both. Raises StoreUnavailable or Broken when
    no index can be made here, and what servers of an embedder or an encoder raise.
    """
    arms = (*(ARMS if ablate else (BOTH,)), *((RANKED,) if means.ranking else ()))
    values: dict[str, dict[str, list[float]]] = {arm: {metric: [] for metric in METRICS} for arm in arms}
    times: list[float] = []
    passages = 0
    began = time.perf_counter()
    async with open_apart(means, chunk_tokens, chunk_overlap) as index:
        await index.collection(_COLLECTION)
        for batch in _batches(judged.documents):
            passages += await index.put(_COLLECTION, [_text(entry) for entry in batch])
            advance(len(batch))
        await index.settle()
        index_s = time.perf_counter() - began
        for question in judged.questions:
            asked = Asked(question.text)
            started = time.perf_counter()
            await index.ask(_COLLECTION, asked, arms[-1] if means.ranking else BOTH, top_k=SHORT)
            times.append((time.perf_counter() - started) * 1000)
            for arm in arms:
                ranking = ranked(by_document(await index.ask(_COLLECTION, asked, arm)), question.id)
                for metric, value in measures(ranking, question.grades).items():
                    values[arm][metric].append(value)
            advance(1)
    return Report(len(judged.documents), passages, len(judged.questions), means.embedder.id, values, times, index_s)


def by_document(found: Sequence[Passage]) -> dict[str, float]:
    """Document -> score: a document is as good as its best passage."""
    best: dict[str, float] = {}
    for passage in found:
        best[passage.source] = max(best.get(passage.source, passage.score), passage.score)
    return best


def _text(entry: Entry) -> Text:
    """A document without a text is its title."""
    body = entry.text if entry.text.strip() else entry.title
    return Text(entry.id, body, Redacted(body), Redacted(entry.title))


def _batches(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    for at in range(0, len(entries), _BATCH):
        yield entries[at : at + _BATCH]
