"""What checking the audit log can say: faults with their places, and a report over all streams."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from uuid import UUID

from gateway.audit.record import moment
from gateway.model import Json

SHOWN = 1000
"""Faults and unfinished requests listed in a report; the rest is counted."""
KEPT = 100_000


class Verdict(StrEnum):
    """What happened to a row or a header, as far as its bytes tell."""

    TORN = "torn"
    """A field is cut short."""
    DUPLICATE = "duplicate"
    """A second row for a place that has one, or a copy of a row elsewhere."""
    MISSING = "missing"
    """Rows, or a whole header, that others name are not there."""
    MODIFIED = "modified"
    """Not as it was written, or not written by this log."""
    REORDERED = "reordered"
    """A whole row that belongs elsewhere, in this stream or another."""
    WRONG_KEY = "wrong key"
    """The key ring given does not open the stream; or another key signed a checkpoint."""
    ROLLED_BACK = "rolled back"
    """The log does not continue a checkpoint that was kept elsewhere: it was put back, or rewritten."""
    CHECKPOINT = "checkpoint missing"
    """Rows are in the tree that no signed checkpoint covers, or there is none at all."""
    WITNESS = "not witnessed"
    """A witness that was to vouch for the log did not."""


TREE = UUID(int=0)
"""Stands for the stream where a fault is one of the tree over all streams; `seq` is a leaf then."""

SUBJECTS = UUID(int=(1 << 128) - 2)
"""The same where a fault is one of a subject's key; `seq` counts the keys, and the note names it."""

EXPORT = UUID(int=(1 << 128) - 1)
"""The same where a fault is one of an exported file as a whole."""


class State(StrEnum):
    """How a stream ends."""

    CLOSED = "closed"
    """In order: a last row, and the header says which."""
    FOLLOWED = "followed"
    """Its connection was lost; the process went on with a new stream, whose header says where this one ended."""
    LIVE = "live"
    """A process is writing it now."""
    CUT = "cut"
    """It just ends: the process was killed or the machine failed. Rows cut off its end would not show."""
    OPEN = "open"
    """Live or cut, which of them is not known here."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing found. `seq` is None for the stream's header; `last` ends a range of rows."""

    verdict: Verdict
    stream: UUID
    seq: int | None
    last: int | None
    note: str

    def __str__(self) -> str:
        one, many = ("leaf", "leaves") if self.stream == TREE else ("row", "rows")
        where = "header" if self.seq is None else f"{one} {self.seq}"
        if self.last != self.seq:
            where = f"{many} {self.seq} to {self.last}"
        if self.stream == EXPORT:
            return f"{self.verdict}: export: {self.note}"
        if self.stream == SUBJECTS:
            return f"{self.verdict}: subject keys: {self.note}"
        if self.stream == TREE:
            return f"{self.verdict}: tree{'' if self.seq is None else f', {where}'}: {self.note}"
        return f"{self.verdict}: stream {self.stream}, {where}: {self.note}"


@dataclass(frozen=True, slots=True)
class StreamReport:
    """One stream. `records` counts the rows found under its name, `last` is the highest number among whole ones."""

    stream: UUID
    state: State
    opened: int | None
    """Microseconds since 1970 UTC; None without a header."""
    records: int
    last: int
    head: str
    """Hash of that last row; an auditor who keeps it can tell later whether the stream was rewritten up to there."""
    opens: bool | None
    """Whether every whole row opened with the keys; None when no keys were given."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An intent without outcome or refusal: the effect may have happened. Usual after a crash, and while in work."""

    request: str
    stream: UUID
    seq: int
    at: int
    """Microseconds since 1970 UTC."""


@dataclass(frozen=True, slots=True)
class TreeReport:
    """The tree over all rows, and what vouches for it."""

    size: int
    root: str
    """In hexadecimal."""
    checkpoints: int
    """How many were checked."""
    signed: int
    """Leaves that the last checkpoint covers."""
    at: int | None
    """When that was signed, microseconds since 1970 UTC."""
    witnesses: tuple[str, ...]
    """Who cosigned it, of those whose keys were given."""
    outside: int
    """Rows that are not in the tree yet."""


@dataclass(frozen=True, slots=True)
class Pruning:
    """Rows that were taken out because their time was over, by one signed statement."""

    number: int
    at: int
    """Microseconds since 1970 UTC."""
    request: str
    """Whose records in the log tell who did it and why."""
    records: int
    streams: int
    ranges: tuple[tuple[UUID, int, int], ...]
    """Stream, first and last row; as many as a report lists."""


class Vouching(StrEnum):
    """What came of asking a configured witness."""

    AGREES = "agrees"
    """The log continues the checkpoint that it keeps."""
    COSIGNED = "cosigned"
    """It cannot be asked, and cosigned one of the last checkpoints in the log."""
    REFUSED = "refused"
    """The log does not continue what it keeps, or that is no checkpoint of this log."""
    SILENT = "not reached"
    """It did not answer; or it cannot be asked and cosigned none of the last checkpoints."""
    EMPTY = "keeps none"
    """It was reached and has no checkpoint of this log yet."""
    MUTE = "cannot be asked"
    """A command: what it keeps is known to whoever set it up."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """One configured witness, and up to how many records it vouches for; None where it does not."""

    name: str
    what: Vouching
    size: int | None = None

    @property
    def ok(self) -> bool:
        """Whether it vouches for the log."""
        return self.what in (Vouching.AGREES, Vouching.COSIGNED)

    def __str__(self) -> str:
        at = "" if self.size is None else f" at size {self.size}"
        return f"witness {self.name}: {self.what}{at}"


@dataclass(frozen=True, slots=True)
class Report:
    """The whole log. Truthy when nothing is wrong with it."""

    streams: tuple[StreamReport, ...]
    faults: tuple[Fault, ...]
    faults_total: int
    unfinished: tuple[Unfinished, ...]
    unfinished_total: int
    records: int
    with_keys: bool
    tree: TreeReport | None = None
    prunings: tuple[Pruning, ...] = ()
    witnesses: tuple[Vouched, ...] = ()
    """Those that are configured, as far as anybody was asked."""

    def witnessed(self) -> Report:
        """The same, where it is a fault that a witness did not vouch, or that there is none that could."""
        wanting = [one for one in self.witnesses if not one.ok and one.what != Vouching.MUTE]
        notes = [str(one) for one in wanting]
        if not any(one.ok for one in self.witnesses) and not notes:
            notes = ["no witness that can be asked is configured"]
        faults = tuple(Fault(Verdict.WITNESS, TREE, None, None, note) for note in notes)
        return replace(self, faults=(*self.faults, *faults), faults_total=self.faults_total + len(faults))

    @property
    def pruned(self) -> int:
        """Records that were taken out because their time was over."""
        return sum(one.records for one in self.prunings)

    @property
    def ok(self) -> bool:
        """Whether no fault was found. Streams cut by a crash and unfinished requests are no faults."""
        return self.faults_total == 0

    def __bool__(self) -> bool:
        return self.ok

    def as_dict(self) -> Json:
        """For JSON: the same names, ids as text, times in ISO 8601."""
        return {
            "ok": self.ok,
            "records": self.records,
            "with_keys": self.with_keys,
            "tree": asdict(self.tree) if self.tree else None,
            "streams": [_plain(asdict(stream)) for stream in self.streams],
            "faults": [_plain(asdict(fault)) for fault in self.faults],
            "faults_total": self.faults_total,
            "unfinished": [_plain(asdict(one)) for one in self.unfinished],
            "unfinished_total": self.unfinished_total,
            "pruned": self.pruned,
            "prunings": [_pruning(one) for one in self.prunings],
            "witnesses": [asdict(one) for one in self.witnesses],
        }


def _pruning(one: Pruning) -> Json:
    ranges = [{"stream": str(stream), "first": first, "last": last} for stream, first, last in one.ranges]
    return {**asdict(one), "at": moment(one.at).isoformat(), "ranges": ranges}


def _plain(fields: Json) -> Json:
    for name in ("opened", "at"):
        if fields.get(name) is not None:
            try:
                fields[name] = moment(fields[name]).isoformat()
            except OverflowError:
                fields[name] = None
    fields["stream"] = str(fields["stream"])
    return fields


class Faults:
    """Collects faults, at most one of a verdict at a place, and no more than `KEPT` of them."""

    def __init__(self) -> None:
        self._found: dict[tuple[Verdict, UUID, int | None], Fault] = {}
        self._dropped = 0

    def __len__(self) -> int:
        return len(self._found) + self._dropped

    def add(self, verdict: Verdict, stream: UUID, seq: int | None, note: str, last: int | None = None) -> None:
        """Note one; `last` makes it a range."""
        key = (verdict, stream, seq)
        if key in self._found:
            return
        if len(self._found) >= KEPT:
            self._dropped += 1
        else:
            self._found[key] = Fault(verdict, stream, seq, seq if last is None else last, note)

    def at(self, stream: UUID, seq: int | None) -> bool:
        """Whether anything was found at this very place."""
        return any((verdict, stream, seq) in self._found for verdict in Verdict)

    def sorted(self) -> list[Fault]:
        """By stream, header first, then by row."""
        return sorted(self._found.values(), key=lambda f: (f.stream, f.seq is not None, f.seq or 0, f.verdict))


def first(items: Iterable[Unfinished]) -> tuple[Unfinished, ...]:
    """The earliest ones, as many as a report lists."""
    return tuple(sorted(items, key=lambda one: (one.at, one.request))[:SHOWN])
