"""Reading files: one child process does the work, this side feeds it, watches the clock and replaces it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.errors import Broken, GatewayError, Invalid, RateLimited, TooLarge, UnsupportedMedia
from gateway.retrieval.formats import kind_of
from gateway.retrieval.methods.cutting import SENTENCES, Way
from gateway.retrieval.nouns import Heading, Parsed
from gateway.retrieval.ocr import Recogniser
from gateway.retrieval.report import report_of
from gateway.retrieval.split import VERSION as SPLIT_VERSION
from gateway.retrieval.worker import HEADER

VERSION: Final = "parse/3"
START_TIMEOUT_S: Final = 60.0
_ERRORS: Final[dict[str, type[GatewayError]]] = {cls.code: cls for cls in (UnsupportedMedia, TooLarge, Invalid)}
_KEPT_ENV: Final = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "PYTHONPATH", "SYSTEMROOT")


class Parser:
    """Reads every format of `formats.BY_SUFFIX`. One document at a time; others wait their turn.

    The child starts at the first document, is killed when one takes longer than `timeout_s`, is replaced when it dies,
    and ends after `idle_s` without work. A crash is that document's error, never the next one's.
    More than `max_waiting` are not let wait.
    work_dir: an existing or creatable folder; the child's current and home directory (it may not write there either).
    recogniser: reads the pages of scans; without one a scan is refused.
    """

    def __init__(
        self,
        work_dir: Path,
        *,
        max_bytes: int = 50_000_000,
        max_pages: int = 2000,
        max_text_chars: int = 20_000_000,
        max_expansion_bytes: int = 209_715_200,
        timeout_s: float = 120.0,
        memory_mb: int = 2048,
        chunk_tokens: int = 200,
        chunk_overlap: int = 40,
        chunking: str = SENTENCES,
        window_sentences: int = 3,
        hierarchy: Sequence[int] = (),
        idle_s: float = 60.0,
        max_waiting: int = 32,
        recogniser: Recogniser | None = None,
    ) -> None:
        self._work_dir = work_dir
        self._max_bytes = max_bytes
        self._limits: dict[str, Any] = {
            "max_pages": max_pages,
            "max_chars": max_text_chars,
            "max_expansion": max_expansion_bytes,
            "tokens": chunk_tokens,
            "overlap": chunk_overlap,
            "chunking": chunking,
            "window": window_sentences,
            "sizes": list(hierarchy),
        }
        self._way = Way(chunking, chunk_tokens, chunk_overlap, window_sentences, tuple(hierarchy))
        self._timeout_s = timeout_s
        self._memory = memory_mb << 20
        self._idle_s = idle_s
        self._max_waiting = max_waiting
        self._recogniser = recogniser
        self._waiting = 0
        self._turn = asyncio.Lock()
        self._child: asyncio.subprocess.Process | None = None
        self._idle: asyncio.TimerHandle | None = None

    @property
    def id(self) -> str:
        """Names everything about reading and splitting that changes what the index holds."""
        return f"{VERSION}+{SPLIT_VERSION}/{self._way.id}"

    @property
    def pid(self) -> int | None:
        """The child's process id while there is one."""
        return self._child.pid if self._child is not None else None

    async def parse(self, data: bytes, name: str) -> Parsed:
        """The document `data`, of the format that the suffix of `name` says.

        Raises UnsupportedMedia (not that format, damaged, or its parser crashed), TooLarge (bytes, pages, characters,
        unpacked size, memory), Invalid (empty, no text, too slow), RateLimited (too many wait), Broken (no child
        process can be started).
        """
        kind = kind_of(name)
        if len(data) > self._max_bytes:
            raise TooLarge(f"the file has more than {self._max_bytes} bytes", hint="split it, or raise the limit")
        async with self._queued():
            self._stop_idle()
            try:
                child = await self._started()
                answer = await self._ask(child, kind, data, scans=self._recogniser is not None)
                if (scans := answer.get("scans")) is not None and self._recogniser is not None:
                    texts = await self._recognise(child, self._recogniser, data, scans)
                    answer = await self._ask(child, kind, data, recognised=texts)
            except BaseException:
                # Also when the caller goes away: half a conversation cannot be continued.
                await self._kill()
                raise
            self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._retire)
        if (error := answer.get("error")) is not None:
            raise _ERRORS.get(error["code"], UnsupportedMedia)(error["message"], hint=error["hint"])
        return _parsed(answer["ok"], kind)

    @contextlib.asynccontextmanager
    async def _queued(self) -> AsyncIterator[None]:
        """A document's turn. Raises RateLimited when too many wait for theirs."""
        if self._waiting >= self._max_waiting:
            raise RateLimited(
                "too many documents are waiting to be read", hint="try again in a moment", retry_after_s=5.0
            )
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turn.release()

    async def close(self) -> None:
        """Ends the child."""
        async with self._turn:
            self._stop_idle()
            await self._kill()

    async def _started(self) -> asyncio.subprocess.Process:
        if self._child is not None and self._child.returncode is None:
            return self._child
        hint = "run `gateway doctor`; raise ingest.memory_mb if it is low"
        try:
            self._work_dir.mkdir(parents=True, exist_ok=True)
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "gateway.retrieval.worker", str(self._memory)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=self._work_dir,
                env=self._environment(),
                limit=1 << 20,
            )
            async with asyncio.timeout(START_TIMEOUT_S):
                await _receive(self._child)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            raise Broken("the parsing process does not start", hint=hint) from None
        return self._child

    async def _recognise(
        self, child: asyncio.subprocess.Process, recogniser: Recogniser, data: bytes, scans: Sequence[int]
    ) -> dict[str, str]:
        """Page number -> its text. Raises TooLarge for more pages than may be recognised, Invalid when one fails."""
        if len(scans) > recogniser.max_pages:
            raise TooLarge(
                f"the document has more than {recogniser.max_pages} scanned pages",
                hint="split it, or raise ingest.ocr_max_pages",
            )
        texts: dict[str, str] = {}
        for number in scans:
            answer = await self._ask(child, "pdf", data, picture=number)
            if (error := answer.get("error")) is not None:
                raise _ERRORS.get(error["code"], UnsupportedMedia)(error["message"], hint=error["hint"])
            texts[str(number)] = await recogniser.read(answer["picture"])
        return texts

    async def _ask(self, child: asyncio.subprocess.Process, kind: str, data: bytes, **more: object) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._timeout_s):
                await _send(child, orjson.dumps({"kind": kind, **self._limits, **more}), data)
                answer: dict[str, Any] = orjson.loads(await _receive(child))
                return {"picture": await _receive(child)} if "picture" in answer else answer
        except TimeoutError:
            raise Invalid(
                f"reading this {kind} file took longer than {self._timeout_s:g} s",
                hint="split it, or raise ingest.timeout_s",
            ) from None
        except (OSError, asyncio.IncompleteReadError, orjson.JSONDecodeError):
            raise UnsupportedMedia(
                f"the parser broke down on this {kind} file", hint="it may be damaged, or too large to read"
            ) from None

    def _environment(self) -> dict[str, str]:
        """Little of this process's environment (no credentials, no proxies), and no place to write to."""
        kept = {name: os.environ[name] for name in _KEPT_ENV if name in os.environ}
        home = str(self._work_dir)
        return {
            **kept,
            "HOME": home,
            "XDG_CACHE_HOME": home,
            "TMPDIR": home,
            "PYTHONSAFEPATH": "1",
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "RAYON_NUM_THREADS": "1",
        }

    def _stop_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _retire(self) -> None:
        # The end of its input ends the child; a child that does not listen is killed at the next document.
        if self._child is not None and not self._turn.locked() and self._child.stdin is not None:
            self._child.stdin.close()
            self._child = None

    async def _kill(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        if child.stdin is not None:
            child.stdin.close()
        # Shielded: cancelled twice, it must still be reaped.
        await asyncio.shield(child.wait())


async def _send(child: asyncio.subprocess.Process, *frames: bytes) -> None:
    assert child.stdin is not None  # noqa: S101 - asked for above
    for frame in frames:
        child.stdin.write(len(frame).to_bytes(HEADER, "big"))
        child.stdin.write(frame)
        await child.stdin.drain()


async def _receive(child: asyncio.subprocess.Process) -> bytes:
    assert child.stdout is not None  # noqa: S101 - asked for above
    length = int.from_bytes(await child.stdout.readexactly(HEADER), "big")
    return await child.stdout.readexactly(length)


def _parsed(found: dict[str, Any], kind: str) -> Parsed:
    return Parsed(
        text=found["text"],
        title=found["title"],
        media=kind,
        pages=tuple((number, start, end) for number, start, end in found["pages"]),
        headings=tuple(Heading(start, end, level) for start, end, level in found["headings"]),
        chunks=tuple((start, end) for start, end in found["chunks"]),
        report=report_of(found["report"]),
        focus=tuple((start, end) for start, end in found["focus"]),
        parents=tuple((start, end, level, first, last) for start, end, level, first, last in found["parents"]),
    )
