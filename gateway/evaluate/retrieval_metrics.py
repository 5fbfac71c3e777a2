"""What a ranking is worth, as trec_eval counts it and BEIR publishes it.

nDCG has linear gains: a document of grade 2 is worth 2, not 3. Recall and average precision count every grade above 0
alike. Documents of equal score are put in order by their ids, the greater first, as trec_eval does.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from gateway.model import Json

DEPTH: Final = 100
"""Documents of a ranking that are looked at."""
SHORT: Final = 10
METRICS: Final = ("ndcg@10", "recall@100", "map", "mrr@10")
RESAMPLES: Final = 1000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over questions and where 95 % of the means of resampled questions lie."""

    mean: float
    low: float
    high: float

    def shown(self) -> Json:
        """As JSON, to four places."""
        return {"mean": round(self.mean, 4), "low": round(self.low, 4), "high": round(self.high, 4)}


def ranked(scores: Mapping[str, float], own: str = "") -> list[str]:
    """Document ids, best first, at most `DEPTH`; the document that has the question's own id is no answer to it."""
    order = sorted(((score, document) for document, score in scores.items() if document != own), reverse=True)
    return [document for _, document in islice(order, DEPTH)]


def measures(ranking: Sequence[str], grades: Mapping[str, int]) -> dict[str, float]:
    """The four figures of one question, each 0..1. `grades` holds at least one grade above 0."""
    found = [max(grades.get(document, 0), 0) for document in ranking]
    relevant = sum(grade > 0 for grade in grades.values())
    ideal = sorted((grade for grade in grades.values() if grade > 0), reverse=True)
    hits, precisions, first = 0, 0.0, 0.0
    for place, grade in enumerate(found, 1):
        if grade:
            hits += 1
            precisions += hits / place
            first = first or (1.0 / place if place <= SHORT else 0.0)
    return {
        "ndcg@10": gain(found[:SHORT]) / gain(ideal[:SHORT]),
        "recall@100": hits / relevant,
        "map": precisions / relevant,
        "mrr@10": first,
    }


def gain(grades: Sequence[int]) -> float:
    """Discounted cumulative gain of grades in their order."""
    return sum(grade / math.log2(place + 1) for place, grade in enumerate(grades, 1))


def interval(values: Sequence[float], resamples: int = RESAMPLES) -> Interval:
    """The mean with a percentile bootstrap over questions; the same values give the same interval."""
    draw = random.Random(len(values))  # noqa: S311 - resampling, not a secret
    mean = sum(values) / len(values)
    means = sorted(sum(draw.choices(values, k=len(values))) / len(values) for _ in range(resamples))
    return Interval(mean, means[int(0.025 * (resamples - 1))], means[math.ceil(0.975 * (resamples - 1))])
