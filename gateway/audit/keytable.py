"""The keys that the ring wraps, and which key of the ring is in force: what every process must agree on.

    ring (a file, a command) -> content keys, data keys of streams, subjects' keys (tables) -> everything else

The database says which of the ring's keys wraps, so that all processes change over at one word; the ring says what that
key is. A process tells what it holds, and nothing is written with a key before every living process can read with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.audit.rows import HEADER, header
from gateway.audit.stream import data_key
from gateway.crypto import KeyRing, SecretBytes
from gateway.crypto.seal import KEY_BYTES
from gateway.errors import BadKeyRing, GatewayError, SealBroken
from gateway.store import Store
from gateway.store.listen import Subscription
from gateway.store.store import Connection

LOG: Final = logging.getLogger(__name__)
PURPOSE: Final = "content key"
CHANNEL: Final = "ring_keys"
HEARTBEAT_S: Final = 2.0
LIVE_S: Final = 10.0
"""A process not heard of for longer is taken for dead."""
TRIED: Final = 50
"""Streams of an older database that a ring is tried on."""
_LOCK: Final = 0x67617465_77617902
_BEAT: Final = """
INSERT INTO ring_holders (id, host, pid, serial, keys, contents, seen_at)
VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())
ON CONFLICT (id) DO UPDATE SET serial = $4, keys = $5, contents = $6, seen_at = clock_timestamp()
RETURNING (SELECT serial FROM ring_state)
"""


@dataclass(frozen=True, slots=True)
class State:
    """Which keys are in force, were before, and come next. Grows by `serial`."""

    serial: int
    current: str
    content: str
    previous: str | None
    previous_content: str | None
    next: str | None
    next_content: str | None


async def state_of(connection: Connection, *, lock: bool = False) -> State | None:
    """The state; None in a database that no process has opened yet. lock: nobody else changes it meanwhile."""
    row = await connection.fetchrow(
        "SELECT serial, current, content, previous, previous_content, next, next_content FROM ring_state"
        + (" FOR UPDATE" if lock else "")
    )
    return None if row is None else State(**row)


def wrap_content(ring: KeyRing, name: str, key: SecretBytes, under: str) -> bytes:
    """A content key wrapped under a key of the ring."""
    return ring.wrap(PURPOSE, key.reveal(), _bound(name), under=under)


def unwrap_content(ring: KeyRing, name: str, wrapped: bytes) -> SecretBytes:
    """The reverse. Raises SealBroken."""
    return SecretBytes(ring.open(PURPOSE, wrapped, _bound(name)))


async def new_content(connection: Connection, ring: KeyRing, under: str, serial: int, at: datetime) -> str:
    """Make a content key, durable with the transaction that brings this serial; its id, which none had before."""
    name = f"content-{serial}"
    wrapped = wrap_content(ring, name, SecretBytes(os.urandom(KEY_BYTES)), under)
    await connection.execute("INSERT INTO content_keys VALUES ($1, $2, $3)", name, wrapped, at)
    return name


async def register(connection: Connection, ring: KeyRing, key_ids: Iterable[str], at: datetime) -> None:
    """Make keys of the ring known to all, for good. Raises BadKeyRing for another key under a known id."""
    for key_id in key_ids:
        await connection.execute(
            "INSERT INTO ring_keys (id, mark, added_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            key_id,
            ring.check(key_id),
            at,
        )
    await check_marks(connection, ring)


async def check_marks(connection: Connection, ring: KeyRing) -> set[str]:
    """Hold the ring against what is known of its keys; the ids of those retired. Raises BadKeyRing."""
    rows = await connection.fetch("SELECT id, mark, retired_at FROM ring_keys")
    for row in rows:
        if row["id"] in ring.keys and ring.check(row["id"]) != row["mark"]:
            raise BadKeyRing(
                f"key {row['id']} of the key ring is not the one that this database was used with",
                hint="use the key ring that belongs to this database",
            )
    return {row["id"] for row in rows if row["retired_at"] is not None}


class KeyTable:
    """Keeps one process's ring in step. Make the ring usable with `start`.

    read: reads the ring anew from where it is kept; blocks, in a thread.
    """

    def __init__(
        self, store: Store, ring: KeyRing, read: Callable[[], KeyRing], name: str, now: Callable[[], datetime]
    ) -> None:
        self.name = name
        self._store = store
        self._ring = ring
        self._read = read
        self._now = now
        self._serial = 0
        self._trouble = ""
        self._look = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._subscription: Subscription | None = None
        self._busy = asyncio.Lock()

    async def start(self) -> None:
        """Take the keys in force, or set them in a new database, and follow them.

        Raises BadKeyRing when the ring is not this database's or lacks a key in force, StoreUnavailable.
        """
        try:
            await self._start()
        except BaseException:
            await self.close()
            raise

    async def _start(self) -> None:
        # Told before it is read what is in force: whoever changes that waits for this process from here on.
        await self._beat()
        await self._store.execute("DELETE FROM ring_holders WHERE seen_at < clock_timestamp() - interval '1 day'")
        async with self._store.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            if await state_of(connection) is None:
                await self._first(connection)
        await self._take(self._ring, starting=True)
        await self._beat()
        self._subscription = await self._store.listen(CHANNEL, self._wake, self._wake)
        self._task = asyncio.create_task(self._follow(), name="keys")
        self._look.set()

    async def close(self) -> None:
        """Stop following and sign off, so that nobody waits for this process."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._subscription is not None:
            await self._subscription.close()
            self._subscription = None
        with contextlib.suppress(GatewayError):
            await self._store.execute("DELETE FROM ring_holders WHERE id = $1", self.name)

    async def sync(self) -> None:
        """Look now. Raises BadKeyRing when this process cannot take what is in force, and what reading it does."""
        async with self._busy:
            if await self._beat() != self._serial:
                await self._catch_up()
                await self._beat()

    async def _first(self, connection: Connection) -> None:
        at, ring = self._now(), self._ring
        await _belongs(connection, ring)
        await register(connection, ring, ring.keys, at)
        content = await new_content(connection, ring, ring.current, 1, at)
        await connection.execute(
            "INSERT INTO ring_state (serial, current, content) VALUES (1, $1, $2)", ring.current, content
        )

    async def _catch_up(self) -> None:
        try:
            await self._take(self._ring)
        except BadKeyRing:
            # A key that this process has not seen yet: one that was added where the ring is kept.
            await self._take(await asyncio.to_thread(self._read))

    async def _take(self, ring: KeyRing, *, starting: bool = False) -> None:
        """Hold these keys as the database says. Raises BadKeyRing, and changes nothing then.

        starting: one that lacks the key that is brought in works all the same, and counts as not having followed. Or
        else nothing would start, and nobody could roll back, where that key was lost before anything needed it.
        """
        async with self._store.snapshot() as connection:
            state = await state_of(connection)
            retired = await check_marks(connection, ring)
            rows = await connection.fetch("SELECT id, wrapped FROM content_keys")
        if state is None:
            raise BadKeyRing("the database says of no key that it is in force", hint="start the gateway on it once")
        late = starting and state.next is not None and state.next not in ring.keys
        for key_id in (state.current, None if late else state.next):
            if key_id is not None and key_id not in ring.keys:
                raise BadKeyRing(
                    f"the key ring holds no key {key_id}, which this database is used with",
                    hint="give this process the key ring as it is now, or as it was when a restored database was saved",
                )
        held = KeyRing(state.current, ring.keys, ring.root, ring.signing).without(retired)
        contents = _opened(held, {row["id"]: row["wrapped"] for row in rows})
        for name in (state.content, None if late else state.next_content):
            if name is not None and name not in contents:
                raise BadKeyRing(
                    f"the key ring does not open {name}, which this database is used with",
                    hint="use the key ring that belongs to this database",
                )
        self._ring.adopt(held, current=state.current, content=state.content, contents=contents)
        if not late:
            self._serial = state.serial

    def _wake(self, _payload: str = "") -> None:
        self._look.set()

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._look.wait()
            self._look.clear()
            try:
                await self.sync()
                self._report("")
            except GatewayError as error:
                # What is held stays; the next heartbeat tries again.
                self._report(error.code)
            except Exception as error:  # noqa: BLE001 - a process that stops following would be worse than any error
                self._report(type(error).__name__)

    def _report(self, trouble: str) -> None:
        """Log what keeps this process from following, once."""
        if trouble and trouble != self._trouble:
            LOG.warning("keys: process %s cannot follow: %s", self.name, trouble)
        self._trouble = trouble

    async def _beat(self) -> int:
        """Tell what is held here; the serial in force (0: none yet)."""
        serial: Any = await self._store.fetchval(
            _BEAT,
            *(self.name, socket.gethostname(), os.getpid(), self._serial),
            *(sorted(self._ring.keys), sorted(self._ring.contents)),
        )
        return int(serial or 0)


async def _belongs(connection: Connection, ring: KeyRing) -> None:
    """Raises BadKeyRing for a ring that opens nothing of what lies in a database from before it knew of rings.

    Taken for its own, it would shut the right one out for good.
    """
    headers = await connection.fetch(f"SELECT {HEADER} FROM audit_streams ORDER BY opened_at DESC LIMIT {TRIED}")
    for row in headers:
        with contextlib.suppress(SealBroken):
            data_key(ring, header(row))
            return
    if headers:
        raise BadKeyRing(
            "the key ring opens nothing of this database's audit log",
            hint="use the key ring that belongs to this database",
        )


def _opened(ring: KeyRing, wrapped: Mapping[str, bytes]) -> dict[str, SecretBytes]:
    found = {}
    for name, key in wrapped.items():
        with contextlib.suppress(SealBroken):
            found[name] = unwrap_content(ring, name, key)
    return found


def _bound(name: str) -> bytes:
    return b"gateway/content-key/1\0" + name.encode()
