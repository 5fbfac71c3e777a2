"""What a request and its records become: spans, handed to whoever sends them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from gateway.model import Position, Record
from gateway.telemetry.spans import FAILED, SERVER, UNSET, Context, Span, Value, context_of, of_record

REMEMBERED: Final = 10_000
"""Requests whose callers named a trace; a record that comes after so many others belongs to its own id's."""
_WHOLE: Final = 0xFFFF_FFFF_FFFF_FFFF


class Tracer:
    """Sees requests begin and end, and every record as soon as it is durable. Never raises for what it sees.

    now: nanoseconds since 1970; sample: the share of traces that is kept, decided by their ids.
    """

    def __init__(self, send: Callable[[Sequence[Span]], None], now: Callable[[], int], *, sample: float = 1.0) -> None:
        self._send = send
        self._now = now
        self._sample = sample
        self._begun: OrderedDict[str, tuple[Context, int]] = OrderedDict()

    def begin(self, request: str, traceparent: str = "") -> None:
        """A request came in."""
        self._begun[request] = (context_of(request, traceparent), self._now())
        while len(self._begun) > REMEMBERED:
            self._begun.popitem(last=False)

    def end(self, request: str, method: str, route: str, status: int) -> None:
        """It was answered. method, route: names of ours and not what somebody wrote; status 0: with nothing."""
        begun = self._begun.get(request)
        if begun is None or not self._keeps(begun[0]):
            return
        context, start = begun
        attributes: dict[str, Value] = {
            "gateway.request.id": request,
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
        }
        failed = FAILED if status >= 500 or not status else UNSET
        name = f"{method} {route}"
        self._send(
            [Span(name, context.trace, context.span, context.parent, start, self._now(), SERVER, failed, attributes)]
        )

    def record(self, record: Record, position: Position) -> None:
        """A record is durable. Intents are told by what ends them."""
        if record.kind == "intent":
            return
        begun = self._begun.get(record.request)
        context = begun[0] if begun else context_of(record.request)
        if self._keeps(context):
            self._send(of_record(record, position, context, inside=begun is not None))

    def _keeps(self, context: Context) -> bool:
        return context.sampled and int(context.trace[16:], 16) <= self._sample * _WHOLE
