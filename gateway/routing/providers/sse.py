"""Server-sent events from bytes that may be split anywhere, and what a chat stream's events must look like."""

from __future__ import annotations

from typing import Any, Final

import orjson

from gateway.errors import GatewayError
from gateway.model import Json, Model
from gateway.routing import failures

MAX_EVENT_BYTES: Final = 1_048_576
DONE: Final = b"[DONE]"
_BOM: Final = b"\xef\xbb\xbf"


class OversizedEventError(Exception):
    """One event, or one line, is longer than allowed."""


class EventParser:
    """Feeds on bytes, gives the `data` of complete events (several data lines joined by a line feed).

    Follows the WHATWG rules: LF, CRLF or CR end a line, a BOM at the start and comments are ignored, an event that
    no empty line ends is never dispatched. Keeps at most `max_bytes`.
    """

    def __init__(self, max_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_bytes
        self._rest: list[bytes] = []
        self._waiting = 0
        self._data: list[bytes] = []
        self._size = 0
        self._started = False
        self._after_cr = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Events completed by these bytes. Raises OversizedEventError."""
        if b"\n" not in chunk and b"\r" not in chunk and self._started and not self._after_cr:
            # a line that goes on: joined once, when it ends
            self._rest.append(chunk)
            self._waiting += len(chunk)
            self._check()
            return []
        text = b"".join((*self._rest, chunk))
        if not self._started:
            if len(text) < len(_BOM) and _BOM.startswith(text):
                self._rest = [text]
                return []
            text = text.removeprefix(_BOM)
            self._started = True
        if self._after_cr and text:
            # the LF of a CRLF whose CR already ended the line
            text = text.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in text:
            self._after_cr = text.endswith(b"\r")
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = text.split(b"\n")
        last = lines.pop()
        self._rest, self._waiting = [last], len(last)
        events: list[bytes] = []
        for line in lines:
            if not line:
                if self._data:
                    events.append(b"\n".join(self._data) if len(self._data) > 1 else self._data[0])
                    self._data, self._size = [], 0
            elif line.startswith(b"data:"):
                self._data.append(line[6:] if line[5:6] == b" " else line[5:])
                self._size += len(line)
            elif line == b"data":
                self._data.append(b"")
        self._check()
        return events

    def _check(self) -> None:
        if self._size + self._waiting > self._max:
            raise OversizedEventError


class ChatStream:
    """Judges the events of one chat stream: well formed, with content yet, complete."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._open: set[int] = set()
        self._finished: set[int] = set()
        self._calls: dict[int, int] = {}
        self.has_content = False
        """Whether any chunk so far carried a piece of an answer."""

    @property
    def complete(self) -> bool:
        """Whether every choice that began has said why it ended."""
        return bool(self._finished) and not self._open

    def take(self, data: bytes) -> Json:
        """One event's JSON, checked. Raises UpstreamFailed or RateLimited."""
        try:
            chunk = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise failures.malformed(self._model, "a stream event that is not JSON") from None
        return self.check(chunk)

    def check(self, chunk: object) -> Json:
        """The same for a chunk that is parsed already."""
        if not isinstance(chunk, dict):
            raise failures.malformed(self._model, "a stream event that is no object")
        if chunk.get("error"):
            raise error_inside(self._model, chunk["error"])
        choices = chunk.get("choices")
        if choices is None:
            choices = chunk["choices"] = []
        if not isinstance(choices, list):
            raise failures.malformed(self._model, "a stream event without a list of choices")
        for choice in choices:
            self._choice(choice)
        return chunk

    def _choice(self, choice: Any) -> None:
        delta = choice.get("delta", {}) if isinstance(choice, dict) else None
        if delta is None and isinstance(choice, dict):
            delta = choice["delta"] = {}
        index = choice.setdefault("index", 0) if isinstance(choice, dict) else None
        if not isinstance(delta, dict) or not isinstance(index, int):
            raise failures.malformed(self._model, "a stream event with a choice of another shape")
        if delta.get("tool_calls"):
            self._number(index, delta["tool_calls"])
        if not self.has_content and any(value for key, value in delta.items() if key != "role"):
            self.has_content = True
        if choice.get("finish_reason"):
            self._open.discard(index)
            self._finished.add(index)
            self.has_content = True
        elif index not in self._finished:
            self._open.add(index)

    def _number(self, index: int, calls: Any) -> None:
        """Give tool-call deltas the index that clients rely on, where the server leaves it out."""
        if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
            raise failures.malformed(self._model, "tool calls of another shape")
        for call in calls:
            if not isinstance(call.get("index"), int):
                begun = self._calls.get(index, -1) + (1 if call.get("id") else 0)
                self._calls[index] = call["index"] = max(begun, 0)


def error_inside(model: Model, error: object) -> GatewayError:
    """An error object within a 200 answer; only its code is looked at."""
    code = str(error.get("code") or error.get("type") or "") if isinstance(error, dict) else ""
    if code in {"429", "rate_limit_exceeded", "rate_limit_error"}:
        try:
            failures.raise_for_status(model, 429)
        except GatewayError as limited:
            return limited
    return failures.reported(model)


def check_completion(model: Model, data: bytes) -> Json:
    """A whole answer's JSON, checked. Raises UpstreamFailed or RateLimited."""
    try:
        answer = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise failures.malformed(model, "an answer that is not JSON") from None
    if not isinstance(answer, dict):
        raise failures.malformed(model, "an answer that is no object")
    if answer.get("error"):
        raise error_inside(model, answer["error"])
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices:
        raise failures.malformed(model, "an answer without choices")
    for choice in choices:
        message = choice.get("message") if isinstance(choice, dict) else None
        if not isinstance(message, dict) or not isinstance(message.get("content"), (str, list, type(None))):
            raise failures.malformed(model, "an answer whose choices hold no message")
    return answer
