"""The learned map: its arithmetic against plain sums, a planted shift it must undo, and noise it must refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.retrieval.methods.tuning import PARTS, TEMPERATURE, Pairs, interval, loss, ndcg, part_of, tune

Rows = NDArray[np.float32]


def unit(rows: NDArray[np.float64]) -> Rows:
    found: Rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return found


def planted(count: int = 240, *, noise: float) -> Pairs:
    """Passages of which 8 numbers mean something; 24 more are the same for nobody, and as large as `noise`."""
    dice = np.random.default_rng(7)
    meaning = dice.normal(size=(count, 8))
    passages = np.concatenate([meaning, noise * dice.normal(size=(count, 24))], axis=1)
    near = meaning + 0.3 * dice.normal(size=meaning.shape)
    questions = np.concatenate([near, noise * dice.normal(size=(count, 24))], axis=1)
    return Pairs(unit(questions), unit(passages), range(count), [f"document {at}" for at in range(count)])


def test_a_planted_shift_is_undone_and_accepted() -> None:
    told: list[tuple[int, int]] = []
    found = tune(planted(noise=1.0), progress=lambda done, total: told.append((done, total)))
    assert found.accepted
    assert found.gain > 0.1
    assert 0 < found.low < found.gain < found.high
    assert found.learned + found.judged < 240
    assert told[0][0] == 1
    assert found.weights.shape == (32, 32)
    # What means nothing is made small.
    assert np.abs(np.diag(found.weights))[:8].mean() > 1.2 * np.abs(np.diag(found.weights))[8:].mean()


def test_questions_that_have_nothing_to_do_with_passages_are_refused() -> None:
    dice = np.random.default_rng(3)
    rows = unit(dice.normal(size=(240, 32))), unit(dice.normal(size=(240, 32)))
    found = tune(Pairs(*rows, range(240), [f"document {at}" for at in range(240)]))
    assert not found.accepted
    assert found.low <= 0


def test_too_little_is_refused() -> None:
    one = unit(np.ones((1, 4)))
    found = tune(Pairs(one, one, [0], ["alone"]))
    assert not found.accepted
    assert np.array_equal(found.weights, np.eye(4, dtype=np.float32))
    none = np.zeros((0, 4), np.float32)
    assert not tune(Pairs(none, one, [], ["alone"])).accepted


def test_the_loss_is_that_of_plain_sums_and_its_slope_that_of_differences() -> None:
    dice = np.random.default_rng(1)
    questions, passages = unit(dice.normal(size=(3, 4))), unit(dice.normal(size=(5, 4)))
    weights = np.eye(4) + 0.1 * dice.normal(size=(4, 4))
    own = np.zeros((3, 5), bool)
    own[[0, 1, 2], [1, 0, 4]] = True
    out = np.zeros((3, 5), bool)
    out[0, 3] = True

    def plainly(matrix: NDArray[np.float64]) -> float:
        total = 0.0
        for row in range(3):
            left = [sum(matrix[a][b] * questions[row][b] for b in range(4)) for a in range(4)]
            cosines = {}
            for at in range(5):
                right = [sum(matrix[a][b] * passages[at][b] for b in range(4)) for a in range(4)]
                product = sum(x * y for x, y in zip(left, right, strict=True))
                cosines[at] = product / math.hypot(*left) / math.hypot(*right) / TEMPERATURE
            answer = int(np.flatnonzero(own[row])[0])
            below = sum(math.exp(cosines[at]) for at in range(5) if not out[row, at])
            total -= cosines[answer] - math.log(below)
        return total / 3 + 0.01 * float(((matrix - np.eye(4)) ** 2).sum())

    value, slope = loss(weights, questions, passages, own, out, pull=0.01)
    assert value == pytest.approx(plainly(weights), rel=1e-6)
    for a, b in ((0, 0), (1, 3), (3, 2)):
        moved = np.zeros((4, 4))
        moved[a, b] = 1e-5
        expected = (plainly(weights + moved) - plainly(weights - moved)) / 2e-5
        assert slope[a, b] == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_ndcg_is_that_of_the_answers_rank() -> None:
    passages = unit(np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]]))
    pairs = Pairs(unit(np.array([[1.0, 0.0], [0.0, 1.0]])), passages, [1, 2], ["a", "b", "c"])
    found = ndcg(pairs, np.eye(2), np.array([0, 1]))
    assert found.tolist() == pytest.approx([1 / math.log2(3), 1.0])


def test_the_interval_is_over_documents_and_parts_stay() -> None:
    gains = np.array([0.2] * 50 + [-0.1] * 50)
    alike = interval(gains, np.repeat([0, 1], 50))
    apart = interval(gains, np.arange(100))
    assert [round(one, 6) for one in alike] == [-0.1, 0.2]
    assert 0 < apart[0] < 0.05 < apart[1] < 0.1
    assert part_of("a document") == part_of("a document")
    assert {part_of(str(at)) for at in range(100)} == set(PARTS)
