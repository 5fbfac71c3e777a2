"""Retention: records whose time is over are pruned, by a command or from time to time, on record."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

from gateway.audit import Pruned, Pruner, expired
from gateway.errors import Conflict, GatewayError
from gateway.govern.guard import ITSELF, Guard
from gateway.model import Json, Principal

log = logging.getLogger(__name__)

ACTION: Final = "audit.prune"


class Retention:
    """Prunes by class. days: how long each class is kept, None for ever."""

    def __init__(
        self, pruner: Pruner, guard: Guard, days: Mapping[str, int | None], request_id: Callable[[], str]
    ) -> None:
        self._pruner = pruner
        self._guard = guard
        self._days = dict(days)
        self._request_id = request_id

    @property
    def limited(self) -> bool:
        """Whether any class is not kept for ever."""
        return any(kept is not None for kept in self._days.values())

    async def prune(
        self,
        request: str,
        principal: Principal,
        *,
        dry_run: bool = False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Pruned:
        """Take out what is over, or say what would be. Raises NotPermitted, Conflict while another run goes on."""
        await self._guard.permit(request, principal, "audit", "prune")
        return await self._run(request, principal, dry_run=dry_run, progress=progress)

    async def every(self, hours: float) -> None:
        """Prune now and then, until cancelled. What cannot be done now is done the next time."""
        while True:
            try:
                request, before = self._request_id(), expired(self._days, self._guard.now())
                if (await self._pruner.run(request, before, self._guard.now, dry_run=True)).records:
                    await self._run(request, ITSELF)
            except Conflict:
                pass  # another process does it
            except GatewayError as error:
                log.warning("the audit log could not be pruned, %s", error.code)
            except Exception as fault:  # noqa: BLE001 - a task that ends here would let nothing be over any more
                log.warning("the audit log could not be pruned, %s", type(fault).__name__)
            await asyncio.sleep(hours * 3600)

    async def _run(
        self,
        request: str,
        principal: Principal,
        *,
        dry_run: bool = False,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Pruned:
        before = expired(self._days, self._guard.now())
        detail: Json = {"before": {name or "none": at.isoformat() for name, at in before.items()}}
        if dry_run:
            done = await self._pruner.run(request, before, self._guard.now, dry_run=True, progress=progress)
            await self._guard.record("event", request, principal, f"{ACTION}.dry_run", {**detail, **done.as_dict()})
            return done
        async with self._guard.recorded(request, principal, ACTION, detail) as outcome:
            done = await self._pruner.run(request, before, self._guard.now, progress=progress)
            outcome.update(done.as_dict())
        return done
