"""What the client raises, in our words. None of its own words, which may hold parts of a request, are passed on."""

from __future__ import annotations

from importlib import import_module
from json import JSONDecodeError
from typing import Any, Final

from gateway.errors import IndexUnavailable

HINT: Final = "look at the settings under qdrant, and whether the cluster is up"
SICK: Final = 500
"""From this status on it is the node that cannot; another may."""


class Answered(IndexUnavailable):
    """Qdrant answered, and not with what was asked for."""

    def __init__(self, message: str, status: int, *, hint: str = HINT) -> None:
        super().__init__(message, hint=hint)
        self.status_there = status


def faults() -> tuple[tuple[type[Exception], ...], tuple[type[Exception], ...]]:
    """What the client raises when a server has answered, and when none has."""
    http: Any = import_module("qdrant_client.http.exceptions")
    busy: Any = import_module("qdrant_client.common.client_exceptions")
    answered = (http.UnexpectedResponse, busy.ResourceExhaustedResponse)
    # The client lets an answer that is no JSON through as what it is.
    return answered, (http.ResponseHandlingException, JSONDecodeError, TimeoutError, OSError)


def told(error: Exception) -> Answered:
    """Of what a server answered."""
    status = int(getattr(error, "status_code", 429) or 0)
    if status in (401, 403):
        return Answered("qdrant refused the key", status, hint="look at qdrant.api_key")
    if status == 404:
        return Answered("qdrant does not have the collection", status, hint="restore it from a snapshot")
    return Answered(f"qdrant answered with status {status}", status)
