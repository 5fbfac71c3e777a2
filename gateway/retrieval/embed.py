"""The built-in embedder: all-MiniLM-L6-v2 under onnxruntime, in threads beside the event loop."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from gateway.errors import Broken
from gateway.model import Zone
from gateway.retrieval.graph import REVISION, WIDTH, weights_dir
from gateway.retrieval.modelfile import ensure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors: TypeAlias = NDArray[np.float32]

DIMENSION = WIDTH
MAX_TOKENS = 256
"""What the model was trained on; the rest of a longer text is not seen."""
RUN_TOKENS = 512
"""Tokens in one run, padding included. Longer runs are slower per text (they leave the processor's cache), and a query
waits for one of them at most, not for a whole document."""

TOKEN = re.compile(r"\[([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)_[0-9a-hjkmnp-tv-z]{12}(_[0-9a-hjkmnp-tv-z]{4})?\]")
"""What stands in redacted text for a value: its type in capitals, a digest, and for another form of it a short one."""


def render_for_embedding(text: str) -> str:
    """Redacted text as the embedder reads it: `[EMAIL_ADDRESS_k3f9…]` becomes `EMAIL ADDRESS`.

    A digest means nothing to a language model, and would cost a dozen word pieces.
    """
    return TOKEN.sub(lambda found: found[1].replace("_", " "), text)


class Embedder:
    """Turns texts into vectors. The model loads at first use, or in `start`; nothing happens at construction.

    `cache_dir` holds the model file (modelfile.py). `threads` are used inside one run; two runs may go on at once, so
    that a query need not wait behind an ingest.
    """

    def __init__(self, cache_dir: Path, *, threads: int = 1, precision: str = "int8") -> None:
        self._folder = cache_dir
        self._threads = threads
        self._precision = precision
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="embed")
        self._loading = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    @property
    def id(self) -> str:
        """Names model, precision and revision: vectors of another id cannot be compared with these."""
        return f"all-minilm-l6-v2/{self._precision}/{REVISION}"

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return DIMENSION

    @property
    def zone(self) -> Zone:
        """Runs in this process."""
        return Zone.LOCAL

    @property
    def endpoint(self) -> str:
        """Nothing leaves."""
        return ""

    async def start(self) -> None:
        """Loads the model now, building its file first if need be. Raises Broken."""
        await asyncio.get_running_loop().run_in_executor(self._pool, self._load)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """float32 (len(texts), 384), each row of length 1. Call it with `render_for_embedding` already applied."""
        import numpy as np  # noqa: PLC0415

        if not texts:
            return np.zeros((0, DIMENSION), np.float32)
        loop = asyncio.get_running_loop()
        ids = await loop.run_in_executor(self._pool, self._encode, list(texts))
        # Equal lengths together: padding is computed like text.
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        result = np.empty((len(ids), DIMENSION), np.float32)
        at = 0
        while at < len(order):
            # Ascending, so the last text of a run is its longest.
            end = at + 1
            while end < len(order) and (end + 1 - at) * len(ids[order[end]]) <= RUN_TOKENS:
                end += 1
            part = order[at:end]
            result[part] = await loop.run_in_executor(self._pool, self._run, [ids[i] for i in part])
            at = end
        return result

    async def embed_documents(self, texts: Sequence[str], ledger: object = None) -> Vectors:  # noqa: ARG002
        """`embed`; nothing leaves, so the ledger stays empty."""
        return await self.embed(texts)

    async def embed_query(self, text: str, ledger: object = None) -> Vectors:  # noqa: ARG002
        """float32 (384,)."""
        row: Vectors = (await self.embed([text]))[0]
        return row

    def close(self) -> None:
        """Ends the threads; runs under way finish."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._loaded = None

    def _load(self) -> tuple[Any, Any]:
        with self._loading:
            if self._loaded is None:
                self._loaded = self._open(ensure(self._folder, self._precision))
            return self._loaded

    def _open(self, path: Path) -> tuple[Any, Any]:
        import onnxruntime  # noqa: PLC0415
        from tokenizers import Tokenizer  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        # Without the arena, memory of a long batch goes back; measured, it costs nothing here.
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as exc:
            raise Broken("the embedder's model file does not load", hint=f"delete {path} and start again") from exc
        tokenizer = Tokenizer.from_file(str(weights_dir() / "tokenizer.json"))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        return session, tokenizer

    def _encode(self, texts: list[str]) -> list[list[int]]:
        _, tokenizer = self._load()
        return [tokenizer.encode(text).ids for text in texts]

    def _run(self, ids: list[list[int]]) -> Vectors:
        import numpy as np  # noqa: PLC0415

        session, _ = self._load()
        longest = max(len(row) for row in ids)
        tokens = np.zeros((len(ids), longest), np.int64)
        mask = np.zeros((len(ids), longest), np.int64)
        for at, row in enumerate(ids):
            tokens[at, : len(row)] = row
            mask[at, : len(row)] = 1
        vectors: Vectors = session.run(None, {"input_ids": tokens, "attention_mask": mask})[0]
        return vectors
