"""LISTEN on a connection of its own that comes back by itself."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from gateway.errors import GatewayError

LOG: Final = logging.getLogger(__name__)

CHECK_S: Final = 5.0
"""How often a silent connection is tried: a peer that vanished without a word is noticed after twice this."""
FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 1.0

Callback = Callable[[str], Awaitable[None] | None]
OnConnect = Callable[[], Awaitable[None] | None]


@dataclass(eq=False, slots=True)
class Subscription:
    """One callback on one channel. `close()` ends it."""

    channel: str
    callback: Callback
    on_connect: OnConnect | None
    _listener: Listener

    @property
    def connected(self) -> bool:
        """Whether notifications can arrive now."""
        return self._listener.connected

    async def close(self) -> None:
        """No further calls. Harmless when repeated."""
        await self._listener.drop(self)


class Listener:
    """Every subscription of one store over one connection; callbacks run one after another, in order of arrival.

    A callback that raises is logged by its type and does not disturb the others.
    """

    def __init__(self, connect: Callable[[], Awaitable[asyncpg.Connection[asyncpg.Record]]]) -> None:
        self._connect = connect
        self._subscriptions: list[Subscription] = []
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._lost = asyncio.Event()
        self._inbox: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._busy = asyncio.Lock()

    @property
    def connected(self) -> bool:
        """Whether the connection stands, as far as is known."""
        return self._connection is not None and not self._connection.is_closed()

    async def subscribe(self, channel: str, callback: Callback, on_connect: OnConnect | None) -> Subscription:
        """Add one; the first opens the connection. Raises StoreUnavailable when the database is down."""
        subscription = Subscription(channel, callback, on_connect, self)
        async with self._busy:
            self._subscriptions.append(subscription)
            try:
                if self.connected and self._connection is not None:
                    await self._connection.add_listener(channel, self._heard)
                else:
                    await self._open()
            except BaseException:
                self._subscriptions.remove(subscription)
                raise
            if not self._tasks:
                self._tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._deliver())]
        return subscription

    async def drop(self, subscription: Subscription) -> None:
        """Remove one."""
        async with self._busy:
            if subscription not in self._subscriptions:
                return
            self._subscriptions.remove(subscription)
            others = any(other.channel == subscription.channel for other in self._subscriptions)
            if self._connection is not None and self.connected and not others:
                with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    await self._connection.remove_listener(subscription.channel, self._heard)

    async def close(self) -> None:
        """End every subscription and the connection."""
        self._subscriptions.clear()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _open(self) -> None:
        connection = await self._connect()
        try:
            connection.add_termination_listener(self._gone)
            for channel in {subscription.channel for subscription in self._subscriptions}:
                await connection.add_listener(channel, self._heard)
        except BaseException:
            connection.terminate()
            raise
        self._lost.clear()
        self._connection = connection

    def _gone(self, *_: Any) -> None:
        self._lost.set()

    def _heard(self, _connection: Any, _pid: int, channel: str, payload: object) -> None:
        self._inbox.put_nowait((channel, str(payload)))

    async def _deliver(self) -> None:
        while True:
            channel, payload = await self._inbox.get()
            for subscription in [s for s in self._subscriptions if s.channel == channel]:
                await _call(channel, subscription.callback, payload)

    async def _watch(self) -> None:
        pause = FIRST_PAUSE_S
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_S):
                    await self._lost.wait()
            if await self._stands():
                continue
            try:
                async with self._busy:
                    if self._connection is not None:
                        self._connection.terminate()
                        self._connection = None
                    await self._open()
            except (GatewayError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                self._lost.set()
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
                continue
            pause = FIRST_PAUSE_S
            for subscription in list(self._subscriptions):
                if subscription.on_connect is not None:
                    await _call(subscription.channel, subscription.on_connect)

    async def _stands(self) -> bool:
        if self._connection is None or self._connection.is_closed() or self._lost.is_set():
            return False
        try:
            async with self._busy:
                await self._connection.execute("SELECT 1", timeout=CHECK_S)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        return True


async def _call(channel: str, callback: Callable[..., Awaitable[None] | None], *args: str) -> None:
    try:
        result = callback(*args)
        if inspect.isawaitable(result):
            await result
    except Exception as exc:  # noqa: BLE001 - one bad callback must not end the connection that all share
        # By its type only: a traceback quotes values.
        LOG.error("callback of channel %s failed: %s", channel, type(exc).__name__)
