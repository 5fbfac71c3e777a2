"""The bytes of the audit log: how a record becomes a row, and what its hash and its seal are bound to.

Everything here is pure. Hashes are taken over the bytes as they are written, never over something decoded and encoded
again. Every hashed or authenticated text starts with a name of its own (domain separation), and every field in it is
preceded by its length, so that no two different rows share their bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from gateway.audit.classes import class_of
from gateway.audit.subjects import SubjectKey
from gateway.audit.tlog.check import commitment, fields, head, row_hash
from gateway.crypto.keyring import sealed_under
from gateway.errors import Broken, TooLarge
from gateway.model import Json, Record

SCHEMA = 2
"""Version of everything in this file."""
KINDS = frozenset({"intent", "outcome", "refusal", "event"})
END = "end"
"""Kind of the row that closes a stream in order; written by the log itself."""
MAX_REQUEST = 200
"""Longest request id, in bytes."""
MAX_RETENTION = 40
"""Longest name of a retention class, in bytes."""
SALT = 16
FIRST = 0
"""Sequence number of a stream's first row."""

_HEADER = b"gateway/audit/header/2"
_GENESIS = b"gateway/audit/genesis/2"
_SEAL = b"gateway/audit/seal/2"
_SUBJECT = b'{"subject":"'
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FROM_2000 = 946_684_800_000_000
"""PostgreSQL counts from 2000; microseconds."""


class Entry(NamedTuple):
    """A record encoded for writing; only `payload` will be sealed, the rest stands in the clear."""

    at: datetime
    kind: str
    request: str
    payload: bytes
    retention: str = ""
    """The retention class; empty for the usual one."""
    facts: bytes = b""
    """Commitment to the record's statement, 32 bytes; empty where it makes none."""
    terms: Sequence[int] = ()
    """What the record can be found by (terms.py); no part of the row."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a stream is bound to: its wrapped data key, and the end of the stream it follows, if it follows one."""

    stream: UUID
    schema: int
    opened: int
    """Microseconds since 1970 UTC."""
    key_id: str
    """Key of the ring that the data key was first wrapped under."""
    wrapped: bytes
    """A commitment to the data key, 32 bytes; in streams from before there were any, the data key wrapped."""
    previous: UUID | None = None
    """The stream of the same process that ended with a lost connection."""
    previous_seq: int | None = None
    """That stream's last row; -1 when it had none."""
    previous_hash: bytes | None = None
    """That row's hash; the stream's genesis when it had none."""
    key: bytes = b""
    """The data key as it is wrapped now, which the stream is not bound to; empty where it lies in `wrapped`."""

    @property
    def wrapped_by(self) -> str:
        """Key of the ring that opens the data key now."""
        return sealed_under(self.key or self.wrapped) or self.key_id


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
    retention: str = ""
    facts: bytes = b""


def micros(at: datetime) -> int:
    """Microseconds since 1970 UTC, exactly."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(at: int) -> datetime:
    """The reverse of `micros`; OverflowError outside the years 1 to 9999."""
    return _EPOCH + timedelta(microseconds=at)


PERSONAL = ("name", "client")
"""Entries of `detail` that say who somebody is; they go under his own key."""


def encode(record: Record, key: SubjectKey, *, max_bytes: int, terms: Sequence[int] = ()) -> Entry:
    """The record ready for sealing, what is personal in it sealed already under its subject's key.

    Raises Broken when it cannot be written, TooLarge when it is over `max_bytes`.
    """
    if record.kind not in KINDS:
        raise Broken("audit record of unknown kind")
    if record.at.tzinfo is None:
        raise Broken("audit record without a time zone")
    # One unwritable record would take the whole batch down with it, so it is refused here.
    if not _writable(record.request, MAX_REQUEST):
        raise Broken("audit record with an unusable request id")
    retention = record.retention or class_of(record.action)
    if not _writable(retention, MAX_RETENTION):
        raise Broken("audit record of an unusable retention class")
    facts = b""
    detail = record.detail
    who = {name: detail[name] for name in PERSONAL if name in detail}
    inner = dump({"principal": record.principal, "who": who, "content": record.content})
    told: Json = {
        "subject": key.label,
        "action": record.action,
        "policy": record.policy,
        "detail": {name: value for name, value in detail.items() if name not in who} if who else detail,
    }
    if record.statement is not None:
        # Kept as it was written: a commitment fits these bytes and no other form of them.
        statement, salt = dump(record.statement), os.urandom(SALT)
        told |= {"statement": statement.decode(), "salt": salt.hex()}
        facts = commitment(statement, salt)
    payload = pack(dump(told), key.seal(inner, record.request))
    if len(payload) > max_bytes:
        raise TooLarge(
            f"audit record of {len(payload)} bytes, the limit is {max_bytes}",
            hint="send less at once",
        )
    return Entry(record.at, record.kind, record.request, payload, retention, facts, terms)


def _writable(text: str, most: int) -> bool:
    if text.isascii():
        return len(text) <= most and "\0" not in text
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        return False
    return len(encoded) <= most and b"\0" not in encoded


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


def pack(outer: bytes, inner: bytes) -> bytes:
    """Both parts of a payload: the outer one's length, it, and the inner one."""
    return len(outer).to_bytes(4, "big") + outer + inner


def subject_of(payload: bytes) -> str:
    """The name of the key that a payload's inner part is sealed under; empty where it names none."""
    # `encode` writes it first, and every row is asked.
    if payload[4 : 4 + len(_SUBJECT)] == _SUBJECT:
        end = payload.find(b'"', 4 + len(_SUBJECT))
        return payload[4 + len(_SUBJECT) : end].decode("ascii", "replace")
    try:
        name = unpack(payload)[0].get("subject")
    except (ValueError, TypeError):
        return ""
    return name if isinstance(name, str) else ""


def unpack(payload: bytes) -> tuple[Json, bytes]:
    """The outer part read, and the inner one. Raises ValueError, TypeError."""
    end = 4 + int.from_bytes(payload[:4], "big")
    if len(payload) < end:
        raise ValueError("cut short")
    return load(payload[4:end]), payload[end:]


def whole(outer: Json, inner: bytes, key: SubjectKey | None, request: str) -> Json:
    """A payload with what its subject's key opens, None where that key is gone.

    Raises SealBroken, ValueError, TypeError.
    """
    told = {name: outer.get(name) for name in ("action", "policy", "detail", "statement", "salt")}
    if key is None:
        return told | {"principal": None, "content": None, "erased": True}
    opened = load(key.open(inner, request))
    detail = {**(outer.get("detail") or {}), **(opened.get("who") or {})}
    return told | {
        "detail": detail,
        "principal": opened.get("principal"),
        "content": opened.get("content"),
        "erased": False,
    }


def load(payload: bytes) -> Json:
    """The reverse of `dump`; ValueError when it is not JSON, TypeError when it is no object."""
    try:
        value: Any = orjson.loads(payload)
    except orjson.JSONDecodeError:
        value = json.loads(payload)
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _integer(value: int | None) -> bytes:
    return b"" if value is None else value.to_bytes(8, "big", signed=True)


def header_bytes(header: Header) -> bytes:
    """What a wrapped data key is authenticated with: the header without any. OverflowError: no such header."""
    return fields(
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
    return hashlib.sha256(fields(_GENESIS, header_bytes(header), header.wrapped)).digest()


def seal_bytes(clear: bytes) -> bytes:
    """What a row's seal is authenticated with. `clear` comes from `head`."""
    return _SEAL + clear


def hash_of(clear: bytes, sealed: bytes) -> bytes:
    """SHA-256 of a row as written. `clear` comes from `head`."""
    return row_hash(clear, hashlib.sha256(sealed).digest())


def clear_of(row: Row) -> bytes:
    """The clear fields of a row. OverflowError: no row has such values."""
    return head(row.stream, row.seq, row.at, row.kind, row.request, row.prev, row.retention, row.facts)


def is_whole(row: Row) -> bool:
    """Whether the row's own hash is that of its bytes."""
    try:
        clear = clear_of(row)
    except OverflowError:
        return False
    return hash_of(clear, row.sealed) == row.hash
