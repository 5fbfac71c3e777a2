"""What the tokens of `/v1/redact` stand for, for a while: sealed, and bound to whoever had them made."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from gateway.crypto.keyring import KeyRing
from gateway.errors import GatewayError
from gateway.redaction.nouns import Original
from gateway.redaction.tokens import type_of
from gateway.store import Store

LOG: Final = logging.getLogger(__name__)
SWEEP_S: Final = 600.0
"""Seconds between looks for what has expired; nothing expired is ever read, so this only bounds how long it lies."""
ID: Final = "substring(token from '_([0-9a-z]{12})(?:_[0-9a-z]{4})?]$')"
"""A token's id, as the indexes of the tables have it."""
PURPOSE: Final = "kept value"

_KEEP: Final = """
INSERT INTO kept_values (tenant, token, principal, sealed, expires_at)
SELECT $1, token, $2, sealed, $5 FROM unnest($3::text[], $4::bytea[]) AS made (token, sealed)
ON CONFLICT (tenant, token)
DO UPDATE SET principal = excluded.principal, sealed = excluded.sealed, expires_at = excluded.expires_at
"""
_LOOK_UP: Final = f"""
SELECT token, principal, sealed FROM kept_values WHERE tenant = $1 AND {ID} = ANY($2::text[]) AND expires_at > $3
"""
_SWEEP: Final = "DELETE FROM kept_values WHERE expires_at <= $1"


@dataclass(frozen=True, slots=True)
class KeptValue:
    """A value, its type, and the id of the principal for whom its token was made."""

    value: str = field(repr=False)
    type: str
    principal: str


class Kept:
    """Values by tenant and token until they expire. Every method raises StoreUnavailable when the database is away."""

    def __init__(self, store: Store, ring: KeyRing, now: Callable[[], datetime], *, hours: float) -> None:
        """`hours`: how long a value is kept; 0 keeps none."""
        self._store = store
        self._ring = ring
        self._now = now
        self._for = timedelta(hours=hours)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Delete what has expired, now and every `SWEEP_S` until `close`."""
        await self.sweep()
        self._task = asyncio.create_task(self._follow(), name="kept values")

    async def close(self) -> None:
        """Stop deleting."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def keep(self, tenant: str, principal: str, originals: Mapping[str, Original]) -> datetime | None:
        """Keep what tokens stand for, and until when; None when nothing is kept.

        A value kept before lives on with it: the newest spelling and the newest time count.
        """
        if not originals or not self._for:
            return None
        until = self._now() + self._for
        # Sorted, so that two writers of the same tokens wait for each other and never in a ring.
        tokens = sorted(originals)
        sealed = [
            self._ring.seal(
                PURPOSE,
                originals[token].value.encode("utf-8", "surrogatepass"),
                bound(tenant, principal, token),
                tenant.encode(),
            )
            for token in tokens
        ]
        await self._store.execute(_KEEP, tenant, principal, tokens, sealed, until)
        return until

    async def look_up(self, tenant: str, ids: Collection[str]) -> dict[str, KeptValue]:
        """What the tokens with these ids stand for that are kept and have not expired. Raises SealBroken too."""
        if not ids:
            return {}
        rows = await self._store.fetch(_LOOK_UP, tenant, sorted(set(ids)), self._now())
        return {row["token"]: self._opened(tenant, row["token"], row["principal"], row["sealed"]) for row in rows}

    async def sweep(self) -> int:
        """Delete what has expired; returns how many."""
        done = await self._store.execute(_SWEEP, self._now())
        return int(done.rpartition(" ")[2])

    def _opened(self, tenant: str, token: str, principal: str, sealed: bytes) -> KeptValue:
        plain = self._ring.open(PURPOSE, sealed, bound(tenant, principal, token), tenant.encode())
        return KeptValue(plain.decode("utf-8", "surrogatepass"), type_of(token), principal)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                await self.sweep()
            except GatewayError as error:
                LOG.warning("kept values: those that have expired could not be deleted: %s", error.code)


def bound(tenant: str, principal: str, token: str) -> bytes:
    """What a sealed value is bound to: its row."""
    parts = [part.encode() for part in (tenant, principal, token)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
