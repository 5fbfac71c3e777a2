"""API keys: made, listed, rotated, revoked, and turned back into the caller they stand for."""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.crypto.digest import keyed
from gateway.crypto.keyring import KeyRing
from gateway.crypto.secret import Secret
from gateway.errors import Conflict, Invalid, NotFound
from gateway.identity.credentials import id_of, make, refusal
from gateway.model import Principal
from gateway.store import Store

CHANNEL: Final = "api_keys"
CACHE_FOR: Final = timedelta(seconds=5)
"""A revocation counts everywhere after this at the latest, and at once where `start` listens."""
CACHE_SIZE: Final = 10_000
USED_EVERY: Final = timedelta(minutes=1)
_NAME: Final = re.compile(r"[\w@+-][\w .@+-]{0,63}")
_COLUMNS: Final = "id, name, tenant, roles, groups, created_at, expires_at, revoked_at, last_used_at"
_NO_HASH: Final = bytes(32)
_FIRST: Final = 0x67617465_00000001
"""Advisory lock around making the first key."""


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What may be known about a key; never its secret."""

    id: str
    name: str
    """Names the caller in policies and documents as `user:<name>`; one live key at a time has it."""
    tenant: str
    roles: tuple[str, ...]
    groups: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    """To the minute."""

    def valid_at(self, now: datetime) -> bool:
        """Whether the key counts at this moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class _Known:
    """A key as remembered for a few seconds; `hash` shows nothing without the key ring."""

    info: KeyInfo
    principal: Principal
    hash: bytes
    read_at: datetime


class Keys:
    """The keys of one database. Every method raises StoreUnavailable when it does not answer."""

    def __init__(self, store: Store, ring: KeyRing, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store, self._now = store, now
        self._pepper = ring.stable("api-key")
        self._known: dict[str, _Known] = {}
        self._subscription: Any = None

    async def start(self) -> None:
        """Listen for revocations, so that they count within milliseconds. Without it they count after `CACHE_FOR`."""
        if self._subscription is None:
            self._subscription = await self._store.listen(CHANNEL, self._forget, self._known.clear)

    async def close(self) -> None:
        """Stop listening."""
        if self._subscription is not None:
            await self._subscription.close()
            self._subscription = None

    def _forget(self, key_id: str) -> None:
        self._known.pop(key_id, None)

    async def authenticate(self, secret: str) -> Principal:
        """The caller behind a key. Raises Unauthenticated for every key that does not count, always the same.

        A known key is compared in constant time; an unknown id takes the same steps against a hash nobody has.
        """
        key_id = id_of(secret)
        given, now = keyed(self._pepper, secret.encode()), self._now()
        known = self._known.get(key_id)
        if known is None or not timedelta(0) <= now - known.read_at < CACHE_FOR:
            known = await self._read(key_id, now)
        fits = hmac.compare_digest(given, known.hash if known else _NO_HASH)
        if known is None or not fits or not known.info.valid_at(now):
            raise refusal()
        return known.principal

    async def standing(self, principal: Principal) -> Principal:
        """The holder of a key as he stands now, for what is done later in his name; others as they are.

        Raises Unauthenticated when the key has ended.
        """
        row = await self._store.fetchrow(f"SELECT {_COLUMNS} FROM api_keys WHERE id = $1", principal.id)
        if row is None:
            return principal
        info = _info(row)
        if not info.valid_at(self._now()):
            raise refusal()
        return Principal(info.id, info.name, frozenset(info.roles), frozenset(info.groups), info.tenant)

    async def _read(self, key_id: str, now: datetime) -> _Known | None:
        row = await self._store.fetchrow(f"SELECT {_COLUMNS}, hash FROM api_keys WHERE id = $1", key_id)
        if row is None:
            self._known.pop(key_id, None)
            return None
        info = _info(row)
        caller = Principal(info.id, info.name, frozenset(info.roles), frozenset(info.groups), info.tenant)
        known = _Known(info, caller, bytes(row["hash"]), now)
        if len(self._known) >= CACHE_SIZE:
            self._known.pop(next(iter(self._known)), None)
        self._known[key_id] = known
        if info.valid_at(now) and (info.last_used_at is None or now - info.last_used_at >= USED_EVERY):
            await self._store.execute("UPDATE api_keys SET last_used_at = $2 WHERE id = $1", key_id, now)
        return known

    async def create(
        self,
        name: str,
        roles: Iterable[str] = (),
        groups: Iterable[str] = (),
        expires_at: datetime | None = None,
        tenant: str = "default",
    ) -> tuple[KeyInfo, Secret]:
        """A new key and its secret, which exists nowhere else from here on.

        Raises Invalid for a bad name or date, Conflict when a live key has the name.
        """
        now = self._now()
        expires_at = _expiry(expires_at, now)
        own, of = _names(roles, "role", "roles"), _names(groups, "group", "groups")
        _names([name], "key", "name")
        _names([tenant], "tenant", "tenant")
        async with self._store.transaction() as conn:
            return await self._insert(conn, KeyInfo("", name, tenant, own, of, now, expires_at, None, None))

    async def create_first(self, name: str, role: str, put: Callable[[Secret], None]) -> bool:
        """The key `name` with one role, unless the database ever had a key of that name; whether it was made.

        `put` stores the secret, in a thread, before the key comes into force: when it raises there is no key, so that
        none is ever in force whose secret nobody holds. Processes that try together make one.
        """
        async with self._store.transaction() as conn:
            await conn.execute("SELECT pg_advisory_xact_lock($1)", _FIRST)
            if await conn.fetchval("SELECT EXISTS (SELECT FROM api_keys WHERE name = $1)", name):
                return False
            _, secret = await self._insert(
                conn, KeyInfo("", name, "default", (role,), (), self._now(), None, None, None)
            )
            await asyncio.to_thread(put, secret)
        return True

    async def _insert(self, conn: Any, info: KeyInfo) -> tuple[KeyInfo, Secret]:
        """Insert under a new id inside the caller's transaction."""
        key_id, secret = make()
        info = replace(info, id=key_id)
        done = await conn.fetchval(
            "INSERT INTO api_keys (id, name, tenant, hash, roles, groups, created_at, expires_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING id",
            *(key_id, info.name, info.tenant, keyed(self._pepper, secret.reveal().encode())),
            *(list(info.roles), list(info.groups), info.created_at, info.expires_at),
        )
        if done is None:
            hint = "choose another name, or revoke or rotate that key"
            raise Conflict(f"a key named {info.name} exists", hint=hint, param="name")
        return info, secret

    async def list(self, *, revoked: bool = False) -> list[KeyInfo]:
        """Every key, newest first; revoked ones too when asked for."""
        where = "" if revoked else "WHERE revoked_at IS NULL"
        rows = await self._store.fetch(f"SELECT {_COLUMNS} FROM api_keys {where} ORDER BY created_at DESC, id")
        return [_info(row) for row in rows]

    async def revoke(self, id_or_name: str) -> KeyInfo:
        """End a key now. Raises NotFound when no live key has this id or name."""
        async with self._store.transaction() as conn:
            info = await self._end(conn, id_or_name)
        self._forget(info.id)
        return info

    async def unname(self, ids: Iterable[str]) -> int:
        """Take name, roles and groups off keys that have ended; how many of these have."""
        done = await self._store.execute(
            "UPDATE api_keys SET name = '', roles = '{}', groups = '{}' WHERE id = ANY($1) AND revoked_at IS NOT NULL",
            sorted(ids),
        )
        return int(done.rpartition(" ")[2])

    async def rotate(self, id_or_name: str) -> tuple[KeyInfo, Secret]:
        """A new key with the same name, roles, groups and expiry; the old one ends in the same moment."""
        async with self._store.transaction() as conn:
            old = await self._end(conn, id_or_name)
            fresh = replace(old, created_at=self._now(), revoked_at=None, last_used_at=None)
            made = await self._insert(conn, fresh)
        self._forget(old.id)
        return made

    async def _end(self, conn: Any, id_or_name: str) -> KeyInfo:
        row = await conn.fetchrow(
            "UPDATE api_keys SET revoked_at = $2 WHERE revoked_at IS NULL AND id = (SELECT id FROM api_keys"
            " WHERE revoked_at IS NULL AND (id = $1 OR name = $1) ORDER BY (id = $1) DESC LIMIT 1 FOR UPDATE)"
            f" RETURNING {_COLUMNS}",
            *(id_or_name, self._now()),
        )
        if row is None:
            shown = (
                id_or_name if _NAME.fullmatch(id_or_name) and not id_or_name.startswith("gw_") else "this name or id"
            )
            raise NotFound(f"no key {shown} in force", hint="`gateway key list` shows the keys")
        await conn.execute("SELECT pg_notify($1, $2)", CHANNEL, row["id"])
        return _info(row)


def _expiry(given: datetime | None, now: datetime) -> datetime | None:
    """The date in UTC."""
    if given is None:
        return None
    try:
        utc = given.astimezone(UTC) if given.tzinfo else None
    except OverflowError:
        # The last hours of the year 9999, west of Greenwich.
        raise Invalid("the expiry date is out of range", param="expires_at") from None
    if utc is None or utc <= now:
        raise Invalid("the expiry date must lie in the future and name its time zone", param="expires_at")
    return utc


def _info(row: Any) -> KeyInfo:
    values = {name: row[name] for name in _COLUMNS.split(", ")}
    return KeyInfo(**{**values, "roles": tuple(values["roles"]), "groups": tuple(values["groups"])})


def _names(texts: Iterable[str], what: str, param: str) -> tuple[str, ...]:
    """Names in the form that policy files can mention, sorted and without doubles."""
    unique = sorted(set(texts))
    for text in unique:
        if not _NAME.fullmatch(text) or text.startswith("gw_"):
            raise Invalid(
                f"a {what} cannot have this name",
                hint="use 1 to 64 letters, digits, spaces, or any of _ . @ + -, not beginning with gw_",
                param=param,
            )
    return tuple(unique)
