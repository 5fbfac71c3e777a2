"""A witness that is a file: on another disk, on a share that only takes writes, or read by something that collects."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from gateway.audit.tlog.check import Checkpoint, NotProven, parse_note
from gateway.audit.witness import Paths, Refused, Witnessed, continues

MAX_BYTES = 1 << 20


class FileWitness:
    """Keeps the last checkpoint in `path`, written whole or not at all."""

    answers = True
    key = None

    def __init__(self, path: Path) -> None:
        self.name = f"file {path.name}"
        self._path = path

    async def see(self, checkpoint: Checkpoint, note: bytes, paths: Paths) -> Witnessed:
        """Replace the file. Raises Refused when what it holds is not continued; the file then stays as it is."""
        held = await self.last(checkpoint.origin)
        if held is not None:
            try:
                before = Checkpoint.parse(parse_note(held).text)
            except NotProven:
                raise Refused("the file holds something that is no checkpoint") from None
            if not await continues(before, checkpoint, paths):
                raise Refused("the checkpoint does not continue the one in the file")
        await asyncio.to_thread(self._write, note)
        return Witnessed()

    async def last(self, origin: str) -> bytes | None:  # noqa: ARG002 - one file keeps one log
        """What the file holds."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> bytes | None:
        try:
            with self._path.open("rb") as file:
                return file.read(MAX_BYTES)
        except FileNotFoundError:
            return None

    def _write(self, note: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        with beside.open("wb") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
