"""One passage by its name in its document, under the filter of who asks."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from gateway.model import Filter, Passage
from gateway.retrieval.search import COLUMNS, OF, VERSION, admits_nothing, admitted, filter_values, passage_of
from gateway.store import Store

NAME: Final = re.compile(r"(p?)(0|[1-9]\d{0,8})")
"""The ordinal of a passage, or `p` and the number of a longer one put together from several."""
_LEAF: Final = f"SELECT {COLUMNS} FROM chunks c {OF} WHERE {admitted()} AND c.document = $6 AND c.ordinal = $7"
_PARENT: Final = f"""
SELECT NULL AS id, c.document, c.first_ AS ordinal, d.tenant, d.collection, s.label, s.allow, s.deny, s.expires_at,
    c.page, c.start_, c.end_, c.heading, c.text, d.title, d.source, d.version, k.mode = 'plain' AS plain
FROM parents c {OF} AND d.version = c.version WHERE {admitted()} AND c.document = $6 AND c.number = $7
"""


def name_of(passage: Passage) -> str:
    """A passage's name in its document: what stands in its id behind the document's."""
    return passage.id.removeprefix(f"{passage.document}.")


async def opened(store: Store, document: str, name: str, scope: Filter, at: datetime) -> Passage | None:
    """The passage, or None where there is none of that name or `scope` does not admit it: which is not told."""
    found = NAME.fullmatch(name)
    if found is None or admits_nothing(scope):
        return None
    values = (*filter_values(scope, at), document, int(found[2]))
    sql = _PARENT if found[1] else _LEAF
    row = await store.read(lambda conn: conn.fetchrow(sql, *values), VERSION, scope.tenant)
    if row is None:
        return None
    passage = passage_of({**row, "id": f"{document}.{name}"})
    return passage if scope.admits(passage, at) else None
