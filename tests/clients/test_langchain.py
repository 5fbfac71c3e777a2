"""LangChain is not installed with the gateway: what is seen of it is done with a stand-in of its two classes."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from gateway.clients import langchain
from gateway.errors import BadSettings
from tests.world import World


class Base:
    """Fields by name, `invoke` calls the hook: what langchain-core 1 does with a retriever."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def invoke(self, query: str) -> list[Any]:
        found: list[Any] = self._get_relevant_documents(query, run_manager=None)  # type: ignore[attr-defined]
        return found


def test_documents_have_ids_and_facts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    documents, retrievers = ModuleType("langchain_core.documents"), ModuleType("langchain_core.retrievers")
    documents.Document = Base  # type: ignore[attr-defined]
    retrievers.BaseRetriever = Base  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "langchain_core", ModuleType("langchain_core"))
    monkeypatch.setitem(sys.modules, "langchain_core.documents", documents)
    monkeypatch.setitem(sys.modules, "langchain_core.retrievers", retrievers)
    langchain._class.cache_clear()
    found = langchain.retriever(world.url, world.keys["emil"], ["handbook"]).invoke("days of annual leave")
    langchain._class.cache_clear()
    assert "29 days" in found[0].page_content
    assert found[0].metadata["collection"] == "handbook"
    assert 0 <= found[0].metadata["score"] <= 1


def test_without_langchain_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    langchain._class.cache_clear()
    monkeypatch.setitem(sys.modules, "langchain_core", None)
    with pytest.raises(BadSettings):
        langchain.retriever("http://gateway", "key", ["handbook"])
