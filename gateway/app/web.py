"""The ASGI application: doors wired to an open house."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from fastapi import FastAPI

from gateway import admin, api
from gateway.app.house import House, now, open_house
from gateway.crypto import Secret
from gateway.govern import Entrance, Guard, new_request_id
from gateway.settings import Settings, find_file, load, withhold


def application(settings: Settings, house: House | None = None) -> FastAPI:
    """The application over an open house, or over one that it opens and closes itself."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            rooms = house if house is not None else await stack.enter_async_context(open_house(settings))
            entrance = Entrance(rooms.keys, Guard(rooms.current, rooms.audit, now), new_request_id)
            stack.push_async_callback(entrance.close)
            app.state.doors = api.Doors(
                entrance=entrance,
                chat=rooms.chat,
                texts=rooms.texts,
                returns=rooms.returns,
                feedback=rooms.feedback,
                library=rooms.library,
                ingest=rooms.ingest,
                jobs=rooms.service.jobs,
                held_back=rooms.held_back,
                log=rooms.log,
                ready=rooms.ready,
                limits=api.Limits(
                    settings.server.max_body_bytes,
                    settings.server.max_upload_bytes,
                    settings.ingest.max_batch_files,
                    settings.ingest.max_batch_bytes,
                ),
                measures=rooms.measures,
                may_measure=bearer_of(token.get_secret_value() if (token := settings.server.metrics_token) else ""),
            )
            app.state.tracer = rooms.tracer
            app.state.admin = admin.Doors(
                entrance, rooms.policies, rooms.credentials, rooms.log, settings.server.max_body_bytes
            )
            if settings.ingest.workers:
                worker = asyncio.create_task(rooms.service.worker(settings.ingest.workers).run(), name="ingest worker")
                stack.push_async_callback(stopped, worker)
            if rooms.retention.limited:
                pruning = asyncio.create_task(rooms.retention.every(settings.audit.retention.every_h), name="retention")
                stack.push_async_callback(stopped, pruning)
            yield

    return api.build(
        lifespan,
        root_path=settings.server.root_path,
        max_concurrency=settings.server.max_concurrency,
        peers=api.Peers(settings.server.trusted_proxies, settings.server.forwarded_header),
        more=[admin.router, admin.audit_router],
    )


async def stopped(task: asyncio.Task[None]) -> None:
    """End a task and wait for it."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def bearer_of(token: str) -> Callable[[str], bool] | None:
    """Whether an `Authorization` header carries the token; None without one."""
    if not token:
        return None
    wanted = Secret(f"Bearer {token}")
    return lambda header: Secret(header) == wanted


def create() -> FastAPI:
    """The factory that worker processes call; the configuration is named by the environment."""
    found = load(find_file(None, os.environ, Path.cwd()), os.environ, Path.cwd())
    withhold(found, os.environ)
    return application(found.settings)
