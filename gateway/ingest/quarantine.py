"""Documents held back: who sees them, who releases them. Each act passes a decision and is on record."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from gateway.audit import AuditLog
from gateway.errors import Conflict, GatewayError, Invalid, NotFound, NotPermitted
from gateway.ingest.recording import Recording
from gateway.ingest.values import Asked, Finish, Request, checked_id
from gateway.model import Json, Principal, PrivacyPolicy
from gateway.policy import Current
from gateway.retrieval import QUARANTINED, READY, Index, Quarantine, Report, Stored, report_of
from gateway.store import Store
from gateway.store.store import Connection

AREA: Final = "admin:documents"


def accept(policy: PrivacyPolicy, report: Report) -> None:
    """Raises Invalid for a document that policy does not take."""
    if policy.hidden_text == "refuse" and report.concealed:
        kinds = ", ".join(sorted(report.hidden))
        raise Invalid(
            f"the document hides text from its reader: {report.concealed} characters",
            hint=f"take it out ({kinds}), or let privacy.yaml strip it: documents.hidden_text",
        )


def state_for(policy: PrivacyPolicy, report: Report, *, released: bool) -> str:
    """The state a document comes in with."""
    return QUARANTINED if policy.instructions == "quarantine" and report.doubtful and not released else READY


def shown(policy: PrivacyPolicy, report: Report) -> Report:
    """The report as it is kept: without flags where policy does not look for instructions."""
    return Report(report.hidden, report.notes) if policy.instructions == "allow" else report


@dataclass(frozen=True, slots=True)
class Intake:
    """How a document comes in."""

    state: str
    report: Report
    """As it is kept."""
    released: bool = False
    """Whether an earlier release holds for it."""

    def facts(self) -> Json:
        """For the record."""
        return {"state": self.state, "report": self.report.shape()}

    @classmethod
    def of(cls, detail: Json) -> Intake:
        """What `facts` made part of a record."""
        return cls(detail.get("state", READY), report_of(detail.get("report", {})))


class Intakes:
    """Decides how documents come in, and keeps their reports beside them."""

    def __init__(self, quarantine: Quarantine) -> None:
        self._quarantine = quarantine

    async def intake(self, asked: Asked, report: Report) -> Intake:
        """What was released stays so as long as the file is the same, whatever it is built with."""
        policy, held = asked.request.bundle.privacy, asked.held
        same = report.doubtful and held is not None and held.digest == asked.digest
        released = same and held is not None and await self._quarantine.released(held.id)
        return Intake(state_for(policy, report, released=released), shown(policy, report), released)

    def finish(self, intake: Intake, then: Finish | None) -> Finish:
        """Writes the report in the document's transaction, then does what the delivery itself asks for."""

        async def finish(conn: Connection, stored: Stored) -> None:
            if stored.status in {"new", "updated"}:
                await self._quarantine.keep(conn, stored.document, intake.report, released=intake.released)
            if then is not None:
                await then(conn, stored)

        return finish


class HeldBack:
    """The quarantine as people meet it."""

    def __init__(
        self,
        store: Store,
        current: Current,
        index: Index,
        quarantine: Quarantine,
        audit: AuditLog,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._current = current
        self._index = index
        self._quarantine = quarantine
        self._records = Recording(audit, now)
        self._now = now

    async def documents(self, principal: Principal, *, after: str = "", limit: int = 100) -> Json:
        """Documents in quarantine: {"documents": [..], "next": id to go on after, or None}.

        All of the tenant's for who may read `admin:documents`, else those the caller brought in.
        """
        everything = self._current.bundle.decide(principal, AREA, "read").allowed
        limit = max(1, min(limit, 1000))
        found = await self._quarantine.held(
            principal.tenant, None if everything else principal.name, after=after, limit=limit
        )
        rows = [{**asdict(one), "report": one.report.shape(), "state": QUARANTINED} for one in found]
        return {"documents": rows, "next": found[-1].id if len(found) == limit else None}

    async def release(self, principal: Principal, document: str, *, request: str | None = None) -> Json:
        """Let a document out of quarantine: from now on it is searched like any other.

        Raises NotPermitted, NotFound (also for one that is not in quarantine); on record.
        """
        asked = Request(request or secrets.token_hex(16), principal, self._current.bundle)
        action = "document.release"
        try:
            decision = asked.bundle.decide(principal, AREA, "release")
            if not decision:
                raise NotPermitted(decision.reason, hint="ask an administrator to release it")
            held = await self._index.held_by_id(principal.tenant, checked_id(document))
            if held is None or held.state != QUARANTINED:
                raise NotFound("no such document in quarantine", hint="`gateway document quarantine` lists them")
        except GatewayError as error:
            await self._records.refuse(asked, action, "", error)
            raise
        reports = await self._quarantine.reports([document])
        report = reports[document].report.shape() if document in reports else {}
        detail: Json = {"collection": held.collection, "document": document, "version": held.version, "report": report}
        await self._records.append("intent", asked, action, detail)
        async with self._records.recorded(asked, action, detail), self._store.transaction() as conn:
            now = await self._index.held_by_id(principal.tenant, document, conn)
            if now is None or (now.version, now.state) != (held.version, QUARANTINED):
                raise Conflict("the document was changed meanwhile", hint="look at it again")
            await self._index.permit(now, now.label, now.allow, now.deny, conn, state=READY)
            await self._quarantine.release(conn, document, principal.name, self._now())
        return {"id": document, "collection": held.collection, "state": READY}
