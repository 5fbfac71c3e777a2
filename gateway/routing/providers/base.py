"""What every provider offers, and how patient the gateway is with it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson

from gateway.model import Call, Json, Model, Outgoing

OURS: Final = frozenset({"gateway", "model", "stream", "stream_options"})
"""Keys of a request that are the gateway's own business; each provider writes its own `model` and `stream`."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds of patience with one call."""

    connect_s: float = 5.0
    """DNS, TCP and TLS together."""
    first_byte_s: float = 60.0
    """From sending until a stream's first content."""
    idle_s: float = 30.0
    """Between two events of a stream; keep-alive comments are no events."""
    whole_s: float = 300.0
    """For an answer that is not streamed: its first byte comes when the model is through."""


class Provider(Protocol):
    """One kind of upstream.

    All calls raise UpstreamFailed, UpstreamTimeout, RateLimited or UpstreamRejected, never a foreign exception.
    """

    def prepare(self, model: Model, call: Call) -> Outgoing:
        """The exact bytes that `complete` or `stream` will send, without credentials."""
        ...

    async def complete(self, outgoing: Outgoing, timeouts: Timeouts) -> Json:
        """One whole `chat.completion`."""
        ...

    def stream(self, outgoing: Outgoing, timeouts: Timeouts) -> AsyncGenerator[Json, None]:
        """`chat.completion.chunk` objects as they come, usage on one of the last when the upstream tells it.

        Whatever is raised before the first chunk came before any content: another model may be tried. What is raised
        later is final. Ending without an error means the answer is complete. Close it (`aclose`) to hang up.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


def wire_body(model: Model, call: Call) -> dict[str, Any]:
    """The request as the OpenAI wire has it: usage is always asked for, so that it is known."""
    body = {key: value for key, value in call.body.items() if key not in OURS}
    body = {"model": model.target, **body}
    if call.stream:
        options = call.body.get("stream_options")
        body["stream"] = True
        body["stream_options"] = {**(options if isinstance(options, dict) else {}), "include_usage": True}
    return body


def dump(body: Json) -> bytes:
    """JSON as it is sent."""
    return orjson.dumps(body)
