"""A LlamaIndex program over the running gateway."""

from __future__ import annotations

import asyncio
import sys

import pytest

from gateway.clients import llama_index
from gateway.errors import BadSettings, NotPermitted
from tests.world import World


def test_nodes_have_ids_scores_and_facts(world: World) -> None:
    made = llama_index.retriever(world.url, world.keys["emil"], ["handbook"], top_k=2)
    from llama_index.core.base.base_retriever import BaseRetriever  # noqa: PLC0415 - slow
    from llama_index.core.schema import MetadataMode  # noqa: PLC0415

    assert isinstance(made, BaseRetriever)
    found = made.retrieve("How many days of annual leave?")
    assert 1 <= len(found) <= 2
    best = found[0]
    assert "29 days" in best.node.get_content()
    assert best.node.node_id == f"{best.node.ref_doc_id}.0"
    assert [one.score for one in found] == sorted((one.score or 0.0 for one in found), reverse=True)
    assert best.node.metadata["collection"] == "handbook"
    assert "/v1/collections" not in best.node.get_content(MetadataMode.LLM)
    again = asyncio.run(made.aretrieve("How many days of annual leave?"))
    assert [one.node.node_id for one in again] == [one.node.node_id for one in found]


def test_permission_is_the_keys(world: World) -> None:
    with pytest.raises(NotPermitted):
        llama_index.retriever(world.url, world.keys["emil"], ["hr"]).retrieve("emergency contact")
    (found, *_) = llama_index.retriever(world.url, world.keys["hana"], ["hr"]).retrieve("emergency contact")
    assert "Anton Weiss" in found.node.get_content()


def test_without_llama_index_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    llama_index._class.cache_clear()
    monkeypatch.setitem(sys.modules, "llama_index.core.base.base_retriever", None)
    with pytest.raises(BadSettings):
        llama_index.retriever("http://gateway", "key", ["handbook"])
