"""Values that are to be erased: the steps that take them out of queue, documents, the log's index, and vault."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from gateway.audit import Forgetting
from gateway.errors import Invalid
from gateway.model import Json, PrivacyPolicy
from gateway.redaction import Holdings, Sought, Values
from gateway.retrieval import Cleaned, Documents, Ledger, cover
from gateway.store import Store

KEEP: Final = "keep"
DELETE: Final = "delete"
VALUE: Final = "value"
MOST: Final = 1000
"""Values erased at a time."""
_TURN: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"

Progress = Callable[[int], None]
Find = Callable[[str], Sequence[tuple[int, int]]]


class Queued(Protocol):
    """What of the ingest queue values were found in."""

    @property
    def files(self) -> int: ...  # noqa: D102
    @property
    def names(self) -> int: ...  # noqa: D102


class Queue(Protocol):
    """The ingest queue: `gateway.ingest.Waiting`."""

    async def holding(  # noqa: D102
        self,
        tenant: str,
        find: Find,
        cover: Callable[[str, Iterable[tuple[int, int]]], str],
        *,
        drop: bool,
        without: Collection[str] = (),
    ) -> Queued: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Values of one tenant, and what becomes of documents that hold them."""

    tenant: str
    sought: Sought
    delete: bool
    gone: tuple[str, ...]
    """Principals whose jobs and kept values go anyway, and are not counted again."""


class PersonalValues:
    """Erases in steps, each of which can be done again. Every method raises StoreUnavailable."""

    def __init__(
        self, store: Store, values: Values, documents: Documents, queue: Queue, forgetting: Forgetting
    ) -> None:
        self._store = store
        self._values = values
        self._documents = documents
        self._queue = queue
        self._forgetting = forgetting

    async def find(
        self,
        tenant: str,
        values: Sequence[str],
        type_: str | None,
        documents: str,
        gone: tuple[str, ...],
        privacy: PrivacyPolicy,
    ) -> Wanted:
        """What stands for the values, as any type that the policy in force knows. Raises Invalid."""
        if documents not in (KEEP, DELETE):
            raise Invalid("documents are kept or deleted", hint="keep or delete", param="documents")
        if len(values) > MOST:
            raise Invalid(f"at most {MOST} values are erased at a time", param="value")
        own = {recognizer.type for recognizer in privacy.recognizers}
        sought = await self._values.sought(tenant, values, [type_] if type_ else [], own)
        return Wanted(tenant, sought, documents == DELETE, gone)

    async def count(self, wanted: Wanted, progress: Progress, until: datetime) -> dict[str, int]:
        """What `clean`, `unindex` and `drop` would do."""
        tenant, sought = wanted.tenant, wanted.sought
        held = await self.holdings(wanted)
        found = [one async for one in self._documents.holding(tenant, sought.places, sought.ids, progress)]
        queued = await self._queue.holding(tenant, sought.places, cover, drop=False, without=wanted.gone)
        records = await self._forgetting.count_values(held.ids, until, wanted.gone)
        kept = {"vault": held.vault, "kept_values": held.kept}
        return {**kept, **_count(found), **_queue(queued), "records_by_value": records}

    async def clean(self, wanted: Wanted, progress: Progress, outcome: Json) -> dict[str, int]:
        """Out of what waits and out of the documents. `outcome` is told what was sent to an embedder for it."""
        tenant, sought = wanted.tenant, wanted.sought
        queued = await self._queue.holding(tenant, sought.places, cover, drop=True, without=wanted.gone)
        found: list[Cleaned] = []
        ledger = Ledger()
        async for one in self._documents.holding(tenant, sought.places, sought.ids, progress):
            if one.texts and not wanted.delete:
                await self._documents.expect()
            async with self._store.transaction() as conn:
                await conn.execute(_TURN, f"gateway/ingest/{tenant}")
                if wanted.delete:
                    if await self._documents.delete(conn, tenant, one):
                        await self._values.leave(conn, tenant, one.document)
                else:
                    await self._documents.cover(
                        conn, tenant, one, lambda texts: self._values.parts_of(tenant, texts), ledger
                    )
            found.append(one)
        if sent := [one.fact() for one in ledger]:
            outcome["sent"] = sent
        await self._documents.settle(tenant)
        return {**_count(found), **_queue(queued)}

    async def holdings(self, wanted: Wanted) -> Holdings:
        """What is kept of the values."""
        return await self._values.holdings(wanted.tenant, wanted.sought, wanted.gone)

    async def unindex(self, held: Holdings, until: datetime) -> dict[str, int]:
        """Out of what records from before `until` are found by."""
        return {"records_by_value": await self._forgetting.unindex_values(held.ids, until)}

    async def drop(self, wanted: Wanted, held: Holdings) -> dict[str, int]:
        """Out of the vault. Last, since until then nothing but it tells where forms of them stand."""
        async with self._store.transaction() as conn:
            await conn.execute(_TURN, f"gateway/ingest/{wanted.tenant}")
            gone = await self._values.drop(conn, wanted.tenant, wanted.sought, held.tokens)
        return {"vault": gone["vault"], "kept_values": gone["kept"]}


def _count(found: Sequence[Cleaned]) -> dict[str, int]:
    return {
        "documents": len(found),
        "places": sum(one.places for one in found),
        "index_texts": sum(one.texts for one in found),
    }


def _queue(queued: Queued) -> dict[str, int]:
    return {"queued_files": queued.files, "file_names": queued.names}
