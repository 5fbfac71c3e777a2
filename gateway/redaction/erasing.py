"""Erasing values: where they stand in texts, which tokens stand for them, and what is kept of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.crypto.keyring import KeyRing
from gateway.errors import Invalid
from gateway.redaction import kept, vault
from gateway.redaction.entities import BY_TYPE
from gateway.redaction.kept import ID
from gateway.redaction.linking import PERSON
from gateway.redaction.occurrences import Needles, needle, standing
from gateway.redaction.tokens import Minter, find_tokens, id_of, type_of
from gateway.redaction.vault import Vault
from gateway.redaction.views import plainly
from gateway.store import Store
from gateway.store.store import Connection

PAGE: Final = 2_000
LEAST: Final = 3
"""Letters and digits that a value must have."""
_TYPES: Final = "SELECT DISTINCT type FROM vault WHERE tenant = $1"
_VAULT: Final = "SELECT token, sealed FROM vault WHERE tenant = $1 AND token > $2 ORDER BY token LIMIT $3"
_KEPT: Final = """
SELECT token, principal, sealed FROM kept_values WHERE tenant = $1 AND token > $2 ORDER BY token LIMIT $3
"""
_OTHERS: Final = f"""
SELECT {ID} AS id FROM vault WHERE tenant = $1 AND {ID} = ANY($2::text[]) AND token <> ALL($3::text[])
UNION SELECT {ID} FROM kept_values WHERE tenant = $1 AND {ID} = ANY($2::text[]) AND token <> ALL($3::text[])
"""
_DROP: Final = (
    ("places", f"DELETE FROM vault_places WHERE tenant = $1 AND (token = ANY($2::text[]) OR {ID} = ANY($3::text[]))"),
    ("vault", f"DELETE FROM vault WHERE tenant = $1 AND (token = ANY($2::text[]) OR {ID} = ANY($3::text[]))"),
    ("kept", f"DELETE FROM kept_values WHERE tenant = $1 AND (token = ANY($2::text[]) OR {ID} = ANY($3::text[]))"),
)


@dataclass(frozen=True, slots=True)
class Sought:
    """Values that are to be erased together."""

    values: tuple[str, ...] = field(repr=False)
    ids: frozenset[str]
    """Of the tokens that stand for them, of whatever type."""
    _patterns: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False)
    _needles: Needles = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_patterns", tuple(map(_pattern, self.values)))
        found = (needle(value) for value in self.values)
        object.__setattr__(self, "_needles", Needles([one for one in found if one is not None]))

    def places(self, text: str) -> list[tuple[int, int]]:
        """(start, end) of every place of `text` where one of them stands, in order, none overlapping.

        By the rule of what is found again before sending, and wherever it stands letter by letter, in any case.
        """
        found = {match.span() for pattern in self._patterns for match in pattern.finditer(text)}
        found |= {(start, end) for _, start, end in standing(text, self._needles) if _apart(text, start, end)}
        return joined(found)


def _pattern(value: str) -> re.Pattern[str]:
    words = r"\s+".join(re.escape(word) for word in value.split())
    before = r"(?<!\w)" if value[:1].isalnum() else ""
    behind = r"(?!\w)" if value[-1:].isalnum() else ""
    return re.compile(f"{before}{words}{behind}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the tables keep of some values."""

    tokens: tuple[str, ...]
    """Whose values they are or stand in."""
    ids: frozenset[str]
    """What these tokens and the sought values' own are known by, where it stands for nothing else."""
    vault: int
    kept: int


def _apart(text: str, start: int, end: int) -> bool:
    """Whether no word goes on before or behind: `Jane Roe` does not stand in `Jane Roebuck`."""
    goes_on = text[end - 1 : end].isalpha() and text[end : end + 1].isalpha()
    return not goes_on and not (text[start : start + 1].isalpha() and text[max(0, start - 1) : start].isalpha())


def joined(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places in order, those that overlap made one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


class Values:
    """The vault and the values kept for a while, as far as they are to be forgotten.

    Every method raises StoreUnavailable; those that open rows SealBroken.
    """

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring
        self._vault = Vault(store, ring)

    async def sought(
        self, tenant: str, values: Sequence[str], types: Collection[str], own: Collection[str] = ()
    ) -> Sought:
        """The values with their tokens' ids: of these types, or of every type known where none is given.

        own: types that a policy adds to those known.

        Raises Invalid for a value of fewer than three letters or digits: it would be found everywhere.
        """
        values = tuple(dict.fromkeys(value.strip() for value in values))
        if any(sum(map(str.isalnum, value)) < LEAST or not value.isprintable() for value in values):
            raise Invalid(f"a value to erase has {LEAST} letters or digits at least, on one line", param="value")
        if not types:
            used = [row["type"] for row in await self._store.fetch(_TYPES, tenant)]
            types = {*BY_TYPE, *used, *own}
        minter = self._minter(tenant)
        made = (minter.token(one, plainly(value, one)) for value in values for one in types)
        return Sought(values, frozenset(map(id_of, made)))

    async def holdings(self, tenant: str, sought: Sought, without: Collection[str] = ()) -> Holdings:
        """Opens everything that is kept, so that no form of a value is missed.

        without: principals whose kept values count for nothing, as they go anyway; their tokens are among `tokens`.
        """

        def in_vault(row: Any) -> str:
            return self._opened(vault.PURPOSE, tenant, row["sealed"], vault.bound(tenant, row["token"]))

        def in_kept(row: Any) -> str:
            bound = kept.bound(tenant, row["principal"], row["token"])
            return self._opened(kept.PURPOSE, tenant, row["sealed"], bound)

        for_good = await self._scan(_VAULT, tenant, sought, in_vault)
        for_a_while = await self._scan(_KEPT, tenant, sought, in_kept)
        tokens = {row["token"] for row in (*for_good, *for_a_while)}
        theirs = {id_of(token) for token in tokens} - sought.ids
        kept_on = await self._store.fetch(_OTHERS, tenant, sorted(theirs), sorted(tokens))
        ids = sought.ids | theirs.difference(row["id"] for row in kept_on)
        others = [row for row in for_a_while if row["principal"] not in without]
        return Holdings(tuple(sorted(tokens)), ids, len(for_good), len(others))

    async def drop(self, conn: Connection, tenant: str, sought: Sought, tokens: Sequence[str]) -> dict[str, int]:
        """Delete the values in every form, and these tokens' values; rows by table: `places`, `vault`, `kept`."""
        counts = {}
        for name, sql in _DROP:
            counts[name] = int((await conn.execute(sql, tenant, list(tokens), sorted(sought.ids))).rpartition(" ")[2])
        return counts

    async def leave(self, conn: Connection, tenant: str, document: str) -> int:
        """A document is gone: forget its places, and values that nothing else brought in; returns how many."""
        return await self._vault.leave(tenant, document, conn)

    async def kept_of(self, principals: Collection[str], *, drop: bool) -> int:
        """How many values are kept for these principals; deleted with `drop`."""
        which = "WHERE principal = ANY($1::text[])"
        if drop:
            done = await self._store.execute(f"DELETE FROM kept_values {which}", sorted(principals))
            return int(done.rpartition(" ")[2])
        return int(await self._store.fetchval(f"SELECT count(*) FROM kept_values {which}", sorted(principals)))

    async def parts_of(self, tenant: str, texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Token -> keyed digests of the words of the name it stands for, of every name's token in these texts."""
        tokens = {token for text in texts for token in find_tokens(text) if type_of(token) == PERSON}
        minter = self._minter(tenant)
        known = await self._vault.look_up(tenant, tokens)
        return {token: minter.parts(entry.value) for token, entry in known.items()}

    async def _scan(self, sql: str, tenant: str, sought: Sought, opened: Callable[[Any], str]) -> list[Any]:
        found: list[Any] = []
        after = ""

        def holding(rows: Sequence[Any]) -> list[Any]:
            return [row for row in rows if id_of(row["token"]) in sought.ids or sought.places(opened(row))]

        while rows := await self._store.fetch(sql, tenant, after, PAGE):
            after = rows[-1]["token"]
            found += await asyncio.to_thread(holding, rows)
        return found

    def _opened(self, purpose: str, tenant: str, sealed: bytes, bound: bytes) -> str:
        return self._ring.open(purpose, sealed, bound, tenant.encode()).decode("utf-8", "surrogatepass")

    def _minter(self, tenant: str) -> Minter:
        return Minter(self._ring.stable("token", tenant.encode()))
