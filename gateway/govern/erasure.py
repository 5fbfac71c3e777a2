"""Erasure: a person, values, or both, out of everything the gateway keeps, on record, with a certificate of it.

The record of it and the certificate name keyed digests and counts. Whoever knows a value and has the key ring can
tell that it was this one; nobody else can. A run that is cut short is finished by running it again: what opens or finds
the rest is taken away last.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from gateway.audit import Forgetting, Held, Hold, VerifierKey, certify
from gateway.audit.hold import named, take_turn
from gateway.crypto import KeyRing, keyed
from gateway.errors import Broken, Invalid, OnHold
from gateway.govern.guard import Guard
from gateway.govern.people import SUBJECT, Jobs, People, Person
from gateway.govern.personal_values import KEEP, VALUE, PersonalValues, Progress, Queue, Wanted
from gateway.govern.reasons import reason_of
from gateway.identity import Keys
from gateway.model import Json, Principal
from gateway.policy import Current
from gateway.redaction import Redactor, Values
from gateway.retrieval import Documents
from gateway.store import Store

SETTLE_S: Final = 0.5
"""Records that were under way when a key was destroyed, or a value erased, are written by then."""
COVERED_S: Final = 15.0
"""How long a signed checkpoint over the outcome is waited for."""


class Waiting(Jobs, Queue, Protocol):
    """The ingest queue: `gateway.ingest.Waiting`."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done, or would be."""

    dry_run: bool
    counts: Mapping[str, int]
    """By place; docs/audit.md says what each is."""
    certificate: bytes | None = field(default=None, repr=False)
    covered: bool = False
    """Whether a signed checkpoint covers the record of it."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whom and what an erasure is about."""

    person: Person | None
    wanted: Wanted | None

    @property
    def what(self) -> str:
        return ",".join([SUBJECT] * (self.person is not None) + [VALUE] * (self.wanted is not None))

    @property
    def secrets(self) -> list[str]:
        """What the reason may not name."""
        named = self.person.names if self.person else ()
        return [*named, *(self.wanted.sought.values if self.wanted else ())]


class Erasure:
    """Erases for who may. `key` is what the log's notes are checked with; `settle_s`: see SETTLE_S."""

    def __init__(
        self,
        *,
        store: Store,
        ring: KeyRing,
        guard: Guard,
        current: Current,
        keys: Keys,
        redactor: Redactor,
        values: Values,
        documents: Documents,
        waiting: Waiting,
        forgetting: Forgetting,
        held: Held,
        key: VerifierKey,
        now: Callable[[], datetime],
        settle_s: float = SETTLE_S,
    ) -> None:
        self._store = store
        self._ring = ring
        self._guard = guard
        self._current = current
        self._redactor = redactor
        self._people = People(keys, forgetting, values, waiting, documents, now)
        self._values = PersonalValues(store, values, documents, waiting, forgetting)
        self._forgetting = forgetting
        self._held = held
        self._key = key
        self._now = now
        self._settle_s = settle_s

    async def erase(
        self,
        request: str,
        principal: Principal,
        reason: str,
        *,
        subject: str | None = None,
        values: Sequence[str] = (),
        type_: str | None = None,
        documents: str = KEEP,
        revoke: bool = False,
        dry_run: bool = False,
        progress: Progress = lambda _: None,
    ) -> Erased:
        """Forget somebody and what he said, and erase personal values from the caller's tenant in every form.

        subject: a principal's id or a key's name; revoke: end his keys, too, and take his name off them. type_: as
        which type the values were found; None for every one. documents: `keep` writes over them where they stand, and
        `delete` deletes what holds one. progress: is told the documents looked at. Nothing is changed where a hold
        forbids any of it. Raises NotPermitted, Invalid, OnHold, and Conflict where texts would have to be embedded with
        an embedder that is not in force.
        """
        await self._guard.permit(request, principal, "audit", "erase")
        if subject is None and not values:
            raise Invalid("name a subject or a value", hint="give --subject, --value or both", param="subject")
        privacy = self._current.bundle.privacy
        person = wanted = None
        if subject is not None:
            person = await self._people.find(subject, revoke=revoke)
        if values:
            gone = person.ids if person else ()
            wanted = await self._values.find(principal.tenant, values, type_, documents, gone, privacy)
        asked = _Asked(person, wanted)
        why = await reason_of(self._redactor, privacy, principal, reason, asked.secrets)
        if dry_run:
            async with self._free(request, principal, asked):
                pass
            counts = await self._count(asked, progress)
            detail: Json = {"of": asked.what, "counts": counts}
            await self._guard.record("event", request, principal, "audit.erase.dry_run", detail)
            return Erased(True, counts)
        detail = {**self._named(asked), **({"documents_policy": documents} if wanted else {}), "reason": why}
        async with (
            self._free(request, principal, asked),
            self._guard.recorded(request, principal, "audit.erase", detail) as outcome,
        ):
            counts = outcome["counts"] = await self._carry_out(asked, progress, outcome)
        return await self._certified(request, asked.what, detail, counts)

    async def _count(self, asked: _Asked, progress: Progress) -> dict[str, int]:
        counts: Counter[str] = Counter()
        if asked.person is not None:
            counts.update(await self._people.count(asked.person))
        if asked.wanted is not None:
            counts.update(await self._values.count(asked.wanted, progress, self._now()))
        return dict(counts)

    async def _carry_out(self, asked: _Asked, progress: Progress, outcome: Json) -> dict[str, int]:
        """What can fail first, and what finds the rest again last."""
        person, wanted = asked.person, asked.wanted
        counts: Counter[str] = Counter()
        held = None
        if wanted is not None:
            counts.update(await self._values.clean(wanted, progress, outcome))
            held = await self._values.holdings(wanted)
        if person is not None:
            counts.update(await self._people.forget(person, outcome))
        until = self._now()
        await asyncio.sleep(self._settle_s)
        if person is not None:
            counts.update(await self._people.unindex(person))
        if wanted is not None and held is not None:
            counts.update(await self._values.unindex(held, until))
            counts.update(await self._values.drop(wanted, held))
        if person is not None:
            counts.update(await self._people.unname(person))
        return dict(counts)

    def _named(self, asked: _Asked) -> dict[str, list[str]]:
        """What stands for the person and the values in records and certificates: keyed digests."""
        told = {}
        if asked.person is not None:
            told["subjects"] = self._people.digests(asked.person)
        if asked.wanted is not None:
            key = self._ring.stable("erased value", asked.wanted.tenant.encode())
            told["values"] = [keyed(key, value.encode()).hex() for value in asked.wanted.sought.values]
        return told

    @contextlib.asynccontextmanager
    async def _free(self, request: str, principal: Principal, asked: _Asked) -> AsyncIterator[None]:
        """Around an erasure: no hold forbids it, and none is set meanwhile. Raises OnHold, on record."""
        async with self._store.transaction() as conn:
            await take_turn(conn)
            found: dict[int, Hold] = {}
            if asked.person is not None:
                of_person = await self._held.of_subject(conn, asked.person.ids, asked.person.names)
                found |= {one.number: one for one in of_person}
            if asked.wanted is not None:
                found |= {one.number: one for one in await self._held.of_value(conn, asked.wanted.sought.ids)}
            if found:
                detail: Json = {"code": OnHold.code, "holds": sorted(found)}
                await self._guard.record("refusal", request, principal, "audit.erase", detail)
                raise OnHold(
                    f"a legal hold keeps this: {named(found[number] for number in sorted(found))}",
                    hint="release it first, if that may be: gateway audit hold remove",
                )
            yield

    async def _certified(self, request: str, what: str, detail: Json, counts: Mapping[str, int]) -> Erased:
        """A note over what was done, once a signed checkpoint covers its record, or without where none comes."""
        deadline = time.monotonic() + COVERED_S
        place, kept = await self._forgetting.outcome(request)
        while kept is None and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
            place, kept = await self._forgetting.outcome(request)
        if place is None:
            raise Broken("the record of the erasure is not there")
        facts: dict[str, object] = {
            "log": self._key.name,
            "erased": what,
            "request": request,
            "at": self._now().isoformat(timespec="seconds"),
            **{name: ",".join(told) if isinstance(told, list) else told for name, told in detail.items()},
            **{f"count.{name}": number for name, number in counts.items()},
            "record": f"{place.stream}/{place.seq}",
            "record_hash": place.hash,
        }
        if kept is not None:
            facts |= {"checkpoint_size": kept.size, "checkpoint_root": kept.root.hex()}
        return Erased(False, counts, certify(facts, self._key, self._ring.signer()), kept is not None)
