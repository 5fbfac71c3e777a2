"""What administrators' doors have in common: times read, answers written."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from starlette.responses import Response

from gateway.errors import Invalid
from gateway.model import Json


def time_of(body: Json, key: str) -> datetime | None:
    """A time with its zone, None where there is none. Raises Invalid."""
    value = body.get(key)
    if value is None:
        return None
    try:
        when = datetime.fromisoformat(str(value))
    except ValueError:
        raise Invalid(f"{key} must be a time like 2027-01-31T12:00:00Z", param=key) from None
    if when.tzinfo is None:
        raise Invalid(f"{key} must name its time zone, e.g. end in Z", param=key)
    try:
        return when.astimezone(UTC)
    except OverflowError:
        raise Invalid(f"{key} is out of range", param=key) from None


def answer(body: object, *, status: int = 200) -> Response:
    """JSON that nobody keeps."""
    return Response(
        orjson.dumps(body, default=_plain),
        status,
        {"cache-control": "no-store"},
        media_type="application/json",
    )


def _plain(value: object) -> object:
    if isinstance(value, frozenset | set):
        return sorted(value)
    return str(value)
