"""The gateway's index as a LlamaIndex retriever.

from gateway.clients.llama_index import retriever

nodes = retriever("https://gateway.example.org", key, ["handbook"]).retrieve("How many days of leave?")
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from typing import Any

from gateway.clients.search import Hit, Search
from gateway.errors import BadSettings

UNREAD = ("document", "version", "url", "start", "end", "collection", "label", "source")
"""Facts that a model need not read."""


def retriever(url: str, key: str, collections: Sequence[str], *, top_k: int = 6, timeout_s: float = 30.0) -> Any:
    """A `BaseRetriever` that asks a running gateway. Nodes have the passages' ids, scores and facts.

    What it finds is what the key's owner may read, values restored by his rights. Raises BadSettings where LlamaIndex
    is not installed, and what `Search` raises when it retrieves.
    """
    return _class()(Search(url, key, collections, top_k=top_k, timeout_s=timeout_s))


@cache
def _class() -> Any:
    try:
        from llama_index.core.base.base_retriever import BaseRetriever  # noqa: PLC0415
        from llama_index.core.schema import (  # noqa: PLC0415
            NodeRelationship,
            NodeWithScore,
            QueryBundle,
            RelatedNodeInfo,
            TextNode,
        )
    except ImportError:
        raise BadSettings("LlamaIndex is not installed", hint="pip install llama-index-core") from None

    def node(hit: Hit) -> NodeWithScore:
        unread = list(UNREAD)
        made = TextNode(
            id_=hit.id,
            text=hit.text,
            metadata=hit.facts,
            excluded_llm_metadata_keys=unread,
            excluded_embed_metadata_keys=unread,
        )
        made.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(node_id=str(hit.facts["document"]))
        return NodeWithScore(node=made, score=hit.score)

    class GatewayRetriever(BaseRetriever):
        """Retrieves over HTTP."""

        def __init__(self, search: Search) -> None:
            super().__init__()
            self._search = search

        def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
            return [node(hit) for hit in self._search(query_bundle.query_str)]

        async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
            return [node(hit) for hit in await asyncio.to_thread(self._search, query_bundle.query_str)]

    return GatewayRetriever
