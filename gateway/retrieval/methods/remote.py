"""Embedders behind a server: OpenAI's wire, and Ollama's own."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gateway.crypto.digest import sha256
from gateway.crypto.secret import Secret
from gateway.errors import BadSettings, UpstreamFailed
from gateway.model import Json, Zone
from gateway.retrieval.methods.base import LONGEST_DIMENSION, Ledger, unit
from gateway.retrieval.methods.wire import Wire

if TYPE_CHECKING:
    from gateway.retrieval.methods.base import Vectors

KINDS: Final = ("openai", "ollama")
MOST_CHARACTERS: Final = 200_000
"""Characters in one request, so that no server's limit on a whole request is met."""
PATIENCE: Final = 4
"""An ingest waits this many times longer than a question, since nobody sits before it."""
SETTING: Final = "retrieval.embedder"


@dataclass(frozen=True, slots=True)
class Remote:
    """How a server's model is asked."""

    kind: str
    """`openai` or `ollama`."""
    url: str
    """OpenAI's wire: with its version, `https://…/v1`; Ollama: the address alone."""
    model: str
    zone: Zone
    api_key: Secret | None = None
    dimensions: int | None = None
    """Asked of the server where given, and what its vectors must have then."""
    encoding: str = "float"
    """`float` or `base64` (OpenAI's wire only; less than half the bytes)."""
    batch: int = 32
    """Texts in one request."""
    timeout_s: float = 30.0
    query_prefix: str = ""
    document_prefix: str = ""


class RemoteEmbedder:
    """A TextEmbedder whose model runs elsewhere. Nothing is sent at construction; raises BadSettings there."""

    def __init__(self, remote: Remote) -> None:
        if not remote.model:
            raise BadSettings(f"{SETTING}.model is not set", hint="the name the embedder's server has for its model")
        if remote.dimensions is not None and not 1 <= remote.dimensions <= LONGEST_DIMENSION:
            raise BadSettings(f"{SETTING}.dimensions must be 1 to {LONGEST_DIMENSION}")
        self._remote = remote
        self._path = "embeddings" if remote.kind == "openai" else "api/embed"
        self._dimension = remote.dimensions
        headers = {"Authorization": Secret(f"Bearer {remote.api_key.reveal()}")} if remote.api_key is not None else {}
        self._wire = Wire(
            remote.url,
            what="the embedder's server",
            setting=SETTING,
            zone=remote.zone,
            timeout_s=remote.timeout_s,
            headers=headers,
        )

    @property
    def id(self) -> str:
        """Kind, model, dimensions asked for and the prefix of documents; the address may change without effect."""
        remote = self._remote
        prefix = sha256(remote.document_prefix.encode()).hex()[:8] if remote.document_prefix else "plain"
        return f"{remote.kind}/{remote.model}/{remote.dimensions or 'own'}/{prefix}"

    @property
    def dimension(self) -> int | None:
        """As configured, else as first seen."""
        return self._dimension

    @property
    def zone(self) -> Zone:
        """As configured."""
        return self._remote.zone

    @property
    def endpoint(self) -> str:
        """Where texts go."""
        return self._wire.address(self._path)

    async def start(self) -> None:
        """Asks for one vector."""
        await self.embed_query("probe")

    async def embed_documents(self, texts: Sequence[str], ledger: Ledger | None = None) -> Vectors:
        """See TextEmbedder."""
        import numpy as np  # noqa: PLC0415

        remote = self._remote
        if not texts:
            return np.zeros((0, self._dimension or 1), np.float32)
        whole = [remote.document_prefix + text for text in texts]
        parts = [
            await self._ask(batch, ledger, remote.timeout_s * PATIENCE)
            for batch in batches(whole, remote.batch, MOST_CHARACTERS)
        ]
        return np.concatenate(parts)

    async def embed_query(self, text: str, ledger: Ledger | None = None) -> Vectors:
        """See TextEmbedder."""
        rows = await self._ask([self._remote.query_prefix + text], ledger, self._remote.timeout_s)
        row: Vectors = rows[0]
        return row

    def close(self) -> None:
        """Holds no thread."""

    async def aclose(self) -> None:
        """Closes every connection."""
        await self._wire.aclose()

    async def _ask(self, texts: list[str], ledger: Ledger | None, timeout_s: float) -> Vectors:
        answer = await self._wire.post(
            self._path, self._body(texts), texts=len(texts), ledger=ledger, timeout_s=timeout_s
        )
        rows = _openai_rows(answer, len(texts)) if self._remote.kind == "openai" else _ollama_rows(answer)
        vectors = unit(rows, len(texts), self._dimension, "the embedder's server")
        self._dimension = vectors.shape[1]
        return vectors

    def _body(self, texts: list[str]) -> Json:
        body: Json = {"model": self._remote.model, "input": texts}
        if self._remote.kind == "openai":
            body["encoding_format"] = self._remote.encoding
        else:
            body["truncate"] = True
        if self._remote.dimensions is not None:
            body["dimensions"] = self._remote.dimensions
        return body


def batches(texts: Sequence[str], most: int, characters: int) -> Iterator[list[str]]:
    """The texts in order, at most `most` together and `characters` long together; a longer text goes alone."""
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and (len(batch) == most or size + len(text) > characters):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def _malformed() -> UpstreamFailed:
    return UpstreamFailed(
        "the embedder's server answered with something that holds no embeddings",
        hint=f"look at {SETTING}.url and {SETTING}.kind",
    )


def _openai_rows(answer: Any, count: int) -> list[Any]:
    """Vectors in the order of the texts, whatever order the server took."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise _malformed()
    rows: list[Any] = [None] * count
    for place, item in enumerate(data):
        index = item.get("index", place)
        if not isinstance(index, int) or not 0 <= index < count or rows[index] is not None:
            raise _malformed()
        rows[index] = _numbers(item.get("embedding"))
    if any(row is None for row in rows):
        raise _malformed()
    return rows


def _ollama_rows(answer: Any) -> list[Any]:
    rows = answer.get("embeddings") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise _malformed()
    return [_numbers(row) for row in rows]


def _numbers(value: Any) -> Any:
    """A vector as a list of numbers or as base64 of little-endian 32-bit floats."""
    import numpy as np  # noqa: PLC0415

    if isinstance(value, str):
        try:
            return np.frombuffer(base64.b64decode(value, validate=True), dtype="<f4")
        except (binascii.Error, ValueError):
            raise _malformed() from None
    if isinstance(value, list) and value and all(type(number) in (int, float) for number in value):
        return value
    raise _malformed()
