"""The tree held against its checkpoints, and rows against its leaves. Pure.

The leaves (tiles of level 0) are believed once the root over them is one that the log's key signed. A row is then held
against its leaf, so that one that was rewritten shows with its place, also when every hash after it was computed anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.audit.record import Row, micros
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
from gateway.audit.tlog.tree import WIDTH
from gateway.audit.verdicts import TREE, Faults, TreeReport, Verdict


@dataclass(slots=True)
class Frontier:
    """The roots of the complete subtrees that make up the leaves so far."""

    size: int = 0
    _parts: list[bytes] = field(default_factory=list)

    def add(self, leaf: bytes) -> None:
        """One more leaf."""
        self._parts.append(leaf)
        self.size += 1
        filled = self.size
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
    """First `leaves`, then `row` for each row that a run names, then `finish`.

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

    def leaves(self, tiles: Mapping[int, bytes]) -> None:
        """Tiles of level 0 by index: the tree is built over them and held against every checkpoint."""
        frontier = Frontier()
        self._at(frontier)
        for leaf in _leaves(tiles):
            frontier.add(leaf)
            self._leaves += leaf
            if frontier.size in self._marks:
                self._at(frontier)
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

    def leave_out(self, first: int, count: int) -> None:
        """Leaves whose rows are not looked at, as where only part of a log was exported. After `leaves`."""
        end = min(first + count, len(self._met))
        self._met[first:end] = b"\1" * max(end - first, 0)

    def row(self, leaf: int, row: Row) -> None:
        """The row that stands at a leaf."""
        if not 0 <= leaf < len(self._met):
            return  # more than there are leaves: the list of rows was changed, and that is said already
        self._met[leaf] = 1
        if self._leaves[leaf * HASH : (leaf + 1) * HASH] != leaf_hash(row.hash):
            self._faults.add(Verdict.MODIFIED, row.stream, row.seq, "the row is not the one in the signed tree")

    def finish(self, outside: int) -> TreeReport:
        """`outside`: rows in the log that no run names."""
        for run in self.runs:
            met = self._met[max(run.first, 0) : max(run.first + run.count, 0)]
            first, last = met.find(0), met.rfind(0)
            if first >= 0:
                note = "rows of the signed tree are not in the log"
                self._faults.add(Verdict.MISSING, run.stream, run.seq + first, note, run.seq + last)
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

    def _mark(self, kept: Kept) -> None:
        try:
            checkpoint, seen = open_checkpoint(kept.note, self._key, self._witnesses)
        except NotProven as reason:
            verdict = Verdict.WRONG_KEY if "not signed by" in str(reason) else Verdict.MODIFIED
            self._faults.add(verdict, TREE, kept.size, f"a checkpoint does not hold: {reason}")
            return
        if (checkpoint.size, checkpoint.root) != (kept.size, kept.root):
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
        root = frontier.root()
        for checkpoint, is_known in self._marks.get(frontier.size, ()):
            if checkpoint.root != root:
                verdict = Verdict.ROLLED_BACK if is_known else Verdict.MODIFIED
                note = "the tree is not the one that was signed"
                self._faults.add(verdict, TREE, 0, note, max(frontier.size - 1, 0))


def _leaves(tiles: Mapping[int, bytes]) -> Iterator[bytes]:
    """Leaves in order, up to the first that is not there."""
    index = 0
    while row := tiles.get(index, b""):
        whole = len(row) // HASH
        for at in range(min(whole, WIDTH)):
            yield row[at * HASH : (at + 1) * HASH]
        if whole != WIDTH or len(row) % HASH:
            return
        index += 1
