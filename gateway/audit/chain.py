"""One stream under examination: order, links and seals of its whole rows. Pure, one pass, 16 bytes kept per row."""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from gateway.audit.pruned import Range
from gateway.audit.record import END, FIRST, Header, Row, genesis, subject_of
from gateway.audit.strands import Strand
from gateway.audit.stream import Opener
from gateway.audit.verdicts import Faults, State, StreamReport, Verdict
from gateway.crypto import KeyRing
from gateway.errors import SealBroken

_MARK: Final = struct.Struct(">Q").unpack_from


@dataclass(frozen=True, slots=True)
class Head:
    """A stream's header row as it stands in the database."""

    header: Header
    closed_seq: int | None = None
    closed_hash: bytes | None = None
    live: bool | None = None
    """Whether a process holds the stream's lock; None when that is not known."""


@dataclass(slots=True)
class Chain:
    """Takes the whole rows of one stream, in the order of their numbers; what comes out of order is noted as such."""

    stream: UUID
    head: Head | None
    faults: Faults
    opener: Opener | None = None
    subjects: set[str] | None = None
    """Collects the names of the keys that rows were sealed under, where that is asked for."""
    key_fits: bool | None = None
    """None without a key ring."""
    genesis: bytes | None = None
    seqs: array[int] = field(default_factory=lambda: array("q"))
    marks: array[int] = field(default_factory=lambda: array("Q"))
    """First eight bytes of each whole row's hash, beside `seqs`."""
    rows: int = 0
    top: int = FIRST - 1
    """Highest number among whole rows."""
    top_hashes: tuple[bytes, ...] = ()
    """Hash of the row at `top`; more than one when there are two rows for it."""
    top_opened: bool | None = None
    opens: bool = True
    end: tuple[int, bytes] | None = None
    """The row that closes the stream."""
    bound: bool | None = None
    """Whether the first row names this header; None when there is no first row to ask."""
    gaps: list[tuple[int, int]] = field(default_factory=list)
    filled: set[int] = field(default_factory=set)
    """Numbers accounted for otherwise: rows out of order, modified, or found elsewhere."""
    pruned: list[Range] = field(default_factory=list)
    """Rows that a signed statement says were pruned, ascending."""
    pruned_as: Callable[[UUID, int, bytes], bool] | None = None
    """Whether the last row of a pruned range had a hash."""

    def prepare(self, ring: KeyRing | None) -> None:
        """Work out what the header says."""
        if self.head is None:
            return
        try:
            self.genesis = genesis(self.head.header)
        except OverflowError:
            self.header_fault("no stream has such a header")
            return
        if ring is not None:
            with suppress(SealBroken):
                self.opener = Opener(ring, self.head.header)
            self.key_fits = self.opener is not None

    def add(self, row: Row, clear: bytes | None = None) -> None:
        """The next whole row; `clear` is what `clear_of` gives for it, where that was worked out before."""
        _, seq, _, kind, _, prev, _, digest, _, _ = row
        top = self.top
        self.seqs.append(seq)
        self.marks.append(_MARK(digest)[0])
        if seq == top + 1 and kind != END and self.opener is None and not self.pruned and prev in self.top_hashes:
            self.top, self.top_hashes = seq, (digest,)  # nearly every row is this one
            return
        if kind == END and seq >= top:
            self.end = (seq, digest)
        if seq <= top:
            self._out_of_order(row)
            return
        opened = None if self.opener is None else self._opens(self.opener, row, clear)
        if self.pruned and self.is_pruned(seq):
            self.faults.add(Verdict.MODIFIED, self.stream, seq, "the row stands there though it was pruned")
        self._link(seq, prev, opened)
        self.top, self.top_hashes, self.top_opened = seq, (digest,), opened

    def takes(self, top: int, strand: Strand) -> bool:
        """Whether `extend` does what `add` would do with each row of a strand, once the highest number is `top`."""
        if strand.seq <= top or strand.opened != (None if self.opener is None else True):
            return False
        return not self.pruned or not self._touches(strand.seq, strand.last)

    def extend(self, strand: Strand) -> None:
        """The next rows, whole and linked among themselves, as far as `takes` allows."""
        last = strand.last
        self.seqs.extend(range(strand.seq, last + 1))
        self.marks.frombytes(strand.marks)
        if strand.closes:
            self.end = (last, strand.hash)
        if self.subjects is not None:
            self.subjects |= strand.subjects
        self._link(strand.seq, strand.prev, strand.opened)
        self.top, self.top_hashes, self.top_opened = last, (strand.hash,), strand.opened

    def _link(self, seq: int, prev: bytes, opened: bool | None) -> None:
        """Hold a row behind all the others against them."""
        if seq > self.top + 1:
            self.gaps.append((self.top + 1, seq - 1))
            if not self.fits(seq - 1, prev):
                self.faults.add(Verdict.MODIFIED, self.stream, seq, "the row names another predecessor")
        elif seq == FIRST:
            if self.genesis is not None:
                self.bound = prev == self.genesis
        elif prev not in self.top_hashes:
            self._unlinked(seq, opened)

    def _opens(self, opener: Opener, row: Row, clear: bytes | None) -> bool:
        try:
            payload = opener.open(row, clear)
            if self.subjects is not None and row.kind != END:
                self.subjects.add(subject_of(payload))
        except SealBroken:
            self.opens = False
            self.faults.add(
                Verdict.MODIFIED, self.stream, row.seq, "the row was not sealed as it stands by this stream"
            )
            return False
        return True

    def _unlinked(self, seq: int, opened: bool | None) -> None:
        """Two neighbours, each whole, and the later names another predecessor. Who is believed decides who is not."""
        if opened is False or self.top_opened is False:
            return  # said already, of the row that does not open
        if self.top_opened:
            self.faults.add(Verdict.MODIFIED, self.stream, seq, "the row names another predecessor")
        else:
            self.faults.add(Verdict.MODIFIED, self.stream, self.top, "the next row names another hash for it")

    def _out_of_order(self, row: Row) -> None:
        if row.seq < FIRST:
            self.faults.add(Verdict.MODIFIED, self.stream, row.seq, "there is no such place in a stream")
        elif self.in_gap(row.seq):
            self.filled.add(row.seq)
            self.faults.add(Verdict.REORDERED, self.stream, row.seq, "the row comes after later ones")
        else:
            self.faults.add(Verdict.DUPLICATE, self.stream, row.seq, "there is another row for this place")
            if row.seq == self.top:
                self.top_hashes = (*self.top_hashes, row.hash)

    def prune(self, ranges: list[Range], pruned_as: Callable[[UUID, int, bytes], bool]) -> None:
        """Rows that are not there because they were pruned. Before the first row."""
        self.pruned = sorted(ranges)
        self.pruned_as = pruned_as

    def is_pruned(self, seq: int) -> bool:
        """Whether a row was pruned."""
        before = bisect_right(self.pruned, seq, key=_first)
        return before > 0 and seq <= self.pruned[before - 1].last

    def _touches(self, first: int, last: int) -> bool:
        """Whether a row from `first` to `last` may have been pruned."""
        before = bisect_right(self.pruned, first, key=_first)
        return self.is_pruned(first) or bisect_right(self.pruned, last, key=_first) > before

    def fits(self, seq: int, digest: bytes) -> bool:
        """Whether a row that was pruned had this hash, as far as that can be told: of the last one of a range."""
        before = bisect_right(self.pruned, seq, key=_first)
        if self.pruned_as is None or before == 0 or self.pruned[before - 1].last != seq:
            return True
        return self.pruned_as(self.stream, seq, digest)

    def bind(self) -> None:
        """Where the first row was pruned, hold the header against what that row named."""
        if self.genesis is not None and self.pruned and self.pruned[0].first == FIRST:
            self.bound = self.pruned[0].genesis == self.genesis

    def in_gap(self, seq: int) -> bool:
        """Whether the place has neither a row nor another explanation yet."""
        before = bisect_right(self.gaps, seq, key=lambda gap: gap[0])
        return before > 0 and seq <= self.gaps[before - 1][1] and seq not in self.filled

    def finish_gaps(self) -> None:
        """Report the places nothing accounts for."""
        explained = sorted([*((seq, seq) for seq in self.filled), *((one.first, one.last) for one in self.pruned)])
        for low, high in (*self.gaps, (self.top + 1, self.end_of_all())):
            start = low
            at = bisect_left(explained, (low,))
            if at and explained[at - 1][1] >= low:
                at -= 1  # a range of which a row stands there all the same
            inside = explained[at : bisect_left(explained, (high + 1,))]
            for first, last in (*inside, (high + 1, high + 1)):
                if first > start:
                    self.missing(start, first - 1)
                start = max(start, last + 1)

    def missing(self, start: int, last: int) -> None:
        """Report a range of rows as not there."""
        self.faults.add(Verdict.MISSING, self.stream, start, "not in the log", last)

    def end_of_all(self) -> int:
        """Highest number that a row is accounted for."""
        return max(self.top, max(self.filled, default=FIRST - 1), self.pruned[-1].last if self.pruned else FIRST - 1)

    def finish_closing(self) -> None:
        """Compare the mark of closing in the header with the rows."""
        if self.head is None:
            return
        seq, digest = self.head.closed_seq, self.head.closed_hash
        marked = None if seq is None and digest is None else (seq, digest)
        if marked == self.end:
            if self.end is not None and self.top > self.end[0]:
                self.beyond(self.end[0])
        elif marked is None:
            self.header_fault("the mark of its closing is gone")
        elif self.end is None and seq is not None and digest is not None and seq > self.end_of_all():
            self.missing(self.end_of_all() + 1, seq)
        elif self.end is not None or seq is None or digest is None or seq not in self.filled:
            self.header_fault("the mark of its closing is another than its last row")

    def beyond(self, seq: int) -> None:
        """Report whole rows after the stream's known end."""
        note = "written after the stream had ended"
        self.faults.add(Verdict.MODIFIED, self.stream, seq + 1, note, self.top)

    def header_fault(self, note: str) -> None:
        """Report the header as changed."""
        self.faults.add(Verdict.MODIFIED, self.stream, None, note)

    def report(self, followed: bool, with_keys: bool) -> StreamReport:
        """The stream in one line."""
        live = self.head.live if self.head else None
        if self.head is not None and self.head.closed_seq is not None:
            state = State.CLOSED
        elif followed:
            state = State.FOLLOWED
        else:
            state = State.OPEN if live is None else State.LIVE if live else State.CUT
        return StreamReport(
            stream=self.stream,
            state=state,
            opened=self.head.header.opened if self.head else None,
            records=self.rows,
            last=self.top,
            head=self.top_hashes[0].hex() if self.top_hashes else "",
            opens=(self.opens and self.key_fits is True) if with_keys else None,
        )


def _first(one: Range) -> int:
    return one.first
