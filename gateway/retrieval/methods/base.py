"""What every embedder, sparse encoder and reranker offers, and what is told of bytes that leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from gateway.errors import UpstreamFailed
from gateway.model import Json, Zone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]

LONGEST_DIMENSION = 4000
"""What an HNSW index over half-precision vectors takes at most (pgvector)."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request body that left for a server: what the audit log keeps of it."""

    endpoint: str
    zone: Zone
    texts: int
    size: int
    sha256: str

    def fact(self) -> Json:
        """As a record holds it."""
        return {
            "endpoint": self.endpoint,
            "zone": self.zone.value,
            "texts": self.texts,
            "bytes": self.size,
            "sha256": self.sha256,
        }


Ledger: TypeAlias = list[Sent]
"""Filled before each body leaves; what runs in this process leaves it empty."""


class TextEmbedder(Protocol):
    """Turns texts into vectors of length 1.

    Texts come with `render_for_embedding` applied. Calls raise Unavailable when a server does not answer as it should,
    BadSettings when what is configured cannot work, and never a foreign exception.
    """

    @property
    def id(self) -> str:
        """Names everything that decides the vectors; known without loading anything or asking anybody."""
        ...

    @property
    def dimension(self) -> int | None:
        """Numbers in a vector; None until `start` or a first call has found out."""
        ...

    @property
    def zone(self) -> Zone:
        """Where texts go."""
        ...

    @property
    def endpoint(self) -> str:
        """The address texts go to, without credentials; empty when they stay in this process."""
        ...

    async def start(self) -> None:
        """Loads the model or asks the server for one vector, so that what is wrong shows now."""
        ...

    async def embed_documents(self, texts: Sequence[str], ledger: Ledger | None = None) -> Vectors:
        """float32 (len(texts), dimension), in order."""
        ...

    async def embed_query(self, text: str, ledger: Ledger | None = None) -> Vectors:
        """float32 (dimension,)."""
        ...

    def close(self) -> None:
        """Ends threads; runs under way finish. What holds connections has `aclose` too."""
        ...


class SparseEncoder(Protocol):
    """Turns texts into weights of learned terms. Errors as of TextEmbedder."""

    @property
    def id(self) -> str:
        """Names what decides the weights of documents; weights under two ids share no term id."""
        ...

    @property
    def zone(self) -> Zone:
        """Where texts go."""
        ...

    @property
    def endpoint(self) -> str:
        """As of TextEmbedder."""
        ...

    async def start(self) -> None:
        """Loads the model or asks the server once."""
        ...

    async def encode_documents(self, texts: Sequence[str], ledger: Ledger | None = None) -> list[dict[int, float]]:
        """Term id (`learned.TermIds`) -> weight above 0, a mapping per text."""
        ...

    async def encode_query(self, text: str, ledger: Ledger | None = None) -> dict[int, float]:
        """The same for a question."""
        ...

    def close(self) -> None:
        """As of TextEmbedder."""
        ...


class Reranker(Protocol):
    """Scores passages against a question, in this process."""

    @property
    def id(self) -> str:
        """Names kind and model."""
        ...

    async def start(self) -> None:
        """Loads the model. Raises BadSettings."""
        ...

    async def scores(self, query: str, texts: Sequence[str], timeout_s: float) -> list[float]:
        """One score a text, higher is better. Raises TimeoutError after `timeout_s`; no work goes on then."""
        ...

    def close(self) -> None:
        """As of TextEmbedder."""
        ...


def unit(rows: Any, count: int, dimension: int | None, what: str) -> Vectors:
    """The rows as float32 (count, dimension), each of length 1.

    Raises UpstreamFailed when there are other numbers of them, or one is not finite or has no direction. `what` names
    the embedder in the message.
    """
    import numpy as np  # noqa: PLC0415

    hint = "look at the embedder's server and at retrieval.embedder in gateway.yaml"
    try:
        found: Vectors = np.asarray(rows, dtype=np.float32)
    except (TypeError, ValueError, OverflowError):
        raise UpstreamFailed(f"{what} gave vectors of unequal length, or no numbers", hint=hint) from None
    if found.ndim != 2 or found.shape[0] != count:
        raise UpstreamFailed(f"{what} gave another number of vectors than texts", hint=hint)
    if dimension is not None and found.shape[1] != dimension:
        raise UpstreamFailed(f"{what} gave {found.shape[1]} dimensions where {dimension} belong", hint=hint)
    if not 1 <= found.shape[1] <= LONGEST_DIMENSION:
        raise UpstreamFailed(
            f"{what} gave {found.shape[1]} dimensions; an index takes 1 to {LONGEST_DIMENSION}",
            hint="set retrieval.embedder.dimensions if the model can give fewer",
        )
    # In double precision: the squares of numbers that single precision holds may not fit in it.
    wide = found.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        raise UpstreamFailed(f"{what} gave a vector that is zero or not finite", hint=hint)
    scaled: Vectors = (wide / lengths).astype(np.float32)
    return scaled


def egress_of(party: TextEmbedder | SparseEncoder, texts: int, characters: int) -> Json:
    """What an intent tells before anything leaves: where to and how much."""
    return {
        "id": party.id,
        "zone": party.zone.value,
        "endpoint": party.endpoint,
        "texts": texts,
        "characters": characters,
    }


def heaviest(weights: Mapping[int, float], most: int) -> dict[int, float]:
    """The `most` largest weights; of equal ones those with the smaller id."""
    if len(weights) <= most:
        return dict(weights)
    return dict(sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:most])
