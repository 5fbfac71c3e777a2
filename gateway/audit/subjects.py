"""One key for each subject: whoever is recorded can be forgotten by destroying it, and the log still verifies.

A subject is who a record is about, which is whoever asked. What is personal in a record (who it was, what was said) is
sealed under the subject's key before the record is; the key lies wrapped by the ring in a table of its own.
"""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.audit.tlog.check import fields
from gateway.crypto import KeyRing, SecretBytes, keyed
from gateway.crypto.seal import KEY_BYTES, Box, seal
from gateway.errors import SealBroken
from gateway.store import Store
from gateway.store.listen import Subscription
from gateway.store.store import Connection

PURPOSE = "audit-subject"
DIGEST = 16
REMEMBERED = 10_000
"""Keys kept unwrapped in memory."""
CHANNEL = "audit_subjects"
"""NOTIFY channel; the payload is the digest of a subject whose keys were destroyed, in hexadecimal."""
_WRAP = b"gateway/audit/subject-key/1"
_INNER = b"gateway/audit/inner/1"
_CURRENT = """
SELECT subject, generation, wrapped FROM audit_subjects
WHERE subject = $1 AND wrapped IS NOT NULL ORDER BY generation DESC LIMIT 1
"""
# Whoever was forgotten and comes back is given another key: what was destroyed stays so.
_CREATE = """
INSERT INTO audit_subjects (subject, generation, wrapped)
SELECT $1, coalesce(max(generation), 0) + 1, $2 FROM audit_subjects WHERE subject = $1
HAVING NOT coalesce(bool_or(wrapped IS NOT NULL), false) AND coalesce(max(generation), 0) = $3
ON CONFLICT DO NOTHING
"""
_SOME = """
SELECT subject, generation, wrapped FROM audit_subjects
WHERE wrapped IS NOT NULL AND (subject, generation) IN (SELECT * FROM unnest($1::bytea[], $2::integer[]))
"""
_DESTROY = """
UPDATE audit_subjects SET wrapped = NULL WHERE subject = ANY($1::bytea[]) AND wrapped IS NOT NULL
RETURNING subject, generation
"""
_DESTROYED = """
SELECT subject, generation FROM audit_subjects WHERE subject = ANY($1::bytea[]) AND wrapped IS NULL
"""
_DESTROY_SOME = """
UPDATE audit_subjects SET wrapped = NULL
WHERE wrapped IS NOT NULL AND (subject, generation) IN (SELECT * FROM unnest($1::bytea[], $2::integer[]))
"""


class Name(NamedTuple):
    """Which key: the subject's keyed digest (16 bytes), and how manieth key of his it is."""

    subject: bytes
    generation: int

    def __str__(self) -> str:
        return f"{self.subject.hex()}.{self.generation}"

    @classmethod
    def parse(cls, text: object, of: bytes | None = None) -> Name | None:
        """The reverse of `str`, or None; of this subject alone, where one is given."""
        subject, _, generation = text.partition(".") if isinstance(text, str) else ("", "", "")
        try:
            name = cls(bytes.fromhex(subject), int(generation))
        except ValueError:
            return None
        proper = len(name.subject) == DIGEST and 0 < name.generation < 1 << 31
        return name if proper and of in (None, name.subject) else None


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """One subject's key while it exists."""

    name: Name
    _key: SecretBytes = field(repr=False)
    label: str = field(init=False, compare=False)
    """The name as a record holds it."""
    _box: Box = field(init=False, repr=False, compare=False)
    _bound_to: bytes = field(init=False, repr=False, compare=False)
    """What every text under this key is bound to."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_box", Box(self._key))
        object.__setattr__(self, "label", str(self.name))
        object.__setattr__(self, "_bound_to", fields(_INNER, self.label.encode()))

    def seal(self, text: bytes, request: str) -> bytes:
        """`text` sealed for the record of one request."""
        return self._box.seal(text, self._bound(request))

    def open(self, sealed: bytes, request: str) -> bytes:
        """The reverse. Raises SealBroken."""
        return self._box.open(sealed, self._bound(request))

    def under(self, key: SecretBytes, bound: bytes) -> bytes:
        """The key itself sealed under another one, for an export."""
        return seal(key, self._key.reveal(), bound)

    def _bound(self, request: str) -> bytes:
        return fields(self._bound_to, request.encode())


class Subjects:
    """The keys of everybody who is recorded. Every method raises StoreUnavailable when the database does not answer."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring
        self._current: OrderedDict[bytes, SubjectKey] = OrderedDict()
        self._asked: dict[bytes, asyncio.Future[SubjectKey]] = {}
        self._digests: dict[str, bytes] = {}
        self._forgotten = 0
        self._subscription: Subscription | None = None

    async def start(self) -> None:
        """Hear of keys that other processes destroy. Without it a process goes on sealing under one it remembers."""
        if self._subscription is None:
            self._subscription = await self._store.listen(CHANNEL, self._told, self._forget_all)

    async def close(self) -> None:
        """Stop listening."""
        if self._subscription is not None:
            await self._subscription.close()
            self._subscription = None

    def digest(self, who: str) -> bytes:
        """The keyed digest that stands for somebody; the same in every process and after a rotation of keys."""
        found = self._digests.get(who)
        if found is None:
            if len(self._digests) >= REMEMBERED:
                self._digests.clear()
            found = keyed(self._ring.stable(PURPOSE), who.encode("utf-8", "surrogatepass"))[:DIGEST]
            self._digests[who] = found
        return found

    async def key(self, who: str) -> SubjectKey:
        """The key that this subject's records are sealed under now; where there is none, made and durable first."""
        subject = self.digest(who)
        found = self._current.get(subject)
        # Where nobody could tell that a key was destroyed, what is remembered counts for nothing.
        if found is not None and (self._subscription is None or self._subscription.connected):
            self._current.move_to_end(subject)
            return found
        asked = self._asked.get(subject)
        if asked is None:
            # Whoever else meets him meanwhile waits for the same answer; nobody's end takes it from the others.
            asked = self._asked[subject] = asyncio.ensure_future(self._look_up(subject))
            asked.add_done_callback(lambda done: self._answered(subject, done))
        return await asyncio.shield(asked)

    def _answered(self, subject: bytes, done: asyncio.Future[SubjectKey]) -> None:
        if self._asked.get(subject) is done:
            del self._asked[subject]
        if not done.cancelled():
            done.exception()  # seen, also when nobody waits for it any more

    async def _look_up(self, subject: bytes) -> SubjectKey:
        forgotten = self._forgotten
        row = await self._store.fetchrow(_CURRENT, subject)
        while row is None:
            before = await self._store.fetchval(
                "SELECT coalesce(max(generation), 0) FROM audit_subjects WHERE subject = $1", subject
            )
            wrapped = self._wrap(Name(subject, before + 1))
            await self._store.execute(_CREATE, subject, wrapped, before)
            row = await self._store.fetchrow(_CURRENT, subject)
        key = self._unwrap(Name(subject, row["generation"]), row["wrapped"])
        if forgotten == self._forgotten:  # or else it may be one that was destroyed meanwhile
            self._current[subject] = key
        while len(self._current) > REMEMBERED:
            self._current.popitem(last=False)
        return key

    async def keys(self, names: Iterable[Name]) -> dict[Name, SubjectKey]:
        """Those of the keys that exist and that the ring unwraps. Asked anew each time: what was destroyed stays so."""
        wanted = sorted(set(names))
        found: dict[Name, SubjectKey] = {}
        if not wanted:
            return found
        rows = await self._store.fetch(_SOME, [name.subject for name in wanted], [name.generation for name in wanted])
        for row in rows:
            name = Name(row["subject"], row["generation"])
            with suppress(SealBroken):
                found[name] = self._unwrap(name, row["wrapped"])
        return found

    def forget(self, subject: bytes) -> None:
        """Drop a subject's key from memory; the next record asks the database for the key in force."""
        self._forgotten += 1
        self._current.pop(subject, None)
        self._asked.pop(subject, None)

    async def living(self, subjects: Iterable[bytes]) -> int:
        """How many keys of these subjects exist."""
        count = "SELECT count(*) FROM audit_subjects WHERE subject = ANY($1::bytea[]) AND wrapped IS NOT NULL"
        return int(await self._store.fetchval(count, sorted(set(subjects))))

    async def destroyed(self, subjects: Iterable[bytes]) -> list[Name]:
        """Every key of these subjects that was ever destroyed, ascending."""
        rows = await self._store.fetch(_DESTROYED, sorted(set(subjects)))
        return sorted(Name(row["subject"], row["generation"]) for row in rows)

    async def alive(self, names: Iterable[Name]) -> list[Name]:
        """Which of these keys exist, ascending."""
        wanted = sorted(set(names))
        rows = await self._store.fetch(_SOME, [name.subject for name in wanted], [name.generation for name in wanted])
        return sorted(Name(row["subject"], row["generation"]) for row in rows)

    async def destroy_keys(self, names: Iterable[Name]) -> None:
        """Destroy these keys, in every process, and no other of their subjects."""
        wanted = sorted(set(names))
        if not wanted:
            return
        async with self._store.transaction() as conn:
            subjects = [name.subject for name in wanted]
            await conn.execute(_DESTROY_SOME, subjects, [name.generation for name in wanted])
            await self._told_all(conn, subjects)

    async def destroy(self, subjects: Iterable[bytes]) -> list[Name]:
        """Destroy every key of these subjects, in every process; which there were.

        What is sealed under them opens no more, also what a process that has not heard of it seals after this.
        """
        wanted = sorted(set(subjects))
        async with self._store.transaction() as conn:
            gone = await conn.fetch(_DESTROY, wanted)
            await self._told_all(conn, wanted)
        for subject in wanted:
            self.forget(subject)
        return sorted(Name(row["subject"], row["generation"]) for row in gone)

    async def _told_all(self, conn: Connection, subjects: Iterable[bytes]) -> None:
        for subject in sorted(set(subjects)):
            await conn.execute("SELECT pg_notify($1, $2)", CHANNEL, subject.hex())

    def _told(self, subject: str) -> None:
        self.forget(bytes.fromhex(subject))

    def _forget_all(self) -> None:
        self._forgotten += 1
        self._current.clear()
        self._asked.clear()

    def _wrap(self, name: Name) -> bytes:
        return self._ring.wrap(PURPOSE, os.urandom(KEY_BYTES), _wrapped_as(name))

    def _unwrap(self, name: Name, wrapped: bytes) -> SubjectKey:
        return unwrap(self._ring, name, wrapped)


def unwrap(ring: KeyRing, name: Name, wrapped: bytes) -> SubjectKey:
    """A subject's key as it lies in the table. Raises SealBroken."""
    return SubjectKey(name, SecretBytes(ring.open(PURPOSE, wrapped, _wrapped_as(name))))


def rewrap_subject(ring: KeyRing, name: Name, wrapped: bytes) -> bytes:
    """A subject's key wrapped under the ring's current key. Raises SealBroken."""
    return ring.wrap(PURPOSE, ring.open(PURPOSE, wrapped, _wrapped_as(name)), _wrapped_as(name))


def _wrapped_as(name: Name) -> bytes:
    return fields(_WRAP, str(name).encode())
