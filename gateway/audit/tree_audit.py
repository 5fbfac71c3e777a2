"""The tree held against its checkpoints, and rows against its leaves. Pure.

The leaves (tiles of level 0) are believed once the root over them is one that the log's key signed. A row is then held
against its leaf, so that one that was rewritten shows with its place, also when every hash after it was computed anew.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice, takewhile
from uuid import UUID

from gateway.audit.pruned import Range
from gateway.audit.record import FIRST, Row, micros
from gateway.audit.strands import Part
from gateway.audit.tlog.check import (
    EMPTY_ROOT,
    HASH,
    Checkpoint,
    NotProven,
    VerifierKey,
    leaf_hash,
    node_hash,
    open_checkpoint,
)
from gateway.audit.tlog.shelf import Kept, Run
from gateway.audit.tlog.tree import HEIGHT, WIDTH, Tile, grow, perfect, split_row
from gateway.audit.verdicts import TREE, Faults, TreeReport, Verdict


@dataclass(slots=True)
class Frontier:
    """The roots of the complete subtrees that make up the leaves so far."""

    size: int = 0
    _parts: list[bytes] = field(default_factory=list)

    def add(self, part: bytes, leaves: int = 1) -> None:
        """One more leaf, or a complete subtree of so many at a place where it can stand."""
        self._parts.append(part)
        self.size += leaves
        filled = self.size // leaves
        while not filled & 1:
            right = self._parts.pop()
            self._parts[-1] = node_hash(self._parts[-1], right)
            filled >>= 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._parts:
            return EMPTY_ROOT
        found = self._parts[-1]
        for part in reversed(self._parts[:-1]):
            found = node_hash(part, found)
        return found


class TreeAudit:
    """First `leaves`, then `parts` or `row` for the rows that runs name, then `finish`.

    known: checkpoints kept elsewhere (by an auditor, by witnesses), as signed notes.
    """

    def __init__(
        self,
        key: VerifierKey,
        faults: Faults,
        runs: Iterable[Run],
        checkpoints: Iterable[Kept],
        *,
        known: Iterable[bytes] = (),
        witnesses: Iterable[VerifierKey] = (),
    ) -> None:
        self._key = key
        self._faults = faults
        self._witnesses = tuple(witnesses)
        self.runs = list(runs)
        self.size = sum(run.count for run in self.runs)
        self._marks: dict[int, list[tuple[Checkpoint, bool]]] = {}
        """By size: checkpoints, and whether they were kept elsewhere."""
        self._signed: tuple[int, datetime, tuple[str, ...]] | None = None
        self._checked = 0
        self._leaves = bytearray()
        self._root = EMPTY_ROOT
        self._met = bytearray()
        self._following: Mapping[UUID, int] | None = None
        self._ends: dict[tuple[UUID, int], int] = {}
        """Leaves of the last rows of pruned ranges."""
        for kept in checkpoints:
            self._mark(kept)
        for note in known:
            self._mark_known(note)
        at = 0
        for run in self.runs:
            if run.first != at:
                faults.add(Verdict.MODIFIED, TREE, at, "the list of the tree's rows has a gap or says a leaf twice")
                break
            at += run.count

    def leaves(self, tiles: Mapping[int, bytes], above: Mapping[Tile, bytes] | None = None) -> None:
        """Tiles of level 0 by index: the tree is built over them and held against every checkpoint.

        above: the tiles of the other levels, which must be what those of level 0 make of them.
        """
        frontier = Frontier()
        self._at(frontier)
        sizes = sorted(self._marks)
        full: list[bytes] = []
        for row in _rows(tiles):
            self._leaves += row
            end = frontier.size + len(row) // HASH
            if len(row) == WIDTH * HASH:
                full.append(perfect(row))
                if bisect_right(sizes, frontier.size) == bisect_left(sizes, end):
                    frontier.add(full[-1], WIDTH)
                    self._at(frontier)
                    continue
            for leaf in split_row(row):
                frontier.add(leaf)
                self._at(frontier)
        if above is not None:
            self._above(full, above)
        self._root = frontier.root()
        self._met = bytearray(frontier.size)
        if frontier.size != self.size:
            self._faults.add(
                Verdict.MISSING, TREE, min(frontier.size, self.size), "tiles and the list of the tree's rows disagree"
            )
        for size, marks in sorted(self._marks.items()):
            if size > frontier.size:
                for _, is_known in marks:
                    verdict = Verdict.ROLLED_BACK if is_known else Verdict.MISSING
                    self._faults.add(
                        verdict, TREE, frontier.size, f"a signed checkpoint covers {size} leaves", size - 1
                    )
        signed = self._signed[0] if self._signed else 0
        if frontier.size > signed or (self.size and self._signed is None):
            self._faults.add(Verdict.CHECKPOINT, TREE, signed, "no signed checkpoint covers them", frontier.size - 1)

    def _above(self, full: list[bytes], above: Mapping[Tile, bytes]) -> None:
        proper = {Tile(tile.level + 1, tile.index): row for tile, row in grow(0, full, {}).items()}
        for tile in sorted({*proper, *above}):
            if proper.get(tile) != above.get(tile):
                note = "a tile above the leaves is not what they make"
                self._faults.add(Verdict.MODIFIED, TREE, tile.index << HEIGHT * (tile.level + 1), note)

    def ends(self, following: Mapping[UUID, int]) -> None:
        """By stream, the number from which on its rows are not in the tree yet, as the sealer noted it."""
        self._following = following

    def leave_out(self, first: int, count: int) -> None:
        """Leaves whose rows are not looked at, as where only part of a log was exported. After `leaves`."""
        end = min(first + count, len(self._met))
        self._met[first:end] = b"\1" * max(end - first, 0)

    def prune(self, ranges: Iterable[Range]) -> list[Range]:
        """Leaves whose rows a signed statement says were pruned; as far as they are leaves at all. After `leaves`."""
        runs: dict[UUID, list[Run]] = {}
        for run in self.runs:
            runs.setdefault(run.stream, []).append(run)
        found = []
        for one in ranges:
            there = runs.get(one.stream, [])
            at = max(bisect_right(there, one.first, key=lambda run: run.seq) - 1, 0)
            for run in takewhile(lambda run, end=one.last: run.seq <= end, islice(there, at, None)):  # type: ignore[misc]
                first, last = max(one.first, run.seq), min(one.last, run.seq + run.count - 1)
                if first > last or run.first + last - run.seq >= len(self._met):
                    continue
                self.leave_out(run.first + first - run.seq, last - first + 1)
                self._ends[one.stream, last] = run.first + last - run.seq
                found.append(Range(one.stream, first, last, one.genesis if first == one.first else b""))
        return found

    def pruned_as(self, stream: UUID, seq: int, digest: bytes) -> bool:
        """Whether the last row of a pruned range had this hash."""
        leaf = self._ends[stream, seq]
        return self._leaves[leaf * HASH : (leaf + 1) * HASH] == leaf_hash(digest)

    def parts(self, before: int, some: Iterable[Part]) -> None:
        """Rows of one stream, each at the leaf that is its number and `before` more."""
        for part in some:
            if isinstance(part, Row):
                self.row(part.seq + before, part)
                continue
            first, count = part.seq + before, part.count
            within = first >= 0 and first + count <= len(self._met)
            if within and self._leaves[first * HASH : (first + count) * HASH] == part.leaves:
                self._met[first : first + count] = b"\1" * count
                continue
            for number, leaf in enumerate(split_row(part.leaves)):
                self._leaf(first + number, leaf, part.stream, part.seq + number)

    def row(self, leaf: int, row: Row) -> None:
        """The row that stands at a leaf."""
        self._leaf(leaf, leaf_hash(row.hash), row.stream, row.seq)

    def _leaf(self, leaf: int, found: bytes, stream: UUID, seq: int) -> None:
        if not 0 <= leaf < len(self._met):
            return  # more than there are leaves: the list of rows was changed, and that is said already
        self._met[leaf] = 1
        if self._leaves[leaf * HASH : (leaf + 1) * HASH] != found:
            self._faults.add(Verdict.MODIFIED, stream, seq, "the row is not the one in the signed tree")

    def finish(self, outside: int) -> TreeReport:
        """`outside`: rows in the log that no run names."""
        for run in self.runs:
            met = self._met[max(run.first, 0) : max(run.first + run.count, 0)]
            first, last = met.find(0), met.rfind(0)
            if first >= 0:
                note = "rows of the signed tree are not in the log"
                self._faults.add(Verdict.MISSING, run.stream, run.seq + first, note, run.seq + last)
        self._finish_ends()
        signed = self._signed
        return TreeReport(
            size=self.size,
            root=self._root.hex(),
            checkpoints=self._checked,
            signed=signed[0] if signed else 0,
            at=micros(signed[1]) if signed else None,
            witnesses=signed[2] if signed else (),
            outside=outside,
        )

    def _finish_ends(self) -> None:
        if self._following is None:
            return
        proper: dict[UUID, int] = {}
        for run in self.runs:
            proper[run.stream] = max(proper.get(run.stream, FIRST), run.seq + run.count)
        for stream in sorted({*proper, *self._following}):
            if proper.get(stream, FIRST) != self._following.get(stream, FIRST):
                note = "the mark of how much of it is in the tree is another than the tree's own list"
                self._faults.add(Verdict.MODIFIED, stream, None, note)

    def _mark(self, kept: Kept) -> None:
        try:
            checkpoint, seen = open_checkpoint(kept.note, self._key, self._witnesses)
        except NotProven as reason:
            verdict = Verdict.WRONG_KEY if "not signed by" in str(reason) else Verdict.MODIFIED
            self._faults.add(verdict, TREE, kept.size, f"a checkpoint does not hold: {reason}")
            return
        if (checkpoint.size, checkpoint.root) != (kept.size, kept.root) or not _is_of(checkpoint, kept.at):
            self._faults.add(Verdict.MODIFIED, TREE, kept.size, "a checkpoint stands where another was signed")
            return
        self._checked += 1
        self._marks.setdefault(checkpoint.size, []).append((checkpoint, False))
        if self._signed is None or checkpoint.size >= self._signed[0]:
            self._signed = (checkpoint.size, kept.at, tuple(sorted(seen)))

    def _mark_known(self, note: bytes) -> None:
        try:
            checkpoint, _ = open_checkpoint(note, self._key, self._witnesses)
        except NotProven as reason:
            self._faults.add(Verdict.WRONG_KEY, TREE, None, f"the checkpoint kept elsewhere does not hold: {reason}")
            return
        self._checked += 1
        self._marks.setdefault(checkpoint.size, []).append((checkpoint, True))

    def _at(self, frontier: Frontier) -> None:
        marks = self._marks.get(frontier.size)
        if marks is None:
            return
        root = frontier.root()
        for checkpoint, is_known in marks:
            if checkpoint.root != root:
                verdict = Verdict.ROLLED_BACK if is_known else Verdict.MODIFIED
                note = "the tree is not the one that was signed"
                self._faults.add(verdict, TREE, 0, note, max(frontier.size - 1, 0))


def _is_of(checkpoint: Checkpoint, at: datetime) -> bool:
    """Whether it was signed in this second, if it says when."""
    said = [line for line in checkpoint.more if line.startswith("time ")]
    try:
        return not said or (said == [f"time {int(at.timestamp())}"] and not at.microsecond)
    except (OverflowError, ValueError, OSError):
        return False  # the database can hold times that are none


def _rows(tiles: Mapping[int, bytes]) -> Iterator[bytes]:
    """Whole leaves in order, tile by tile, up to the first that is not there."""
    index = 0
    while row := tiles.get(index, b""):
        whole = len(row) // HASH
        yield row[: min(whole, WIDTH) * HASH]
        if whole != WIDTH or len(row) % HASH:
            return
        index += 1
