"""Keys of subjects held against the rows that were sealed under them. Pure, but for the reading of the table.

A key that was destroyed leaves its name behind, so that records which open no more are told from records whose key
somebody took away or changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from gateway.audit.subjects import DIGEST, Name, unwrap
from gateway.audit.verdicts import SUBJECTS, Faults, Verdict
from gateway.crypto import KeyRing
from gateway.errors import SealBroken
from gateway.store.store import Connection

CHUNK: Final = 2000
_KEYS: Final = "SELECT subject, generation, wrapped FROM audit_subjects ORDER BY subject, generation"

Kept = tuple[bytes, int, bytes | None]
"""A row of the table: whose, how manieth, and the key as it is wrapped; None where it was destroyed."""


class SubjectAudit:
    """First every key of the table in its order, then `finish` with the names that rows mention."""

    def __init__(self, ring: KeyRing, faults: Faults) -> None:
        self._ring = ring
        self._faults = faults
        self._there: set[str] = set()
        self._closed: list[tuple[int, str]] = []
        self._fits = False
        self._count = 0

    def feed(self, keys: Iterable[Kept]) -> None:
        """Some of the table."""
        for subject, generation, wrapped in keys:
            name = Name(subject, generation)
            self._there.add(str(name))
            if len(subject) != DIGEST:
                self._closed.append((self._count, str(name)))
            elif wrapped is not None:
                try:
                    unwrap(self._ring, name, wrapped)
                    self._fits = True
                except SealBroken:
                    self._closed.append((self._count, str(name)))
            self._count += 1

    def finish(self, named: Iterable[str], *, fits: bool) -> None:
        """Add what is wrong. `named`: what rows say they were sealed under; fits: the ring opened something else.

        A ring that opens nothing at all is another one, and that is said of the streams already.
        """
        if not (fits or self._fits):
            return
        for place, name in self._closed:
            self._faults.add(Verdict.MODIFIED, SUBJECTS, place, f"key {name} does not unwrap")
        for place, name in enumerate(sorted(set(named) - self._there), self._count):
            self._faults.add(Verdict.MISSING, SUBJECTS, place, f"key {name}, which rows are sealed under, is not there")


async def over(connection: Connection, ring: KeyRing, faults: Faults) -> SubjectAudit:
    """Every key in the database fed, in the transaction that the connection is in."""
    found = SubjectAudit(ring, faults)
    cursor = await connection.cursor(_KEYS)
    while some := await cursor.fetch(CHUNK):
        await asyncio.to_thread(found.feed, [(row["subject"], row["generation"], row["wrapped"]) for row in some])
    return found
