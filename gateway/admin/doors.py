"""What the administrators' doors open onto."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.requests import Request

from gateway.govern import Credentials, Log, Policies
from gateway.identity import Keys, from_headers
from gateway.model import Principal


@dataclass(frozen=True, slots=True)
class Doors:
    """Everything an administrative route may use."""

    keys: Keys
    policies: Policies
    credentials: Credentials
    log: Log
    max_body_bytes: int

    async def caller(self, request: Request) -> Principal:
        """Who is asking. Raises Unauthenticated."""
        credential = from_headers(request.headers.get("authorization"), request.headers.get("x-api-key"))
        principal = await self.keys.authenticate(credential)
        return replace(principal, client=request.scope["state"]["client"])


def doors_of(request: Request) -> Doors:
    """The doors of the application that serves this request."""
    doors: Doors = request.app.state.admin
    return doors


def request_id(request: Request) -> str:
    """The id this request was given at the outermost layer."""
    return str(request.scope["state"]["request_id"])
