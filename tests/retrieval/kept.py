"""What is slow to start and the same for every test: one parsing process and one loaded embedder for a whole run."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
import threading
from functools import cache
from pathlib import Path

from gateway.retrieval import Embedder, Parsed, Parser


class KeptParser(Parser):
    """A parser with the usual limits whose process outlives the test: it belongs to a loop and a thread of its own."""

    async def parse(self, data: bytes, name: str) -> Parsed:
        """As `Parser.parse`."""
        loop, parser = _parser()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(parser.parse(data, name), loop))

    async def close(self) -> None:
        """The process stays for the next test."""


@cache
def kept_embedder(models: Path) -> Embedder:
    """An embedder over these model files; not to be closed."""
    return Embedder(models)


@cache
def _parser() -> tuple[asyncio.AbstractEventLoop, Parser]:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="kept parser", daemon=True).start()
    folder = Path(tempfile.mkdtemp(prefix="gateway-parser-"))
    parser = Parser(folder, idle_s=3600)

    def end() -> None:
        asyncio.run_coroutine_threadsafe(parser.close(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return loop, parser
