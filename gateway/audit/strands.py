"""Rows of the log as the database copies them out, and what need be known of those about which nothing is odd.

A strand is rows of one stream, each whole, that follow one another in number and by hash. What costs time about a row
is done here, with no knowledge of others but the one before it: its hash, its leaf and its seal. What a strand means
for the log is for `Verifier` and `TreeAudit` to judge, and each row that is in no strand goes to them as it is. Pure.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Final
from uuid import UUID

from gateway.audit.record import END, FIRST, FROM_2000, Row, subject_of
from gateway.audit.stream import Opener
from gateway.audit.tlog.check import HASH, leaf_hash, row_hash
from gateway.errors import Broken, SealBroken

_BEGIN: Final = b"PGCOPY\n\377\r\n\0" + bytes(8)
_COLUMNS: Final = 11
_TRAILER: Final = b"\xff\xff"
# How many columns; which stretch; then the clear fields, each with its length: stream, number, time, predecessor, and
# the length of the kind.
_fixed = struct.Struct(">hiiI16sIqIqI32sI").unpack_from
_CLEAR, _TIME, _AFTER_TIME, _KIND = 10, 46, 54, 94
"""Where in it the clear fields begin, where the time does and where it ends, and where the kind does."""
_NULL: Final = (1 << 32) - 1
_length = struct.Struct(">I").unpack_from
_time = struct.Struct(">q").pack
_KINDS: Final = {b"intent": "intent", b"outcome": "outcome", b"refusal": "refusal"}
_ENDS: Final = END.encode()


@dataclass(frozen=True, slots=True)
class Strand:
    """Rows that follow one another, with nothing odd about any. The last one may be that which closes the stream."""

    stream: UUID
    seq: int
    """The first one's number."""
    prev: bytes
    """What the first one names as its predecessor."""
    hash: bytes
    """The last one's hash."""
    marks: bytes
    """First eight bytes of each one's hash, as an `array("Q")` holds them."""
    leaves: bytes
    """Each one's leaf in the tree, 32 bytes."""
    closes: bool
    """Whether the last one closes the stream."""
    opened: bool | None
    """True: each opened under the stream's key; None: none was given."""
    subjects: frozenset[str]
    """Names of the keys that they were sealed under, where they were opened."""
    asked: tuple[tuple[str, str, int, int], ...]
    """Kind, request id, number and time of those that begin or end a request, in order."""

    @property
    def count(self) -> int:
        """How many rows."""
        return len(self.leaves) // HASH

    @property
    def last(self) -> int:
        """The last one's number."""
        return self.seq + self.count - 1


Part = Strand | Row
Piece = tuple[int, list[Part]]
"""Which of the stretches asked for, and what was found of it, in order."""
_Whole = tuple[int, bytes, int, int, bytes, bytes, bytes, bytes, bytes, bytes, int]


class _Growing:
    """A strand that may grow."""

    __slots__ = ("asked", "follows", "hashes", "number", "opener", "prev", "seq", "stream", "subjects")

    def __init__(self, number: int, stream: bytes, seq: int, prev: bytes, opener: Opener | None) -> None:
        self.number = number
        self.stream = stream
        self.seq = seq
        self.prev = prev
        self.opener = opener
        self.hashes: list[bytes] = []
        self.subjects: set[str] = set()
        self.asked: list[tuple[str, str, int, int]] = []
        self.follows = (number, stream, seq, prev)
        """Of the row that comes next in it."""

    def opens(self, opener: Opener, seq: int, kind: bytes, sealed: bytes, clear: bytes) -> bool:
        try:
            payload = opener.payload(seq, sealed, clear)
        except SealBroken:
            return False
        if kind != _ENDS:
            self.subjects.add(subject_of(payload))
        return True

    def end(self, *, closes: bool) -> Strand:
        marks = array("Q", b"".join(self.hashes))[:: HASH // 8]
        if sys.byteorder == "little":
            marks.byteswap()
        return Strand(
            UUID(bytes=self.stream),
            self.seq,
            self.prev,
            self.hashes[-1],
            marks.tobytes(),
            b"".join([leaf_hash(digest) for digest in self.hashes]),
            closes,
            None if self.opener is None else True,
            frozenset(self.subjects),
            tuple(self.asked),
        )


class Condenser:
    """Makes strands of rows while they are being copied out; the other rows are kept whole.

    openers: by stream, of those whose rows are opened; apart: keep every row whole.
    """

    def __init__(self, openers: Mapping[bytes, Opener], *, apart: bool = False) -> None:
        self._openers = openers
        self._apart = apart
        self._parts: list[tuple[int, Part]] = []
        self._now: _Growing | None = None
        self._begun = self._ended = False

    def feed(self, copied: bytes) -> None:
        """The next rows, whole ones: the database sends each in a message of its own. Raises Broken."""
        at, end = 0, len(copied)
        if not self._begun and end:
            self._begun = True
            if not copied.startswith(_BEGIN):
                raise _odd()
            at = len(_BEGIN)
        while at < end:
            if self._ended:
                raise _odd()
            found = None if self._apart else _whole(copied, at)
            if found is not None and self._grows(found):
                at = found[-1]
            elif copied[at : at + 2] == _TRAILER:
                self._end()
                self._ended = True
                at += len(_TRAILER)
            else:
                self._end()
                number, row, at = _row(copied, at)
                self._parts.append((number, row))

    def finish(self) -> list[Piece]:
        """What came of all of them. Raises Broken where the end was not reached."""
        if not self._ended:
            raise _odd()
        return [(number, [part for _, part in some]) for number, some in groupby(self._parts, itemgetter(0))]

    def _grows(self, found: _Whole) -> bool:
        """Put a row into the strand that it belongs to; False where it does not open."""
        number, stream, seq, time, prev, kind, request, clear, sealed, digest, _ = found
        now = self._now
        if now is None or now.follows != (number, stream, seq, prev):
            self._end()
            now = self._now = _Growing(number, stream, seq, prev, self._openers.get(stream))
        if now.opener is not None and not now.opens(now.opener, seq, kind, sealed, clear):
            return False
        now.hashes.append(digest)
        now.follows = (number, stream, seq + 1, digest)
        if kind in _KINDS:
            now.asked.append((_KINDS[kind], request.decode(), seq, time))
        elif kind == _ENDS:
            self._end(closes=True)
        return True

    def _end(self, *, closes: bool = False) -> None:
        now, self._now = self._now, None
        if now is not None and now.hashes:
            self._parts.append((now.number, now.end(closes=closes)))


def size(pieces: Sequence[Piece]) -> int:
    """How many rows."""
    return sum(part.count if isinstance(part, Strand) else 1 for _, parts in pieces for part in parts)


def _whole(copied: bytes, at: int) -> _Whole | None:
    """The row at a place, if its hash is that of its bytes.

    Stretch, stream, number, time, predecessor, kind, request, the bytes that are hashed of its clear fields, what is
    sealed, its hash, and where the next row is.
    """
    try:
        _, a, number, b, stream, c, seq, d, time, e, prev, size = _fixed(copied, at)
        if e != HASH or d != 8 or c != 8 or b != 16 or a != 4 or seq < FIRST:
            return None
        asked = at + _KIND + size
        kept = asked + 4 + _length(copied, asked)[0]
        facts = kept + 4 + _length(copied, kept)[0]
        seal = facts + 4 + _length(copied, facts)[0]
        mark = seal + 4 + _length(copied, seal)[0]
        if _length(copied, mark)[0] != HASH:
            return None
        time += FROM_2000
        clear = copied[at + _CLEAR : at + _TIME] + _time(time) + copied[at + _AFTER_TIME : seal]
    except struct.error:
        return None  # a field that is null, or a time that no row has
    sealed = copied[seal + 4 : mark]
    digest = copied[mark + 4 : mark + 4 + HASH]
    if row_hash(clear, sha256(sealed).digest()) != digest:
        return None
    kind, request = copied[at + _KIND : asked], copied[asked + 4 : kept]
    return number, stream, seq, time, prev, kind, request, clear, sealed, digest, mark + 4 + HASH


def _row(copied: bytes, at: int) -> tuple[int, Row, int]:
    """Whatever stands at a place. Where a field is null, which none was written as, the row has no hash."""
    at += 2
    some: list[bytes] = []
    torn = False
    for _ in range(_COLUMNS):
        if at + 4 > len(copied):
            raise _odd()
        size = _length(copied, at)[0]
        if size == _NULL:
            torn, size = True, 0
        some.append(copied[at + 4 : at + 4 + size])
        at += 4 + size
    if at > len(copied):
        raise _odd()
    number, stream, seq, time, prev, kind, request, retention, facts, sealed, digest = some
    row = Row(
        UUID(bytes=stream),
        _signed(seq),
        _signed(time) + FROM_2000,
        kind.decode(),
        request.decode(),
        prev,
        sealed,
        b"" if torn else digest,
        retention.decode(),
        facts,
    )
    return _signed(number), row, at


def _signed(some: bytes) -> int:
    return int.from_bytes(some, "big", signed=True)


def _odd() -> Broken:
    return Broken("the database copied rows out in another form than it should")
