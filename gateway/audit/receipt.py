"""Receipts: one record's statement, its place in the tree, and the checkpoint that covers it, in one file."""

from __future__ import annotations

import asyncio
from typing import Final

import asyncpg
import orjson

from gateway.audit import rows
from gateway.audit.record import Row, is_whole, unpack
from gateway.audit.stream import Opener
from gateway.audit.subjects import Name, Subjects
from gateway.audit.tlog import shelf
from gateway.audit.tlog.check import HASH, Proof
from gateway.audit.tlog.notes import render
from gateway.audit.tlog.tree import inclusion
from gateway.crypto import KeyRing, sha256
from gateway.errors import NotFound, NotYet, SealBroken
from gateway.model import Json
from gateway.store import Store
from gateway.store.store import Connection

# The last one: a request that was tried again has one answer.
_FIND: Final = f"""
SELECT {rows.ROW} FROM audit_log WHERE request = $1 AND facts <> ''
ORDER BY audit_log.at DESC, stream DESC, seq DESC LIMIT 1
"""
_HEADER: Final = f"SELECT {rows.HEADER} FROM audit_streams WHERE stream = $1"


class Receipts:
    """Makes them. Who may have one is the caller's to see to."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring
        self._subjects = Subjects(store, ring)

    async def checkpoint(self) -> bytes | None:
        """The last signed checkpoint as a note, or None."""
        async with self._store.acquire() as connection:
            kept = await shelf.latest(connection)
        return kept.note if kept else None

    async def answered(self, request: str, asker: str) -> tuple[str, int]:
        """Stream and number of the last answer that this asker got to a request.

        Raises NotFound, also where it is somebody else's, and StoreUnavailable.
        """
        async with self._store.snapshot() as connection:
            row, header = await self._found(connection, request)
        payload = await asyncio.to_thread(self._open, row, header)
        self._expect(payload, asker)
        return str(row.stream), row.seq

    async def receipt(self, request: str, asker: str | None = None) -> bytes:
        """The receipt of a request, in the form of C2SP tlog-proof; of this asker's own only, where one is given.

        Raises NotFound when no record of it makes a statement, NotYet until a signed checkpoint covers it,
        StoreUnavailable.
        """
        async with self._store.snapshot() as connection:
            row, header = await self._found(connection, request)
            index = await shelf.index_of(connection, row.stream, row.seq)
            kept = await shelf.latest(connection, index + 1) if index is not None else None
            path = await shelf.path(connection, inclusion(index, kept.size)) if index is not None and kept else []
        payload = await asyncio.to_thread(self._open, row, header)
        if asker is not None:
            self._expect(payload, asker)
        if index is None or kept is None:
            raise NotYet(
                "no signed checkpoint covers this record yet", hint="ask again in a few seconds", retry_after_s=3
            )
        statement, salt = _statement(payload)
        place = {
            "stream": str(row.stream),
            "seq": row.seq,
            "at": row.at,
            "kind": row.kind,
            "request": row.request,
            "prev": row.prev.hex(),
            "retention": row.retention,
        }
        told = {"row": place, "sealed": sha256(row.sealed).hex(), "statement": statement, "salt": salt.hex()}
        return render(Proof(index, tuple(path), kept.note, orjson.dumps(told)))

    async def _found(self, connection: Connection, request: str) -> tuple[Row, asyncpg.Record | None]:
        found = await connection.fetchrow(_FIND, request) if "\0" not in request else None
        if found is None:
            raise _absent()
        row = rows.row(found)
        return row, await connection.fetchrow(_HEADER, row.stream)

    def _expect(self, payload: Json, asker: str) -> None:
        if Name.parse(payload.get("subject"), self._subjects.digest(asker)) is None:
            raise _absent()

    def _open(self, row: Row, header: asyncpg.Record | None) -> Json:
        try:
            if header is None or not is_whole(row) or len(row.facts) != HASH:
                raise _changed()
            return unpack(Opener(self._ring, rows.header(header)).open(row))[0]
        except (SealBroken, ValueError, TypeError):
            raise _changed() from None


def _statement(payload: Json) -> tuple[str, bytes]:
    try:
        return payload["statement"], bytes.fromhex(payload["salt"])
    except (ValueError, TypeError, KeyError):
        raise _changed() from None


def _absent() -> NotFound:
    return NotFound("no record of such a request makes a statement", hint="look at the request id")


def _changed() -> NotFound:
    return NotFound("the record of this request is not as it was written", hint="run `gateway audit verify`")
