"""LlamaIndex embeddings that tests name by import path."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

from llama_index.core.base.embeddings.base import BaseEmbedding
from pydantic import PrivateAttr

THREADS: set[str] = set()
BATCHES: list[int] = []


def numbers(text: str) -> list[float]:
    return [float(len(text)), float(text.count("e")), 1.0]


class Blocking(BaseEmbedding):
    """As most integrations are: blocking calls only."""

    scale: float = 1.0
    api_key: str = ""
    pause_s: float = 0.0

    def _get_query_embedding(self, query: str) -> list[float]:
        THREADS.add(threading.current_thread().name)
        return [0.0, *numbers(query)]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        raise AssertionError("offered without being one")

    def _get_text_embedding(self, text: str) -> list[float]:
        time.sleep(self.pause_s)
        return [self.scale, *numbers(text)]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        BATCHES.append(len(texts))
        return [self._get_text_embedding(text) for text in texts]


class Asynchronous(Blocking):
    """With calls of its own that do not block; one loop must serve them all, as clients kept in it ask."""

    _loops: set[int] = PrivateAttr(default_factory=set)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        self._loops.add(id(asyncio.get_running_loop()))
        THREADS.add(threading.current_thread().name)
        await asyncio.sleep(0)
        return [0.0, *numbers(query)]

    async def _aget_text_embedding(self, text: str) -> list[float]:
        self._loops.add(id(asyncio.get_running_loop()))
        await asyncio.sleep(self.pause_s)
        return [self.scale, *numbers(text)]

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return [await self._aget_text_embedding(text) for text in texts]


class Failing(Blocking):
    """Quotes what it was given, as many do."""

    def _get_query_embedding(self, query: str) -> list[float]:
        raise RuntimeError(f"could not embed {query!r}")


class Unmade(Blocking):
    def __init__(self, **given: Any) -> None:
        raise ValueError(f"no such model for {given}")


class NoEmbedding:
    pass
