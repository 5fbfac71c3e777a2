"""One process's stream while it is being written: its data key, its next place, and what the next row names."""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from gateway.audit.record import (
    FIRST,
    SCHEMA,
    Entry,
    Header,
    Row,
    clear_of,
    genesis,
    hash_of,
    header_bytes,
    micros,
    seal_bytes,
)
from gateway.audit.tlog.check import head
from gateway.crypto import KeyRing, Sealer, SecretBytes, keyed
from gateway.errors import SealBroken
from gateway.model import Position

PURPOSE = "audit-stream"
KEY_BYTES = 32
COMMITMENT = 32


class Stream:
    """Seals and chains entries. Pure: whoever holds it writes `header` first and the rows in the order they came.

    A stream that failed to write something is never continued: its counter nonces have been used, and what became
    durable is known to the database only. The next stream's header says where this one ended.
    """

    __slots__ = ("_name", "_sealer", "header", "prev", "seq")

    def __init__(self, ring: KeyRing, opened: datetime, previous: tuple[UUID, int, bytes] | None = None) -> None:
        key = SecretBytes(os.urandom(KEY_BYTES))
        before, before_seq, before_hash = previous or (None, None, None)
        bare = Header(_new_id(opened), SCHEMA, micros(opened), ring.current, b"", before, before_seq, before_hash)
        wrapped = ring.wrap(PURPOSE, key.reveal(), header_bytes(bare), under=bare.key_id)
        self.header = replace(bare, wrapped=_committed(key), key=wrapped)
        self._sealer = Sealer(key)
        self._name = str(bare.stream)
        self.seq = FIRST
        """The next row's number."""
        self.prev = genesis(self.header)
        """What the next row names as its predecessor."""

    def add(self, entry: Entry) -> Row:
        """The entry as this stream's next row."""
        seq, prev, stream = self.seq, self.prev, self.header.stream
        at = micros(entry.at)
        clear = head(stream, seq, at, entry.kind, entry.request, prev, entry.retention, entry.facts)
        sealed = self._sealer.seal(seq, entry.payload, seal_bytes(clear))
        digest = hash_of(clear, sealed)
        self.seq, self.prev = seq + 1, digest
        return Row(stream, seq, at, entry.kind, entry.request, prev, sealed, digest, entry.retention, entry.facts)

    def position(self, row: Row) -> Position:
        """What the writer of `row` is told once it is durable."""
        return Position(self._name, row.seq, row.hash.hex())


def data_key(ring: KeyRing, header: Header) -> SecretBytes:
    """The key that a stream's rows are sealed under.

    Raises SealBroken when the ring does not unwrap it, or it is not the one that the header is committed to.
    """
    try:
        bound = header_bytes(header)
    except OverflowError:
        raise SealBroken("stream header out of range") from None
    key = SecretBytes(ring.open(PURPOSE, header.key or header.wrapped, bound))
    # A longer one is the key itself, wrapped as it was first.
    if len(header.wrapped) <= COMMITMENT and not hmac.compare_digest(header.wrapped, _committed(key)):
        raise SealBroken("stream header is committed to another key")
    return key


def rewrapped(ring: KeyRing, header: Header) -> bytes:
    """The data key wrapped under the ring's current key. Raises SealBroken."""
    return ring.wrap(PURPOSE, data_key(ring, header).reveal(), header_bytes(header))


def _committed(key: SecretBytes) -> bytes:
    return keyed(key, b"gateway/audit/stream-key/1")


class Opener:
    """Opens one stream's rows. Raises SealBroken when the ring does not unwrap the stream's key."""

    __slots__ = ("_sealer", "key")

    def __init__(self, ring: KeyRing, header: Header) -> None:
        self.key = data_key(ring, header)
        """The stream's."""
        self._sealer = Sealer(self.key)

    def open(self, row: Row, clear: bytes | None = None) -> bytes:
        """The row's payload; `clear` is what `clear_of` gives for it, where that was worked out before.

        Raises SealBroken when any of the row's fields is not what was sealed.
        """
        if clear is None:
            try:
                clear = clear_of(row)
            except OverflowError:
                raise SealBroken("audit row out of range") from None
        if row.seq < FIRST:
            raise SealBroken("audit row out of range")
        return self.payload(row.seq, row.sealed, clear)

    def payload(self, seq: int, sealed: bytes, clear: bytes) -> bytes:
        """What is sealed in row `seq`, which is not negative; `clear` as in `open`. Raises SealBroken."""
        return self._sealer.open(seq, sealed, seal_bytes(clear))


class KeyOpener(Opener):
    """The same with the stream's key itself, as an export can hold it."""

    __slots__ = ()

    def __init__(self, key: SecretBytes) -> None:
        self.key = key
        self._sealer = Sealer(key)


def _new_id(opened: datetime) -> UUID:
    """Random, and sorting by time as text does (RFC 9562, version 7)."""
    milliseconds = micros(opened) // 1000
    value = (milliseconds & (1 << 48) - 1) << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return UUID(int=value)
