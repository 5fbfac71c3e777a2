"""Somebody who is to be forgotten: who he is, and the steps that take what he said out of reach."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from gateway.audit import Forgetting
from gateway.audit.destroyed import KEYS
from gateway.identity import Keys
from gateway.model import Json
from gateway.redaction import Values
from gateway.retrieval import Documents

Place = tuple[UUID, int]
SUBJECT: Final = "subject"


class Jobs(Protocol):
    """The ingest queue: `gateway.ingest.Waiting`."""

    async def of(self, owners: Collection[str], *, drop: bool) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Person:
    """A principal, or everybody who ever had a key's name."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    live: tuple[str, ...]
    """Ids of his keys in force that are to end."""
    revoke: bool


class People:
    """Forgets in steps, each of which can be done again. Every method raises StoreUnavailable."""

    def __init__(
        self,
        keys: Keys,
        forgetting: Forgetting,
        values: Values,
        jobs: Jobs,
        documents: Documents,
        now: Callable[[], datetime],
    ) -> None:
        self._keys = keys
        self._forgetting = forgetting
        self._values = values
        self._jobs = jobs
        self._documents = documents
        self._now = now

    async def find(self, who: str, *, revoke: bool) -> Person:
        """Somebody by a principal's id or a key's name, which may be nobody's."""
        known = [info for info in await self._keys.list(revoked=True) if who in (info.id, info.name)]
        live = [info.id for info in known if info.revoked_at is None] if revoke else []
        ids, names = {info.id for info in known} | {who}, {info.name for info in known if info.name} | {who}
        return Person(tuple(sorted(ids)), tuple(sorted(names)), tuple(live), revoke)

    def digests(self, person: Person) -> list[str]:
        """What stands for him in records and certificates."""
        return [one.hex() for one in self._forgetting.digests(person.ids)]

    async def count(self, person: Person) -> dict[str, int]:
        """What `forget` and `unindex` would do."""
        return {
            "subject_keys": await self._forgetting.living(person.ids),
            "kept_values": await self._values.kept_of(person.ids, drop=False),
            "jobs": await self._jobs.of(person.ids, drop=False),
            "api_keys": len(person.live),
            "records": len(await self._places(person)),
        }

    async def forget(self, person: Person, outcome: Json) -> dict[str, int]:
        """Destroy what opens his records, and delete what is his. `outcome` is told which keys are gone."""
        revoked = [await self._keys.revoke(one) for one in person.live]
        destroyed = await self._forgetting.destroy(person.ids)
        # What a table of keys that is put back one day is held against, also for those that went in a run cut short.
        outcome[KEYS] = [str(name) for name in await self._forgetting.destroyed(person.ids)]
        return {
            "subject_keys": len(destroyed),
            "kept_values": await self._values.kept_of(person.ids, drop=True),
            "jobs": await self._jobs.of(person.ids, drop=True),
            "api_keys": len(revoked),
        }

    async def unindex(self, person: Person) -> dict[str, int]:
        """Take him out of the search index, once no record of his is under way any more; after `forget`."""
        places = await self._places(person)
        await self._forgetting.unindex(places)
        await self._forgetting.tidy()
        return {"records": len(places)}

    async def unname(self, person: Person) -> dict[str, int]:
        """Take his name off what keeps it. Last: without it he is not found by name again."""
        if not person.revoke:
            return {}
        named = await self._documents.unname(person.names)
        return {"names": named + await self._keys.unname(person.ids)}

    async def _places(self, person: Person) -> list[Place]:
        return sorted(set(await self._forgetting.places([*person.ids, *person.names])))
