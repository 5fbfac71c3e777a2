"""The embedder: off the event loop, in order, and blind to digests."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from gateway.retrieval import Embedder, render_for_embedding
from tests.retrieval.models import model_dir


@pytest.fixture
def embedder() -> Iterator[Embedder]:
    made = Embedder(model_dir())
    yield made
    made.close()


async def test_shape_order_and_length(embedder: Embedder) -> None:
    texts = ["a short one", "a much longer text about the travel policy and its limits " * 10, "pension fund"]
    together = await embedder.embed(texts)
    alone = np.vstack([await embedder.embed([text]) for text in texts])
    assert together.shape == (3, 384)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    # Quantisation is per run, so padding moves the last digits; the text is the same text.
    assert (together * alone).sum(1).min() > 0.98
    assert (await embedder.embed([])).shape == (0, 384)


async def test_meaning(embedder: Embedder) -> None:
    question, near, far = await embedder.embed(
        ["How many days off do I get?", "Employees have 30 days of annual leave.", "The server room is cooled."]
    )
    assert question @ near > question @ far + 0.2


async def test_event_loop_stays_free(embedder: Embedder) -> None:
    await embedder.start()
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.001)
            turns += 1

    ticking = asyncio.create_task(tick())
    await embedder.embed(["text " * 200] * 16)
    ticking.cancel()
    # A loop that is held by the model turns once for each run of it, at most 17 times.
    assert turns > 34


def test_tokens_become_type_words() -> None:
    text = "Ask [PERSON_k3f9a2c17qzx] or [EMAIL_ADDRESS_0123456789ab], not [this] nor [PERSON_short]."
    assert render_for_embedding(text) == "Ask PERSON or EMAIL ADDRESS, not [this] nor [PERSON_short]."


def test_import_is_light() -> None:
    """Importing the room imports neither the runtime nor the parsers, opens nothing and prints nothing."""
    code = (
        "import sys, threading, gateway.retrieval\n"
        "heavy = {'onnxruntime', 'onnx', 'llama_index', 'kreuzberg', 'tokenizers', 'Stemmer', 'numpy'}\n"
        "print(sorted(heavy & set(sys.modules)), threading.active_count())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[] 1\n", "")


def test_id_names_precision() -> None:
    assert Embedder(model_dir(), precision="fp32").id != Embedder(model_dir()).id
