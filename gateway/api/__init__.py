"""The HTTP doors for programs. Wire formats live here; decisions do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway import __version__
from gateway.api import documents, feedback, health, jobs, metrics, openai, quarantine, receipts, texts
from gateway.api.doors import Doors, Limits, request_id
from gateway.api.peer import Peers
from gateway.api.shape import error_response
from gateway.api.shell import Shell
from gateway.errors import GatewayError, Invalid, MethodNotAllowed, NotFound

__all__ = ["Doors", "Limits", "Peers", "build"]

NOT_YET = {
    "/v1/completions": "the completions API",
    "/v1/embeddings": "the embeddings API",
    "/v1/responses": "the responses API",
    "/v1/messages": "the Anthropic API",
    "/api/": "the Ollama API",
    "/mcp": "MCP",
    "/admin": "the console",
}
"""What clients may look for here and will find in a later version."""


def build(
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
    *,
    root_path: str = "",
    max_concurrency: int = 256,
    peers: Peers | None = None,
    more: Sequence[APIRouter] = (),
) -> FastAPI:
    """The application. `lifespan` must put a `Doors` at `app.state.doors` before the first request.

    No page of FastAPI's is served (they load from a CDN), and its telemetry is off: it would export by environment
    variables and record exceptions' messages, which may hold content.
    """
    app = FastAPI(
        title="Gateway",
        version=__version__,
        lifespan=lifespan,
        root_path=root_path,
        # A redirect would be to an address as this process sees it: behind TLS, a key and a prompt in clear.
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    for router in (
        openai.router,
        texts.router,
        feedback.router,
        documents.router,
        quarantine.router,
        jobs.router,
        receipts.router,
        health.router,
        metrics.router,
        *more,
    ):
        app.include_router(router)
    app.add_exception_handler(GatewayError, _gateway_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.state.served = metrics.Served()
    app.state.peers = peers or Peers()
    app.add_middleware(Shell, max_concurrency=max_concurrency, served=app.state.served, peers=app.state.peers)
    return app


async def _gateway_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, GatewayError):
        raise error
    return error_response(error, request_id(request))


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 405:
        refused = error_response(MethodNotAllowed(f"{request.method} is not served here"), request_id(request))
        refused.headers["allow"] = (error.headers or {}).get("Allow", "")
        return refused
    if error.status_code == 404:
        later = next((name for path, name in NOT_YET.items() if request.url.path.startswith(path)), None)
        what = f"{later} is not served by this version" if later else "nothing is served at this path"
        return error_response(NotFound(what, hint="docs/api.md lists what is served"), request_id(request))
    return error_response(Invalid("the request cannot be read"), request_id(request))


async def _validation_error(request: Request, _: Exception) -> Response:
    return error_response(Invalid("a parameter in the path or query is wrong"), request_id(request))
