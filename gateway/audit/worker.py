"""A process that reads the log for `gateway audit verify`: told what to read, it answers what `Condenser` makes of it.

    frame   = 8 bytes big-endian length, then a pickle; on standard input and output
    first   = `Begin`, answered by None once the process sees what the parent sees
    then    = `Task`, answered by its pieces
    answer  = the thing itself, or `Failed` in its place, after which the process ends

It judges nothing. It holds the keys of the streams that it was asked for, and no key ring; it opens rows and keeps
nothing of what was in them. It ends when its input does.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

import asyncpg
import uvloop

from gateway.audit.strands import Condenser, Piece
from gateway.audit.stream import KeyOpener
from gateway.audit.stretches import Ask, prepare, read
from gateway.crypto import SecretBytes
from gateway.store.failures import unreachable

ENTRY: Final = "from gateway.audit.worker import main; main()"
"""Not as the main module: what it answers has to be known by this one's name."""
NAME: Final = "gateway verify"
"""What the database knows it by."""
HEADER: Final = 8
CONNECT_S: Final = 10.0
STATEMENT_S: Final = 60.0
CLOSE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Begin:
    """Where the log is, and as of when it is to be read."""

    dsn: str = field(repr=False)
    snapshot: str
    """From `pg_export_snapshot`."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to read, and by stream the keys of those whose rows are to be opened."""

    ask: Ask
    keys: dict[bytes, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there is no answer, in words that hold nothing of the log or of the database's address."""

    message: str
    hint: str = ""
    unavailable: bool = False
    """Whether it is the database that failed."""


async def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer until the input ends, or something fails."""
    begin: Begin | None = _receive(source)
    if begin is None:
        return
    try:
        connection = await asyncpg.connect(
            begin.dsn,
            timeout=CONNECT_S,
            command_timeout=STATEMENT_S,
            server_settings={"application_name": NAME},
        )
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                # Digits and dashes; the statement takes no parameters.
                await connection.execute(f"SET TRANSACTION SNAPSHOT '{begin.snapshot}'")
                await prepare(connection)
                _send(sink, None)
                while (task := _receive(source)) is not None:
                    _send(sink, await _pieces(connection, task))
        finally:
            await connection.close(timeout=CLOSE_S)
    except BrokenPipeError:
        return
    except Exception as error:  # noqa: BLE001 - whatever it was, the parent must not take silence for an answer
        _send(sink, _failed(error))


async def _pieces(connection: Any, task: Task) -> list[Piece]:
    openers = {stream: KeyOpener(SecretBytes(key)) for stream, key in task.keys.items()}
    return await read(connection, task.ask, Condenser(openers))


def _failed(error: Exception) -> Failed:
    known = unreachable(error)
    if known is None:
        return Failed(f"a process that reads the log failed ({type(error).__name__})")
    return Failed(known.message, known.hint, unavailable=True)


def _receive(source: BinaryIO) -> Any:
    """The next thing; None at the end."""
    head = source.read(HEADER)
    body = source.read(int.from_bytes(head, "big")) if len(head) == HEADER else b""
    # From the process that started this one.
    return pickle.loads(body) if body else None  # noqa: S301


def _send(sink: BinaryIO, what: Any) -> None:
    body = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    sink.write(len(body).to_bytes(HEADER, "big"))
    sink.write(body)
    sink.flush()


def main() -> None:
    """The process. What anything else prints goes nowhere."""
    # Whoever interrupts the command ends this process with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with os.fdopen(os.dup(1), "wb") as sink:
        os.dup2(2, 1)
        uvloop.run(serve(sys.stdin.buffer, sink))
