"""Legal holds: what must be kept whatever its class says, and whoever asks to be forgotten.

A hold is a note signed by the log's key, and so is its release; the table only keeps them. Whoever changes one, or
takes one out of the middle, is found before anything is pruned or erased. Pruning, erasing and setting a hold take
turns by a lock, so that nothing that a hold names goes once the hold was acknowledged.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.audit.certificate import certify, open_certificate
from gateway.audit.record import Row, micros
from gateway.audit.tlog.check import NotProven, VerifierKey
from gateway.audit.tlog.notes import Signs
from gateway.errors import Broken
from gateway.model import Json
from gateway.store.store import Connection

HEAD: Final = "gateway/audit/hold/1"
RELEASE: Final = "gateway/audit/release/1"
TURN: Final = 0x6761_7465_686F_6C64
"""Advisory lock: a hold is set, or something that a hold could forbid is done, and never both."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Records that are kept: those that all of what is given fits. `since` is included, `until` is not."""

    number: int
    at: datetime
    reason: str
    subjects: tuple[bytes, ...] = ()
    """Keyed digests of one person's ids (`Subjects.digest`), any of which."""
    request: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    retention: str | None = None
    """A retention class."""
    released: datetime | None = None

    @property
    def by_subject_alone(self) -> bool:
        """Whether it names somebody and nothing else: all that he ever does is held."""
        return bool(self.subjects) and (self.request, self.since, self.until, self.retention) == (None,) * 4

    def fits(self, row: Row) -> bool:
        """Whether it holds this row, as far as the clear fields tell."""
        return (
            self.request in (None, row.request)
            and self.retention in (None, row.retention)
            and (self.since is None or row.at >= micros(self.since))
            and (self.until is None or row.at < micros(self.until))
        )

    def as_dict(self) -> Json:
        """For JSON."""
        times = {name: at.isoformat() if at else None for name, at in (("since", self.since), ("until", self.until))}
        return {
            "hold": self.number,
            "at": self.at.isoformat(),
            "reason": self.reason,
            "subjects": [one.hex() for one in self.subjects],
            "request": self.request,
            **times,
            "class": self.retention,
            "released": self.released.isoformat() if self.released else None,
        }


def signed(hold: Hold, key: VerifierKey, signer: Signs) -> bytes:
    """The hold as a note."""
    told = hold.as_dict()
    facts = {name: value for name, value in told.items() if value and name not in ("released", "subjects")}
    if hold.subjects:
        facts["subjects"] = ",".join(told["subjects"])
    return certify(facts, key, signer, HEAD)


def released(number: int, at: datetime, reason: str, key: VerifierKey, signer: Signs) -> bytes:
    """The release of a hold as a note."""
    return certify({"hold": number, "at": at.isoformat(), "reason": reason}, key, signer, RELEASE)


async def take_turn(connection: Connection, *, setting: bool = False) -> None:
    """Until the transaction ends, no hold is set; with `setting`, nothing is done that holds forbid."""
    shared = "" if setting else "_shared"
    await connection.execute(f"SELECT pg_advisory_xact_lock{shared}($1)", TURN)


async def holds(connection: Connection, key: VerifierKey) -> list[Hold]:
    """Every hold there ever was, ascending. Raises Broken when they are not as they were signed."""
    found = await connection.fetch("SELECT number, note, released FROM audit_holds ORDER BY number")
    try:
        read = [_hold(row["note"], row["released"], key) for row in found]
    except (NotProven, ValueError, KeyError):
        raise _changed() from None
    if [one.number for one in read] != list(range(1, len(found) + 1)):
        raise _changed()
    return read


async def standing(connection: Connection, key: VerifierKey) -> list[Hold]:
    """Those that were not released. Raises Broken."""
    return [one for one in await holds(connection, key) if one.released is None]


def _hold(note: bytes, release: bytes | None, key: VerifierKey) -> Hold:
    facts = open_certificate(note, key, HEAD)
    end = None
    if release is not None:
        ended = open_certificate(release, key, RELEASE)
        if ended["hold"] != facts["hold"]:
            raise ValueError("the release of another hold")
        end = datetime.fromisoformat(ended["at"])
    return Hold(
        number=int(facts["hold"]),
        at=datetime.fromisoformat(facts["at"]),
        reason=facts["reason"],
        subjects=tuple(bytes.fromhex(one) for one in facts.get("subjects", "").split(",") if one),
        request=facts.get("request"),
        since=_time(facts.get("since")),
        until=_time(facts.get("until")),
        retention=facts.get("class"),
        released=end,
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _changed() -> Broken:
    return Broken(
        "the legal holds are not as they were written, so nothing is pruned or erased",
        hint="see in the audit log which were set: gateway audit search --action audit.hold.add",
    )


def named(some: Iterable[Hold]) -> str:
    """Holds by number and reason, for people."""
    return ", ".join(f"{one.number} ({one.reason})" for one in some)
