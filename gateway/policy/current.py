"""The policy this worker runs: swapped whole when another is activated, confirmed by heartbeat."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from typing import Any, Final, Self

from gateway.errors import GatewayError, Unavailable
from gateway.policy.bundle import Bundle
from gateway.policy.versions import CHANNEL, Versions
from gateway.store import Store

LOG: Final = logging.getLogger(__name__)
HEARTBEAT_S: Final = 1.0
_FORGET_AFTER: Final = "1 day"


class Current:
    """One worker's view of the policy in force. Make it with `start`.

    A NOTIFY makes it look at once; every heartbeat looks too, so that a lost NOTIFY costs a second and no more.
    """

    def __init__(self, store: Store, worker_id: str) -> None:
        self.worker_id = worker_id
        self._store, self._versions = store, Versions(store)
        self._bundle: Bundle | None = None
        self._activation = 0
        self._refused = 0
        self._trouble = ""
        self._look = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._subscription: Any = None

    @classmethod
    async def start(cls, store: Store, worker_id: str) -> Self:
        """Read the policy in force and follow it. Raises StoreUnavailable, and BadPolicy for files it refuses."""
        current = cls(store, worker_id)
        wanted = await store.fetchval("SELECT max(number) FROM policy_activations")
        if wanted is not None:
            await current._take(wanted)
        await store.execute(f"DELETE FROM workers WHERE seen_at < clock_timestamp() - interval '{_FORGET_AFTER}'")
        await current._beat()
        current._subscription = await store.listen(CHANNEL, current._wake, current._wake)
        current._task = asyncio.create_task(current._follow(), name="policy")
        # An activation between reading and listening.
        current._look.set()
        return current

    @property
    def bundle(self) -> Bundle:
        """The policy in force here. Take it once per request: the next access may give another."""
        if self._bundle is None:
            hint = "submit and activate one: `gateway policy activate`"
            raise Unavailable("no policy is in force", hint=hint)
        return self._bundle

    @property
    def ready(self) -> bool:
        """Whether there is a policy in force here."""
        return self._bundle is not None

    async def close(self) -> None:
        """Stop following and sign off, so that nobody waits for this worker."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._subscription is not None:
            await self._subscription.close()
            self._subscription = None
        with contextlib.suppress(GatewayError):
            await self._store.execute("DELETE FROM workers WHERE id = $1", self.worker_id)

    def _wake(self, _payload: str = "") -> None:
        self._look.set()

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._look.wait()
            self._look.clear()
            try:
                wanted = await self._beat()
                if wanted not in (self._activation, self._refused):
                    await self._take(wanted)
                    await self._beat()
                self._report("")
            except GatewayError as error:
                # The policy in force here stays; the next heartbeat tries again.
                self._report(error.code)
            except Exception as error:  # noqa: BLE001 - a worker that stops following would be worse than any error
                self._report(type(error).__name__)

    def _report(self, trouble: str) -> None:
        """Log what keeps this worker from following, once."""
        if trouble and trouble != self._trouble:
            LOG.warning("policy: worker %s cannot follow: %s", self.worker_id, trouble)
        self._trouble = trouble

    async def _take(self, activation: int) -> None:
        """Build and swap. One that this worker refuses is not tried again: it stays named as missing."""
        digest = await self._store.fetchval("SELECT digest FROM policy_activations WHERE number = $1", activation)
        if self._bundle is None or self._bundle.digest != digest:
            try:
                bundle = await self._versions.bundle(digest)
            except GatewayError as error:
                if not error.retry:
                    self._refused = activation
                raise
            self._bundle = bundle
        self._activation = activation

    async def _beat(self) -> int:
        """Tell what runs here; the newest activation's number (0: none)."""
        number = await self._store.fetchval(
            "INSERT INTO workers (id, pid, host, digest, activation, started_at, seen_at)"
            " VALUES ($1, $2, $3, $4, $5, clock_timestamp(), clock_timestamp())"
            " ON CONFLICT (id) DO UPDATE"
            " SET pid = $2, host = $3, digest = $4, activation = $5, seen_at = clock_timestamp()"
            " RETURNING (SELECT coalesce(max(number), 0) FROM policy_activations)",
            *(self.worker_id, os.getpid(), socket.gethostname()),
            *(self._bundle.digest if self._bundle else None, self._activation),
        )
        return int(number)
