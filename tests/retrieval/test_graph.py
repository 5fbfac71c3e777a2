"""Our ONNX graph against an independent forward pass in NumPy, from the same weights."""

from __future__ import annotations

from math import erf
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer

from gateway.errors import Broken
from gateway.retrieval import graph
from gateway.retrieval.embed import Embedder
from tests.retrieval.models import model_dir

Array = NDArray[np.float64]

TEXTS = [
    "Employees may book rail travel under four hours without asking.",
    "pension",
    "Die Kündigungsfrist beträgt drei Monate zum Quartalsende; 42 % zahlen ein.",
    "PERSON earns more than PERSON, wrote EMAIL ADDRESS on 3 May. " * 12,
    "What is the limit for meals abroad?",
]


def reference(weights: dict[str, Any], ids: list[int]) -> Array:
    """BERT as its paper describes it, one text, float64, mean-pooled and normalised."""

    def get(name: str) -> Array:
        return np.asarray(weights[name], np.float64)

    def norm(x: Array, name: str) -> Array:
        mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        scaled: Array = (x - mean) / np.sqrt(variance + 1e-12) * get(f"{name}.weight") + get(f"{name}.bias")
        return scaled

    def linear(x: Array, name: str) -> Array:
        product: Array = x @ get(f"{name}.weight").T + get(f"{name}.bias")
        return product

    def softmax(x: Array) -> Array:
        e = np.exp(x - x.max(-1, keepdims=True))
        shares: Array = e / e.sum(-1, keepdims=True)
        return shares

    length = len(ids)
    x = get("embeddings.word_embeddings.weight")[ids]
    x = x + get("embeddings.position_embeddings.weight")[:length] + get("embeddings.token_type_embeddings.weight")[0]
    x = norm(x, "embeddings.LayerNorm")
    gelu = np.vectorize(lambda v: v * 0.5 * (1.0 + erf(v / 2**0.5)))
    for layer in range(6):
        at = f"encoder.layer.{layer}"
        mixed = []
        q, k, v = (linear(x, f"{at}.attention.self.{part}") for part in ("query", "key", "value"))
        for head in range(12):
            cut = slice(32 * head, 32 * head + 32)
            mixed.append(softmax(q[:, cut] @ k[:, cut].T / 32**0.5) @ v[:, cut])
        x = norm(x + linear(np.hstack(mixed), f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm")
        inner = gelu(linear(x, f"{at}.intermediate.dense"))
        x = norm(x + linear(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")
    pooled: Array = x.mean(0)
    pooled /= np.linalg.norm(pooled)
    return pooled


@pytest.fixture(scope="module")
def expected() -> Array:
    weights = graph.load_weights()
    tokenizer = Tokenizer.from_file(str(graph.weights_dir() / "tokenizer.json"))
    tokenizer.enable_truncation(256)
    tokenizer.no_padding()
    return np.stack([reference(weights, tokenizer.encode(text).ids) for text in TEXTS])


async def test_fp32_equals_the_reference(expected: Array, tmp_path: Path) -> None:
    embedder = Embedder(tmp_path, precision="fp32")
    try:
        found = await embedder.embed(TEXTS)
    finally:
        embedder.close()
    cosine = (found * expected).sum(1)
    assert cosine.min() >= 0.99999, cosine


async def test_int8_stays_near(expected: Array) -> None:
    embedder = Embedder(model_dir())
    try:
        found = await embedder.embed(TEXTS)
    finally:
        embedder.close()
    cosine = (found * expected).sum(1)
    assert cosine.min() >= 0.97, cosine
    # Whatever the error, the neighbours stay in order: the travel texts are nearer to each other than to "pension".
    assert found[0] @ found[4] > found[1] @ found[4]


def test_other_weights_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "model.safetensors"
    other.write_bytes(b"not the published weights")
    with pytest.raises(Broken, match="not the published ones"):
        graph.load_weights(other)
