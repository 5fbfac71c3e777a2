"""Destroyed keys stay destroyed: a table of keys that was put back from a backup is held against the log.

The outcome of every erasure names the keys that it destroyed. Where one of them stands in the table again, it is
destroyed again. This sees no more than the log has: one that was put back along with the table says nothing of it.
"""

from __future__ import annotations

from typing import Any, Final

from gateway.audit.read import Reader
from gateway.audit.subjects import Name, Subjects
from gateway.audit.terms import Terms
from gateway.crypto import KeyRing
from gateway.store import Store

ACTION: Final = "audit.erase"
KEYS: Final = "keys"
"""Entry of an outcome's detail: the names of the keys that were destroyed."""
CHUNK: Final = 500
_FIND: Final = "SELECT stream, seq FROM audit_index WHERE terms @> $1::bigint[] ORDER BY at, stream, seq"


async def destroyed(store: Store, ring: KeyRing, terms: Terms) -> set[Name]:
    """Every key that the log says was destroyed. Raises StoreUnavailable."""
    reader = Reader(store, ring)
    wanted = [terms.term("action", ACTION), terms.term("kind", "outcome")]
    places = [(row["stream"], row["seq"]) for row in await store.fetch(_FIND, wanted)]
    found: set[Name] = set()
    for start in range(0, len(places), CHUNK):
        for one in await reader.at(places[start : start + CHUNK]):
            # What the index finds is looked at again, and what was changed is not believed.
            if one.get("problem") is None and one.get("kind") == "outcome" and one.get("action") == ACTION:
                found |= _names(one.get("detail"))
    return found


async def destroy_again(store: Store, ring: KeyRing, terms: Terms, subjects: Subjects) -> list[Name]:
    """Destroy, in every process, whichever of these keys exists; which did, ascending. Raises StoreUnavailable."""
    gone = await destroyed(store, ring, terms)
    living = await subjects.alive(gone)
    await subjects.destroy_keys(living)
    return living


def _names(detail: Any) -> set[Name]:
    given = detail.get(KEYS) if isinstance(detail, dict) else None
    return {name for one in given if (name := Name.parse(one)) is not None} if isinstance(given, list) else set()
