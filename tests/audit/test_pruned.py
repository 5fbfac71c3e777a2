"""Whichever rows were pruned, the log verifies and says which; whatever else is gone or changed is found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.audit.chain import Head
from gateway.audit.pruned import Range, Statement, Stored, believe, digest, ranges_of
from gateway.audit.record import END, Entry, Row, clear_of, dump, encode, hash_of
from gateway.audit.stream import Stream
from gateway.audit.tlog.check import Checkpoint, VerifierKey, leaf_hash
from gateway.audit.tlog.notes import log_key, sign
from gateway.audit.tlog.shelf import Kept, Run
from gateway.audit.tlog.tree import grow, needed, root
from gateway.audit.tree_audit import TreeAudit
from gateway.audit.verdicts import Report, Verdict
from gateway.audit.verify import Verifier
from gateway.crypto import KeyRing
from gateway.crypto.sign import Signer
from tests.audit.support import record, subject_key

AT = datetime(2026, 5, 1, tzinfo=UTC)
Place = tuple[UUID, int]


@dataclass(frozen=True)
class Kit:
    """A log of three streams in memory, in a signed tree."""

    ring: KeyRing
    heads: tuple[Head, ...]
    rows: tuple[Row, ...]
    key: VerifierKey
    signer: Signer
    runs: tuple[Run, ...]
    tiles: dict[int, bytes]
    kept: Kept

    def first(self) -> dict[UUID, bytes]:
        return {row.stream: row.prev for row in self.rows if row.seq == 0}

    def statement(self, places: Iterable[Place], number: int = 1) -> Stored:
        ranges = ranges_of(places, self.first())
        rows = sum(one.last - one.first + 1 for one in ranges)
        made = Statement(number, AT, "req", rows, {"requests": AT}, ranges)
        return Stored(number, made.signed(self.key, self.signer), ranges)

    def check(
        self,
        rows: Iterable[Row],
        stored: Sequence[Stored],
        heads: Iterable[Head] | None = None,
        *,
        in_tree: bool = True,
    ) -> Report:
        verifier = Verifier(self.heads if heads is None else heads)
        tree = TreeAudit(self.key, verifier.faults, self.runs, [self.kept])
        tree.leaves(self.tiles)
        believed = believe(stored, self.key, verifier.faults)
        verifier.prune(tree.prune(one for _, some in believed for one in some), tree.pruned_as)
        leaves = {(row.stream, row.seq): leaf for leaf, row in enumerate(self.rows)}
        given_ = list(rows)
        for row in given_ if in_tree else ():
            tree.row(leaves[row.stream, row.seq], row)
        verifier.feed(given_)
        report = verifier.finish(lambda: tree.finish(0))
        return replace(report, prunings=tuple(told for told, _ in believed))


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Stream a was closed in order, b lost its connection and c went on from there."""
    ring = KeyRing.create(tmp_path_factory.mktemp("ring") / "ring.json")
    a = Stream(ring, AT)
    rows = [a.add(encode(record(n, "event"), subject_key(), max_bytes=1 << 20)) for n in range(7)]
    end = a.add(Entry(AT, END, "", dump({"records": 7})))
    b = Stream(ring, AT)
    rows += [end, *(b.add(encode(record(n, "event"), subject_key(), max_bytes=1 << 20)) for n in range(6))]
    c = Stream(ring, AT, (rows[-1].stream, rows[-1].seq, rows[-1].hash))
    rows += [c.add(encode(record(n, "event"), subject_key(), max_bytes=1 << 20)) for n in range(5)]
    heads = (Head(a.header, end.seq, end.hash, False), Head(b.header, live=False), Head(c.header, live=False))
    signer = ring.signer()
    key = log_key("test.example/log", signer.public)
    leaves = [leaf_hash(row.hash) for row in rows]
    grown = grow(0, leaves, {})
    size = len(leaves)
    found = root(size, {tile: grown[tile] for tile in needed([(0, size)])})
    note = sign(Checkpoint(key.name, size, found), signer)
    # Taken into the tree two rows at a time.
    runs = []
    for stream in (a, b, c):
        own = [(leaf, row.seq) for leaf, row in enumerate(rows) if row.stream == stream.header.stream]
        runs += [
            Run(own[at][0], stream.header.stream, own[at][1], len(own[at : at + 2])) for at in range(0, len(own), 2)
        ]
    tiles = {tile.index: data for tile, data in grown.items() if tile.level == 0}
    return Kit(ring, heads, tuple(rows), key, signer, tuple(runs), tiles, Kept(size, AT, found, note))


def faults(report: Report) -> set[tuple[Verdict, UUID, int | None, int | None]]:
    return {(one.verdict, one.stream, one.seq, one.last) for one in report.faults}


def prunable(kit: Kit) -> list[Row]:
    return [row for row in kit.rows if row.kind != END]


def parts(kit: Kit, choices: list[int]) -> tuple[set[Place], set[Place], set[Place]]:
    """Rows that are left (0), pruned by one statement (1) or by another (2), by what was chosen for each."""
    found: tuple[set[Place], set[Place], set[Place]] = (set(), set(), set())
    for row, choice in zip(prunable(kit), choices, strict=True):
        found[choice].add((row.stream, row.seq))
    return found


COUNT = 18
CHOICES = st.lists(st.sampled_from([0, 0, 1, 2]), min_size=COUNT, max_size=COUNT)
QUICK = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(CHOICES)
def test_whatever_is_pruned_the_log_verifies_and_says_how_much(kit: Kit, choices: list[int]) -> None:
    left, one, other = parts(kit, choices)
    stored = [kit.statement(some, number) for number, some in ((1, one), (2, other)) if some]
    report = kit.check([row for row in kit.rows if row.kind == END or (row.stream, row.seq) in left], stored)
    assert report.ok, report.faults
    assert report.pruned == len(one) + len(other)
    named = {
        (stream, seq)
        for told in report.prunings
        for stream, first, last in told.ranges
        for seq in range(first, last + 1)
    }
    assert named == one | other


@QUICK
@given(CHOICES, st.integers(0, COUNT - 1))
def test_a_row_that_no_statement_names_is_missing(kit: Kit, choices: list[int], at: int) -> None:
    """Somebody deletes one more row than was pruned."""
    left, one, other = parts(kit, choices)
    row = prunable(kit)[at]
    gone = (row.stream, row.seq)
    one.discard(gone)
    other.discard(gone)
    stored = [kit.statement(some, number) for number, some in ((1, one), (2, other)) if some]
    there = [r for r in kit.rows if r.kind == END or ((r.stream, r.seq) in left and (r.stream, r.seq) != gone)]
    report = kit.check(there, stored)
    assert (Verdict.MISSING, row.stream) in {(fault.verdict, fault.stream) for fault in report.faults}
    spans = [fault for fault in report.faults if fault.stream == row.stream and fault.verdict is Verdict.MISSING]
    assert any(
        fault.seq is not None and fault.last is not None and fault.seq <= row.seq <= fault.last for fault in spans
    )


def some(kit: Kit, index: int, *seqs: int) -> tuple[set[Place], list[Row]]:
    """Places of a stream, and the rows without them."""
    stream = kit.heads[index].header.stream
    places = {(stream, seq) for seq in seqs}
    return places, [row for row in kit.rows if (row.stream, row.seq) not in places]


def test_a_statement_that_is_taken_away_leaves_rows_missing(kit: Kit) -> None:
    places, rows = some(kit, 1, 2, 3)
    assert kit.check(rows, [kit.statement(places)]).ok
    stream = kit.heads[1].header.stream
    assert (Verdict.MISSING, stream, 2, 3) in faults(kit.check(rows, []))


def test_a_statement_that_is_widened_is_not_believed(kit: Kit) -> None:
    places, rows = some(kit, 1, 2, 3)
    signed = kit.statement({(stream, 2) for stream, _ in places})
    wider = replace(signed, ranges=kit.statement(places).ranges)
    report = kit.check(rows, [wider])
    assert {fault.verdict for fault in report.faults} == {Verdict.MODIFIED, Verdict.MISSING}
    assert report.pruned == 0


def test_a_statement_by_another_key_is_not_believed(kit: Kit, tmp_path: Path) -> None:
    places, rows = some(kit, 1, 2, 3)
    other = KeyRing.create(tmp_path / "other.json").signer()
    forged = replace(kit, signer=other).statement(places)
    report = kit.check(rows, [forged])
    assert "signature" in " ".join(map(str, report.faults))
    assert not report.pruned


def test_a_row_that_stands_though_it_was_pruned_is_found(kit: Kit) -> None:
    places, _ = some(kit, 1, 2, 3)
    report = kit.check(kit.rows, [kit.statement(places)])
    stream = kit.heads[1].header.stream
    assert faults(report) == {(Verdict.MODIFIED, stream, 2, 2), (Verdict.MODIFIED, stream, 3, 3)}


def test_a_header_whose_first_row_was_pruned_is_still_bound(kit: Kit) -> None:
    places, rows = some(kit, 0, 0, 1)
    stored = [kit.statement(places)]
    head = kit.heads[0]
    changed = replace(head, header=replace(head.header, opened=head.header.opened + 1))
    report = kit.check(rows, stored, [changed, *kit.heads[1:]])
    assert faults(report) == {(Verdict.MODIFIED, head.header.stream, None, None)}
    gone = kit.check(rows, stored, kit.heads[1:])
    assert (Verdict.MISSING, head.header.stream, None, None) in faults(gone)


def test_a_row_behind_pruned_ones_is_held_against_their_last(kit: Kit) -> None:
    places, rows = some(kit, 2, 1, 2)
    stream = kit.heads[2].header.stream
    forged = [row._replace(prev=bytes(32)) if (row.stream, row.seq) == (stream, 3) else row for row in rows]
    forged = [row._replace(hash=hash_of(clear_of(row), row.sealed)) if row.prev == bytes(32) else row for row in forged]
    # As where the row is not in the tree yet.
    report = kit.check(forged, [kit.statement(places)], in_tree=False)
    assert "another predecessor" in " ".join(map(str, report.faults))


def test_the_end_that_another_header_names_is_held_against_a_pruned_row(kit: Kit) -> None:
    places, rows = some(kit, 1, 4, 5)
    stored = [kit.statement(places)]
    assert kit.check(rows, stored).ok
    # A stream of the same process that says it ended otherwise.
    stream = kit.heads[1].header.stream
    other = Stream(kit.ring, AT, (stream, 5, bytes(32))).header
    report = kit.check(rows, stored, [*kit.heads, Head(other)])
    assert faults(report) == {(Verdict.MODIFIED, stream, 5, 5)}


def test_rows_outside_the_tree_cannot_be_pruned(kit: Kit) -> None:
    stream = kit.heads[2].header.stream
    ranges = (Range(stream, 5, 9),)
    made = Statement(1, AT, "req", 5, {}, ranges)
    report = kit.check(kit.rows, [Stored(1, made.signed(kit.key, kit.signer), ranges)])
    assert report.ok, "the statement speaks of rows that never were, and excuses none"
    assert digest(ranges) != digest((Range(stream, 5, 8),))
