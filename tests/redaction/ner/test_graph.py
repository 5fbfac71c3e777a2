"""The graph computes what its weights say."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest

from gateway.redaction.ner.graph import INPUTS, OUTPUT, WITHIN, build, largest

WIDTH, LABELS, ROWS = 8, 5, 11
DILATIONS = (1, 2)
TABLES = ("table", "shape", "known", "gap")


@pytest.fixture
def weights() -> dict[str, Any]:
    rng = np.random.default_rng(7)

    def some(*shape: int) -> Any:
        return rng.normal(size=shape).astype(np.float32)

    out = {"table": some(20, WIDTH), "shape": some(6, WIDTH), "known": some(4, WIDTH), "gap": some(5, WIDTH)}
    for name in ("norm0", "norm1", "norm"):
        out |= {f"{name}.weight": some(WIDTH), f"{name}.bias": some(WIDTH)}
    for name in ("conv0", "conv1"):
        out |= {f"{name}.weight": some(3 * WIDTH, WIDTH), f"{name}.bias": some(WIDTH)}
    return out | {"out.weight": some(WIDTH, LABELS), "out.bias": some(LABELS)}


def norm(weights: dict[str, Any], x: Any, name: str) -> Any:
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def expected(weights: dict[str, Any], given: dict[str, Any]) -> Any:
    """The same by hand."""
    x = weights["table"][given["pieces"]] + weights["shape"][given["shapes"]]
    x = x + weights["known"][given["known"]] + weights["gap"][given["gaps"]]
    for number, d in enumerate(DILATIONS):
        y = norm(weights, x, f"norm{number}")
        padded = np.concatenate([np.zeros((d, WIDTH)), y, np.zeros((d, WIDTH))])
        around = np.concatenate([padded[: -2 * d], y, padded[2 * d :]], axis=1)
        x = x + np.maximum(around @ weights[f"conv{number}.weight"] + weights[f"conv{number}.bias"], 0)
    logits = norm(weights, x, "norm") @ weights["out.weight"] + weights["out.bias"]
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def some_rows(count: int, seed: int = 3) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    limits = dict(zip(INPUTS, (20, 6, 4, 5), strict=True))
    return {name: rng.integers(0, limit, count).astype(np.int32) for name, limit in limits.items()}


def run(graph: bytes, given: dict[str, Any], within: Any = None) -> Any:
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    ones = np.ones(len(given["pieces"]), dtype=np.float32) if within is None else within
    fed = {name: rows[None] for name, rows in given.items()} | {WITHIN: ones[None, :, None]}
    return session.run([OUTPUT], fed)[0][0]


def int8(weights: dict[str, Any]) -> bytes:
    return build(weights, DILATIONS, largest(weights, DILATIONS, [some_rows(40, seed) for seed in range(5)]))


def test_the_float_graph_is_the_network(weights: dict[str, Any]) -> None:
    given = some_rows(ROWS)
    assert np.abs(run(build(weights, DILATIONS), given) - expected(weights, given)).max() < 1e-5


def test_the_int8_graph_is_near_the_network(weights: dict[str, Any]) -> None:
    given = some_rows(ROWS)
    assert np.abs(run(int8(weights), given) - expected(weights, given)).max() < 0.15


def test_largest_values_are_those_of_the_network(weights: dict[str, Any]) -> None:
    tops = largest(weights, DILATIONS, [some_rows(ROWS), some_rows(4)])
    assert set(tops) == {"into0", "out_of0", "into1", "out_of1"}
    more = largest(weights, DILATIONS, [some_rows(ROWS), some_rows(4), some_rows(90)])
    assert all(0 < top <= more[name] for name, top in tops.items())
    x = sum(weights[name][some_rows(ROWS)[given]] for name, given in zip(TABLES, INPUTS, strict=True))
    assert tops["into0"] >= np.abs(norm(weights, x, "norm0")).max() - 1e-4


@pytest.mark.parametrize("exact", [True, False])
def test_texts_with_a_gap_between_them_do_not_see_each_other(weights: dict[str, Any], exact: bool) -> None:
    graph = build(weights, DILATIONS) if exact else int8(weights)
    one, other, gap = some_rows(ROWS, 1), some_rows(ROWS, 2), max(DILATIONS)
    apart = [np.zeros(gap, dtype=np.int32)]
    both = {name: np.concatenate([one[name], *apart, other[name]]) for name in INPUTS}
    within = np.ones(2 * ROWS + gap, dtype=np.float32)
    within[ROWS : ROWS + gap] = 0
    together = run(graph, both, within)
    for alone, at in ((one, 0), (other, ROWS + gap)):
        assert np.abs(together[at : at + ROWS] - run(graph, alone)).max() < 1e-6


def test_a_window_with_its_neighbours_is_as_in_the_whole(weights: dict[str, Any]) -> None:
    graph, given, reach = int8(weights), some_rows(40), sum(DILATIONS)
    part = {name: rows[10 - reach : 20 + reach] for name, rows in given.items()}
    assert np.abs(run(graph, part)[reach : reach + 10] - run(graph, given)[10:20]).max() < 1e-6
