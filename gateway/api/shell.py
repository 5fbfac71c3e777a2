"""The outermost layer, pure ASGI: request ids, the limit of requests at a time, and no error without a shape."""

from __future__ import annotations

import logging
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.metrics import Served
from gateway.api.peer import Peers
from gateway.api.shape import REQUEST_ID, error_response
from gateway.errors import Broken, RateLimited
from gateway.govern import new_request_id

log = logging.getLogger("gateway.api")

UNLIMITED = frozenset({"/healthz", "/readyz", "/metrics"})
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
SENDERS = 4


class Tracing(Protocol):
    """Who is told of requests: `gateway.telemetry.Tracer`."""

    def begin(self, request: str, traceparent: str = "") -> None: ...  # noqa: D102
    def end(self, request: str, method: str, route: str, status: int) -> None: ...  # noqa: D102


class Shell:
    """Wraps the routes: inside Starlette's error middleware, outside everything of ours.

    A request counts as served from when its body is there, so that slow senders take no place from others; of senders
    there may be `SENDERS` times as many.
    """

    def __init__(
        self, app: ASGIApp, max_concurrency: int, served: Served | None = None, peers: Peers | None = None
    ) -> None:
        self._app = app
        self._peers = peers or Peers()
        self._served = served or Served()
        self._limit = max_concurrency
        self._busy = 0
        self._sending = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever fails below comes out as an error with a shape, or ends the connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_request_id()
        scope.setdefault("state", {}).update(request_id=request_id, client=self._peers.client(scope))
        limited = scope["path"] not in UNLIMITED
        one = _Request(self, receive, send, request_id, limited=limited)
        tracer: Tracing | None = getattr(getattr(scope.get("app"), "state", None), "tracer", None) if limited else None
        if tracer is not None:
            tracer.begin(request_id, _header(scope, b"traceparent"))
        self._served.begin()
        try:
            if limited:
                one.enter(with_body=scope["method"] in WITH_BODY)
            await self._app(scope, one.receive, one.send)
        except RateLimited as full:
            if one.started:
                raise
            await error_response(full, request_id)(scope, receive, one.send)
        except Exception as fault:  # noqa: BLE001 - the last wall: nothing of the fault may reach the caller
            # The class and the place only: a message may hold content.
            log.error("request %s failed: %s at %s", request_id, type(fault).__name__, _place(fault))
            broken = Broken("the gateway failed on this request", hint=f"report it with the request id {request_id}")
            if one.started:
                raise broken from None
            await error_response(broken, request_id)(scope, receive, one.send)
        finally:
            one.leave()
            method, route = self._served.end(scope, one.status)
            if tracer is not None:
                tracer.end(request_id, method, route, one.status)

    def serve(self) -> None:
        """Take a place, or raise RateLimited."""
        if self._busy >= self._limit:
            raise RateLimited("the gateway is serving as many requests as it may", hint="try again in a moment")
        self._busy += 1

    def await_body(self) -> None:
        """Take a sender's place, or raise RateLimited."""
        if self._sending >= self._limit * SENDERS:
            raise RateLimited("the gateway is receiving as many requests as it may", hint="try again in a moment")
        self._sending += 1

    def limits(self) -> list[tuple[bytes, bytes]]:
        """What clients of the OpenAI wire look for. The limit is of requests at a time, so a place is soon free."""
        return [
            (b"x-ratelimit-limit-requests", str(self._limit).encode()),
            (b"x-ratelimit-remaining-requests", str(max(0, self._limit - self._busy)).encode()),
            (b"x-ratelimit-reset-requests", b"1s"),
        ]

    def give_back(self, *, sending: bool) -> None:
        """Give a place back."""
        if sending:
            self._sending -= 1
        else:
            self._busy -= 1


class _Request:
    """One request's place among the others, and its id in the answer's head."""

    def __init__(self, shell: Shell, receive: Receive, send: Send, request_id: str, *, limited: bool) -> None:
        self._shell = shell
        self._receive = receive
        self._send = send
        self._id = request_id
        self._limited = limited
        self._sending: bool | None = None
        """True while its body comes, False while it is served, None when it has no place."""
        self.started = False
        self.status = 0

    def enter(self, *, with_body: bool) -> None:
        if with_body:
            self._shell.await_body()
        else:
            self._shell.serve()
        self._sending = with_body

    def leave(self) -> None:
        if self._sending is not None:
            self._shell.give_back(sending=self._sending)
            self._sending = None

    async def receive(self) -> Message:
        message = await self._receive()
        if self._sending and message["type"] == "http.request" and not message.get("more_body", False):
            self.leave()
            self._shell.serve()
            self._sending = False
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            names = {name for name, _ in message["headers"]}
            ours = [(b"x-request-id", self._id.encode()), (REQUEST_ID.encode(), self._id.encode())]
            if self._limited:
                ours += self._shell.limits()
            message["headers"] = [*message["headers"], *(pair for pair in ours if pair[0] not in names)]
        await self._send(message)


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _place(fault: BaseException) -> str:
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "unknown"
