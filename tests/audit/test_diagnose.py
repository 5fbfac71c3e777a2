"""Rows whose hash fails, and many of them."""

from __future__ import annotations

import random
import time

import pytest

from gateway.audit import verify as module
from gateway.audit.chain import Head
from gateway.audit.record import Entry, Row
from gateway.audit.stream import Stream
from gateway.audit.verify import verify
from gateway.crypto import KeyRing
from tests.audit.support import now


def written(ring: KeyRing, count: int) -> tuple[Head, list[Row]]:
    stream = Stream(ring, now())
    rows = [stream.add(Entry(now(), "event", f"r{n}", b"{}")) for n in range(count)]
    return Head(stream.header), rows


def said(head: Head, rows: list[Row]) -> dict[str, set[int | None]]:
    found: dict[str, set[int | None]] = {}
    for fault in verify(  # in the order in which the database gives them
        [head], sorted(rows, key=lambda row: row.seq)
    ).faults:
        found.setdefault(fault.verdict.value, set()).add(fault.seq)
    return found


def test_a_shuffled_stream_is_reordered_and_nothing_else(ring: KeyRing) -> None:
    head, rows = written(ring, 200)
    order = list(range(200))
    random.Random(1).shuffle(order)
    moved = [row._replace(seq=seq) for row, seq in zip(rows, order, strict=True)]
    assert said(head, moved) == {"reordered": {seq for n, seq in enumerate(order) if n != seq}}


def test_a_block_moved_far_is_followed_by_its_links(ring: KeyRing) -> None:
    head, rows = written(ring, 300)
    block = [row._replace(seq=row.seq + 1000) for row in rows[100:150]]
    assert said(head, [*rows[:100], *block, *rows[150:]]) == {"reordered": set(range(1100, 1150))}


def test_a_row_modified_and_moved_is_modified(ring: KeyRing) -> None:
    head, rows = written(ring, 10)
    bad = rows[3]._replace(seq=20, request="another")
    assert said(head, [*rows[:3], *rows[4:], bad]) == {"modified": {20}, "missing": {3, 10}}


def test_a_row_copied_twice_is_a_duplicate_twice(ring: KeyRing) -> None:
    head, rows = written(ring, 10)
    copies = [rows[3]._replace(seq=seq) for seq in (20, 30)]
    assert said(head, [*rows, *copies]) == {"duplicate": {20, 30}}


def test_one_copy_of_a_row_that_is_gone_stands_for_it(ring: KeyRing) -> None:
    head, rows = written(ring, 10)
    copies = [rows[3]._replace(seq=seq) for seq in (20, 30)]
    assert said(head, [*rows[:3], *rows[4:], *copies]) == {"reordered": {20}, "duplicate": {30}}


def test_rows_beyond_the_bound_are_still_found(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SUSPECTS", 5)
    head, rows = written(ring, 20)
    assert said(head, [row._replace(request="x") for row in rows]) == {"modified": set(range(20))}


def test_a_log_with_everything_wrong_is_judged_in_reasonable_time(ring: KeyRing) -> None:
    head, rows = written(ring, 10_000)
    begun = time.process_time()
    report = verify([head], [row._replace(request="x") for row in rows])
    assert report.faults_total == 10_000
    assert len(report.faults) == 1000
    assert time.process_time() - begun < 20
