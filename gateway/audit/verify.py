"""Is the audit log as it was written? A pure check of headers and rows, with or without keys.

Without keys it checks every row's hash over the bytes as written, every link, every header against the first row that
names it, and every end that something else names (the mark of closing, or the header of the stream that follows).
Whoever can write to the database and computes hashes anew passes that; with keys he does not, because each row's seal
authenticates its stream, its place, its clear fields and its predecessor.

Not seen here: rows cut off the end of a stream that was not closed in order, a stream taken out whole that no other
names, the whole database put back. The tree over all rows and its signed checkpoints are for that (tree_audit.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from gateway.audit.chain import Chain, Head
from gateway.audit.diagnose import diagnose
from gateway.audit.pruned import Range
from gateway.audit.record import FIRST, Row, clear_of, hash_of
from gateway.audit.strands import Part, Piece
from gateway.audit.stream import Opener
from gateway.audit.verdicts import SHOWN, Faults, Report, TreeReport, Unfinished, Verdict, first
from gateway.crypto import KeyRing

SUSPECTS = 20_000
"""Broken rows looked at closely; further ones are reported as modified without asking whether they were moved."""


class Verifier:
    """Feed it rows, by stream and number as far as that is in one's hand, then `finish`.

    `ring` opens the rows; None checks hashes and links alone. Holds 16 bytes per row in memory.
    """

    def __init__(self, heads: Iterable[Head], ring: KeyRing | None = None, faults: Faults | None = None) -> None:
        self._ring = ring
        self.faults = Faults() if faults is None else faults
        """Shared with whoever checks the tree over the same rows."""
        self.subjects: set[str] = set()
        """Names of the keys that rows were sealed under, as far as the ring opens them."""
        self._chains: dict[UUID, Chain] = {}
        for head in heads:
            stream = head.header.stream
            self._chains[stream] = chain = Chain(stream, head, self.faults, subjects=self.subjects)
            chain.prepare(ring)
        self._suspects: list[Row] = []
        self._records = 0
        self._pending: dict[str, Unfinished] = {}
        self._early: set[str] = set()
        """Outcomes met before their intents: the process had to change streams in between."""

    def prune(self, ranges: Iterable[Range], pruned_as: Callable[[UUID, int, bytes], bool]) -> None:
        """Rows that signed statements say were pruned; before any is fed. See `TreeAudit.prune`."""
        found: dict[UUID, list[Range]] = {}
        for one in ranges:
            found.setdefault(one.stream, []).append(one)
        for stream, some in found.items():
            self._chain(stream).prune(some, pruned_as)

    def feed(self, rows: Iterable[Row]) -> None:
        """Examine some rows."""
        for row in rows:
            chain = self._chain(row.stream)
            chain.rows += 1
            self._records += 1
            try:
                clear = clear_of(row)
            except OverflowError:
                clear = None  # no row has such values
            if clear is not None and hash_of(clear, row.sealed) == row.hash:
                chain.add(row, clear)
                self._pair(row.kind, row.request, row.stream, row.seq, row.at)
            elif len(self._suspects) < SUSPECTS:
                self._suspects.append(row)
            else:
                chain.filled.add(row.seq)
                self.faults.add(Verdict.MODIFIED, row.stream, row.seq, "the row does not have the hash that it states")

    @property
    def openers(self) -> dict[bytes, Opener]:
        """What opens the rows of each stream that the ring has the key of."""
        return {stream.bytes: chain.opener for stream, chain in self._chains.items() if chain.opener is not None}

    def takes(self, pieces: Iterable[Piece]) -> bool:
        """Whether `examine` can say of these what `feed` would say of their rows."""
        tops: dict[UUID, int] = {}
        for _, parts in pieces:
            for part in parts:
                chain = self._chain(part.stream)
                top = tops.get(part.stream, chain.top)
                if isinstance(part, Row):
                    tops[part.stream] = max(top, part.seq)
                elif chain.takes(top, part):
                    tops[part.stream] = part.last
                else:
                    return False
        return True

    def examine(self, parts: Iterable[Part]) -> None:
        """The same as `feed`, of what was read in strands; as far as `takes` allows."""
        for part in parts:
            if isinstance(part, Row):
                self.feed((part,))
                continue
            chain = self._chain(part.stream)
            chain.rows += part.count
            self._records += part.count
            chain.extend(part)
            for kind, request, seq, at in part.asked:
                self._pair(kind, request, part.stream, seq, at)

    @property
    def fits(self) -> bool:
        """Whether the ring opens any stream."""
        return any(chain.key_fits for chain in self._chains.values())

    def finish(self, tree: Callable[[], TreeReport | None] = lambda: None) -> Report:
        """The verdict over everything fed; `tree` adds what the tree over the rows says."""
        diagnose(self._suspects, self._chains, self.faults)
        for chain in self._chains.values():
            chain.finish_gaps()
            chain.bind()
            self._header(chain)
            chain.finish_closing()
        of_tree = tree()
        followed = {seen for chain in self._chains.values() if (seen := self._previous(chain)) is not None}
        with_keys = self._ring is not None
        ordered = sorted(self._chains.values(), key=lambda c: (c.head.header.opened if c.head else 0, c.stream))
        return Report(
            streams=tuple(
                chain.report(chain.stream in followed, with_keys)
                for chain in ordered
                if chain.head is not None or chain.top >= FIRST
            ),
            faults=tuple(self.faults.sorted()[:SHOWN]),
            faults_total=len(self.faults),
            unfinished=first(self._pending.values()),
            unfinished_total=len(self._pending),
            records=self._records,
            with_keys=with_keys,
            tree=of_tree,
        )

    def _chain(self, stream: UUID) -> Chain:
        chain = self._chains.get(stream)
        if chain is None:
            chain = self._chains[stream] = Chain(stream, None, self.faults)
        return chain

    def _pair(self, kind: str, request: str, stream: UUID, seq: int, at: int) -> None:
        """Match intents with outcomes by request id, over all streams."""
        if kind == "intent":
            if request in self._early:
                self._early.remove(request)
            else:
                self._pending[request] = Unfinished(request, stream, seq, at)
        elif kind in ("outcome", "refusal"):
            done = self._pending.pop(request, None)
            if done is None and kind == "outcome":
                self._early.add(request)

    def _header(self, chain: Chain) -> None:
        if chain.head is None:
            if chain.end_of_all() >= FIRST:
                self.faults.add(Verdict.MISSING, chain.stream, None, "the stream's header is not in the log")
        elif chain.bound is False and not self.faults.at(chain.stream, FIRST):
            chain.header_fault("the first row names another header")
        elif chain.key_fits is False and chain.bound is not False:
            self._unopened(chain, chain.head)

    def _unopened(self, chain: Chain, head: Head) -> None:
        """Say why the ring does not unwrap the stream's key: another ring, or a header that is not what was written."""
        key_id = head.header.wrapped_by
        proven = any(c.key_fits and c.head and c.head.header.wrapped_by == key_id for c in self._chains.values())
        if proven:
            chain.header_fault("its key does not unwrap, though others under the same key do")
        else:
            self.faults.add(Verdict.WRONG_KEY, chain.stream, None, f"the key ring does not open key {key_id!r}")

    def _previous(self, chain: Chain) -> UUID | None:
        """Hold the stream that this one follows against the end this one's header names; its id if there is one."""
        if chain.head is None or chain.head.header.previous is None or self.faults.at(chain.stream, None):
            return None
        header = chain.head.header
        before = self._chains.get(header.previous) if header.previous else None
        end, digest = header.previous_seq, header.previous_hash
        if header.previous is None or end is None or digest is None:
            return None
        if before is None or before.head is None:
            if before is None or before.end_of_all() < FIRST:
                note = "the stream that another one follows is not in the log"
                self.faults.add(Verdict.MISSING, header.previous, None, note)
            return header.previous
        if before.end_of_all() < end:
            before.missing(before.end_of_all() + 1, end)
        elif before.top > end:
            before.beyond(end)
        elif end < FIRST:
            if before.genesis != digest:
                before.header_fault("the stream that follows names another header")
        elif (before.top == end and digest not in before.top_hashes) or not before.fits(end, digest):
            self.faults.add(Verdict.MODIFIED, before.stream, end, "the stream that follows names another hash for it")
        return header.previous


def verify(heads: Iterable[Head], rows: Iterable[Row], ring: KeyRing | None = None) -> Report:
    """Check everything at once; for a log that fits into memory."""
    verifier = Verifier(heads, ring)
    verifier.feed(rows)
    return verifier.finish()
