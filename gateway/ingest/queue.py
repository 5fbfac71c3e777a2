"""The queue that workers on any number of machines take from: Procrastinate, over the gateway's own connections.

A task carries the id of a job and the number of a batch, nothing else. It is put in by SQL of the caller's transaction,
so a job and its tasks are there together or not at all. What Procrastinate leaves to its users is done here: tasks of a
worker that died are taken up again, by the age of its heartbeat. It reaches the database through `Store`: one driver,
one address, one way to connect; its own driver, psycopg, is not used.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

from gateway.errors import GatewayError
from gateway.store import Store
from gateway.store.store import Connection

NAME: Final = "ingest"
"""The task, and the queue of uploaded files."""
SOURCES: Final = "sources"
"""The queue of runs over sources, which may take hours and hold up no upload."""
HEARTBEAT_S: Final = 5.0
STALLED_S: Final = 30.0
"""A worker without a heartbeat for so long is taken for dead."""
POLL_S: Final = 5.0
GRACE_S: Final = 5.0
"""What is under way when a worker is asked to stop has so long to end; after that it is undone and taken up again."""

_DEFER: Final = f"""
SELECT procrastinate.procrastinate_defer_jobs_v1(ARRAY(
    SELECT ROW($4, '{NAME}', $3::int, NULL, NULL, jsonb_build_object('job', $1::text, 'batch', batch), NULL)
        ::procrastinate.procrastinate_job_to_defer_v1
    FROM unnest($2::int[]) AS batch))
"""
_QUEUED: Final = """
SELECT (args ->> 'batch')::int AS batch FROM procrastinate.procrastinate_jobs
WHERE args ->> 'job' = $1 AND status IN ('todo', 'doing')
"""
_ANYTHING: Final = "SELECT EXISTS (SELECT FROM procrastinate.procrastinate_jobs)"
_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")

Work = Callable[[str, int], Awaitable[None]]
"""Called with a job's id and a batch's number; whatever it is, it ends with the batch done, and it raises nothing."""


async def defer(conn: Connection, job: str, batches: Sequence[int], priority: int, queue: str = NAME) -> None:
    """One task for each batch, in the caller's transaction. Higher priorities come first."""
    await conn.execute(_DEFER, job, list(batches), priority, queue)


async def anything(store: Store) -> bool:
    """Whether any task waits or is under way, on whatever machine."""
    return bool(await store.fetchval(_ANYTHING))


async def queued(conn: Connection, job: str) -> set[int]:
    """The batches of a job that some worker has or will get."""
    return {row["batch"] for row in await conn.fetch(_QUEUED, job)}


def channel(queue: str) -> str:
    """Where the database tells of new tasks."""
    return f"procrastinate_queue_v1#{queue}"


class Queue:
    """One worker of a queue, in this process."""

    def __init__(
        self,
        store: Store,
        work: Work,
        *,
        concurrency: int,
        queue: str = NAME,
        heartbeat_s: float = HEARTBEAT_S,
        stalled_s: float = STALLED_S,
        grace_s: float = GRACE_S,
    ) -> None:
        self._store = store
        self._work = work
        self._name = queue
        self._concurrency = concurrency
        self._heartbeat_s = heartbeat_s
        self._stalled_s = stalled_s
        self._grace_s = grace_s
        self._app: Any = None
        self._opening = asyncio.Lock()

    async def run(self) -> None:
        """Take tasks until cancelled. Raises StoreUnavailable, or Procrastinate's own error, when it cannot go on."""
        app = await self._opened()
        await app.run_worker_async(
            queues=[self._name],
            name=None,
            concurrency=self._concurrency,
            install_signal_handlers=False,
            # What became of it stands in the job; the queue holds only what is to be done.
            delete_jobs="always",
            fetch_job_polling_interval=POLL_S,
            abort_job_polling_interval=60.0,
            shutdown_graceful_timeout=self._grace_s,
            update_heartbeat_interval=self._heartbeat_s,
            stalled_worker_timeout=self._stalled_s,
        )

    async def recover(self) -> int:
        """Give tasks of dead workers to the living; how many. Any number of processes may do so at once."""
        manager = (await self._opened()).job_manager
        stalled = await manager.get_stalled_jobs(queue=self._name, seconds_since_heartbeat=self._stalled_s)
        found = 0
        for job in stalled:
            try:
                await manager.retry_job(job)
            except GatewayError:
                raise
            except Exception:  # noqa: BLE001, S112 - another process was first: it is not under way any more
                continue
            found += 1
        return found

    async def _opened(self) -> Any:
        async with self._opening:
            if self._app is None:
                # A second of imports, beside the event loop.
                self._app = await asyncio.to_thread(_app, self._store, self._work)
        return self._app


def _app(store: Store, work: Work) -> Any:
    """Procrastinate's application with the one task there is."""
    import procrastinate  # noqa: PLC0415

    # Its lines quote arguments and exceptions; what happens to a job is told by the job and by the audit log.
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL + 1)
    app = procrastinate.App(connector=_connector(store))

    # `retry` is for a task undone because its worker stops: nothing else ends in an error.
    @app.task(name=NAME, retry=True)
    async def ingest(job: str, batch: int) -> None:
        await work(job, batch)

    return app


def _connector(store: Store) -> Any:
    """Procrastinate's door to the database, over the store."""
    from procrastinate import connector, exceptions  # noqa: PLC0415

    class StoreConnector(connector.BaseAsyncConnector):
        async def open_async(self, pool: Any = None) -> None:
            """Nothing to do: the store is open."""

        async def close_async(self) -> None:
            """Nothing to do: the store is closed by who opened it."""

        async def execute_query_async(self, query: str, **arguments: Any) -> None:
            await self._rows(query, arguments)

        async def execute_query_one_async(self, query: str, **arguments: Any) -> dict[str, Any]:
            rows = await self._rows(query, arguments)
            if not rows:
                raise exceptions.NoResult
            return rows[0]

        async def execute_query_all_async(self, query: str, **arguments: Any) -> list[dict[str, Any]]:
            return await self._rows(query, arguments)

        async def listen_notify(self, on_notification: Any, channels: Iterable[str]) -> None:
            async with contextlib.AsyncExitStack() as stack:
                for channel in channels:
                    heard = _Heard(channel, on_notification)
                    subscription = await store.listen(channel, heard)
                    stack.push_async_callback(subscription.close)
                await asyncio.Event().wait()

        async def _rows(self, query: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
            names: list[str] = []

            def number(found: re.Match[str]) -> str:
                if found[1] not in names:
                    names.append(found[1])
                return f"${names.index(found[1]) + 1}"

            sql = _PLACEHOLDER.sub(number, query)
            async with store.transaction() as conn:
                await conn.execute("SET LOCAL search_path = procrastinate, pg_temp")
                statement = await conn.prepare(sql)
                # psycopg writes every value as text; here the statement says where text is wanted.
                wanted = [parameter.name in ("text", "varchar") for parameter in statement.get_parameters()]
                values = [arguments[name] for name in names]
                fitting = [
                    str(value) if text and value is not None else value
                    for value, text in zip(values, wanted, strict=True)
                ]
                return [dict(row) for row in await statement.fetch(*fitting)]

    return StoreConnector()


class _Heard:
    def __init__(self, channel: str, tell: Any) -> None:
        self._channel = channel
        self._tell = tell

    async def __call__(self, payload: str) -> None:
        await self._tell(channel=self._channel, payload=payload)
