"""Who calls. Credentials that do not count are told to the log together, so that nobody fills it by guessing."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from gateway.errors import GatewayError, Unauthenticated
from gateway.govern.guard import ITSELF, Guard
from gateway.identity import Keys, from_headers, id_of
from gateway.model import Json, Principal

log = logging.getLogger("gateway.govern")

ACTION: Final = "access.refused"
EVERY_S: Final = 10.0
MOST: Final = 100
"""Different addresses, and different keys, that one record names."""
OTHERS: Final = "others"


@dataclass(slots=True)
class _Refused:
    """Attempts since the last record."""

    since: datetime
    attempts: int = 0
    addresses: Counter[str] = field(default_factory=Counter)
    keys: Counter[str] = field(default_factory=Counter)

    def add(self, addresses: Counter[str], keys: Counter[str]) -> None:
        """Count more; what is too many by then is counted as others."""
        self.attempts += addresses.total()
        for own, more in ((self.addresses, addresses), (self.keys, keys)):
            for name, count in more.items():
                own[name if name in own or len(own) < MOST else OTHERS] += count


class Entrance:
    """Turns credentials into callers. What it refuses is on record some seconds later, counted by address and key."""

    def __init__(self, keys: Keys, guard: Guard, request_id: Callable[[], str], every_s: float = EVERY_S) -> None:
        self._keys = keys
        self._guard = guard
        self._request_id = request_id
        self._every_s = every_s
        self._refused: _Refused | None = None
        self._telling: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    async def caller(self, authorization: str | None, x_api_key: str | None, client: str) -> Principal:
        """Who these headers stand for, calling from the address `client`. Raises Unauthenticated, StoreUnavailable."""
        credential = ""
        try:
            credential = from_headers(authorization, x_api_key)
            return replace(await self._keys.authenticate(credential), client=client)
        except Unauthenticated:
            self._count(client, credential)
            raise

    async def close(self) -> None:
        """Tell the log what it was not told yet."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.wait({self._telling})
        await self._tell()

    def _count(self, client: str, credential: str) -> None:
        if self._refused is None:
            self._refused = _Refused(self._guard.now())
        self._refused.add(Counter([client or "unknown"]), Counter(_key(credential)))
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell_later(), name="refused credentials")

    async def _tell_later(self) -> None:
        try:
            while self._refused is not None:
                await asyncio.sleep(self._every_s)
                # Shielded: what is being written when the process ends is neither lost nor written twice.
                await asyncio.shield(asyncio.ensure_future(self._tell()))
        finally:
            self._telling = None

    async def _tell(self) -> None:
        async with self._writing:
            told, self._refused = self._refused, None
            if told is not None:
                await self._write(told)

    async def _write(self, told: _Refused) -> None:
        detail: Json = {
            "code": Unauthenticated.code,
            "status": Unauthenticated.status,
            "attempts": told.attempts,
            "addresses": len(told.addresses),
            "keys": len(told.keys),
            "seconds": round((self._guard.now() - told.since).total_seconds()),
        }
        content = {"addresses": dict(told.addresses.most_common()), "keys": dict(told.keys.most_common())}
        try:
            await self._guard.record("refusal", self._request_id(), ITSELF, ACTION, detail, content)
        except GatewayError as error:
            log.error("%d refused credentials are not on record yet: %s", told.attempts, error.code)
            if self._refused is not None:
                told.add(self._refused.addresses, self._refused.keys)
            self._refused = told


def _key(credential: str) -> list[str]:
    """The id of a key that is one by its form. Anything else may be another system's secret."""
    try:
        return [id_of(credential)]
    except Unauthenticated:
        return []
