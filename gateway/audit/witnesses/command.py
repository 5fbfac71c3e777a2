"""A witness that is a command: it reads the signed checkpoint and keeps it where it likes (mail, ticket, ledger)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from gateway.audit.tlog.check import Checkpoint, NotProven, parse_note
from gateway.audit.witness import Paths, Refused, Witnessed

MAX_BYTES = 64 << 10


class CommandWitness:
    """Runs `argv` for each checkpoint, without a shell; exit 0 means taken. What it prints may be cosignature lines."""

    answers = False
    key = None

    def __init__(self, argv: Sequence[str], *, timeout_s: float = 10.0) -> None:
        self.name = f"command {argv[0].rpartition('/')[2]}"
        self._argv = tuple(argv)
        self._timeout_s = timeout_s

    async def see(self, checkpoint: Checkpoint, note: bytes, paths: Paths) -> Witnessed:  # noqa: ARG002
        """Give it the note on standard input. Raises Refused for another exit, TimeoutError, OSError."""
        child = await asyncio.create_subprocess_exec(
            *self._argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                out, _ = await child.communicate(note)
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
        if child.returncode != 0:
            raise Refused(f"the command ended with {child.returncode}")
        return Witnessed(_lines(note, out[:MAX_BYTES]))

    async def last(self, origin: str) -> bytes | None:  # noqa: ARG002
        """Unknown: the command keeps it."""
        return None


def _lines(note: bytes, out: bytes) -> str:
    """Signature lines, if that is what was printed."""
    if not out.strip():
        return ""
    try:
        parse_note(note + out)
    except NotProven:
        raise Refused("the command printed something that is no signature line") from None
    return out.decode()
