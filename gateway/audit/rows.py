"""How headers and rows are read back, bit by bit as they lie there. Times come as the database's own integers."""

from __future__ import annotations

import struct
from typing import Final

import asyncpg

from gateway.audit.chain import Head
from gateway.audit.record import FROM_2000, Header, Row

# Times as text or as Python values would fail on, or round, what somebody wrote into the table.
ROW: Final = "stream, seq, timestamptz_send(at) AS at, kind, request, prev, sealed, hash, retention, facts"
HEADER: Final = """
    stream, schema, timestamptz_send(opened_at) AS opened, key_id, wrapped_key, previous, previous_seq, previous_hash,
    closed_seq, closed_hash, (SELECT wrapped FROM audit_stream_keys k WHERE k.stream = audit_streams.stream) AS kept_key
"""
"""Of `FROM audit_streams`, under this name."""

_BIG: Final = struct.Struct(">q").unpack
_new: Final = tuple.__new__


def row(record: asyncpg.Record) -> Row:
    """A row of `SELECT {ROW}`; more columns may follow."""
    stream, seq, at, kind, request, prev, sealed, digest, retention, facts = record[:10]
    # Past the named tuple's own constructor, at a third of its cost: verifying makes millions.
    return _new(Row, (stream, seq, _BIG(at)[0] + FROM_2000, kind, request, prev, sealed, digest, retention, facts))


def header(record: asyncpg.Record) -> Header:
    """A row of `SELECT {HEADER}`."""
    return Header(
        stream=record["stream"],
        schema=record["schema"],
        opened=_micros(record["opened"]),
        key_id=record["key_id"],
        wrapped=record["wrapped_key"],
        previous=record["previous"],
        previous_seq=record["previous_seq"],
        previous_hash=record["previous_hash"],
        key=record["kept_key"] or b"",
    )


def head(record: asyncpg.Record, live: bool | None) -> Head:
    """A row of `SELECT {HEADER}`, and whether a process holds its lock."""
    return Head(header(record), record["closed_seq"], record["closed_hash"], live)


def _micros(at: bytes) -> int:
    return int.from_bytes(at, "big", signed=True) + FROM_2000
