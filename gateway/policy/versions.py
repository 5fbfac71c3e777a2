"""Versions of the policy in the database: submitted, activated in every worker, rolled back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from gateway.errors import BadPolicy, Conflict, NotFound
from gateway.policy.bundle import Bundle, build, digest_of
from gateway.store import Store

CHANNEL: Final = "policy"
LIVE_FOR_S: Final = 5.0
"""A worker seen this recently counts as running."""
ACKNOWLEDGE_WITHIN_S: Final = 5.0
_LOOK_EVERY_S: Final = 0.05
_LOCK: Final = 0x67617465_00000002
"""Advisory lock around giving numbers to versions and activations."""

_VERSIONS: Final = """
    SELECT v.number, v.digest, v.author, v.note, v.created_at, a.activated_by, a.activated_at,
           v.digest = (SELECT digest FROM policy_activations ORDER BY number DESC LIMIT 1) AS active
    FROM policy_versions v LEFT JOIN LATERAL (
        SELECT activated_by, activated_at FROM policy_activations WHERE digest = v.digest ORDER BY number DESC LIMIT 1
    ) a ON true
"""


@dataclass(frozen=True, slots=True)
class Version:
    """One set of policy files that passed every check, and what became of it."""

    number: int
    digest: str
    author: str
    note: str
    created_at: datetime
    active: bool = False
    activated_by: str | None = None
    """Who activated it last."""
    activated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Activation:
    """A change of the policy in force. `missing` names live workers that have not confirmed; they may still do so."""

    number: int
    digest: str
    previous: str | None
    acknowledged: tuple[str, ...]
    missing: tuple[str, ...]


class Versions:
    """The policy versions of one database. Every method raises StoreUnavailable when it does not answer."""

    def __init__(self, store: Store, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store, self._now = store, now

    async def submit(self, files: Mapping[str, bytes], author: str, note: str = "") -> Version:
        """Check the files and keep them, not in force yet. The same files again are the same version.

        Raises BadPolicy with every error.
        """
        bundle = await asyncio.to_thread(build, files)
        async with self._store.transaction() as conn:
            await conn.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            fresh = await conn.fetchval(
                "INSERT INTO policy_versions (number, digest, author, note, created_at)"
                " VALUES ((SELECT coalesce(max(number), 0) + 1 FROM policy_versions), $1, $2, $3, $4)"
                " ON CONFLICT (digest) DO NOTHING RETURNING number",
                *(bundle.digest, author, note, self._now()),
            )
            if fresh is not None:
                await conn.executemany(
                    "INSERT INTO policy_files (digest, name, content) VALUES ($1, $2, $3)",
                    [(bundle.digest, name, content) for name, content in bundle.files.items()],
                )
        return await self.find(bundle.digest)

    async def activate(self, ref: str, by: str, *, wait_s: float = ACKNOWLEDGE_WITHIN_S) -> Activation:
        """Put a version in force in every worker; returns when all live ones confirmed, or after `wait_s`.

        `ref` as in `find`. Raises NotFound, and BadPolicy when this gateway refuses the files (checks have grown
        stricter since they were submitted, or the database was changed by hand).
        """
        version = await self.find(ref)
        await self.bundle(version.digest)
        async with self._store.transaction() as conn:
            number, previous, live = await self._put_in_force(conn, version.digest, by)
        return await self._await_workers(number, version.digest, previous, live, wait_s)

    async def rollback(self, by: str, to: str | None = None, *, wait_s: float = ACKNOWLEDGE_WITHIN_S) -> Activation:
        """Back to `to`, or to what was in force before the present policy. Raises NotFound when there is nothing."""
        return await self.activate(to or (await self.before()).digest, by, wait_s=wait_s)

    async def before(self) -> Version:
        """What was in force before the present policy. Raises NotFound when there is nothing."""
        digest = await self._store.fetchval(
            "SELECT digest FROM policy_activations WHERE digest <>"
            " (SELECT digest FROM policy_activations ORDER BY number DESC LIMIT 1) ORDER BY number DESC LIMIT 1"
        )
        if digest is None:
            raise NotFound("no earlier policy was ever in force", hint="`gateway policy history` shows all versions")
        return await self.find(digest)

    async def _put_in_force(self, conn: Any, digest: str, by: str) -> tuple[int, str | None, tuple[str, ...]]:
        """Write the activation inside the caller's transaction: (its number, digest before, live workers)."""
        await conn.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        last = await conn.fetchrow("SELECT number, digest FROM policy_activations ORDER BY number DESC LIMIT 1")
        number = 1 if last is None else last["number"] + 1
        await conn.execute(
            "INSERT INTO policy_activations (number, digest, activated_by, activated_at) VALUES ($1, $2, $3, $4)",
            *(number, digest, by, self._now()),
        )
        await conn.execute("SELECT pg_notify($1, $2)", CHANNEL, str(number))
        # The database's clock on both sides, so that no worker's clock matters.
        live = await conn.fetch(
            "SELECT id FROM workers WHERE seen_at > clock_timestamp() - make_interval(secs => $1) ORDER BY id",
            LIVE_FOR_S,
        )
        return number, None if last is None else last["digest"], tuple(row["id"] for row in live)

    async def _await_workers(
        self, number: int, digest: str, previous: str | None, live: tuple[str, ...], wait_s: float
    ) -> Activation:
        """Wait until each of these workers runs this activation or a later one, or has signed off."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        while True:
            rows = await self._store.fetch("SELECT id, activation FROM workers WHERE id = ANY($1)", list(live))
            reached = {row["id"]: row["activation"] >= number for row in rows}
            missing = tuple(worker for worker in live if not reached.get(worker, True))
            if not missing or loop.time() >= deadline:
                done = tuple(worker for worker in live if reached.get(worker, False))
                return Activation(number, digest, previous, done, missing)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def history(self) -> list[Version]:
        """Every version, newest first."""
        return [_version(row) for row in await self._store.fetch(f"{_VERSIONS} ORDER BY v.number DESC")]

    async def find(self, ref: str) -> Version:
        """A version by number, digest, or the beginning of its digest (8 characters or more).

        Raises NotFound, and Conflict when a beginning fits several.
        """
        text = ref.strip().casefold().removeprefix("sha256:")
        if text.isascii() and text.isdigit() and len(text) < 8:
            rows = await self._store.fetch(f"{_VERSIONS} WHERE v.number = $1", int(text))
        elif len(text) >= 8 and all(char in "0123456789abcdef" for char in text):
            rows = await self._store.fetch(f"{_VERSIONS} WHERE starts_with(v.digest, $1) LIMIT 2", f"sha256:{text}")
        else:
            rows = []
        if not rows:
            raise NotFound("no such policy version", hint="`gateway policy history` shows numbers and digests")
        if len(rows) > 1:
            raise Conflict("several policy versions begin like this", hint="give more of the digest, or the number")
        return _version(rows[0])

    async def files(self, ref: str) -> dict[str, bytes]:
        """The files of a version, as they were submitted."""
        digest = (await self.find(ref)).digest
        rows = await self._store.fetch("SELECT name, content FROM policy_files WHERE digest = $1 ORDER BY name", digest)
        files = {row["name"]: bytes(row["content"]) for row in rows}
        if digest_of(files) != digest:
            hint = "the database was changed by hand; submit the policy again from its files"
            raise BadPolicy("the stored policy files do not match their digest", hint=hint)
        return files

    async def bundle(self, ref: str) -> Bundle:
        """A version, built. Raises as `files` and `build` do."""
        return await asyncio.to_thread(build, await self.files(ref))

    async def active(self) -> Bundle | None:
        """The policy in force, built; None before the first activation."""
        digest = await self._store.fetchval("SELECT digest FROM policy_activations ORDER BY number DESC LIMIT 1")
        return None if digest is None else await self.bundle(digest)


def _version(row: Any) -> Version:
    return Version(**{**dict(row), "active": bool(row["active"])})
