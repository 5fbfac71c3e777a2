"""Another key for the ring, while the gateway runs: decided, on record, and undone as long as that is possible.

    start: the key is added to the ring; every process can read with it
    finish: every process writes with it -> rollback takes either step back
    rewrap: what lies wrapped under the old key is wrapped anew; content is not touched
    retire: the old key is refused for good, and leaves the ring

Each step may be killed and run again.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.audit import Holder, KeyTable, Rewrapped, Rewrapping, rewrap
from gateway.audit.keytable import State, state_of
from gateway.crypto import KeyRing
from gateway.crypto.ringfile import RingFile, RingSource, next_id, rewritten, with_key
from gateway.errors import BadKeyRing, Conflict
from gateway.govern.guard import Guard
from gateway.model import Json, Principal
from gateway.store import Store

WAIT_S: Final = 15.0
ACTION: Final = "key.rotate"
_TURN: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended('gateway/rotate', 0))"


@dataclass(frozen=True, slots=True)
class RingReport:
    """How the key ring stands. `keys`: id -> current, next, old, retired, or new (in the ring alone)."""

    current: str
    next: str | None
    previous: str | None
    content: str
    keys: Mapping[str, str]
    in_ring: tuple[str, ...]
    sealed_by: str
    """kek, transit, command, or the file's mode alone."""
    wrapped: Mapping[str, Mapping[str, int]]
    """Keys wrapped, by table and key of the ring."""
    processes: tuple[Holder, ...]

    @property
    def waiting(self) -> list[str]:
        """Processes that have not taken the keys yet, as host:pid."""
        return [str(one) for one in self.processes if not one.ready]

    @property
    def problem(self) -> str:
        """What somebody should look at; empty where nothing is."""
        if lost := [key for key in (self.current, self.next) if key is not None and key not in self.in_ring]:
            return f"the ring holds no key {', '.join(lost)}: put back the ring that does before anything is restarted"
        if back := [key for key in self.in_ring if self.keys.get(key) == "retired"]:
            return f"the ring holds the retired key {', '.join(back)}, which is not used: it was put back or kept"
        return ""


class Rotation:
    """Runs on the command line. Raises StoreUnavailable, and what reading and writing the ring does."""

    def __init__(
        self,
        *,
        store: Store,
        ring: KeyRing,
        table: KeyTable,
        source: RingSource,
        guard: Guard,
        now: Callable[[], datetime],
        wait_s: float = WAIT_S,
    ) -> None:
        self._store = store
        self._ring = ring
        self._table = table
        self._source = source
        self._guard = guard
        self._now = now
        self._wait_s = wait_s

    async def status(self, request: str, principal: Principal) -> RingReport:
        """How things stand. Raises NotPermitted."""
        await self._guard.permit(request, principal, "keys", "read")
        return await self._report()

    async def start(self, request: str, principal: Principal) -> RingReport:
        """Bring a key in: one that was added to the ring already, or a fresh one.

        Processes that have not taken it when this returns are `waiting` in the report. Raises NotPermitted, Conflict,
        BadKeyRing where the ring cannot be written.
        """
        await self._guard.permit(request, principal, "keys", "edit")
        async with self._guard.recorded(request, principal, f"{ACTION}.start", {}) as told, self._turn():
            state, known = await self._known()
            if state.next is not None or state.previous is not None:
                raise Conflict(
                    f"the rotation to {state.next or state.current} is not over",
                    hint="`gateway rotate-key status` says what is left to do",
                )
            data = await asyncio.to_thread(self._source.read)
            ring = KeyRing.parse(data, str(self._source))
            fresh = sorted(ring.keys.keys() - known)
            if not fresh:
                fresh = [next_id(known | ring.keys.keys())]
                ring = await self._added(data, fresh[0])
            told["ring_key"] = fresh[0]
            await rewrap.begin(self._store, ring, fresh[0], self._now())
        return await self._settled()

    async def finish(self, request: str, principal: Principal) -> RingReport:
        """Have every process write with the key. Raises NotPermitted, Conflict where a living process lacks it."""
        await self._guard.permit(request, principal, "keys", "edit")
        async with self._guard.recorded(request, principal, f"{ACTION}.finish", {}) as told, self._turn():
            done = await rewrap.activate(self._store)
            told |= {"ring_key": done.current, "ring_key_before": done.previous}
        return await self._settled()

    async def rollback(self, request: str, principal: Principal) -> RingReport:
        """Take the last step back. Raises NotPermitted, Conflict where there is none, or the old key is retired."""
        await self._guard.permit(request, principal, "keys", "edit")
        async with self._guard.recorded(request, principal, f"{ACTION}.rollback", {}) as told, self._turn():
            done, gone = await rewrap.back(self._store, self._now())
            told |= {"ring_key": done.current, "ring_key_before": gone or done.previous}
            if gone is not None:
                await self._remove({gone})
        return await self._settled()

    async def rewrap(
        self, request: str, principal: Principal, progress: rewrap.Progress = lambda _, __: None
    ) -> Rewrapped:
        """Wrap under the key in force what lies wrapped under others. Raises NotPermitted, Conflict."""
        await self._guard.permit(request, principal, "keys", "edit")
        detail: Json = {"ring_key": self._ring.current}
        async with self._guard.recorded(request, principal, f"{ACTION}.rewrap", detail) as told:
            done = await Rewrapping(self._store, self._ring, progress).run(self._now())
            told |= {"wrapped": done.wrapped, "unopened": done.unopened}
        await self._settled()
        return done

    async def retire(self, request: str, principal: Principal) -> RingReport:
        """Give up every key but the one in force. Raises NotPermitted, Conflict while anything needs another."""
        await self._guard.permit(request, principal, "keys", "edit")
        detail: Json = {"ring_key": self._ring.current}
        async with self._guard.recorded(request, principal, f"{ACTION}.retire", detail) as told, self._turn():
            told["ring_keys"] = gone = await rewrap.retire(self._store, self._now())
            await self._remove(set(gone))
        return await self._settled()

    async def resealed(self, request: str, principal: Principal) -> RingReport:
        """Put on record that the ring's file was sealed anew. Raises NotPermitted."""
        await self._guard.permit(request, principal, "keys", "edit")
        await self._guard.record("event", request, principal, "key.reseal", {"sealed_by": _sealed_by(self._source)})
        return await self._report()

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """No other step of a rotation, and no other change of the ring's file, meanwhile. Raises Conflict at once.

        Two who add a key each under the same id would leave the database with the one and the ring with the other.
        """
        async with self._store.transaction() as connection:
            if not await connection.fetchval(_TURN):
                raise Conflict("somebody else is rotating keys now", hint="let it finish, and try again")
            with self._source.alone():
                yield

    async def _added(self, data: bytes, key_id: str) -> KeyRing:
        """The ring with a fresh key, as it is read back: nobody may be told of a key that is not kept."""
        data = with_key(data, key_id, self._now())
        await asyncio.to_thread(self._source.write, data)
        wanted = KeyRing.parse(data, str(self._source))
        kept = KeyRing.parse(await asyncio.to_thread(self._source.read), str(self._source))
        if kept.keys.get(key_id) != wanted.keys[key_id]:
            raise BadKeyRing(
                f"the key ring was written with key {key_id} and read back without it",
                hint="make keys.store_command keep it where keys.command reads it, and try again",
            )
        return kept

    async def _remove(self, gone: set[str]) -> None:
        """Take keys out of the ring where it is kept, unless it cannot be written: then the report says so."""
        state, _ = await self._known()
        data = await asyncio.to_thread(self._source.read)
        ring = KeyRing.parse(data, str(self._source))
        writable = isinstance(self._source, RingFile) or self._source.store
        if writable and gone & ring.keys.keys() and state.current in ring.keys.keys() - gone:
            await asyncio.to_thread(self._source.write, rewritten(data, current=state.current, gone=gone))

    async def _known(self) -> tuple[State, set[str]]:
        async with self._store.snapshot() as connection:
            state = await state_of(connection)
            known = {row["id"] for row in await connection.fetch("SELECT id FROM ring_keys")}
        if state is None:
            raise BadKeyRing("the database says of no key that it is in force", hint="start the gateway on it once")
        return state, known

    async def _settled(self) -> RingReport:
        """The report once every living process has followed, or when that takes too long."""
        await self._table.sync()
        deadline = time.monotonic() + self._wait_s
        while await self._late() and time.monotonic() < deadline:  # noqa: ASYNC110 - others' doing
            await asyncio.sleep(0.1)
        return await self._report()

    async def _late(self) -> bool:
        async with self._store.snapshot() as connection:
            state = await state_of(connection)
            return state is not None and not all(one.ready for one in await rewrap.holders(connection, state))

    async def _report(self) -> RingReport:
        data = await asyncio.to_thread(self._source.read)
        in_ring = KeyRing.parse(data, str(self._source)).keys
        async with self._store.snapshot() as connection:
            state = await state_of(connection)
            if state is None:
                raise BadKeyRing("the database says of no key that it is in force", hint="start the gateway on it once")
            rows = await connection.fetch("SELECT id, retired_at FROM ring_keys ORDER BY added_at, id")
            wrapped = await rewrap.counts(connection)
            processes = await rewrap.holders(connection, state)
        named = {state.current: "current", state.next: "next"}
        keys = {row["id"]: "retired" if row["retired_at"] else named.get(row["id"], "old") for row in rows}
        return RingReport(
            current=state.current,
            next=state.next,
            previous=state.previous,
            content=state.content,
            keys=keys | {key: "new" for key in sorted(in_ring) if key not in keys},
            in_ring=tuple(sorted(in_ring)),
            sealed_by=_sealed_by(self._source),
            wrapped=wrapped,
            processes=tuple(processes),
        )


def _sealed_by(source: RingSource) -> str:
    if isinstance(source, RingFile):
        return source.lock.name if source.lock else "file"
    return "command"
