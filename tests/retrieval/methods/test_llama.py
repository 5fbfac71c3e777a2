"""Any LlamaIndex embedding by import path: off our loop, its errors in our words."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from gateway.crypto import Secret
from gateway.errors import BadSettings, UpstreamFailed, UpstreamTimeout
from gateway.model import Zone
from gateway.retrieval.methods.base import Sent
from gateway.retrieval.methods.llama import LlamaEmbedder
from tests.retrieval.methods.embeddings import BATCHES, THREADS, numbers

HERE = "tests.retrieval.methods.embeddings"


def unit(rows: list[list[float]]) -> Any:
    return np.asarray(rows, np.float32) / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("name", ["Blocking", "Asynchronous"])
async def test_arguments_prefixes_batches_and_another_thread(name: str) -> None:
    THREADS.clear()
    BATCHES.clear()
    embedder = LlamaEmbedder(
        f"{HERE}:{name}", {"scale": 2.0}, zone=Zone.LOCAL, batch=2, query_prefix="q ", document_prefix="d "
    )
    await embedder.start()
    texts = ["one", "three", "eleven"]
    documents = await embedder.embed_documents(texts)
    query = await embedder.embed_query("one")
    made = embedder._made
    embedder.close()
    np.testing.assert_allclose(documents, unit([[2.0, *numbers("d " + text)] for text in texts]), atol=1e-6)
    np.testing.assert_allclose(query, unit([[0.0, *numbers("q one")]])[0], atol=1e-6)
    assert embedder.dimension == 4
    if name == "Blocking":
        assert BATCHES == [2, 1]
        assert all(thread.startswith("llama") for thread in THREADS)
    else:
        assert {"llama-loop"} == THREADS
        assert len(made._loops) == 1


@pytest.mark.parametrize("name", ["Blocking", "Asynchronous"])
async def test_the_event_loop_stays_free_and_patience_ends(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = LlamaEmbedder(f"{HERE}:{name}", {"pause_s": 0.1}, zone=Zone.LOCAL, timeout_s=30)
    await embedder.start()
    turns = 0
    work = asyncio.ensure_future(embedder.embed_documents(["one", "two", "three"]))
    while not work.done():
        await asyncio.sleep(0.005)
        turns += 1
    await work
    # Two calls of 0.3 s together: a loop that is held by them turns twice.
    assert turns > 8
    slow = LlamaEmbedder(f"{HERE}:{name}", {"pause_s": 0.3}, zone=Zone.LOCAL, timeout_s=0.02)
    with pytest.raises(UpstreamTimeout):
        await slow.embed_documents(["one"])
    embedder.close()
    slow.close()


async def test_what_leaves_is_noted_where_the_zone_is_not_local() -> None:
    embedder = LlamaEmbedder(f"{HERE}:Blocking", {}, zone=Zone.EXTERNAL, api_key=Secret("k-1"))
    ledger: list[Sent] = []
    await embedder.embed_documents(["one", "two"], ledger)
    await embedder.embed_query("three", ledger)
    assert [(sent.texts, sent.zone, sent.endpoint) for sent in ledger] == [
        (2, Zone.EXTERNAL, f"{HERE}:Blocking"),
        (1, Zone.EXTERNAL, f"{HERE}:Blocking"),
    ]
    assert embedder._made.api_key == "k-1"
    assert "k-1" not in embedder.id
    embedder.close()
    house = LlamaEmbedder(f"{HERE}:Blocking", {}, zone=Zone.LOCAL)
    kept: list[Sent] = []
    await house.embed_query("three", kept)
    house.close()
    assert kept == []
    assert house.endpoint == ""


async def test_its_errors_come_without_its_words() -> None:
    embedder = LlamaEmbedder(f"{HERE}:Failing", {}, zone=Zone.LOCAL)
    with pytest.raises(UpstreamFailed, match="failed with RuntimeError") as refused:
        await embedder.embed_query("a secret")
    embedder.close()
    assert "secret" not in f"{refused.value}{refused.value.__cause__}"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (f"{HERE}:Missing", "cannot be imported"),
        ("nowhere.at.all:Thing", r"cannot be imported \(ModuleNotFoundError\)"),
        (f"{HERE}:NoEmbedding", "is no LlamaIndex BaseEmbedding"),
        (f"{HERE}:Unmade", r"cannot be made with .* \(ValueError\)"),
    ],
)
async def test_what_is_no_embedding_is_refused(name: str, told: str) -> None:
    embedder = LlamaEmbedder(name, {"secret": "s-1"}, zone=Zone.LOCAL)
    with pytest.raises(BadSettings, match=told) as refused:
        await embedder.start()
    embedder.close()
    assert "s-1" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "module", "module:", "module:not a name"])
def test_a_name_of_another_form_is_refused_at_once(name: str) -> None:
    with pytest.raises(BadSettings, match="is not an import path"):
        LlamaEmbedder(name, {}, zone=Zone.LOCAL)


def test_an_embedder_of_other_arguments_has_another_id() -> None:
    made = [LlamaEmbedder(f"{HERE}:Blocking", given, zone=Zone.LOCAL) for given in ({}, {"scale": 1.0}, {"scale": 2.0})]
    assert len({one.id for one in made}) == 3
    assert not any(" " in one.id for one in made)
    for one in made:
        one.close()
