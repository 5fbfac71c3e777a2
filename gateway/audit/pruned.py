"""What was pruned: signed statements of which rows were taken out, and what is left of these rows: their leaves.

A row goes whole. Its hash stays in the tree, so the root stays what was signed; a statement by the log's key says which
places are empty for this reason. A place that is empty and that no statement names is a fault.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final, NamedTuple
from uuid import UUID

from gateway.audit.certificate import certify, open_certificate
from gateway.audit.record import micros
from gateway.audit.tlog.check import NotProven, VerifierKey
from gateway.audit.tlog.notes import Signs
from gateway.audit.verdicts import SHOWN, TREE, Faults, Pruning, Verdict
from gateway.store.store import Connection

HEAD: Final = "gateway/audit/prune/1"
"""First line of a statement. No checkpoint begins so, and no log has this name."""
_STORED: Final = """
SELECT p.number, p.note, r.stream, r.first, r.last, r.genesis
FROM audit_prunes p LEFT JOIN audit_pruned r USING (number) ORDER BY p.number, r.stream, r.first
"""


class Range(NamedTuple):
    """Rows `first` to `last` of a stream."""

    stream: UUID
    first: int
    last: int
    genesis: bytes = b""
    """Where `first` is the stream's first row: what that row named as its predecessor."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A statement as it lies in the database or in an export, not believed yet."""

    number: int
    note: bytes
    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """What was taken out at once. `request` ties it to its records in the log."""

    number: int
    at: datetime
    request: str
    rows: int
    before: Mapping[str, datetime]
    """By class: records from before then were over."""
    ranges: tuple[Range, ...]

    def signed(self, key: VerifierKey, signer: Signs) -> bytes:
        """As a note by the log's key."""
        facts: dict[str, object] = {
            "log": key.name,
            "prune": self.number,
            "at": self.at.isoformat(),
            "request": self.request,
            "rows": self.rows,
            **{f"before.{name or 'none'}": at.isoformat() for name, at in sorted(self.before.items())},
            "ranges": digest(self.ranges),
        }
        return certify(facts, key, signer, HEAD)


def digest(ranges: Iterable[Range]) -> str:
    """SHA-256 over ranges in their order, in hexadecimal: stream, first, last (8 bytes each), and genesis or zeros."""
    found = hashlib.sha256()
    for one in ranges:
        found.update(one.stream.bytes + one.first.to_bytes(8, "big", signed=True))
        found.update(one.last.to_bytes(8, "big", signed=True) + one.genesis.rjust(32, b"\0"))
    return found.hexdigest()


def ranges_of(places: Iterable[tuple[UUID, int]], genesis: Mapping[UUID, bytes]) -> tuple[Range, ...]:
    """Places as ranges, ascending. `genesis`: for the streams whose first row is among them."""
    found: list[Range] = []
    for stream, seq in sorted(places):
        last = found[-1] if found else None
        if last is not None and last.stream == stream and last.last + 1 == seq:
            found[-1] = last._replace(last=seq)
        else:
            found.append(Range(stream, seq, seq, genesis.get(stream, b"") if seq == 0 else b""))
    return tuple(found)


async def stored(connection: Connection) -> list[Stored]:
    """Every statement in the database, in the order of their numbers."""
    found = []
    for number, some in groupby(await connection.fetch(_STORED), key=lambda row: int(row["number"])):
        rows = list(some)
        ranges = (Range(row["stream"], row["first"], row["last"], row["genesis"]) for row in rows if row["stream"])
        found.append(Stored(number, rows[0]["note"], tuple(ranges)))
    return found


def believe(found: Iterable[Stored], key: VerifierKey, faults: Faults) -> list[tuple[Pruning, tuple[Range, ...]]]:
    """Those of the statements that the log's key signed and whose ranges are the ones it signed; others are faults."""
    believed = []
    for one in found:
        try:
            believed.append((_read(one, key), one.ranges))
        except NotProven as reason:
            faults.add(Verdict.MODIFIED, TREE, None, f"the statement of prune {one.number} does not hold: {reason}")
        except (ValueError, KeyError, OverflowError):
            faults.add(Verdict.MODIFIED, TREE, None, f"the statement of prune {one.number} is not of its form")
    return believed


def _read(one: Stored, key: VerifierKey) -> Pruning:
    facts = open_certificate(one.note, key, HEAD)
    if (facts.get("prune"), facts.get("ranges")) != (str(one.number), digest(one.ranges)):
        raise NotProven("its ranges are not those that were signed")
    rows, at = int(facts["rows"]), datetime.fromisoformat(facts["at"])
    if rows != sum(range_.last - range_.first + 1 for range_ in one.ranges):
        raise NotProven("it counts other rows than its ranges do")
    shown = tuple((range_.stream, range_.first, range_.last) for range_ in one.ranges[:SHOWN])
    streams = len({range_.stream for range_ in one.ranges})
    return Pruning(one.number, micros(at), facts.get("request", ""), rows, streams, shown)
