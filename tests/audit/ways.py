"""The ways in which `gateway audit verify` can come to its report, all of which must come to the same."""

from __future__ import annotations

import asyncio
import pickle
import random
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.audit import Report, VerifierKey, snapshot
from gateway.audit.snapshot import check_over
from gateway.audit.strands import Condenser, Piece
from gateway.audit.stream import KeyOpener
from gateway.audit.stretches import Ask, read
from gateway.audit.workers import Workers
from gateway.crypto import KeyRing, SecretBytes
from gateway.store.store import Connection


class Beside(Workers):
    """Answers as processes would, in any order, over a connection that sees what no other can see yet."""

    def __init__(self, connection: Connection, busy: asyncio.Lock) -> None:
        super().__init__([])
        self.count = 3
        self._connection = connection
        self._busy = busy
        self._chance = random.Random(1)

    async def pieces(self, ask: Ask, keys: Mapping[bytes, bytes]) -> list[Piece]:
        for _ in range(self._chance.randrange(5)):
            await asyncio.sleep(0)
        openers = {stream: KeyOpener(SecretBytes(key)) for stream, key in keys.items()}
        async with self._busy:
            found = await read(self._connection, ask, Condenser(openers))
        sent: list[Piece] = pickle.loads(pickle.dumps(found))
        return sent


class Shared:
    """A connection that several may ask at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.busy = asyncio.Lock()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._connection, name)

        async def asked(*args: object, **more: object) -> Any:
            async with self.busy:
                return await method(*args, **more)

        return asked


async def beside(
    connection: Connection, ring: KeyRing | None, key: VerifierKey | None, *known: bytes, chunk: int = 2
) -> Report:
    """What comes out where several read, in the transaction that the connection is in."""
    shared: Any = Shared(connection)

    async def started() -> Workers:
        return Beside(connection, shared.busy)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot, "CHUNK", chunk)
        return await check_over(shared, ring, key=key, known=known, workers=started())


async def every_way(
    connection: Connection,
    ring: KeyRing | None,
    key: VerifierKey | None,
    monkeypatch: pytest.MonkeyPatch,
    *known: bytes,
    chunk: int = 2,
) -> Report:
    """The report, which looking at each row by itself, in strands and in several processes must give alike."""
    found = [await check_over(connection, ring, key=key, known=known)]
    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "CHUNK", chunk)
        found.append(await check_over(connection, ring, key=key, known=known))
        found.append(await beside(connection, ring, key, *known, chunk=chunk))
        patch.setattr(snapshot, "Condenser", lambda openers, **_: Condenser(openers, apart=True))
        found.append(await check_over(connection, ring, key=key, known=known))
    for other in found[1:]:
        assert other == found[0]
    return found[0]
