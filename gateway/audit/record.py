"""The bytes of the audit log: how a record becomes a row, and what its hash and its seal are bound to.

Everything here is pure. Hashes are taken over the bytes as they are written, never over something decoded and encoded
again. Every hashed or authenticated text starts with a name of its own (domain separation), and every field in it is
preceded by its length, so that no two different rows share their bytes.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from gateway.errors import Broken, TooLarge
from gateway.model import Json, Record

SCHEMA = 1
"""Version of everything in this file; a change to it is a new number, and both stay readable."""
KINDS = frozenset({"intent", "outcome", "refusal", "event"})
END = "end"
"""Kind of the row that closes a stream in order; written by the log itself."""
MAX_REQUEST = 200
"""Longest request id, in bytes."""
HASH = 32
FIRST = 0
"""Sequence number of a stream's first row."""

_HEADER = b"gateway/audit/header/1"
_GENESIS = b"gateway/audit/genesis/1"
_SEAL = b"gateway/audit/seal/1"
_ROW = b"gateway/audit/row/1"
_FIXED = struct.Struct(">I16sIqIqI32s")
_LENGTH = struct.Struct(">I")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INT64 = 1 << 63


@dataclass(frozen=True, slots=True)
class Entry:
    """A record encoded for writing; only `payload` will be sealed, the rest stands in the clear."""

    at: datetime
    kind: str
    request: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """What a stream is bound to: its wrapped data key, and the end of the stream it follows, if it follows one."""

    stream: UUID
    schema: int
    opened: int
    """Microseconds since 1970 UTC."""
    key_id: str
    """Key of the ring that wrapped the data key."""
    wrapped: bytes
    previous: UUID | None = None
    """The stream of the same process that ended with a lost connection."""
    previous_seq: int | None = None
    """That stream's last row; -1 when it had none."""
    previous_hash: bytes | None = None
    """That row's hash; the stream's genesis when it had none."""


class Row(NamedTuple):
    """One row as it stands in the database. `at` is microseconds since 1970 UTC.

    A tuple, because millions are made while verifying, at an eighth of a frozen dataclass's cost.
    """

    stream: UUID
    seq: int
    at: int
    kind: str
    request: str
    prev: bytes
    sealed: bytes
    hash: bytes


def micros(at: datetime) -> int:
    """Microseconds since 1970 UTC, exactly."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(at: int) -> datetime:
    """The reverse of `micros`; OverflowError outside the years 1 to 9999."""
    return _EPOCH + timedelta(microseconds=at)


def encode(record: Record, *, max_bytes: int) -> Entry:
    """The record ready for sealing. Broken when it cannot be written, TooLarge when it is over `max_bytes`."""
    if record.kind not in KINDS:
        raise Broken("audit record of unknown kind")
    if record.at.tzinfo is None:
        raise Broken("audit record without a time zone")
    # One unwritable record would take the whole batch down with it, so it is refused here.
    if not _writable(record.request):
        raise Broken("audit record with an unusable request id")
    payload = dump(
        {
            "principal": record.principal,
            "action": record.action,
            "policy": record.policy,
            "detail": record.detail,
            "content": record.content,
        }
    )
    if len(payload) > max_bytes:
        raise TooLarge(
            f"audit record of {len(payload)} bytes, the limit is {max_bytes}",
            hint="send less at once",
        )
    return Entry(record.at, record.kind, record.request, payload)


def _writable(request: str) -> bool:
    try:
        encoded = request.encode()
    except UnicodeEncodeError:
        return False
    return len(encoded) <= MAX_REQUEST and b"\0" not in encoded


def dump(value: Json) -> bytes:
    """JSON. What orjson refuses and JSON can still hold (lone surrogates, large integers) is written with escapes."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        pass
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise Broken("audit record cannot be written as JSON") from None


def load(payload: bytes) -> Json:
    """The reverse of `dump`; ValueError when it is not JSON, TypeError when it is no object."""
    try:
        value: Any = orjson.loads(payload)
    except orjson.JSONDecodeError:
        value = json.loads(payload)
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _fields(domain: bytes, *fields: bytes) -> bytes:
    parts = [domain]
    for field in fields:
        parts += (_LENGTH.pack(len(field)), field)
    return b"".join(parts)


def _integer(value: int | None) -> bytes:
    return b"" if value is None else value.to_bytes(8, "big", signed=True)


def header_bytes(header: Header) -> bytes:
    """What the wrapped data key is authenticated with: the header without that key. OverflowError: no such header."""
    return _fields(
        _HEADER,
        header.stream.bytes,
        _integer(header.schema),
        _integer(header.opened),
        header.key_id.encode(),
        header.previous.bytes if header.previous else b"",
        _integer(header.previous_seq),
        header.previous_hash or b"",
    )


def genesis(header: Header) -> bytes:
    """What the first row of a stream names as its predecessor; binds the stream to its whole header."""
    return hashlib.sha256(_fields(_GENESIS, header_bytes(header), header.wrapped)).digest()


def head(stream: UUID, seq: int, at: int, kind: str, request: str, prev: bytes) -> bytes:
    """The clear fields of a row, common to its seal and its hash. OverflowError: no row has such values."""
    if len(prev) != HASH or not -_INT64 <= at < _INT64 or not -_INT64 <= seq < _INT64:
        raise OverflowError
    first, second = kind.encode(), request.encode()
    return b"".join(
        (
            _FIXED.pack(16, stream.bytes, 8, seq, 8, at, HASH, prev),
            _LENGTH.pack(len(first)),
            first,
            _LENGTH.pack(len(second)),
            second,
        )
    )


def seal_bytes(clear: bytes) -> bytes:
    """What a row's seal is authenticated with. `clear` comes from `head`."""
    return _SEAL + clear


def row_hash(clear: bytes, sealed: bytes) -> bytes:
    """SHA-256 of the row as written. `clear` comes from `head`."""
    return hashlib.sha256(b"".join((_ROW, clear, _LENGTH.pack(len(sealed)), sealed))).digest()


def is_whole(row: Row) -> bool:
    """Whether the row's own hash is that of its bytes."""
    try:
        clear = head(row.stream, row.seq, row.at, row.kind, row.request, row.prev)
    except OverflowError:
        return False
    return row_hash(clear, row.sealed) == row.hash
