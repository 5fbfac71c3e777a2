"""Rows whose own hash fails: were they moved, copied, cut or changed? Asked only once something is wrong."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from gateway.audit.chain import Chain
from gateway.audit.record import FIRST, Row, is_whole
from gateway.audit.tlog.check import HASH
from gateway.audit.verdicts import Faults, Verdict

SHORTEST_SEAL = 17
"""A version byte and a tag (16) around nothing."""
NEAR = 16
"""How many places up and down are tried when a row's predecessor is not there to say where it belongs."""

Place = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class Known:
    """Where each of the hashes that suspects mention was found, by their first eight bytes."""

    places: dict[int, list[Place]]
    """Hashes that suspects name as their predecessors'."""
    there: set[tuple[Place, int]]
    """Places of whole rows that have the hash of a suspect."""

    def after(self, row: Row) -> Iterator[Place]:
        """Places whose predecessor has the hash that `row` names."""
        for stream, seq in self.places.get(_mark(row.prev), ()):
            yield stream, seq + 1


def diagnose(suspects: list[Row], chains: Mapping[UUID, Chain], faults: Faults) -> None:
    """Give each suspect its verdict, and mark the places that they account for."""
    known = _look_up(suspects, chains.values())
    waiting: dict[int, list[Row]] = {}
    for row in suspects:
        waiting.setdefault(_mark(row.prev), []).append(row)
    todo = deque(row for row in suspects if not _torn(row))
    found: dict[int, Place] = {}
    while todo:
        row = todo.popleft()
        if id(row) in found:
            continue
        place = _place(row, known)
        if place is None:
            continue
        found[id(row)] = place
        known.places.setdefault(_mark(row.hash), []).append(place)
        # Its successor may be a suspect too, and can be placed now.
        todo.extend(waiting.get(_mark(row.hash), ()))
    taken: set[Place] = set()
    for row in suspects:
        home = found.get(id(row))
        if home is not None:
            _moved(row, home, (home, _mark(row.hash)) in known.there or home in taken, chains, faults)
            taken.add(home)
            continue
        if _torn(row):
            faults.add(Verdict.TORN, row.stream, row.seq, "a field is cut short")
        else:
            faults.add(Verdict.MODIFIED, row.stream, row.seq, "the row does not have the hash that it states")
        chain = chains[row.stream]
        chain.filled.add(row.seq)


def _moved(row: Row, home: Place, copied: bool, chains: Mapping[UUID, Chain], faults: Faults) -> None:
    stream, seq = home
    if copied:
        faults.add(Verdict.DUPLICATE, row.stream, row.seq, f"a copy of row {seq} of stream {stream}")
    else:
        chains[stream].filled.add(seq)
        faults.add(Verdict.REORDERED, row.stream, row.seq, f"belongs at row {seq} of stream {stream}")


def _place(row: Row, known: Known) -> Place | None:
    """Where the row's stated hash is right, if anywhere."""
    for stream, seq in known.after(row):
        if is_whole(row._replace(stream=stream, seq=seq)):
            return stream, seq
    for away in range(1, NEAR + 1):
        for seq in (row.seq + away, row.seq - away):
            if seq >= FIRST and is_whole(row._replace(seq=seq)):
                return row.stream, seq
    return None


def _look_up(suspects: list[Row], chains: Iterable[Chain]) -> Known:
    if not suspects:
        return Known({}, set())
    wanted = {_mark(row.prev) for row in suspects}
    stated = {_mark(row.hash) for row in suspects}
    places: dict[int, list[Place]] = {}
    there: set[tuple[Place, int]] = set()
    for chain in chains:
        if chain.genesis is not None:
            places.setdefault(_mark(chain.genesis), []).append((chain.stream, FIRST - 1))
        for seq, mark in zip(chain.seqs, chain.marks, strict=True):
            if mark in wanted:
                places.setdefault(mark, []).append((chain.stream, seq))
            if mark in stated:
                there.add(((chain.stream, seq), mark))
    return Known(places, there)


def _torn(row: Row) -> bool:
    return len(row.prev) != HASH or len(row.hash) != HASH or len(row.sealed) < SHORTEST_SEAL


def _mark(digest: bytes) -> int:
    return int.from_bytes(digest[:8], "big")
