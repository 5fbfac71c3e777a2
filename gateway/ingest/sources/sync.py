"""One run over one source: what is new or changed comes in, what is gone goes, and a place that vanished takes nothing.

Each item's document and what is known of the item are written in one transaction, so a run that is killed goes on where
it was.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.errors import Conflict, GatewayError, UnsupportedMedia
from gateway.ingest.journey import Ingest
from gateway.ingest.sources.nouns import Fetched, Gone, Item, Spec
from gateway.ingest.sources.state import Known, State, rights_of
from gateway.ingest.values import Delivery, Finish, Ingested
from gateway.model import Json, Principal
from gateway.retrieval import Stored
from gateway.retrieval.formats import kind_of
from gateway.store import Store
from gateway.store.store import Connection

GROUP: Final = 16
GROUP_BYTES: Final = 8 << 20
FETCHING: Final = 4
"""Items fetched at a time."""
FEW: Final = 5
"""So many may always go, as long as others stay."""

Told = Callable[[Json], Awaitable[bool]]
"""Takes counts so far; False means that nobody wants the rest."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a run is asked for beyond the usual."""

    confirmed: bool = False
    """Remove whatever is gone, however much that is."""
    everything: bool = False
    """Read every item again, whatever its mark."""


@dataclass(slots=True)
class Run:
    """One run's means and counts."""

    spec: Spec
    principal: Principal
    request: str
    ingest: Ingest
    state: State
    store: Store
    now: Callable[[], datetime]
    told: Told
    limit: int
    counts: Json = field(default_factory=dict)

    def count(self, what: str, number: int = 1) -> None:
        """Add to a count."""
        self.counts[what] = self.counts.get(what, 0) + number


async def synchronise(run: Run, wish: Wish) -> None:
    """Bring the collection in step with the place.

    Raises Unavailable when the place cannot be listed and Conflict when too much of it is gone, both with nothing
    removed. What is wrong with single items stands in the counts and in the state.
    """
    known = await run.state.items(run.spec)
    listed: dict[str, Item] = {}
    async for item in run.spec.place.items({key: one.mark for key, one in known.items()}):
        if _is_text(item.key):
            listed[item.key] = item
        else:
            run.count("failed")
    run.counts["listed"] = len(listed)
    gone = [one for key, one in known.items() if key not in listed]
    changed = [item for item in listed.values() if wish.everything or _differs(run.spec, item, known.get(item.key))]
    run.counts["unchanged"] = len(listed) - len(changed)
    # What can be brought in is, even where the guard holds back what is gone.
    if not await run.told(run.counts):
        return
    gone += await _bring(run, changed, known, everything=wish.everything)
    _guard(run, gone, known, wish)
    await _remove(run, gone)


def _is_text(key: str) -> bool:
    """A file's name may be bytes in no encoding, which Python carries as halves of surrogate pairs."""
    return not any("\ud800" <= character <= "\udfff" for character in key)


def _differs(spec: Spec, item: Item, known: Known | None) -> bool:
    if known is None or not item.mark or known.mark != item.mark:
        return True
    return known.rights != rights_of(spec.rights(item.key)) or known.collection != spec.collection


def _guard(run: Run, gone: list[Known], known: dict[str, Known], wish: Wish) -> None:
    """Raises Conflict when so much is gone that the place itself may be: unmounted, emptied by mistake, another one."""
    held = sum(1 for one in known.values() if one.document is not None)
    leaving = sum(1 for one in gone if one.document is not None)
    if wish.confirmed or not leaving:
        return
    if leaving == held or (leaving > FEW and leaving > held * run.spec.max_removed_percent / 100):
        raise Conflict(
            f"{leaving} of {held} documents of source {run.spec.name} are gone from it; nothing was deleted",
            hint=f"look at the source; if it is right: gateway source sync {run.spec.name} --confirm",
        )


async def _bring(run: Run, changed: list[Item], known: dict[str, Known], *, everything: bool) -> list[Known]:
    """Read what is new or changed; those known ones that turned out to be gone."""
    gone: list[Known] = []
    batch: list[tuple[Item, Fetched]] = []
    size = 0
    for at in range(0, len(changed), FETCHING):
        some = changed[at : at + FETCHING]
        found = await asyncio.gather(*(_fetch(run, item, known.get(item.key), everything=everything) for item in some))
        for item, one in zip(some, found, strict=True):
            if isinstance(one, Fetched):
                batch.append((item, one))
                size += len(one.data)
            elif isinstance(one, Gone):
                gone += [known[item.key]] if item.key in known else []
            elif isinstance(one, GatewayError):
                await _failed(run, item, one)
            else:
                run.count("unchanged")
        if len(batch) >= GROUP or size >= GROUP_BYTES:
            await _ingest(run, batch)
            batch, size = [], 0
            if not await run.told(run.counts):
                raise Conflict("the run was cancelled")
    await _ingest(run, batch)
    await run.told(run.counts)
    return gone


async def _fetch(
    run: Run, item: Item, known: Known | None, *, everything: bool
) -> Fetched | Gone | GatewayError | None:
    same = known is not None and not _rights_differ(run.spec, item, known) and not everything
    try:
        if item.mark:
            # The mark of a list of pages is known only with the page.
            kind_of(item.name or item.key)
        return await run.spec.place.fetch(item, known.mark if known is not None and same else "", run.limit)
    except Gone as gone:
        return gone
    except GatewayError as error:
        return error


def _rights_differ(spec: Spec, item: Item, known: Known) -> bool:
    return known.rights != rights_of(spec.rights(item.key)) or known.collection != spec.collection


async def _ingest(run: Run, batch: list[tuple[Item, Fetched]]) -> None:
    if not batch:
        return
    spec = run.spec
    deliveries = []
    for item, fetched in batch:
        rights = spec.rights(item.key)
        name = f"{spec.name}/{fetched.name or item.name or item.key}"
        finish = _finish(run, item, fetched)
        deliveries.append(
            Delivery(
                source=fetched.data,
                name=name,
                collection=spec.collection,
                label=rights.label,
                allow=rights.allow,
                deny=rights.deny,
                request=run.request,
                finish=finish,
            )
        )
    for (item, fetched), one in zip(batch, await run.ingest.ingest_many(run.principal, deliveries), strict=True):
        if isinstance(one, Ingested):
            run.count(one.status)
        else:
            await _failed(run, item, one, fetched.mark)


def _finish(run: Run, item: Item, fetched: Fetched) -> Finish:
    async def finish(conn: Connection, stored: Stored) -> None:
        await run.state.put(conn, run.spec, item.key, fetched.mark, document=stored.document, error=None, at=run.now())

    return finish


async def _failed(run: Run, item: Item, error: GatewayError, mark: str = "") -> None:
    """On record with the item; what cannot succeed unchanged is not tried again before it changes."""
    run.count("passed_over" if isinstance(error, UnsupportedMedia) else "failed")
    settled = "" if error.retry else mark or item.mark
    async with run.store.transaction() as conn:
        await run.state.put(conn, run.spec, item.key, settled, document=None, error=error.code, at=run.now())


async def _remove(run: Run, gone: Iterable[Known]) -> None:
    """Take out what is gone, where the source may: one without the right to delete only adds and changes."""
    may = run.ingest.may(run.principal, run.spec.collection, "delete")
    for one in gone:
        if one.document is None:
            await _forget(run, one)
        elif not may:
            run.count("kept")
        else:
            await _withdraw(run, one, one.document)
    await run.told(run.counts)


async def _withdraw(run: Run, one: Known, document: str) -> None:
    async def finish(conn: Connection, _: Stored) -> None:
        await run.state.drop(conn, run.spec, one.key)

    try:
        await run.ingest.withdraw(
            run.principal, document, collection=one.collection, request=run.request, finish=finish
        )
    except GatewayError as error:
        if error.code != "not_found":
            run.count("failed")
            return
        # Somebody deleted it by hand.
        await _forget(run, one)
    run.count("removed")


async def _forget(run: Run, one: Known) -> None:
    async with run.store.transaction() as conn:
        await run.state.drop(conn, run.spec, one.key)


def new_request() -> str:
    """An id for what one run does, as it stands in the audit log."""
    return secrets.token_hex(16)
