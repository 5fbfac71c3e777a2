"""Any LlamaIndex `BaseEmbedding`, named by import path and made with the arguments of the configuration.

It is foreign code with the gateway's rights: name only what you would install. It runs on threads of its own, its
asynchronous calls on an event loop of their own, so that whatever it does there holds nobody up.
"""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

import orjson

from gateway.crypto.digest import sha256
from gateway.crypto.secret import Secret
from gateway.errors import BadSettings, GatewayError, UpstreamFailed, UpstreamTimeout
from gateway.model import Zone
from gateway.retrieval.methods.base import Ledger, Sent, unit
from gateway.retrieval.methods.remote import PATIENCE, batches

if TYPE_CHECKING:
    from gateway.retrieval.methods.base import Vectors

T = TypeVar("T")
SETTING: Final = "retrieval.embedder"
WHAT: Final = "the LlamaIndex embedder"
MOST_CHARACTERS: Final = 200_000


class LlamaEmbedder:
    """A TextEmbedder around `module:Class`. The module is imported at first use, or in `start`.

    arguments: given to the class by name, `api_key` too where there is one; zone: where the operator says that its
    texts go; an endpoint it is not able to tell. Raises BadSettings at construction for a name of another form.
    """

    def __init__(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        zone: Zone,
        api_key: Secret | None = None,
        dimensions: int | None = None,
        batch: int = 32,
        timeout_s: float = 30.0,
        query_prefix: str = "",
        document_prefix: str = "",
    ) -> None:
        self._module, _, self._class = name.partition(":")
        if not self._module or not self._class.isidentifier():
            raise BadSettings(
                f"{SETTING}.class_path is not an import path",
                hint="like llama_index.embeddings.huggingface:HuggingFaceEmbedding",
            )
        self._arguments = dict(arguments)
        self._api_key = api_key
        self._zone = zone
        self._dimension = dimensions
        self._batch = batch
        self._timeout_s = timeout_s
        self._prefixes = (query_prefix, document_prefix)
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="llama")
        self._loading = threading.Lock()
        self._made: Any = None
        self._asynchronous = False
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def id(self) -> str:
        """Class and a digest of its arguments."""
        told = orjson.dumps([self._arguments, self._prefixes[1]], option=orjson.OPT_SORT_KEYS, default=str)
        return f"llama_index/{self._module}:{self._class}/{sha256(told).hex()[:16]}"

    @property
    def dimension(self) -> int | None:
        """As configured, else as first seen."""
        return self._dimension

    @property
    def zone(self) -> Zone:
        """As configured."""
        return self._zone

    @property
    def endpoint(self) -> str:
        """The class: only it knows where it sends to. Empty where the operator says that texts stay."""
        return "" if self._zone is Zone.LOCAL else f"{self._module}:{self._class}"

    async def start(self) -> None:
        """Imports the class, makes one and embeds one word."""
        await self._apart(self._load)
        await self.embed_query("probe")

    async def embed_documents(self, texts: Sequence[str], ledger: Ledger | None = None) -> Vectors:
        """See TextEmbedder."""
        import numpy as np  # noqa: PLC0415

        if not texts:
            return np.zeros((0, self._dimension or 1), np.float32)
        model = await self._apart(self._load)
        parts = []
        for batch in batches([self._prefixes[1] + text for text in texts], self._batch, MOST_CHARACTERS):
            self._note(batch, ledger)
            rows = await self._call(
                lambda batch=batch: model.get_text_embedding_batch(batch),  # type: ignore[misc]
                lambda batch=batch: model.aget_text_embedding_batch(batch),  # type: ignore[misc]
                self._timeout_s * PATIENCE,
            )
            parts.append(self._checked(rows, len(batch)))
        return np.concatenate(parts)

    async def embed_query(self, text: str, ledger: Ledger | None = None) -> Vectors:
        """See TextEmbedder."""
        model = await self._apart(self._load)
        whole = self._prefixes[0] + text
        self._note([whole], ledger)
        row = await self._call(
            lambda: model.get_query_embedding(whole), lambda: model.aget_query_embedding(whole), self._timeout_s
        )
        vector: Vectors = self._checked([row], 1)[0]
        return vector

    def close(self) -> None:
        """Ends threads and loop; a call under way finishes."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None

    def _checked(self, rows: Any, count: int) -> Vectors:
        vectors = unit(rows, count, self._dimension, WHAT)
        self._dimension = vectors.shape[1]
        return vectors

    def _note(self, texts: list[str], ledger: Ledger | None) -> None:
        # Its own bytes on the wire are not seen from here: the texts given to it are what the digest is of.
        if ledger is not None and self.endpoint:
            body = orjson.dumps(texts)
            ledger.append(Sent(self.endpoint, self._zone, len(texts), len(body), sha256(body).hex()))

    async def _call(self, sync: Callable[[], Any], later: Callable[[], Any], timeout_s: float) -> Any:
        try:
            async with asyncio.timeout(timeout_s):
                if self._asynchronous:
                    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_awaited(later), self._running()))
                return await self._apart(sync)
        except TimeoutError:
            raise UpstreamTimeout(
                f"{WHAT} took longer than {timeout_s:g} s", hint=f"raise {SETTING}.timeout_s"
            ) from None
        except GatewayError:
            raise
        except Exception as fault:  # noqa: BLE001 - foreign code; its words may quote the text
            raise UpstreamFailed(
                f"{WHAT} failed with {type(fault).__name__}", hint=f"look at {SETTING} and at what it needs"
            ) from None

    async def _apart(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=_forever, args=(self._loop,), name="llama-loop", daemon=True).start()
        return self._loop

    def _load(self) -> Any:
        with self._loading:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> Any:
        from llama_index.core.base.embeddings.base import BaseEmbedding  # noqa: PLC0415

        try:
            found = getattr(importlib.import_module(self._module), self._class)
        except Exception as fault:  # noqa: BLE001 - a module may raise anything at import
            raise BadSettings(
                f"{SETTING}.class_path {self._module}:{self._class} cannot be imported ({type(fault).__name__})",
                hint="install its package beside the gateway",
            ) from None
        if not isinstance(found, type) or not issubclass(found, BaseEmbedding):
            raise BadSettings(f"{SETTING}.class_path {self._module}:{self._class} is no LlamaIndex BaseEmbedding")
        given = dict(self._arguments)
        if self._api_key is not None:
            given["api_key"] = self._api_key.reveal()
        try:
            made = found(**given)
        except Exception as fault:  # noqa: BLE001 - its words may quote the key
            raise BadSettings(
                f"{self._module}:{self._class} cannot be made with {SETTING}.arguments ({type(fault).__name__})",
                hint="look at the arguments its documentation names, and that its model is on this machine",
            ) from None
        made.embed_batch_size = min(self._batch, 2048)
        # The base class answers asynchronous calls by blocking ones; only what overrides those offers them.
        own = ("_aget_text_embedding", "_aget_text_embeddings")
        self._asynchronous = any(getattr(found, name) is not getattr(BaseEmbedding, name) for name in own)
        return made


async def _awaited(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return await work()


def _forever(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
