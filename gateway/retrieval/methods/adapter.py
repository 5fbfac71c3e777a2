"""A linear map over an embedder's vectors, learned from one's own documents: `x -> W x`, made of length 1 again.

Documents and questions go through the same map. Its file holds the numbers and the id of the embedder it was learned
on, and no text; vectors of documents that are stored already need nothing but this product.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.crypto.digest import sha256
from gateway.errors import BadSettings
from gateway.model import Zone
from gateway.retrieval.methods.base import Ledger, TextEmbedder, unit

if TYPE_CHECKING:
    from gateway.retrieval.methods.base import Vectors

SETTING = "retrieval.embedder.adapter"


def write(weights: Vectors, embedder: str) -> bytes:
    """The file of a map (d, d) that was learned on the vectors of `embedder`."""
    import numpy as np  # noqa: PLC0415

    out = BytesIO()
    np.savez(out, weights=weights.astype(np.float32), embedder=np.array(embedder))
    return out.getvalue()


class AdaptedEmbedder:
    """A TextEmbedder over another one. Reads the file at construction, for its digest; raises BadSettings there."""

    def __init__(self, inner: TextEmbedder, path: Path) -> None:
        self.inner = inner
        try:
            self._file = path.read_bytes()
        except OSError:
            raise BadSettings(f"{SETTING} cannot be read", hint="the file that `gateway tune` has written") from None
        self._weights: Any = None

    @property
    def id(self) -> str:
        """That of the embedder below, and a digest of the map."""
        return f"{self.inner.id}+{sha256(self._file).hex()[:12]}"

    @property
    def dimension(self) -> int | None:
        """As below."""
        return self.inner.dimension

    @property
    def zone(self) -> Zone:
        """As below."""
        return self.inner.zone

    @property
    def endpoint(self) -> str:
        """As below."""
        return self.inner.endpoint

    async def start(self) -> None:
        """Starts the embedder below and looks whether the map fits it. Raises BadSettings."""
        self._map()
        await self.inner.start()

    async def embed_documents(self, texts: Sequence[str], ledger: Ledger | None = None) -> Vectors:
        """See TextEmbedder."""
        return self.adapt(await self.inner.embed_documents(texts, ledger))

    async def embed_query(self, text: str, ledger: Ledger | None = None) -> Vectors:
        """See TextEmbedder."""
        row: Vectors = self.adapt((await self.inner.embed_query(text, ledger)).reshape(1, -1))[0]
        return row

    def adapt(self, vectors: Vectors) -> Vectors:
        """The map of vectors (n, d) of the embedder below. Raises BadSettings when it is not made for them."""
        weights = self._map()
        if vectors.shape[1] != len(weights) and len(vectors):
            raise BadSettings(f"{SETTING} is made for {len(weights)} dimensions", hint="run `gateway tune` again")
        return unit(vectors @ weights.T, len(vectors), None, "the adapter") if len(vectors) else vectors

    def close(self) -> None:
        """As below."""
        self.inner.close()

    def _map(self) -> Vectors:
        import numpy as np  # noqa: PLC0415

        if self._weights is None:
            try:
                with np.load(BytesIO(self._file), allow_pickle=False) as held:
                    weights, embedder = held["weights"], str(held["embedder"])
            except (OSError, ValueError, KeyError, EOFError):
                raise BadSettings(f"{SETTING} is no adapter", hint="the file that `gateway tune` wrote") from None
            square = weights.ndim == 2 and weights.shape[0] == weights.shape[1] and np.isfinite(weights).all()
            if not square or embedder != self.inner.id:
                raise BadSettings(f"{SETTING} was learned on another embedder", hint="run `gateway tune` again")
            self._weights = weights.astype(np.float32)
        found: Vectors = self._weights
        return found
