"""What the administrators' doors open onto."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from gateway.govern import Credentials, Entrance, Log, Policies
from gateway.model import Principal


@dataclass(frozen=True, slots=True)
class Doors:
    """Everything an administrative route may use."""

    entrance: Entrance
    policies: Policies
    credentials: Credentials
    log: Log
    max_body_bytes: int

    async def caller(self, request: Request) -> Principal:
        """Who is asking. Raises Unauthenticated."""
        headers = request.headers
        client = request.scope["state"]["client"]
        return await self.entrance.caller(headers.get("authorization"), headers.get("x-api-key"), client)


def doors_of(request: Request) -> Doors:
    """The doors of the application that serves this request."""
    doors: Doors = request.app.state.admin
    return doors


def request_id(request: Request) -> str:
    """The id this request was given at the outermost layer."""
    return str(request.scope["state"]["request_id"])
