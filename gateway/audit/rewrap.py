"""Changing over from one key of the ring to another: the statements, each of which may be the last one before a kill.

begin -> activate (or `back`) -> `Rewrapping.run` -> retire. Content is never touched: only the keys that it is sealed
under are wrapped anew. docs/adr/0018-three-levels-of-keys.md says why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from gateway.audit import rows
from gateway.audit.keytable import (
    CHANNEL,
    LIVE_S,
    State,
    new_content,
    register,
    state_of,
    unwrap_content,
    wrap_content,
)
from gateway.audit.stream import rewrapped
from gateway.audit.subjects import Name, rewrap_subject
from gateway.crypto import KeyRing
from gateway.errors import Conflict, SealBroken
from gateway.store import Store
from gateway.store.store import Connection

BATCH: Final = 500
SEALED: Final = {
    "vault": ("sealed",),
    "kept_values": ("sealed",),
    "documents": ("original",),
    "chunks": ("spans",),
    "ingest_parts": ("about", "file"),
    "source_items": ("about",),
}
"""What content keys seal, and a ring from before there were any sealed itself."""
WRAPPED: Final = ("content_keys", "audit_stream_keys", "audit_subjects")
_STREAMS: Final = f"""
SELECT {rows.HEADER} FROM audit_streams
WHERE stream > $1 AND NOT EXISTS (
    SELECT FROM audit_stream_keys k WHERE k.stream = audit_streams.stream AND ring_key_of(k.wrapped) = $2
) AND NOT (length(wrapped_key) = 32 AND NOT EXISTS (
    SELECT FROM audit_stream_keys k WHERE k.stream = audit_streams.stream
)) ORDER BY stream LIMIT {BATCH}
"""
# A stream whose key was destroyed has a commitment in its header and no key beside it: nothing to wrap.
_LEFT: Final = """
SELECT ring_key_of(wrapped_key) AS key, count(*) AS n FROM audit_streams s
WHERE length(wrapped_key) <> 32 AND NOT EXISTS (SELECT FROM audit_stream_keys k WHERE k.stream = s.stream)
GROUP BY 1
"""
_PUT: Final = """
INSERT INTO audit_stream_keys (stream, wrapped) VALUES ($1, $2)
ON CONFLICT (stream) DO UPDATE SET wrapped = $2 WHERE audit_stream_keys.wrapped = $3
"""
_SUBJECTS: Final = f"""
SELECT subject, generation, wrapped FROM audit_subjects
WHERE wrapped IS NOT NULL AND ring_key_of(wrapped) <> $1 AND (subject, generation) > ($2, $3)
ORDER BY subject, generation LIMIT {BATCH}
"""
# Only where it is what was read: one that was destroyed meanwhile stays so.
_SUBJECT: Final = "UPDATE audit_subjects SET wrapped = $3 WHERE subject = $1 AND generation = $2 AND wrapped = $4"
_FIRST: Final = "00000000-0000-0000-0000-000000000000"
Progress = Callable[[int, int], None]
"""Told how many keys of how many are wrapped anew; after each commit."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A living process, and whether it holds what comes next, or is in force."""

    host: str
    pid: int
    ready: bool

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What was done. `unopened`: keys that no key of the ring opens; they are left as they are."""

    current: str
    wrapped: int
    unopened: int


async def holders(connection: Connection, state: State) -> list[Holder]:
    """Every living process."""
    found = await connection.fetch(
        "SELECT host, pid, serial, keys, contents FROM ring_holders"
        " WHERE seen_at > clock_timestamp() - $1 * interval '1 second' ORDER BY host, pid",
        LIVE_S,
    )
    return [
        Holder(
            row["host"],
            row["pid"],
            row["serial"] == state.serial
            and state.current in row["keys"]
            and state.content in row["contents"]
            and (state.next is None or state.next in row["keys"])
            and (state.next_content is None or state.next_content in row["contents"]),
        )
        for row in found
    ]


async def begin(store: Store, ring: KeyRing, key_id: str, at: datetime) -> State:
    """Let every process read with this key of `ring`, and with a new content key under it. Nobody writes with them yet.

    Raises Conflict while another rotation is under way, or for a key that was retired.
    """
    async with store.transaction() as connection:
        state = await _locked(connection)
        if state.next is not None:
            raise Conflict(f"key {state.next} is being brought in already", hint="finish that, or roll it back")
        if state.previous is not None:
            raise Conflict(
                f"keys are still wrapped under {state.previous}",
                hint="`gateway rotate-key rewrap`, then `gateway rotate-key retire`",
            )
        await register(connection, ring, [key_id], at)
        if await connection.fetchval("SELECT retired_at FROM ring_keys WHERE id = $1", key_id) is not None:
            raise Conflict(f"key {key_id} was retired", hint="add a key under another id")
        content = await new_content(connection, ring, key_id, state.serial + 1, at)
        return await _change(connection, next_=key_id, next_content=content, state=state)


async def activate(store: Store) -> State:
    """Write with the key that was brought in. Raises Conflict where there is none, or a living process lacks it."""
    async with store.transaction() as connection:
        state = await _locked(connection)
        if state.next is None or state.next_content is None:
            raise Conflict("no key was brought in", hint="`gateway rotate-key start` does")
        await _all_ready(connection, state)
        return await _change(
            connection,
            state=state,
            current=(state.next, state.next_content),
            previous=(state.current, state.content),
        )


async def back(store: Store, at: datetime) -> tuple[State, str | None]:
    """Take the last step back; the new state, and the key that was brought in and is gone now, if there is one.

    Raises Conflict where there is nothing to take back.
    """
    async with store.transaction() as connection:
        state = await _locked(connection)
        if state.next is not None:
            # Nobody has sealed anything with it: nobody was told to.
            await connection.execute("DELETE FROM content_keys WHERE id = $1", state.next_content)
            await connection.execute("UPDATE ring_keys SET retired_at = $2 WHERE id = $1", state.next, at)
            previous = (state.previous, state.previous_content)
            return await _change(connection, state=state, previous=previous), state.next
        if state.previous is None or state.previous_content is None:
            raise Conflict("there is no rotation to roll back", hint="`gateway rotate-key status` shows what there is")
        await _all_ready(connection, state)
        return (
            await _change(
                connection,
                state=state,
                current=(state.previous, state.previous_content),
                previous=(state.current, state.content),
            ),
            None,
        )


async def retire(store: Store, at: datetime) -> list[str]:
    """Let nothing be wrapped under any key but the current one any more; the ids of all keys that are retired.

    Raises Conflict, with counts by table, while something is still wrapped under another, or a living process lags.
    """
    async with store.transaction() as connection:
        state = await _locked(connection)
        if state.next is not None:
            raise Conflict(f"key {state.next} is being brought in", hint="finish that, or roll it back")
        await _all_ready(connection, state)
        # First, since it waits for whoever is wrapping something under one of them.
        gone = await connection.fetch(
            "UPDATE ring_keys SET retired_at = $2 WHERE id <> $1 AND retired_at IS NULL RETURNING id", state.current, at
        )
        left = {
            table: sum(n for key_id, n in keys.items() if key_id != state.current)
            for table, keys in (await counts(connection) | await unwrapped(connection)).items()
        }
        if any(left.values()):
            told = ", ".join(f"{table} {n}" for table, n in left.items() if n)
            raise Conflict(f"still under another key than {state.current}: {told}", hint="`gateway rotate-key rewrap`")
        if gone or state.previous is not None:
            await _change(connection, state=state)
        return [row["id"] for row in await connection.fetch("SELECT id FROM ring_keys WHERE retired_at IS NOT NULL")]


async def counts(connection: Connection) -> dict[str, dict[str, int]]:
    """How many keys of each table are wrapped under which key of the ring."""
    found: dict[str, dict[str, int]] = {}
    for table in WRAPPED:
        query = f"SELECT ring_key_of(wrapped) AS key, count(*) AS n FROM {table} WHERE wrapped IS NOT NULL GROUP BY 1"
        found[table] = {row["key"]: row["n"] for row in await connection.fetch(query)}
    for row in await connection.fetch(_LEFT):
        of = found["audit_stream_keys"]
        of[row["key"]] = of.get(row["key"], 0) + row["n"]
    return found


async def unwrapped(connection: Connection) -> dict[str, dict[str, int]]:
    """How many rows of content are sealed under a key of the ring itself, as before there were content keys."""
    found: dict[str, dict[str, int]] = {}
    for table, columns in SEALED.items():
        for column in columns:
            # A slice, so that long values are not fetched whole.
            query = (
                f"SELECT key, count(*) AS n FROM (SELECT ring_key_of(substring({column} FOR 40)) AS key FROM {table}) s"
                " WHERE key <> '' AND key NOT IN (SELECT id FROM content_keys) GROUP BY 1"
            )
            for row in await connection.fetch(query):
                of = found.setdefault(table, {})
                of[row["key"]] = of.get(row["key"], 0) + row["n"]
    return found


class Rewrapping:
    """Wraps everything under the key in force, beside running processes. Run again after a kill: it goes on."""

    def __init__(self, store: Store, ring: KeyRing, progress: Progress = lambda _, __: None) -> None:
        self._store = store
        self._ring = ring
        self._progress = progress
        self._done = self._unopened = self._total = 0

    async def run(self, at: datetime) -> Rewrapped:
        """Raises Conflict while a key is being brought in, StoreUnavailable."""
        async with self._store.acquire() as connection:
            state = await state_of(connection)
            if state is None or state.next is not None:
                raise Conflict("a key is being brought in", hint="finish that, or roll it back")
            if self._ring.current != state.current:
                raise Conflict(f"this process has not taken key {state.current} yet", hint="try again")
            found = await counts(connection)
        self._total = sum(n for keys in found.values() for key, n in keys.items() if key != state.current)
        await self._contents(state.current, at)
        await self._streams(state.current)
        await self._subjects(state.current)
        return Rewrapped(state.current, self._done, self._unopened)

    async def _contents(self, current: str, at: datetime) -> None:
        async with self._store.transaction() as connection:
            state = await _locked(connection)
            if state.current != current or state.next is not None:
                raise Conflict("somebody else went on with the rotation meanwhile", hint="try again")
            direct = {key_id for keys in (await unwrapped(connection)).values() for key_id in keys} - {current}
            for key_id in sorted(direct & self._ring.keys.keys()):
                # What the ring's key sealed itself stays readable when the ring holds it no more.
                wrapped = wrap_content(self._ring, key_id, self._ring.keys[key_id], current)
                await connection.execute("INSERT INTO content_keys VALUES ($1, $2, $3)", key_id, wrapped, at)
            changed = 0
            for row in await connection.fetch(
                "SELECT id, wrapped FROM content_keys WHERE ring_key_of(wrapped) <> $1", current
            ):
                try:
                    key = unwrap_content(self._ring, row["id"], row["wrapped"])
                except SealBroken:
                    self._unopened += 1
                    continue
                wrapped = wrap_content(self._ring, row["id"], key, current)
                await connection.execute("UPDATE content_keys SET wrapped = $2 WHERE id = $1", row["id"], wrapped)
                changed += 1
            if direct or changed:
                # Everybody reads them anew.
                await _change(connection, state=state, previous=(state.previous, state.previous_content))
        self._tell(changed)

    async def _streams(self, current: str) -> None:
        last: object = _FIRST
        while found := await self._store.fetch(_STREAMS, last, current):
            last = found[-1]["stream"]
            changed = await asyncio.to_thread(self._stream_keys, found)
            async with self._store.transaction() as connection:
                await connection.executemany(_PUT, changed)
            self._tell(len(changed))

    def _stream_keys(self, found: Sequence[asyncpg.Record]) -> list[tuple[object, bytes, bytes]]:
        changed: list[tuple[object, bytes, bytes]] = []
        for row in found:
            header = rows.header(row)
            try:
                changed.append((header.stream, rewrapped(self._ring, header), header.key))
            except SealBroken:
                self._unopened += 1
        return changed

    async def _subjects(self, current: str) -> None:
        last = Name(b"", 0)
        while found := await self._store.fetch(_SUBJECTS, current, *last):
            last = Name(found[-1]["subject"], found[-1]["generation"])
            changed = await asyncio.to_thread(self._subject_keys, found)
            async with self._store.transaction() as connection:
                await connection.executemany(_SUBJECT, changed)
            self._tell(len(changed))

    def _subject_keys(self, found: Sequence[asyncpg.Record]) -> list[tuple[bytes, int, bytes, bytes]]:
        changed = []
        for row in found:
            name = Name(row["subject"], row["generation"])
            try:
                changed.append((*name, rewrap_subject(self._ring, name, row["wrapped"]), row["wrapped"]))
            except SealBroken:
                self._unopened += 1
        return changed

    def _tell(self, more: int) -> None:
        if not more:
            return
        self._done += more
        self._progress(self._done, max(self._total, self._done))


async def _locked(connection: Connection) -> State:
    state = await state_of(connection, lock=True)
    if state is None:
        raise Conflict("the database says of no key that it is in force", hint="start the gateway on it once")
    return state


async def _all_ready(connection: Connection, state: State) -> None:
    if late := [str(one) for one in await holders(connection, state) if not one.ready]:
        raise Conflict(
            f"not every process has taken the keys yet: {', '.join(late)}",
            hint="give those processes the key ring as it is now, or stop them; then try again",
        )


async def _change(
    connection: Connection,
    *,
    state: State,
    current: tuple[str, str] | None = None,
    previous: tuple[str | None, str | None] = (None, None),
    next_: str | None = None,
    next_content: str | None = None,
) -> State:
    """Write the state and tell everybody with the commit."""
    changed = State(state.serial + 1, *(current or (state.current, state.content)), *previous, next_, next_content)
    await connection.execute(
        "UPDATE ring_state SET serial = $1, current = $2, content = $3, previous = $4, previous_content = $5,"
        " next = $6, next_content = $7",
        *(changed.serial, changed.current, changed.content, changed.previous, changed.previous_content),
        *(changed.next, changed.next_content),
    )
    await connection.execute("SELECT pg_notify($1, '')", CHANNEL)
    return changed
