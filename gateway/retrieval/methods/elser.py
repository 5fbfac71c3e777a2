"""ELSER and its like: an Elasticsearch inference endpoint that answers texts with weighted tokens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from gateway.crypto.secret import Secret
from gateway.errors import BadSettings, UpstreamFailed
from gateway.model import Zone
from gateway.retrieval.methods.base import Ledger, heaviest
from gateway.retrieval.methods.learned import TermIds
from gateway.retrieval.methods.remote import MOST_CHARACTERS, PATIENCE, batches
from gateway.retrieval.methods.wire import Wire

SETTING: Final = "retrieval.elser"


class Elser:
    """A SparseEncoder behind `POST /_inference/sparse_embedding/{endpoint}`. Nothing is sent at construction.

    api_key: as Elasticsearch gives it out, base64 of id and key. Raises BadSettings for what cannot be called.
    """

    def __init__(
        self,
        url: str,
        inference_id: str,
        *,
        zone: Zone,
        api_key: Secret | None = None,
        batch: int = 16,
        timeout_s: float = 30.0,
        document_terms: int = 256,
        query_terms: int = 64,
    ) -> None:
        if not inference_id:
            raise BadSettings(f"{SETTING}.inference_id is not set", hint="the name of the inference endpoint")
        self._inference_id = inference_id
        self._zone = zone
        self._batch = batch
        self._timeout_s = timeout_s
        self._document_terms = document_terms
        self._query_terms = query_terms
        self._ids = TermIds(f"elser/{inference_id}")
        self._path = f"_inference/sparse_embedding/{quote(inference_id, safe='')}"
        self._wire = Wire(
            url,
            what="the Elasticsearch server",
            setting=SETTING,
            zone=zone,
            timeout_s=timeout_s,
            headers={"Authorization": Secret(f"ApiKey {api_key.reveal()}")} if api_key is not None else {},
        )

    @property
    def id(self) -> str:
        """The endpoint's name and what is kept of its terms; a model exchanged behind that name is not noticed."""
        return f"elser/{self._inference_id}/{self._document_terms}"

    @property
    def zone(self) -> Zone:
        """As configured."""
        return self._zone

    @property
    def endpoint(self) -> str:
        """Where texts go."""
        return self._wire.address(self._path)

    async def start(self) -> None:
        """Asks for the weights of one word."""
        await self.encode_query("probe")

    async def encode_documents(self, texts: Sequence[str], ledger: Ledger | None = None) -> list[dict[int, float]]:
        """See SparseEncoder."""
        found: list[dict[int, float]] = []
        for batch in batches(texts, self._batch, MOST_CHARACTERS):
            rows = await self._ask(batch, ledger, self._timeout_s * PATIENCE)
            found += (self._ids.of_words(heaviest_words(row, self._document_terms)) for row in rows)
        return found

    async def encode_query(self, text: str, ledger: Ledger | None = None) -> dict[int, float]:
        """See SparseEncoder."""
        row = (await self._ask([text], ledger, self._timeout_s))[0]
        return self._ids.of_words(heaviest_words(row, self._query_terms))

    def close(self) -> None:
        """Holds no thread."""

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._wire.aclose()

    async def _ask(self, texts: list[str], ledger: Ledger | None, timeout_s: float) -> list[dict[str, float]]:
        answer = await self._wire.post(
            self._path, {"input": texts}, texts=len(texts), ledger=ledger, timeout_s=timeout_s
        )
        rows = answer.get("sparse_embedding") if isinstance(answer, dict) else None
        if not isinstance(rows, list) or len(rows) != len(texts):
            raise _malformed()
        return [_weights(row) for row in rows]


def heaviest_words(weights: dict[str, float], most: int) -> dict[str, float]:
    """The `most` largest weights; of equal ones the first in the alphabet."""
    words = sorted(weights)
    kept = heaviest({place: weights[word] for place, word in enumerate(words)}, most)
    return {words[place]: weight for place, weight in kept.items()}


def _weights(row: Any) -> dict[str, float]:
    found = row.get("embedding") if isinstance(row, dict) else None
    if not isinstance(found, dict):
        raise _malformed()
    for weight in found.values():
        if type(weight) not in (int, float) or not math.isfinite(weight) or weight < 0:
            raise _malformed()
    return {str(word): float(weight) for word, weight in found.items() if weight > 0}


def _malformed() -> UpstreamFailed:
    return UpstreamFailed(
        "the Elasticsearch server answered with something that holds no token weights",
        hint=f"look at {SETTING}.url, and that {SETTING}.inference_id names a sparse_embedding endpoint",
    )
