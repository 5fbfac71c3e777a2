"""A cross-encoder: pairs as by hand, only the passage cut, equal in any batch, and stopped when its time is over."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from gateway.errors import BadSettings
from gateway.retrieval.methods.cross import CrossEncoder
from tests.retrieval.methods.folders import WEIGHTS, classifier, encoder, number

QUERY = "red apple"
TEXTS = ["green apple", "cold water . warm fire . blue stone", "red", "pear , pear , pear , red apple !"]


def by_hand(query: str, text: str, most: int = 512) -> float:
    asked, said = query.split(), text.split()
    said = said[: most - 3 - len(asked)]
    first = sum(WEIGHTS[number(word)] for word in ["[CLS]", *asked, "[SEP]"])
    second = 2 * sum(WEIGHTS[number(word)] for word in [*said, "[SEP]"])
    return float(1 / (1 + np.exp(-(first + second))))


async def test_scores_as_by_hand_and_the_same_in_any_batch(tmp_path: Path) -> None:
    cross = CrossEncoder(classifier(tmp_path / "m"))
    await cross.start()
    together = await cross.scores(QUERY, TEXTS, 30)
    alone = [(await cross.scores(QUERY, [text], 30))[0] for text in TEXTS]
    cross.close()
    assert together == pytest.approx([by_hand(QUERY, text) for text in TEXTS], abs=1e-5)
    assert alone == pytest.approx(together, abs=1e-6)


async def test_two_classes_score_by_their_difference(tmp_path: Path) -> None:
    cross = CrossEncoder(classifier(tmp_path / "m", classes=2))
    found = await cross.scores(QUERY, TEXTS, 30)
    cross.close()
    # The second logit is twice the first, so that the difference is the first again.
    assert found == pytest.approx([by_hand(QUERY, text) for text in TEXTS], abs=1e-5)


async def test_only_the_passage_is_cut(tmp_path: Path) -> None:
    cross = CrossEncoder(classifier(tmp_path / "m"), max_tokens=10)
    found = await cross.scores("red apple . pear", [TEXTS[1]], 30)
    cross.close()
    assert found == pytest.approx([by_hand("red apple . pear", TEXTS[1], 10)], abs=1e-5)
    assert found != pytest.approx([by_hand("red apple . pear", TEXTS[1])], abs=1e-3)


async def test_more_than_two_classes_are_no_reranker(tmp_path: Path) -> None:
    cross = CrossEncoder(classifier(tmp_path / "m", classes=3))
    with pytest.raises(BadSettings, match="tells 3 classes apart"):
        await cross.start()
    cross.close()
    other = CrossEncoder(encoder(tmp_path / "n"))
    with pytest.raises(BadSettings, match="gives no logits"):
        await other.start()
    other.close()


async def test_when_its_time_is_over_it_stops_between_two_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cross = CrossEncoder(classifier(tmp_path / "m"))
    await cross.start()
    usual, ran, ended = cross._model.run, [], threading.Event()

    def slow(rows: list[list[int]], name: str, **more: object) -> object:
        ran.append(len(rows))
        time.sleep(0.15)
        ended.set()
        return usual(rows, name, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(cross._model, "run", slow)
    # Each fills a run of its own.
    texts = [" ".join(["red"] * 300)] * 20
    with pytest.raises(TimeoutError):
        await cross.scores(QUERY, texts, 0.05)
    await asyncio.to_thread(ended.wait)
    await asyncio.sleep(0.3)
    cross.close()
    assert len(ran) <= 2
