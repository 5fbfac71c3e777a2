"""What a model says on its way to the caller, whole or chunk by chunk: looked through, then restored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.chat.sight import Sight
from gateway.model import Json
from gateway.redaction import OutputRule, Restorer, Scan

TEXT_FIELDS: Final = ("content", "reasoning_content", "reasoning", "refusal")
_ANSWER: Final = frozenset(
    ("id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier")
)
_CHOICE: Final = frozenset(("index", "message", "delta", "finish_reason", "stop_reason", "logprobs"))
_SAYING: Final = frozenset(("role", "name", "tool_call_id", "tool_calls", "function_call", *TEXT_FIELDS))
_CALL: Final = frozenset(("index", "id", "type", "function"))


@dataclass(frozen=True, slots=True)
class Reading:
    """How one answer is read for its caller."""

    sight: Sight
    rule: OutputRule | None = None
    """What is masked of what the model made up; None: nothing is looked for."""
    before: Callable[..., Scan] | None = None
    """Called with `json=` for each text: what turns a zone's renderings back into tokens, before anything else."""
    json: bool = False
    """The content is JSON, because the caller asked for it."""
    said: list[str] = field(default_factory=list, repr=False)
    """What the model said, as tokens and masks, in the order in which it was read: for the record."""

    def line(self, *, json: bool = False, tool: str | None = None) -> Line:
        """For one text; for the arguments of a tool if one is named."""
        sight = self.sight if tool is None else self.sight.towards(tool)
        stages = [self.before(json=json)] if self.before else []
        if self.rule is not None:
            stages.append(self.rule.scan(json=json))
        return Line(stages, Restorer(sight.values, sight.masks, json=json), self.said)

    @property
    def masked(self) -> dict[str, int]:
        """Values masked so far, by type."""
        return dict(self.rule.masked) if self.rule is not None else {}

    def known(self, value: Json, keys: frozenset[str]) -> Json:
        """Without fields that nobody here can look through; all of them where nothing is looked for."""
        if self.rule is None or value.keys() <= keys:
            return value
        return {key: item for key, item in value.items() if key in keys}


class Line:
    """One text on its way: each stage keeps back what it must."""

    def __init__(self, stages: Iterable[Scan], restorer: Scan, said: list[str]) -> None:
        self._stages = tuple(stages)
        self._restorer = restorer
        self._said = said

    def feed(self, text: str) -> str:
        """The next piece in, what is certain out."""
        for stage in self._stages:
            text = stage.feed(text)
        if text:
            self._said.append(text)
        return self._restorer.feed(text)

    def flush(self) -> str:
        """What was kept back."""
        text = ""
        for stage in self._stages:
            text = stage.feed(text) + stage.flush()
        if text:
            self._said.append(text)
        return self._restorer.feed(text) + self._restorer.flush()

    def whole(self, text: str) -> str:
        """A text at once."""
        if self._said:
            self._said.append("\n")
        return self.feed(text) + self.flush()


def restore_answer(answer: Json, reading: Reading) -> Json:
    """A chat.completion with every text and every tool argument as the caller may see it."""
    choices = []
    for one in answer.get("choices", []):
        choice = reading.known(one, _CHOICE)
        message = dict(reading.known(choice.get("message") or {}, _SAYING))
        for key in TEXT_FIELDS:
            if isinstance(message.get(key), str):
                message[key] = reading.line(json=reading.json and key == "content").whole(message[key])
        if isinstance(message.get("content"), list):
            message["content"] = [_restore_part(part, reading) for part in message["content"]]
        if isinstance(message.get("function_call"), dict):
            message["function_call"] = _restore_call({"function": message["function_call"]}, reading)["function"]
        if message.get("tool_calls"):
            message["tool_calls"] = [_restore_call(call, reading) for call in message["tool_calls"]]
        # Log-probabilities spell the answer out piece by piece, tokens unrestored; they would not match the text.
        choices.append({**choice, "message": message, "logprobs": None})
    return {**reading.known(answer, _ANSWER), "choices": choices}


def _restore_part(part: object, reading: Reading) -> object:
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        part = reading.known(part, frozenset(("type", "text")))
        return {**part, "text": reading.line(json=reading.json).whole(part["text"])}
    return part if reading.rule is None else {"type": "text", "text": ""}


def _restore_call(call: Json, reading: Reading) -> Json:
    call = reading.known(call, _CALL)
    function = dict(call.get("function") or {})
    if isinstance(function.get("arguments"), str):
        line = reading.line(json=True, tool=_tool(function))
        function["arguments"] = line.whole(function["arguments"])
    return {**call, "function": function}


def _tool(function: Json) -> str:
    """The name of the tool called; empty where none is given."""
    name = function.get("name")
    return name if isinstance(name, str) else ""


def answer_text(answer: Json) -> str:
    """All text of an answer."""
    texts: list[str] = []
    for choice in answer.get("choices", []):
        message = choice.get("message") or {}
        texts.extend(str(message[key]) for key in TEXT_FIELDS if isinstance(message.get(key), str))
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        texts.extend(str(part.get("text", "")) for part in parts if isinstance(part, dict))
        calls = [call.get("function") or {} for call in message.get("tool_calls") or []]
        texts.extend(str(call.get("arguments", "")) for call in [*calls, message.get("function_call") or {}])
    return "\n".join(text for text in texts if text)


class StreamRestorer:
    """Reads the deltas of one stream. Every choice, text field and tool call keeps back its own suffix.

    Nothing emitted is ever taken back. What is kept comes out with the choice's finish, or with `finish`.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._open: dict[tuple[int, str | int], Line] = {}
        self._tools: dict[tuple[int, str | int], str] = {}
        self.finish_reasons: dict[int, str] = {}

    @property
    def raw_text(self) -> str:
        """What the model said so far, as tokens and masks, for the record."""
        return "".join(self._reading.said)

    @property
    def masked(self) -> dict[str, int]:
        """Values of the model's own that were masked so far, by type."""
        return self._reading.masked

    def feed(self, chunk: Json) -> Iterator[Json]:
        """The chunks to pass on for one that came: none while everything in it is kept back."""
        choices = []
        for choice in chunk.get("choices", []):
            restored = self._choice(self._reading.known(choice, _CHOICE - {"message"}))
            if restored is not None:
                choices.append(restored)
        if choices:
            yield {**self._reading.known(chunk, _ANSWER), "choices": choices}

    def finish(self) -> list[Json]:
        """Deltas for whatever is still kept, as choices without a finish reason."""
        places = sorted({place for place, _ in self._open})
        return [choice for place in places if (choice := self._flush(place)) is not None]

    def _choice(self, choice: Json) -> Json | None:
        place = _number(choice.get("index"))
        delta = dict(self._reading.known(choice.get("delta") or {}, _SAYING))
        had_text = False
        for key in TEXT_FIELDS:
            if isinstance(delta.get(key), str):
                had_text = had_text or delta[key] != ""
                delta[key] = self._line(place, key).feed(delta[key])
        if isinstance(delta.get("content"), list):
            delta["content"] = [_restore_part(part, self._reading) for part in delta["content"]]
        if isinstance(delta.get("function_call"), dict):
            delta["function_call"] = self._arguments(place, "function_call", delta["function_call"])
        calls = [self._call(place, call) for call in delta.get("tool_calls") or []]
        if calls:
            delta["tool_calls"] = calls
        reason = choice.get("finish_reason")
        if reason is not None:
            self.finish_reasons[place] = str(reason)
            rest = self._flush(place)
            delta = _merge(delta, rest["delta"]) if rest else delta
        elif had_text and not calls and not any(value for key, value in delta.items() if key != "role"):
            if "role" not in delta:
                return None
            delta = {"role": delta["role"], "content": ""}
        return {**choice, "index": place, "delta": delta, "logprobs": None}

    def _call(self, place: int, call: Json) -> Json:
        call = self._reading.known(call, _CALL)
        function = call.get("function")
        if not isinstance(function, dict):
            return call
        return {**call, "function": self._arguments(place, _number(call.get("index")), function)}

    def _arguments(self, place: int, part: str | int, function: Json) -> Json:
        # The name comes with the first piece; where it does not, the tool is none that policy names.
        self._tools[place, part] = self._tools.get((place, part)) or _tool(function)
        if not isinstance(function.get("arguments"), str):
            return function
        return {**function, "arguments": self._line(place, part).feed(function["arguments"])}

    def _line(self, place: int, part: str | int) -> Line:
        key = (place, part)
        if key not in self._open:
            json = isinstance(part, int) or part == "function_call" or (part == "content" and self._reading.json)
            self._open[key] = self._reading.line(json=json, tool=self._tools.get(key))
        return self._open[key]

    def _flush(self, place: int) -> Json | None:
        delta: Json = {}
        for key in [key for key in self._open if key[0] == place]:
            rest = self._open.pop(key).flush()
            part = key[1]
            if rest and isinstance(part, int):
                delta.setdefault("tool_calls", []).append({"index": part, "function": {"arguments": rest}})
            elif rest and part == "function_call":
                delta[part] = {"arguments": rest}
            elif rest:
                delta[str(part)] = rest
        return {"index": place, "delta": delta, "finish_reason": None} if delta else None


def _number(index: object) -> int:
    """An index as the wire has it; a server that sends something else has one choice and one call."""
    return index if isinstance(index, int) else 0


def _merge(delta: Json, rest: Json) -> Json:
    """One delta holding both: what a final chunk brought and what was still kept before it."""
    merged = dict(delta)
    for key, value in rest.items():
        if key == "tool_calls":
            merged["tool_calls"] = _merge_calls(list(merged.get("tool_calls") or []), value)
        elif key == "function_call":
            before = merged.get("function_call") or {}
            merged[key] = {**before, "arguments": before.get("arguments", "") + value["arguments"]}
        else:
            merged[key] = (merged.get(key) or "") + value
    return merged


def _merge_calls(calls: list[Json], rest: list[Json]) -> list[Json]:
    """Each tool index appears once in a chunk: clients append by index and some take only the first."""
    by_index = {call.get("index", 0): place for place, call in enumerate(calls)}
    for extra in rest:
        place = by_index.get(extra["index"])
        if place is None:
            calls.append(extra)
            continue
        function = dict(calls[place].get("function") or {})
        function["arguments"] = function.get("arguments", "") + extra["function"]["arguments"]
        calls[place] = {**calls[place], "function": function}
    return calls
