"""One stream under examination, row by row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.audit import State
from gateway.audit.chain import Chain, Head
from gateway.audit.record import END, Entry, Row
from gateway.audit.stream import Stream
from gateway.audit.verdicts import Faults
from gateway.crypto import KeyRing
from tests.audit.support import now

FIVE = 5


@pytest.fixture
def faults() -> Faults:
    return Faults()


def written(ring: KeyRing, kinds: str = "eeeee") -> tuple[Stream, list[Row]]:
    stream = Stream(ring, now())
    return stream, [stream.add(Entry(now(), END if kind == "E" else "event", f"r{kind}", b"{}")) for kind in kinds]


def examined(faults: Faults, stream: Stream, rows: list[Row], ring: KeyRing | None = None, **marks: object) -> Chain:
    chain = Chain(stream.header.stream, Head(stream.header, **marks), faults)  # type: ignore[arg-type]
    chain.prepare(ring)
    for row in rows:
        chain.add(row)
    chain.finish_gaps()
    chain.finish_closing()
    return chain


def said(faults: Faults) -> list[tuple[str, int | None, int | None]]:
    return [(fault.verdict.value, fault.seq, fault.last) for fault in faults.sorted()]


def test_a_whole_stream_raises_nothing(ring: KeyRing, faults: Faults) -> None:
    stream, rows = written(ring)
    chain = examined(faults, stream, rows, ring)
    assert said(faults) == []
    assert (chain.bound, chain.key_fits, chain.top) == (True, True, 4)


@pytest.mark.parametrize(
    ("taken", "missing"),
    [({0}, [(0, 0)]), ({1, 2}, [(1, 2)]), ({1, 3}, [(1, 1), (3, 3)]), ({0, 1, 2, 3}, [(0, 3)]), ({4}, [])],
)
def test_gaps(ring: KeyRing, faults: Faults, taken: set[int], missing: list[tuple[int, int]]) -> None:
    stream, rows = written(ring)
    examined(faults, stream, [row for row in rows if row.seq not in taken])
    assert said(faults) == [("missing", *place) for place in missing]


def test_what_fills_a_gap_is_not_missing(ring: KeyRing, faults: Faults) -> None:
    stream, rows = written(ring, "e" * 9)
    chain = Chain(stream.header.stream, Head(stream.header), faults)
    for row in (rows[0], rows[7]):
        chain.add(row)
    chain.filled.update({2, 4, 5})
    chain.finish_gaps()
    assert said(faults) == [("missing", 1, 1), ("missing", 3, 3), ("missing", 6, 6)]
    assert chain.in_gap(1)
    assert not chain.in_gap(2)
    assert not chain.in_gap(7)
    assert not chain.in_gap(9)


def test_the_link_after_two_rows_for_one_place_may_name_either(ring: KeyRing, faults: Faults) -> None:
    stream, rows = written(ring)
    twin = rows[1]._replace(hash=bytes(32))
    examined(faults, stream, [rows[0], twin, *rows[1:]])
    assert said(faults) == [("duplicate", 1, 1)]


@pytest.mark.parametrize(
    ("seq", "digest", "verdict"),
    [
        (4, None, []),
        (None, b"", [("modified", None, None)]),
        (3, None, [("modified", None, None)]),
        (9, None, [("modified", None, None)]),
        (4, b"\0" * 32, [("modified", None, None)]),
    ],
)
def test_marks_of_closing(
    ring: KeyRing, faults: Faults, seq: int | None, digest: bytes | None, verdict: list[tuple[str, None, None]]
) -> None:
    stream, rows = written(ring, "eeeeE")
    marks: dict[str, Any] = {"closed_seq": seq, "closed_hash": rows[-1].hash if digest is None else digest or None}
    examined(faults, stream, rows, **marks)
    assert said(faults) == verdict


def test_a_mark_of_closing_whose_rows_are_gone(ring: KeyRing, faults: Faults) -> None:
    stream, rows = written(ring, "eeeeE")
    examined(faults, stream, rows[:2], closed_seq=4, closed_hash=rows[-1].hash)
    assert said(faults) == [("missing", 2, 4)]


def test_a_header_with_an_impossible_time(ring: KeyRing, faults: Faults) -> None:
    stream, _ = written(ring)
    chain = Chain(stream.header.stream, Head(replace(stream.header, opened=1 << 63)), faults)
    chain.prepare(ring)
    assert said(faults) == [("modified", None, None)]


@pytest.mark.parametrize(
    ("marks", "followed", "state"),
    [
        ({}, False, State.OPEN),
        ({"live": True}, False, State.LIVE),
        ({"live": False}, False, State.CUT),
        ({"live": False}, True, State.FOLLOWED),
        ({"closed_seq": 4, "closed_hash": b""}, False, State.CLOSED),
    ],
)
def test_how_a_stream_ends(
    ring: KeyRing, faults: Faults, marks: dict[str, object], followed: bool, state: State
) -> None:
    stream, rows = written(ring)
    report = examined(faults, stream, rows, ring, **marks).report(followed, with_keys=True)
    assert report.state == state
    assert report.head == rows[-1].hash.hex()
    assert report.last == 4
