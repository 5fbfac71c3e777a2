"""The gateway's index as a LangChain retriever; LangChain itself is no dependency of the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from gateway.clients.search import Search
from gateway.errors import BadSettings


def retriever(url: str, key: str, collections: Sequence[str], *, top_k: int = 6, timeout_s: float = 30.0) -> Any:
    """A `BaseRetriever` that asks a running gateway; a document's metadata holds the passage's facts and its score.

    Raises BadSettings where LangChain is not installed, and what `Search` raises when it is invoked.
    """
    return _class()(search=Search(url, key, collections, top_k=top_k, timeout_s=timeout_s))


@cache
def _class() -> Any:
    try:
        from langchain_core.documents import Document  # noqa: PLC0415
        from langchain_core.retrievers import BaseRetriever  # noqa: PLC0415
    except ImportError:
        raise BadSettings("LangChain is not installed", hint="pip install langchain-core") from None

    class GatewayRetriever(BaseRetriever):  # type: ignore[misc]
        """Retrieves over HTTP; asynchronous calls run in a thread, which is LangChain's own way."""

        search: Any

        def _get_relevant_documents(self, query: str, *, run_manager: object) -> list[Any]:  # noqa: ARG002 - its shape
            return [
                Document(id=hit.id, page_content=hit.text, metadata={**hit.facts, "score": hit.score})
                for hit in self.search(query)
            ]

    return GatewayRetriever
