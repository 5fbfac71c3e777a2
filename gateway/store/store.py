"""The pool of connections, as everybody uses it: `Store`.

Vectors travel as text with an explicit cast, `$1::halfvec`, `$2::sparsevec`: asyncpg needs no type registered then, and
the same statement works whichever schema the extension lives in. `gateway.store.vectors` writes them.

Connections are not reset between uses (that is a round trip each time). So: `SET LOCAL`, never `SET`; locks that end
with the transaction, `pg_advisory_xact_lock`; `store.connect()` for whatever must hold a session.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias, TypeVar

import asyncpg
import orjson

from gateway.errors import BadSettings, GatewayError, StoreUnavailable
from gateway.store.embedded import EmbeddedServer
from gateway.store.failures import CHECK, connecting, lost, no_address, unstorable
from gateway.store.listen import Listener, Subscription
from gateway.store.migrate import bring_up
from gateway.store.replicas import CONNECT_S, STATEMENT_S, Replicas, counters

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
else:
    Connection: TypeAlias = Any
    Pool: TypeAlias = Any

T = TypeVar("T")
DATABASE: Final = "gateway"
"""The embedded server's database."""
IDLE_S: Final = 0.05
"""After this long without a statement, connections are looked at again before one is used."""


class Store:
    """One database. Every method raises StoreUnavailable when it does not answer, and works again once it does.

    A value that no column can hold, such as a text with a NUL, is Invalid.
    """

    def __init__(
        self,
        pool: Pool,
        dsn: str,
        *,
        settings: dict[str, str],
        connect_timeout_s: float,
        server: EmbeddedServer | None = None,
        replicas: Replicas | None = None,
    ) -> None:
        self.pool = pool
        self.dsn = dsn
        """The address with its password: for connecting, never for printing."""
        self.server = server
        self.replicas = replicas or Replicas((), self._no_replica)
        self._settings = settings
        self._timeout = connect_timeout_s
        self._used = 0.0
        self._listener = Listener(self.connect)

    def __repr__(self) -> str:
        return f"<Store {'embedded' if self.server else 'remote'}>"

    @contextlib.asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """A connection of the pool for the block, without a transaction: each statement commits by itself."""
        connection = await self._take()
        try:
            yield connection
        except Exception as exc:
            known: GatewayError | None = lost(exc) or unstorable(exc)
            # asyncpg raises InterfaceError both for a closed connection and for misuse, which stays a bug of ours.
            if known is None and _is_closed(connection) and _is_client_side(exc):
                known = StoreUnavailable("the connection to the database was lost", hint=CHECK)
            if known is None:
                raise
            raise known from None
        finally:
            await self._give_back(connection)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside a transaction: durable when the block has ended, undone when it raised.

        StoreUnavailable from the end of the block itself leaves open whether the transaction was committed.
        """
        async with self.acquire() as connection, connection.transaction():
            yield connection

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """A connection that only reads, and in which every statement sees the database as of the first."""
        async with self.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection

    async def read(self, work: Callable[[Connection], Awaitable[T]], mark: str, *args: object) -> T:
        """What `work` gives, on a connection as of `snapshot`: a replica's where one has everything `mark` counts.

        mark: a statement that gives counters as a JSON object, each of which grows in every transaction that the reader
        must see (replicas.py). `work` only reads, and may be called twice.
        """
        if self.replicas:
            needed = counters(await self.fetchval(mark, *args))
            found = await self.replicas.read(work, needed, mark, args)
            if found is not None:
                return found[0]
        async with self.snapshot() as connection:
            return await work(connection)

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """All rows of one statement."""
        async with self.acquire() as connection:
            return await connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> asyncpg.Record | None:
        """The first row, None without one."""
        async with self.acquire() as connection:
            return await connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        """The first value of the first row, None without one."""
        async with self.acquire() as connection:
            return await connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        """Run one statement (several, separated by semicolons, when there are no arguments); its command tag."""
        async with self.acquire() as connection:
            return await connection.execute(sql, *args)

    async def ping(self) -> None:
        """Return when the database answers; raise StoreUnavailable otherwise."""
        await self.fetchval("SELECT 1")

    async def connect(self) -> asyncpg.Connection[asyncpg.Record]:
        """A connection of one's own, outside the pool, for who needs a session; the caller closes it.

        Errors of its statements are asyncpg's own: `gateway.store.failures.lost` sorts them.
        """
        with connecting():
            connection = await asyncpg.connect(
                self.dsn, timeout=self._timeout, command_timeout=60, server_settings=self._settings
            )
            await _prepare(connection)
        return connection

    async def listen(
        self,
        channel: str,
        callback: Callable[[str], Awaitable[None] | None],
        on_connect: Callable[[], Awaitable[None] | None] | None = None,
    ) -> Subscription:
        """Call `callback(payload)` for every NOTIFY on `channel`, also after the database was away.

        Returns once listening; raises StoreUnavailable when the database is down now. What was notified while the
        connection was down is lost: `on_connect` is called after each reconnection, for reading anew what one follows.
        """
        return await self._listener.subscribe(channel, callback, on_connect)

    async def close(self) -> None:
        """Close every connection; the last user of the embedded server stops it. Harmless when repeated."""
        await self._listener.close()
        await self.replicas.close()
        try:
            async with asyncio.timeout(self._timeout):
                await self.pool.close()
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self.pool.terminate()
        if self.server is not None:
            await asyncio.to_thread(self.server.release)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @staticmethod
    async def _no_replica(_: str) -> Store:
        raise BadSettings("there is no replica")

    async def _take(self) -> Connection:
        """A connection not known to be dead: one that ended since it was pooled is replaced, nothing having run."""
        connection = await self._from_pool()
        if time.monotonic() - self._used > IDLE_S:
            # What arrived meanwhile may lie unread, and would be read in the middle of the caller's statement:
            # a farewell message, the end of the connection, and its handling take a turn of the loop each.
            for _ in range(4):
                await asyncio.sleep(0)
        for _ in range(2):
            if not _is_closed(connection):
                return connection
            await self._give_back(connection)
            connection = await self._from_pool()
        return connection

    async def _from_pool(self) -> Connection:
        with connecting():
            return await self.pool.acquire(timeout=self._timeout)

    async def _give_back(self, connection: Connection) -> None:
        self._used = time.monotonic()
        # Bounded, because a cancelled statement's answer is waited for; what fails here closes the connection, and
        # the pool replaces it.
        with contextlib.suppress(TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await self.pool.release(connection, timeout=self._timeout)  # type: ignore[arg-type]


async def open_store(
    url: str | None,
    data_dir: Path,
    *,
    pool_min: int = 1,
    pool_max: int = 16,
    connect_timeout_s: float = 5.0,
    command_timeout_s: float = 60.0,
    migrate: bool = True,
    replicas: Sequence[str] = (),
) -> Store:
    """The store at `url`, or in the embedded server under `data_dir`/postgres when that is None; schema up to date.

    replicas: addresses of servers that follow it, read by `Store.read`; they may be down now.

    With `migrate=False` an older schema is refused instead. Raises StoreUnavailable, SchemaTooNew, or BadSettings.
    """
    server = None
    if url is None:
        server = EmbeddedServer(data_dir)
        await _start(server)
    try:
        dsn = url if server is None else server.url(DATABASE)
        connection = await _first(dsn or "", server, connect_timeout_s)
        try:
            settings = await _durable(connection)
            await bring_up(connection, migrate=migrate)
        finally:
            await connection.close(timeout=connect_timeout_s)
        limits = (connect_timeout_s, command_timeout_s)
        pool = await _pool(dsn or "", pool_min, max(pool_min, pool_max), limits, settings)
    except BaseException:
        if server is not None:
            await asyncio.shield(asyncio.to_thread(server.release))
        raise

    async def follow(address: str) -> Store:
        patience = min(CONNECT_S, connect_timeout_s)
        own = await _pool(address, 0, max(pool_min, pool_max), (patience, STATEMENT_S), {})
        return Store(own, address, settings={}, connect_timeout_s=patience)

    return Store(
        pool,
        dsn or "",
        settings=settings,
        connect_timeout_s=connect_timeout_s,
        server=server,
        replicas=Replicas(replicas, follow),
    )


async def _pool(dsn: str, first: int, most: int, limits: tuple[float, float], settings: dict[str, str]) -> Pool:
    """A pool; `limits`: seconds to connect, and for one statement."""
    with connecting():
        return await asyncpg.create_pool(
            dsn,
            # A floor would be kept by a task of asyncpg's that logs tracebacks while the database is down.
            min_size=0,
            init_size=first,
            max_size=most,
            timeout=limits[0],
            command_timeout=limits[1],
            max_cached_statement_lifetime=0,
            server_settings=settings,
            init=_prepare,
            reset=_keep,
        )


async def _start(server: EmbeddedServer) -> None:
    """Start it; when cancelled meanwhile, the thread cannot be, so its end is waited for and undone."""
    starting = asyncio.ensure_future(asyncio.to_thread(server.start))
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait({starting})
        if starting.exception() is None:
            await asyncio.to_thread(server.release)
        raise


async def _first(dsn: str, server: EmbeddedServer | None, timeout_s: float) -> asyncpg.Connection[asyncpg.Record]:
    """A connection of asyncpg's plainest kind; the embedded server's database is created if it is not there."""
    if not dsn.startswith(("postgresql://", "postgres://")):
        raise no_address()
    try:
        with connecting():
            try:
                return await asyncpg.connect(dsn, timeout=timeout_s)
            except asyncpg.InvalidCatalogNameError:
                if server is None:
                    raise
            connection = await asyncpg.connect(server.url("postgres"), timeout=timeout_s)
            try:
                await connection.execute(f"CREATE DATABASE {DATABASE}")
            except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                pass  # another process was first
            finally:
                await connection.close(timeout=timeout_s)
            return await asyncpg.connect(dsn, timeout=timeout_s)
    except ValueError:
        # urllib's own words for a malformed address quote it.
        raise no_address() from None


async def _durable(connection: asyncpg.Connection[asyncpg.Record]) -> dict[str, str]:
    """Settings for every session, so that a commit is on disk when it returns; BadSettings where it cannot be."""
    row = await connection.fetchrow(
        "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit"
    )
    if row is None or row["fsync"] != "on":
        raise BadSettings(
            "the database runs with fsync off, it would lose records that were acknowledged",
            hint="set fsync = on in postgresql.conf",
        )
    # `remote_write` and stronger values flush locally too and are kept.
    return {"synchronous_commit": "on"} if row["commit"] in ("off", "local") else {}


async def _prepare(connection: Connection) -> None:
    """Every session of ours: jsonb as Python values (orjson), times in UTC."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda data: orjson.loads(data[1:]),
        format="binary",
    )


async def _keep(connection: Connection) -> None:
    """No reset between uses; asyncpg still rolls back a transaction that was left open."""


def _is_closed(connection: Connection) -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        # The pool takes a lost connection back before its user has noticed.
        return True


def _is_client_side(exc: Exception) -> bool:
    return isinstance(exc, (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError))
