"""What a simulated upstream does with one request, and what it remembers of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import orjson


class Fault(Enum):
    """Ways in which an upstream goes wrong. Faults in a stream strike after `Behaviour.after` content chunks."""

    NONE = auto()
    STATUS = auto()
    """Answers with `status` and OpenAI's error shape, its message full of the prompt, as real servers do."""
    MALFORMED = auto()
    """JSON that breaks off, or a stream whose data line is not JSON."""
    WRONG_TYPE = auto()
    """200 with an HTML page, as a proxy or captive portal sends it."""
    WRONG_SHAPE = auto()
    """Valid JSON that is no chat completion."""
    REDIRECT = auto()
    """307 to the same path."""
    DROP = auto()
    """Closes the connection without one byte of an answer."""
    STALL = auto()
    """Sends what it has and then nothing more, with the connection open."""
    CUT = auto()
    """Resets the connection in the middle."""
    CLEAN_CUT = auto()
    """Ends the HTTP body properly, without finish_reason and [DONE]."""
    DONE_CUT = auto()
    """Sends [DONE] without any finish_reason."""
    NO_DONE = auto()
    """Ends properly after finish_reason and usage, without [DONE] (some servers do): not an error."""
    LINGER = auto()
    """Sends a whole stream with [DONE] and then keeps the connection open: not an error."""
    ERROR_EVENT = auto()
    """Sends `data: {"error": ...}` and ends."""
    HUGE = auto()
    """Sends `huge_bytes` without a line end, or as one JSON body."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool call of an answer; `arguments` is JSON text."""

    name: str
    arguments: str
    id: str = "call_1"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One answer. Times are seconds."""

    text: str | Callable[[Mapping[str, Any]], str] | None = None
    """None echoes the last user text; a function is given the request's JSON."""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = "stop"
    pieces: tuple[str, ...] | None = None
    """The exact content chunks of a stream; None cuts the text after each word."""
    fault: Fault = Fault.NONE
    after: int = 1
    status: int = 500
    retry_after: str | None = None
    first_byte_s: float = 0.0
    """Wait before the HTTP status line."""
    first_token_s: float = 0.0
    """Wait between the role chunk and the first content chunk."""
    gap_s: float = 0.0
    """Wait between content chunks."""
    crlf: bool = False
    comments: bool = False
    """Keep-alive comment lines between events."""
    bytes_per_write: int | None = None
    """Splits the stream at arbitrary bytes, in the middle of characters too."""
    multi_line: bool = False
    """Writes each event's JSON over several data lines."""
    tool_index: bool = True
    """Whether tool-call deltas carry their index."""
    huge_bytes: int = 4_000_000

    def answer(self, request: Mapping[str, Any]) -> str:
        """The whole text of the answer to this request."""
        if self.pieces is not None:
            return "".join(self.pieces)
        if callable(self.text):
            return self.text(request)
        return last_user_text(request) if self.text is None else self.text

    def chunks(self, request: Mapping[str, Any]) -> list[str]:
        """The text as the content chunks of a stream."""
        if self.pieces is not None:
            return list(self.pieces)
        return re.findall(r"\s*\S+|\s+$", self.answer(request))


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body parsed."""
        parsed: dict[str, Any] = orjson.loads(self.body)
        return parsed


@dataclass(slots=True)
class Script:
    """Which behaviour the next request meets."""

    default: Behaviour = field(default_factory=Behaviour)
    queue: list[Behaviour] = field(default_factory=list)

    def take(self) -> Behaviour:
        """The next queued behaviour, or the default one."""
        return self.queue.pop(0) if self.queue else self.default


def last_user_text(request: Mapping[str, Any]) -> str:
    """The text of the last user message, its parts joined; empty when there is none."""
    for message in reversed(request.get("messages") or []):
        if message.get("role") == "user":
            content = message.get("content") or ""
            if isinstance(content, str):
                return content
            return "".join(part.get("text", "") for part in content if part.get("type") == "text")
    return ""


def words(text: str) -> int:
    """Tokens, as the simulators count them."""
    return len(text.split())
