"""A Qdrant server for tests: the wire of what the gateway asks, over the client's own local mode.

Requests are read with the client's models of the wire, so that what a server would not understand is refused here.
`fault` makes it answer otherwise, and `requests` keeps what came.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter
from qdrant_client import AsyncQdrantClient
from qdrant_client import models as api

Fault = Callable[[web.Request], "web.Response | str | None"]


@dataclass
class Server:
    """One node. `local` holds its collections."""

    local: Any
    url: str = ""
    key: str = ""
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    fault: Fault | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else None
        self.requests.append((request.method, request.path, body))
        if self.fault is not None and (fault := self.fault(request)) is not None:
            if isinstance(fault, web.Response):
                return fault
            if fault == "hang":
                await asyncio.sleep(30)
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if self.key and request.headers.get("api-key") != self.key:
            return web.json_response({"status": {"error": "forbidden"}}, status=401)
        if request.path == "/":
            return web.json_response({"title": "qdrant", "version": "1.20.0"})
        _, _, name, *rest = request.path.split("/")
        if rest != ["exists"] and request.method == "POST" and not await self.local.collection_exists(name):
            return web.json_response({"status": {"error": "not found"}}, status=404)
        result = await self._result(request.method, name, "/".join(rest), body)
        return web.json_response(
            {"time": 0.0, "status": "ok", "result": TypeAdapter(Any).dump_python(result, mode="json")}
        )

    async def _result(self, method: str, name: str, what: str, body: Any) -> Any:
        local = self.local
        if what == "exists":
            return {"exists": await local.collection_exists(name)}
        if what == "" and method == "PUT":
            made = api.CreateCollection.model_validate(body)
            given = {field: getattr(made, field) for field in made.model_fields_set}
            given = {
                "vectors_config": given.pop("vectors"),
                "sparse_vectors_config": given.pop("sparse_vectors"),
                **given,
            }
            return await local.create_collection(name, **given)
        if what == "" and method == "DELETE":
            return await local.delete_collection(name)
        if what == "index":
            api.CreateFieldIndex.model_validate(body)
            return {"operation_id": 1, "status": "completed"}
        if what == "points/batch":
            changes = api.UpdateOperations.model_validate(body).operations
            return await local.batch_update_points(name, changes)
        if what == "points/query/batch":
            queries = api.QueryRequestBatch.model_validate(body).searches
            return await local.query_batch_points(name, [one.model_copy(update={"params": None}) for one in queries])
        if what == "points/scroll":
            wanted = api.ScrollRequest.model_validate(body)
            points, after = await local.scroll(
                name, wanted.filter, limit=wanted.limit, offset=wanted.offset, with_vectors=wanted.with_vector
            )
            return {"points": points, "next_page_offset": after}
        assert what == "points/count", what
        return await local.count(name)


@asynccontextmanager
async def serving(key: str = "", folder: Path | None = None) -> AsyncIterator[Server]:
    """A server on a port of this machine. folder: where it keeps its files; None: in memory."""
    local = AsyncQdrantClient(location=":memory:") if folder is None else AsyncQdrantClient(path=str(folder))
    server = Server(local, key=key)
    app = web.Application(client_max_size=1 << 26)
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
        await server.local.close()
