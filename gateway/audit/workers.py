"""Several processes that read the log as of one moment, and make of its rows what need be known of them.

Each has a connection of its own, which sees the snapshot of the one that verifies. What they need they are told through
their standard input: the database's address, and the keys of the streams they read. Nothing of it stands in a command
line, an environment or a file.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pickle
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any, Final

from gateway.audit.strands import Piece
from gateway.audit.stretches import Ask
from gateway.audit.worker import ENTRY, HEADER, Begin, Failed, Task
from gateway.errors import Broken, GatewayError, StoreUnavailable

LOG: Final = logging.getLogger(__name__)
MOST: Final = 4
ENOUGH: Final = 50_000
"""Rows for each process: to start one takes as long as to read half of them."""
START_S = 30.0
ANSWER_S = 180.0
"""Longer than a process waits for the database."""
END_S: Final = 5.0
_HINT: Final = "try again; if it happens again, see whether the machine has memory free"


def wanted(rows: int) -> int:
    """How many processes a log of so many rows is worth; 0: none besides this one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    found = min(cores, MOST, rows // ENOUGH)
    return found if found > 1 else 0


class Workers:
    """Those processes. Made by `started`."""

    def __init__(self, children: list[Process]) -> None:
        self.count = len(children)
        self.pids = [child.pid for child in children]
        self._free: asyncio.Queue[Process] = asyncio.Queue()
        for child in children:
            self._free.put_nowait(child)

    async def pieces(self, ask: Ask, keys: Mapping[bytes, bytes]) -> list[Piece]:
        """What is there of what is asked for, as `Condenser` gives it. keys: by stream, of rows to be opened.

        Raises Broken when a process ended or does not answer, StoreUnavailable when it lost the database.
        """
        child = await self._free.get()
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await _told(child, Task(ask, dict(keys)))
        except TimeoutError:
            raise Broken("a process that reads the log does not answer", hint=_HINT) from None
        except (OSError, asyncio.IncompleteReadError):
            raise Broken("a process that reads the log ended by itself", hint=_HINT) from None
        if isinstance(answer, Failed):
            raise _error(answer)
        self._free.put_nowait(child)
        found: list[Piece] = answer
        return found


@contextlib.asynccontextmanager
async def started(dsn: str, snapshot: str, count: int) -> AsyncIterator[Awaitable[Workers | None]]:
    """Processes that will see the snapshot, until the block ends; None where there can be none, as behind some poolers.

    They start while the caller does something else.
    """
    children: list[Process] = []
    starting = asyncio.create_task(_begun(children, Begin(dsn, snapshot), count))
    served = False
    try:
        yield starting
        served = starting.done()
    finally:
        # Shielded: cancelled twice, they must still be collected.
        await asyncio.shield(_end(starting, children, gently=served))


async def _begun(children: list[Process], begin: Begin, count: int) -> Workers | None:
    try:
        for _ in range(count):
            children.append(await _start())  # noqa: PERF401 - those started before one that fails have to be ended
        async with asyncio.timeout(START_S):
            answers = await asyncio.gather(*(_told(child, begin) for child in children))
    except (OSError, asyncio.IncompleteReadError):
        why = "they do not start"
    else:
        refused = [answer for answer in answers if answer is not None]
        if not refused:
            return Workers(children)
        why = refused[0].message
    LOG.warning("audit verify: one process reads the log and not %d: %s", count, why)
    return None


async def _start() -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # never from the folder where the command is run
        *("-c", ENTRY),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=1 << 20,
    )


async def _told(child: Process, what: object) -> Any:
    """What a process answers. Raises OSError, IncompleteReadError."""
    assert child.stdin is not None  # noqa: S101 - asked for above
    assert child.stdout is not None  # noqa: S101
    body = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    child.stdin.write(len(body).to_bytes(HEADER, "big") + body)
    await child.stdin.drain()
    size = int.from_bytes(await child.stdout.readexactly(HEADER), "big")
    # From a process of our own.
    return pickle.loads(await child.stdout.readexactly(size))  # noqa: S301


def _error(failed: Failed) -> GatewayError:
    if failed.unavailable:
        return StoreUnavailable(failed.message, hint=failed.hint)
    return Broken(failed.message, hint=_HINT)


async def _end(starting: asyncio.Task[Workers | None], children: list[Process], *, gently: bool) -> None:
    starting.cancel()
    await asyncio.wait([starting])
    await asyncio.gather(*(_ended(child, gently=gently) for child in children))


async def _ended(child: Process, *, gently: bool) -> None:
    """End a process; gently: let it leave by itself, now that it has nothing to do."""
    if child.stdin is not None:
        child.stdin.close()
    if gently:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                await child.wait()
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
