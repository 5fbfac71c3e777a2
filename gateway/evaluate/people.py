"""What redaction costs a search: the same invented documents indexed as written and redacted, asked the same."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final

from gateway.evaluate.people_data import KINDS, people_set
from gateway.evaluate.retrieval import by_document
from gateway.evaluate.retrieval_data import Entry, Question
from gateway.evaluate.retrieval_index import TENANT, Apart, Asked, Means, Text, open_apart
from gateway.evaluate.retrieval_metrics import Interval, interval, measures, ranked
from gateway.model import Json, PrivacyPolicy, Redacted
from gateway.redaction import Redactor
from gateway.retrieval import Embedder

PLAINLY, REDACTED = "plain", "redacted"
ALL: Final = "all questions"
_METRICS: Final = ("ndcg@10", "recall@100")
_BATCH: Final = 50


@dataclass(frozen=True, slots=True)
class Cost:
    """nDCG@10 and recall@100 of each question, as written and redacted, by kind of question."""

    documents: int
    replaced: int
    """Values replaced in the documents."""
    values: dict[str, dict[str, dict[str, list[float]]]] = field(repr=False)
    """kind -> `plain` or `redacted` -> metric -> one value per question."""

    def mean(self, kind: str, way: str, metric: str = "ndcg@10") -> float:
        """Of one kind of question."""
        return fmean(self.values[kind][way][metric])

    def loss(self, kind: str) -> Interval:
        """nDCG@10 as written less nDCG@10 redacted, question by question."""
        ways = self.values[kind]
        pairs = zip(ways[PLAINLY]["ndcg@10"], ways[REDACTED]["ndcg@10"], strict=True)
        return interval([plain - redacted for plain, redacted in pairs])

    def data(self) -> Json:
        """Everything as JSON."""
        return {
            "documents": self.documents,
            "values_replaced": self.replaced,
            "kinds": {
                kind: {
                    "questions": len(ways[PLAINLY]["ndcg@10"]),
                    **{way: {name: round(self.mean(kind, way, name), 4) for name in _METRICS} for way in ways},
                    "loss": self.loss(kind).shown(),
                }
                for kind, ways in self.values.items()
            },
        }


async def measure(
    embedder: Embedder,
    redactor: Redactor,
    policy: PrivacyPolicy,
    *,
    documents: int = 300,
    seed: int = 1,
    advance: Callable[[int], None] = lambda _: None,
) -> Cost:
    """Make the documents, index them both ways, ask. Raises RedactionUnavailable, StoreUnavailable, Broken."""
    judged, kinds = people_set(documents, seed)
    tenant = f"{TENANT}-{secrets.token_hex(4)}"
    values: dict[str, dict[str, dict[str, list[float]]]] = {
        kind: {way: {name: [] for name in _METRICS} for way in (PLAINLY, REDACTED)} for kind in (*KINDS, ALL)
    }
    replaced = 0
    async with open_apart(Means(embedder), 200, 40) as index:
        for way in (PLAINLY, REDACTED):
            await index.collection(way)
        for batch in _batches(judged.documents):
            texts = [text for entry in batch for text in (entry.text, entry.title)]
            done = iter([one.redacted for one in await redactor.redact(texts, policy, tenant)])
            hidden = [Text(entry.id, entry.text, next(done), next(done)) for entry in batch]
            replaced += sum(len(text.body.spans) for text in hidden)
            plain = [Text(entry.id, entry.text, Redacted(entry.text), Redacted(entry.title)) for entry in batch]
            await index.put(PLAINLY, plain)
            await index.put(REDACTED, hidden)
            advance(len(batch))
        await index.settle()
        for question in judged.questions:
            (asked,) = await redactor.redact([question.text], policy, tenant)
            parts = tuple(redactor.part_tokens(question.text, tenant))
            for way, form in ((PLAINLY, Asked(question.text)), (REDACTED, Asked(asked.redacted.text, parts))):
                for name, value in (await _worth(index, way, form, question)).items():
                    values[kinds[question.id]][way][name].append(value)
                    values[ALL][way][name].append(value)
            advance(1)
    return Cost(len(judged.documents), replaced, values)


def size(documents: int, seed: int = 1) -> int:
    """How far `measure` will have advanced at its end."""
    judged, _ = people_set(documents, seed)
    return len(judged.documents) + len(judged.questions)


async def _worth(index: Apart, way: str, asked: Asked, question: Question) -> dict[str, float]:
    found = measures(ranked(by_document(await index.ask(way, asked))), question.grades)
    return {name: found[name] for name in _METRICS}


def _batches(items: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    for at in range(0, len(items), _BATCH):
        yield items[at : at + _BATCH]
