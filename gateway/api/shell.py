"""The outermost layer, pure ASGI: request ids, the limit of requests at a time, and no error without a shape."""

from __future__ import annotations

import logging
import os
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.shape import REQUEST_ID, error_response
from gateway.errors import Broken, GatewayError, RateLimited

log = logging.getLogger("gateway.api")

UNLIMITED = frozenset({"/healthz", "/readyz"})


def new_request_id() -> str:
    """32 hexadecimal digits: milliseconds since 1970 first, so that ids sort by time, then 80 random bits."""
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


class Shell:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, max_concurrency: int) -> None:
        self._app = app
        self._limit = max_concurrency
        self._busy = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever fails below comes out as an error with a shape, or ends the connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_request_id()
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def tagged(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                names = {name for name, _ in message["headers"]}
                for name in (b"x-request-id", REQUEST_ID.encode()):
                    if name not in names:
                        message["headers"] = [*message["headers"], (name, request_id.encode())]
            await send(message)

        if self._busy >= self._limit and scope["path"] not in UNLIMITED:
            full = RateLimited("the gateway is serving as many requests as it may", hint="try again in a moment")
            await error_response(full, request_id)(scope, receive, tagged)
            return
        self._busy += 1
        try:
            await self._app(scope, receive, tagged)
        except GatewayError as error:
            if started:
                raise
            await error_response(error, request_id)(scope, receive, tagged)
        except Exception as fault:  # noqa: BLE001 - the last wall: nothing of the fault may reach the caller
            # The class and the place only: a message may hold content.
            log.error("request %s failed: %s at %s", request_id, type(fault).__name__, _place(fault))
            if started:
                raise Broken("the gateway failed after its answer had begun") from None
            broken = Broken("the gateway failed on this request", hint=f"report it with the request id {request_id}")
            await error_response(broken, request_id)(scope, receive, tagged)
        finally:
            self._busy -= 1


def _place(fault: BaseException) -> str:
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "unknown"
