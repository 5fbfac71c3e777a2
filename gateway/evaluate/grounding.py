"""How well the check of answers tells supported ones from invented ones. Numbers come out, no text."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from gateway.errors import Invalid
from gateway.model import Json
from gateway.retrieval import Embedder, Evidence, Source, Verdict, judge, render_for_embedding, sentences, weigh

WORST: Final = ("unsupported", "partly", "neutral", "supported")
"""An answer's verdict is the worst of its sentences'."""


@dataclass(frozen=True, slots=True)
class Row:
    """One answer and whether its context supports it."""

    context: str
    answer: str
    label: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """What was made of it."""

    label: bool
    words: int
    score: float
    verdict: str


def read(path: Path, limit: int | None = None) -> list[Row]:
    """Rows of {"context", "question", "answer", "label"}; label 1 is a supported answer. Raises Invalid."""
    rows: list[Row] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            if limit is not None and len(rows) == limit:
                break
            row = _row(line)
            if row is None:
                raise Invalid(
                    f"line {number} is not a row",
                    hint='as in {"context": "..", "question": "..", "answer": "..", "label": 1}',
                )
            rows.append(row)
    return rows


def _row(line: bytes) -> Row | None:
    try:
        one = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    match one:
        case {"context": str(context), "answer": str(answer), "label": (True | False | 0 | 1) as label}:
            return Row(context, answer, bool(label))
    return None


async def measure(
    rows: Sequence[Row], embedder: Embedder | None, advance: Callable[[int], object] = lambda _: None
) -> list[Judged]:
    """Judge each row; without an embedder by words and facts alone."""
    done: list[Judged] = []
    for row in rows:
        evidence = Evidence([Source(tuple(row.context[a:b] for a, b in sentences(row.context)))])
        verdicts = [await _one(row.answer[a:b], evidence, embedder) for a, b in sentences(row.answer)]
        verdicts = [one for one in verdicts if one.supported != "neutral"] or verdicts or [Verdict("neutral")]
        worst = min((one.supported for one in verdicts), key=WORST.index)
        done.append(Judged(row.label, len(row.answer.split()), min(one.score for one in verdicts), worst))
        advance(1)
    return done


async def _one(sentence: str, evidence: Evidence, embedder: Embedder | None) -> Verdict:
    weighed = weigh(sentence, evidence)
    if embedder is None or not weighed.open:
        return judge(weighed)
    vectors = await embedder.embed([render_for_embedding(text) for text in (sentence, weighed.text)])
    return judge(weighed, float(vectors[0] @ vectors[1]))


def report(done: Sequence[Judged]) -> Json:
    """AUROC of the score, of the length alone (shorter counts as supported), and within equally many words; F1.

    F1 is of finding what is not supported, by the verdicts `unsupported` and `partly`. None where it is not defined.
    """
    found = [one for one in done if one.verdict in WORST[:2]]
    right = sum(not one.label for one in found)
    wrong = sum(not one.label for one in done)
    groups: dict[int, list[Judged]] = {}
    for one in done:
        groups.setdefault(one.words, []).append(one)
    return {
        "answers": len(done),
        "supported": len(done) - wrong,
        "auroc": auroc((one.label, one.score) for one in done),
        "auroc_by_length": auroc((one.label, -one.words) for one in done),
        "auroc_within_length": _within(groups.values()),
        "f1": None if not found and not wrong else round(2 * right / (len(found) + wrong), 4),
        "verdicts": {
            name: dict(Counter(one.verdict for one in done if one.label is label))
            for name, label in (("supported", True), ("invented", False))
        },
    }


def auroc(scored: Iterable[tuple[bool, float]]) -> float | None:
    """How often a supported answer scores above another one, ties for half; None without a pair of them."""
    pairs = list(scored)
    low = sorted(score for label, score in pairs if not label)
    high = [score for label, score in pairs if label]
    if not low or not high:
        return None
    wins = sum((bisect_left(low, score) + bisect_right(low, score)) / 2 for score in high)
    return round(wins / len(low) / len(high), 4)


def _within(groups: Iterable[Sequence[Judged]]) -> float | None:
    """The same over pairs of equally long answers."""
    wins = pairs = 0.0
    for group in groups:
        value = auroc((one.label, one.score) for one in group)
        if value is not None:
            supported = sum(one.label for one in group)
            count = supported * (len(group) - supported)
            wins, pairs = wins + value * count, pairs + count
    return round(wins / pairs, 4) if pairs else None
