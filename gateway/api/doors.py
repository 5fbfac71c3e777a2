"""What the doors open onto: journeys and identity, handed over by the application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request

from gateway.chat import Chat, Feedback, Library, Returns, Texts
from gateway.govern import Entrance, Log
from gateway.ingest import HeldBack, Ingest, Jobs
from gateway.model import Json, Principal


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes the doors enforce."""

    max_body_bytes: int
    max_upload_bytes: int
    max_batch_files: int
    max_batch_bytes: int


@dataclass(frozen=True, slots=True)
class Doors:
    """Everything a route may use."""

    entrance: Entrance
    chat: Chat
    texts: Texts
    returns: Returns
    feedback: Feedback
    library: Library
    ingest: Ingest
    jobs: Jobs
    held_back: HeldBack
    log: Log
    ready: Callable[[], Awaitable[Json]]
    """What each dependency says of itself: {"ready": bool, "checks": {name: "ok" or a sentence}}."""
    limits: Limits
    measures: Callable[[], Json]
    """Counts for `/metrics`, as `gateway.api.metrics.render` reads them."""
    may_measure: Callable[[str], bool] | None = None
    """Whether an `Authorization` header may read them; None: they are not served."""

    async def caller(self, request: Request) -> Principal:
        """Who is asking. Raises Unauthenticated."""
        headers = request.headers
        client = request.scope["state"]["client"]
        return await self.entrance.caller(headers.get("authorization"), headers.get("x-api-key"), client)


def doors_of(request: Request) -> Doors:
    """The doors of the application that serves this request."""
    doors: Doors = request.app.state.doors
    return doors


def request_id(request: Request) -> str:
    """The id the shell gave this request."""
    return str(request.scope["state"]["request_id"])
