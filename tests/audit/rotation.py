"""Processes over one database that share a key ring's file, and steps of a rotation."""

from __future__ import annotations

from gateway.audit import KeyTable, rewrap
from gateway.audit.keytable import State, state_of
from gateway.audit.subjects import Name, Subjects
from gateway.crypto import KeyRing
from gateway.crypto.ringfile import RingFile, next_id, with_key
from gateway.store import Store
from tests.audit.support import now

VAULT = "INSERT INTO vault (tenant, token, type, sealed) VALUES ('t', $1, 'PERSON', $2)"


class Process:
    """One process: its ring, read from the shared file, kept in step by its table."""

    def __init__(self, store: Store, file: RingFile, name: str) -> None:
        self.store, self.file = store, file
        self.ring = self._read()
        self.table = KeyTable(store, self.ring, self._read, name, now)
        self.subjects = Subjects(store, self.ring)

    def _read(self) -> KeyRing:
        return KeyRing.parse(self.file.read(), "it")

    async def put(self, number: int) -> None:
        """Something in the vault, and a subject with his key."""
        await self.store.execute(VAULT, f"[{number}]", self.ring.seal("vault", b"Jane Roe", str(number).encode()))
        await self.subjects.key(f"user:{number}")

    async def readable(self) -> int:
        """How many things in the vault open; every subject's key does."""
        rows = await self.store.fetch("SELECT token, sealed FROM vault")
        for row in rows:
            assert self.ring.open("vault", row["sealed"], row["token"][1:-1].encode()) == b"Jane Roe"
        for row in await self.store.fetch("SELECT subject, generation, wrapped FROM audit_subjects"):
            if row["wrapped"] is not None:
                self.subjects._unwrap(Name(row["subject"], row["generation"]), row["wrapped"])
        return len(rows)


async def bring_in(file: RingFile, store: Store) -> str:
    """A key into the file and the database."""
    data = file.read()
    known = [row["id"] for row in await store.fetch("SELECT id FROM ring_keys")]
    key_id = next_id([*known, *KeyRing.parse(data, "it").keys])
    file.write(with_key(data, key_id, now()))
    await rewrap.begin(store, KeyRing.parse(file.read(), "it"), key_id, now())
    return key_id


async def rotate(file: RingFile, store: Store, *processes: Process) -> str:
    key_id = await bring_in(file, store)
    for one in processes:
        await one.table.sync()
    await rewrap.activate(store)
    for one in processes:
        await one.table.sync()
    return key_id


async def state(store: Store) -> State:
    async with store.acquire() as connection:
        found = await state_of(connection)
    assert found is not None
    return found


async def under(store: Store) -> dict[str, dict[str, int]]:
    async with store.acquire() as connection:
        return await rewrap.counts(connection)
