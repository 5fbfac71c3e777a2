"""Learning a linear map from questions and the passages that answer them, in NumPy. Pure; no text comes here.

InfoNCE over cosines: each question's passage against hard negatives (what the present vectors rank high wrongly) and
the other questions' passages; passages of the same document are no negatives. The map begins as the identity and is
drawn to it. Which step is kept is chosen on one part of the documents, and the gain told is that on another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gateway.retrieval.methods.base import Vectors

    Numbers = NDArray[np.float64]

TOP: Final = 10
TEMPERATURE: Final = 0.05
PULL: Final = 0.01
"""Weight of the squared distance to the identity."""
RATE: Final = 1e-3
BATCH: Final = 64
NEGATIVES: Final = 4
ROUNDS: Final = 40
STEPS: Final = 25
"""Steps in a round; the choosing part is asked after each round."""
PATIENCE: Final = 4
"""Rounds without a gain on the choosing part, after which it ends."""
RESAMPLES: Final = 2_000
LEAST_GAIN: Final = 0.01
"""Of nDCG@10: less is not worth embedding everything anew, and chance alone gives as much now and then."""
BLOCK: Final = 256
PARTS: Final = ("learn", "learn", "learn", "choose", "judge")
"""Fifths of the documents and what they are for."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Questions and passages as vectors of length 1."""

    questions: Vectors = field(repr=False)
    passages: Vectors = field(repr=False)
    answers: Sequence[int]
    """For each question, which passage it was made of."""
    documents: Sequence[str]
    """For each passage, its document."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """A map, and what it is worth on documents it has never seen."""

    weights: Vectors = field(repr=False)
    before: float
    """nDCG@10 of the judging questions by vectors alone, over every passage."""
    after: float
    low: float
    """The gain's interval, 99 %, from resampling documents."""
    high: float
    learned: int
    """Questions it was learned from."""
    judged: int

    @property
    def gain(self) -> float:
        """After less before."""
        return self.after - self.before

    @property
    def accepted(self) -> bool:
        """Whether the whole interval is a gain, and one that is worth embedding everything anew."""
        return self.judged > 0 and self.low > 0 and self.gain >= LEAST_GAIN


def part_of(document: str) -> str:
    """Which part a document belongs to, always the same."""
    return PARTS[hashlib.sha256(document.encode()).digest()[0] % len(PARTS)]


def tune(pairs: Pairs, *, seed: int = 0, progress: Callable[[int, int], None] = lambda _, __: None) -> Tuned:
    """Learn, choose and judge. `progress` is told of rounds, of which not all may be needed."""
    import numpy as np  # noqa: PLC0415

    parts = [part_of(pairs.documents[answer]) for answer in pairs.answers]
    learn, choose, judge = (
        np.array([at for at, part in enumerate(parts) if part == name], np.int64)
        for name in ("learn", "choose", "judge")
    )
    codes = np.unique(np.asarray(pairs.documents), return_inverse=True)[1]
    dimension = pairs.passages.shape[1]
    identity = np.eye(dimension)
    weights, best = identity, identity
    score = float(np.mean(ndcg(pairs, identity, choose))) if len(choose) else 0.0
    moments = (np.zeros_like(identity), np.zeros_like(identity))
    dice, step, idle = np.random.default_rng(seed), 0, 0
    hard = hardest(pairs, codes, learn) if len(learn) else np.zeros((0, 0), np.int64)
    for number in range(ROUNDS if len(learn) and len(choose) else 0):
        for _ in range(STEPS):
            rows = dice.choice(len(learn), min(BATCH, len(learn)), replace=False)
            asked = learn[rows]
            answers = np.asarray(pairs.answers)[asked]
            candidates = np.unique(np.concatenate([answers, hard[rows].ravel()]))
            same = codes[candidates][None, :] == codes[answers][:, None]
            own = candidates[None, :] == answers[:, None]
            _, slope = loss(weights, pairs.questions[asked], pairs.passages[candidates], own, same & ~own, pull=PULL)
            step += 1
            weights = _adam(weights, slope, moments, step)
        now = float(np.mean(ndcg(pairs, weights, choose)))
        idle = 0 if now > score else idle + 1
        if now > score:
            score, best = now, weights
        progress(number + 1, ROUNDS)
        if idle == PATIENCE:
            break
    before, after = ndcg(pairs, identity, judge), ndcg(pairs, best, judge)
    low, high = interval(after - before, codes[np.asarray(pairs.answers, np.int64)[judge]], seed)
    return Tuned(
        best.astype(np.float32),
        float(before.mean()) if len(judge) else 0.0,
        float(after.mean()) if len(judge) else 0.0,
        *(low, high, len(learn), len(judge)),
    )


def loss(weights: Any, questions: Any, passages: Any, own: Any, left_out: Any, *, pull: float) -> tuple[float, Numbers]:
    """Mean InfoNCE of the questions, with the pull to the identity, and its slope in the map.

    own: (questions, passages), True at each question's answer; left_out: passages that do not count for a question.
    """
    import numpy as np  # noqa: PLC0415

    asked, said = questions.astype(np.float64), passages.astype(np.float64)
    left, left_length = _unit(asked @ weights.T)
    right, right_length = _unit(said @ weights.T)
    scores = np.where(left_out, -np.inf, left @ right.T / TEMPERATURE)
    scores -= scores.max(axis=1, keepdims=True)
    shares = np.exp(scores)
    shares /= shares.sum(axis=1, keepdims=True)
    count = len(asked)
    away = weights - np.eye(len(weights))
    value = -np.log(np.maximum(shares[own], 1e-300)).mean() + pull * (away**2).sum()
    slope = (shares - own) / (count * TEMPERATURE)
    # Through the scaling to length 1: only what is across a vector moves it.
    to_left, to_right = slope @ right, slope.T @ left
    to_left = (to_left - left * (to_left * left).sum(axis=1, keepdims=True)) / left_length
    to_right = (to_right - right * (to_right * right).sum(axis=1, keepdims=True)) / right_length
    found: Numbers = to_left.T @ asked + to_right.T @ said + 2 * pull * away
    return float(value), found


def ndcg(pairs: Pairs, weights: Any, asked: Any) -> Numbers:
    """nDCG@10 of each asked question over every passage: one answers it, so it is 1 / log2(1 + its rank), or 0.

    A passage as near as the answer stands before it.
    """
    import numpy as np  # noqa: PLC0415

    said = _unit(pairs.passages @ weights.T)[0]
    answers = np.asarray(pairs.answers, np.int64)
    found = np.zeros(len(asked))
    for at in range(0, len(asked), BLOCK):
        rows = asked[at : at + BLOCK]
        scores = _unit(pairs.questions[rows] @ weights.T)[0] @ said.T
        own = scores[np.arange(len(rows)), answers[rows]]
        ranks = (scores >= own[:, None] - 1e-9).sum(axis=1)
        found[at : at + BLOCK] = np.where(ranks <= TOP, 1 / np.log2(1 + np.maximum(ranks, 1)), 0.0)
    return found


def hardest(pairs: Pairs, codes: Any, asked: Any) -> Any:
    """(asked, at most `NEGATIVES`) passages of other documents that the present vectors rank highest."""
    import numpy as np  # noqa: PLC0415

    answers = np.asarray(pairs.answers, np.int64)
    most = min(NEGATIVES, len(pairs.passages))
    found = np.zeros((len(asked), most), np.int64)
    for at in range(0, len(asked), BLOCK):
        rows = asked[at : at + BLOCK]
        scores = pairs.questions[rows] @ pairs.passages.T
        scores[codes[None, :] == codes[answers[rows]][:, None]] = -np.inf
        found[at : at + BLOCK] = np.argpartition(-scores, most - 1, axis=1)[:, :most]
    return found


def interval(gains: Any, groups: Any, seed: int = 0) -> tuple[float, float]:
    """99 % of the mean gain, from resampling whole groups: questions of one document are alike. (0, 0) of nothing."""
    import numpy as np  # noqa: PLC0415

    if not len(gains):
        return 0.0, 0.0
    places = np.unique(groups, return_inverse=True)[1]
    sums, sizes = np.bincount(places, weights=gains), np.bincount(places)
    drawn = np.random.default_rng(seed).integers(0, len(sums), (RESAMPLES, len(sums)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, (0.005, 0.995))
    return float(low), float(high)


def _adam(weights: Any, slope: Any, moments: tuple[Any, Any], step: int) -> Any:
    first, second = moments
    first *= 0.9
    first += 0.1 * slope
    second *= 0.999
    second += 0.001 * slope**2
    return weights - RATE * (first / (1 - 0.9**step)) / ((second / (1 - 0.999**step)) ** 0.5 + 1e-8)


def _unit(rows: Any) -> tuple[Any, Any]:
    import numpy as np  # noqa: PLC0415

    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return rows / lengths, lengths
