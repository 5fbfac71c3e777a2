"""Legal holds: set, listed and released by who may, each with a reason and on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from gateway.audit import CLASSES, Hold, VerifierKey
from gateway.audit.hold import holds, released, signed, standing, take_turn
from gateway.audit.subjects import Subjects
from gateway.crypto import KeyRing
from gateway.errors import Invalid, NotFound
from gateway.govern.guard import Guard
from gateway.govern.reasons import reason_of
from gateway.identity import Keys, recordable
from gateway.model import Json, Principal
from gateway.redaction import Redactor
from gateway.store import Store

_PUT: Final = "INSERT INTO audit_holds (number, note) VALUES ($1, $2)"


class Holds:
    """The holds of one log. A hold has force over whatever begins after `add` returned."""

    def __init__(
        self, store: Store, ring: KeyRing, guard: Guard, keys: Keys, redactor: Redactor, key: VerifierKey
    ) -> None:
        self._store = store
        self._ring = ring
        self._guard = guard
        self._keys = keys
        self._redactor = redactor
        self._subjects = Subjects(store, ring)
        self._key = key

    async def add(
        self,
        request: str,
        principal: Principal,
        reason: str,
        *,
        subject: str | None = None,
        about: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        class_: str | None = None,
    ) -> Hold:
        """Hold the records that all of what is given fits; waits for an erasure or a step of pruning under way.

        subject: a principal's id or a key's name; about: a request's id. Raises NotPermitted, Invalid.
        """
        await self._guard.permit(request, principal, "audit", "hold")
        if (subject, about, since, until, class_) == (None,) * 5:
            raise Invalid("a hold says what is held", hint="give a subject, a request, a class, or a span of time")
        if class_ is not None and class_ not in CLASSES:
            raise Invalid("no retention class of this name", hint=f"known: {', '.join(CLASSES)}", param="class")
        if since is not None and until is not None and since >= until:
            raise Invalid("the hold ends before it begins", param="until")
        if about is not None and not (about.isprintable() and about == recordable(about)):
            raise Invalid("no request has this id", hint="give the whole id, as in x-gateway-request-id")
        ids, names = await self._of(subject) if subject else ([], [])
        why = await reason_of(self._redactor, self._guard.privacy, principal, reason, [*ids, *names])
        digests = tuple(sorted({self._subjects.digest(one) for one in ids}))
        hold = Hold(0, self._guard.now(), why, digests, about, since, until, class_)
        detail = {name: value for name, value in hold.as_dict().items() if value and name != "hold"}
        async with self._guard.recorded(request, principal, "audit.hold.add", detail) as outcome:
            async with self._store.transaction() as conn:
                await take_turn(conn, setting=True)
                hold = replace(hold, number=len(await holds(conn, self._key)) + 1)
                await conn.execute(_PUT, hold.number, signed(hold, self._key, self._ring.signer()))
            outcome["hold"] = hold.number
        return hold

    async def remove(self, request: str, principal: Principal, number: int, reason: str) -> None:
        """Release a hold: what it kept goes its way again. Raises NotPermitted, NotFound, Invalid."""
        await self._guard.permit(request, principal, "audit", "hold")
        why = await reason_of(self._redactor, self._guard.privacy, principal, reason, [])
        at = self._guard.now()
        detail: Json = {"hold": number, "reason": why}
        async with (
            self._guard.recorded(request, principal, "audit.hold.remove", detail),
            self._store.transaction() as conn,
        ):
            await take_turn(conn, setting=True)
            if number not in {one.number for one in await standing(conn, self._key)}:
                raise NotFound("no hold of this number stands", hint="`gateway audit hold list` shows them")
            note = released(number, at, why, self._key, self._ring.signer())
            await conn.execute("UPDATE audit_holds SET released = $2 WHERE number = $1", number, note)

    async def all(self, request: str, principal: Principal, subject: str | None = None) -> list[Hold]:
        """Every hold there ever was; of this subject alone, where one is given. Raises NotPermitted."""
        await self._guard.permit(request, principal, "audit", "hold")
        async with self._store.acquire() as conn:
            found = await holds(conn, self._key)
        if subject is not None:
            ids, _ = await self._of(subject)
            digests = {self._subjects.digest(one) for one in ids}
            found = [one for one in found if not digests.isdisjoint(one.subjects)]
        await self._guard.record("event", request, principal, "audit.hold.list", {"holds": len(found)})
        return found

    async def _of(self, subject: str) -> tuple[list[str], list[str]]:
        """Ids and names that stand for somebody, as erasing has them."""
        known = [info for info in await self._keys.list(revoked=True) if subject in (info.id, info.name)]
        ids = sorted({info.id for info in known} | {subject})
        return ids, sorted({info.name for info in known if info.name})
