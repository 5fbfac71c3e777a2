"""The graph computes what its weights say."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest

from gateway.redaction.ner.graph import INPUTS, OUTPUT, build

WIDTH, LABELS, ROWS = 8, 5, 11
DILATIONS = (1, 2)


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


def expected(weights: dict[str, Any], given: dict[str, Any]) -> Any:
    """The same by hand."""

    def norm(x: Any, name: str) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    x = weights["table"][given["pieces"]] + weights["shape"][given["shapes"]]
    x = x + weights["known"][given["known"]] + weights["gap"][given["gaps"]]
    for number, d in enumerate(DILATIONS):
        y = norm(x, f"norm{number}")
        padded = np.concatenate([np.zeros((d, WIDTH)), y, np.zeros((d, WIDTH))])
        around = np.concatenate([padded[: -2 * d], y, padded[2 * d :]], axis=1)
        x = x + np.maximum(around @ weights[f"conv{number}.weight"] + weights[f"conv{number}.bias"], 0)
    logits = norm(x, "norm") @ weights["out.weight"] + weights["out.bias"]
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


@pytest.mark.parametrize(("int8", "tolerance"), [(False, 1e-5), (True, 0.15)])
def test_the_graph_is_the_network(weights: dict[str, Any], int8: bool, tolerance: float) -> None:
    rng = np.random.default_rng(3)
    limits = dict(zip(INPUTS, (20, 6, 4, 5), strict=True))
    given = {name: rng.integers(0, limit, ROWS).astype(np.int32) for name, limit in limits.items()}
    session = onnxruntime.InferenceSession(build(weights, DILATIONS, int8=int8), providers=["CPUExecutionProvider"])
    ours = session.run([OUTPUT], given)[0]
    assert np.abs(ours - expected(weights, given)).max() < tolerance
