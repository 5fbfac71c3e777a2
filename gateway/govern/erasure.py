"""Erasure: a person or a value out of everything the gateway keeps, on record, with a signed certificate of it.

The record of it and the certificate name keyed digests and counts. Whoever knows the value and has the key ring can
tell that it was this one; nobody else can.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from gateway.audit import Forgetting, Held, Hold, VerifierKey, certify
from gateway.audit.destroyed import KEYS
from gateway.audit.hold import named, take_turn
from gateway.crypto import KeyRing, keyed
from gateway.errors import Broken, Invalid, OnHold
from gateway.govern.guard import Guard
from gateway.govern.reasons import reason_of
from gateway.identity import Keys
from gateway.model import Json, Principal
from gateway.policy import Current
from gateway.redaction import Redactor, Sought, Values
from gateway.retrieval import Cleaned, Documents, Ledger, cover
from gateway.store import Store
from gateway.store.store import Connection

KEEP: Final = "keep"
DELETE: Final = "delete"
SETTLE_S: Final = 0.5
"""Records that were under way when a key was destroyed are written by then."""
COVERED_S: Final = 15.0
"""How long a signed checkpoint over the outcome is waited for."""
_TURN: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"

Progress = Callable[[int], None]
Find = Callable[[str], Sequence[tuple[int, int]]]


class Queued(Protocol):
    """What of the ingest queue a value was found in."""

    @property
    def files(self) -> int: ...  # noqa: D102
    @property
    def names(self) -> int: ...  # noqa: D102


class Waiting(Protocol):
    """The ingest queue: `gateway.ingest.Waiting`."""

    async def of(self, owners: list[str], *, drop: bool) -> int: ...  # noqa: D102

    async def holding(  # noqa: D102
        self,
        tenant: str,
        find: Find,
        cover: Callable[[str, Iterable[tuple[int, int]]], str],
        *,
        drop: bool,
    ) -> Queued: ...


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done, or would be."""

    dry_run: bool
    counts: Mapping[str, int]
    """By place; docs/audit.md says what each is."""
    certificate: bytes | None = field(default=None, repr=False)
    covered: bool = False
    """Whether a signed checkpoint covers the record of it."""


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
        self._keys = keys
        self._redactor = redactor
        self._values = values
        self._documents = documents
        self._waiting = waiting
        self._forgetting = forgetting
        self._held = held
        self._key = key
        self._now = now
        self._settle_s = settle_s

    async def subject(
        self,
        request: str,
        principal: Principal,
        who: str,
        reason: str,
        *,
        revoke: bool = False,
        dry_run: bool = False,
    ) -> Erased:
        """Forget somebody, named by a principal's id or a key's name: everything that he said and asked.

        revoke: end his keys, too, and take his name off them. Raises NotPermitted, Invalid, OnHold.
        """
        await self._guard.permit(request, principal, "audit", "erase")
        known = [info for info in await self._keys.list(revoked=True) if who in (info.id, info.name)]
        ids = sorted({info.id for info in known} | {who})
        names = sorted({info.name for info in known if info.name} | {who})
        why = await self._reason(principal, reason, names)
        live = [info for info in known if info.revoked_at is None]
        free = self._free(request, principal, lambda conn: self._held.of_subject(conn, ids, names))
        if dry_run:
            async with free:
                pass
            counts = {
                "subject_keys": await self._forgetting.living(ids),
                "records": len(await self._forgetting.places([*ids, *names])),
                "kept_values": await self._values.kept_of(ids, drop=False),
                "jobs": await self._waiting.of(ids, drop=False),
                "api_keys": len(live) if revoke else 0,
            }
            return await self._dry(request, principal, "subject", counts)
        detail: Json = {"subjects": [one.hex() for one in self._forgetting.digests(ids)], "reason": why}
        async with free, self._guard.recorded(request, principal, "audit.erase", detail) as outcome:
            revoked = [await self._keys.revoke(info.id) for info in live] if revoke else []
            places = await self._forgetting.places([*ids, *names])
            destroyed = await self._forgetting.destroy(ids, self._now())
            # What a table of keys that is put back one day is held against.
            outcome[KEYS] = [str(name) for name in destroyed]
            counts = {
                "subject_keys": len(destroyed),
                "kept_values": await self._values.kept_of(ids, drop=True),
                "jobs": await self._waiting.of(ids, drop=True),
                "api_keys": len(revoked),
            }
            if revoke:
                counts["names"] = await self._documents.unname(names) + await self._keys.unname(ids)
            await asyncio.sleep(self._settle_s)
            places = sorted({*places, *await self._forgetting.places([*ids, *names])})
            await self._forgetting.unindex(places)
            await self._forgetting.tidy()
            counts["records"] = len(places)
            outcome["counts"] = counts
        return await self._certified(request, "subject", detail, counts)

    async def value(
        self,
        request: str,
        principal: Principal,
        value: str,
        reason: str,
        *,
        type_: str | None = None,
        documents: str = KEEP,
        dry_run: bool = False,
        progress: Progress = lambda _: None,
    ) -> Erased:
        """Erase a personal value from the caller's tenant, in every form.

        type_: as which type it was found; None for every one. documents: `keep` writes over it where it stands, and
        `delete` deletes what holds it. progress: is told the documents looked at. Raises NotPermitted, Invalid,
        OnHold, and Conflict where texts would have to be embedded with an embedder that is not in force.
        """
        await self._guard.permit(request, principal, "audit", "erase")
        if documents not in (KEEP, DELETE):
            raise Invalid("documents are kept or deleted", hint="keep or delete", param="documents")
        tenant = principal.tenant
        sought = await self._values.sought(tenant, value, [type_] if type_ else [])
        why = await self._reason(principal, reason, [sought.value])
        held = await self._values.holdings(tenant, sought)
        free = self._free(request, principal, lambda conn: self._held.of_value(conn, sought.ids))
        if dry_run:
            async with free:
                pass
            found = [one async for one in self._documents.holding(tenant, sought.places, sought.ids, progress)]
            queued = await self._waiting.holding(tenant, sought.places, cover, drop=False)
            counts = {"vault": held.vault, "kept_values": held.kept, **_count(found)}
            return await self._dry(request, principal, "value", {**counts, **_queue(queued)})
        digest = keyed(self._ring.stable("erased value", tenant.encode()), sought.value.encode())
        detail: Json = {"value": digest.hex(), "documents_policy": documents, "reason": why}
        async with free, self._guard.recorded(request, principal, "audit.erase", detail) as outcome:
            queued = await self._waiting.holding(tenant, sought.places, cover, drop=True)
            found, sent = await self._clean(tenant, sought, delete=documents == DELETE, progress=progress)
            await self._documents.settle(tenant)
            # Last, since until here nothing but these tells where forms of it stand.
            held = await self._values.holdings(tenant, sought)
            async with self._store.transaction() as conn:
                await conn.execute(_TURN, f"gateway/ingest/{tenant}")
                gone = await self._values.drop(conn, tenant, sought, held.tokens)
            counts = {"vault": gone["vault"], "kept_values": gone["kept"], **_count(found), **_queue(queued)}
            outcome["counts"] = counts
            if sent:
                outcome["sent"] = sent
        return await self._certified(request, "value", detail, counts)

    async def _clean(
        self, tenant: str, sought: Sought, *, delete: bool, progress: Progress
    ) -> tuple[list[Cleaned], list[Json]]:
        found: list[Cleaned] = []
        ledger = Ledger()
        async for one in self._documents.holding(tenant, sought.places, sought.ids, progress):
            if one.texts and not delete:
                await self._documents.expect()
            async with self._store.transaction() as conn:
                await conn.execute(_TURN, f"gateway/ingest/{tenant}")
                if delete:
                    if await self._documents.delete(conn, tenant, one):
                        await self._values.leave(conn, tenant, one.document)
                else:
                    await self._documents.cover(
                        conn, tenant, one, lambda texts: self._values.parts_of(tenant, texts), ledger
                    )
            found.append(one)
        return found, [sent.fact() for sent in ledger]

    @contextlib.asynccontextmanager
    async def _free(
        self, request: str, principal: Principal, ask: Callable[[Connection], Awaitable[list[Hold]]]
    ) -> AsyncIterator[None]:
        """Around an erasure: no hold forbids it, and none is set meanwhile. Raises OnHold, on record."""
        async with self._store.transaction() as conn:
            await take_turn(conn)
            if found := await ask(conn):
                detail: Json = {"code": OnHold.code, "holds": [one.number for one in found]}
                await self._guard.record("refusal", request, principal, "audit.erase", detail)
                raise OnHold(
                    f"a legal hold keeps this: {named(found)}",
                    hint="release it first, if that may be: gateway audit hold remove",
                )
            yield

    async def _reason(self, principal: Principal, reason: str, secrets: Sequence[str]) -> str:
        return await reason_of(self._redactor, self._current.bundle.privacy, principal, reason, secrets)

    async def _dry(self, request: str, principal: Principal, what: str, counts: Mapping[str, int]) -> Erased:
        await self._guard.record(
            "event", request, principal, "audit.erase.dry_run", {"of": what, "counts": dict(counts)}
        )
        return Erased(True, counts)

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


def _count(found: Sequence[Cleaned]) -> dict[str, int]:
    return {
        "documents": len(found),
        "places": sum(one.places for one in found),
        "index_texts": sum(one.texts for one in found),
    }


def _queue(queued: Queued) -> dict[str, int]:
    return {"queued_files": queued.files, "file_names": queued.names}
