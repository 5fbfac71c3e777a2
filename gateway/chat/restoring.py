"""Restoring a model's answer for its caller: whole, or chunk by chunk with only a possible token held back."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.chat.sight import Sight
from gateway.model import Json
from gateway.redaction import Restorer

TEXT_FIELDS = ("content", "reasoning_content", "reasoning", "refusal")


def restore_answer(answer: Json, sight: Sight) -> Json:
    """A chat.completion with every text and every tool argument restored as far as `sight` goes."""
    choices = []
    for choice in answer.get("choices", []):
        message = dict(choice.get("message") or {})
        for key in TEXT_FIELDS:
            if isinstance(message.get(key), str):
                message[key] = _whole(message[key], sight)
        if isinstance(message.get("content"), list):
            message["content"] = [_restore_part(part, sight) for part in message["content"]]
        if isinstance(message.get("function_call"), dict):
            message["function_call"] = _restore_call({"function": message["function_call"]}, sight)["function"]
        if message.get("tool_calls"):
            message["tool_calls"] = [_restore_call(call, sight) for call in message["tool_calls"]]
        # Log-probabilities spell the answer out piece by piece, tokens unrestored; they would not match the text.
        choices.append({**choice, "message": message, "logprobs": None})
    return {**answer, "choices": choices}


def _restore_part(part: object, sight: Sight) -> object:
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        return {**part, "text": _whole(part["text"], sight)}
    return part


def _restore_call(call: Json, sight: Sight) -> Json:
    function = dict(call.get("function") or {})
    if isinstance(function.get("arguments"), str):
        function["arguments"] = _whole(function["arguments"], sight, json=True)
    return {**call, "function": function}


def _whole(text: str, sight: Sight, *, json: bool = False) -> str:
    restorer = Restorer(sight.values, sight.masks, json=json)
    return restorer.feed(text) + restorer.flush()


def answer_text(answer: Json) -> str:
    """All text of an answer as the model gave it, for the record."""
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
    """Restores the deltas of one stream. Every choice, text field and tool call has its own held-back suffix.

    Nothing emitted is ever taken back. A held suffix comes out with the choice's finish, or with `finish`.
    """

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._open: dict[tuple[int, str | int], Restorer] = {}
        self._seen: list[str] = []
        self.finish_reasons: dict[int, str] = {}

    @property
    def raw_text(self) -> str:
        """What the model said so far, masked, for the record."""
        return "".join(self._seen)

    def feed(self, chunk: Json) -> Iterator[Json]:
        """The chunks to pass on for one that came: none while everything in it is held back."""
        choices = []
        for choice in chunk.get("choices", []):
            restored = self._choice(choice)
            if restored is not None:
                choices.append(restored)
        if choices:
            yield {**chunk, "choices": choices}

    def finish(self) -> list[Json]:
        """Deltas for whatever is still held, as choices without a finish reason."""
        places = sorted({place for place, _ in self._open})
        return [choice for place in places if (choice := self._flush(place)) is not None]

    def _choice(self, choice: Json) -> Json | None:
        place = _number(choice.get("index"))
        delta = dict(choice.get("delta") or {})
        had_text = False
        for key in TEXT_FIELDS:
            if isinstance(delta.get(key), str):
                had_text = had_text or delta[key] != ""
                self._seen.append(delta[key])
                delta[key] = self._restorer(place, key).feed(delta[key])
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
        function = call.get("function")
        if not isinstance(function, dict) or not isinstance(function.get("arguments"), str):
            return call
        self._seen.append(function["arguments"])
        restorer = self._restorer(place, _number(call.get("index")))
        return {**call, "function": {**function, "arguments": restorer.feed(function["arguments"])}}

    def _restorer(self, place: int, part: str | int) -> Restorer:
        key = (place, part)
        if key not in self._open:
            self._open[key] = Restorer(self._sight.values, self._sight.masks, json=isinstance(part, int))
        return self._open[key]

    def _flush(self, place: int) -> Json | None:
        delta: Json = {}
        for key in [key for key in self._open if key[0] == place]:
            rest = self._open.pop(key).flush()
            part = key[1]
            if rest and isinstance(part, int):
                delta.setdefault("tool_calls", []).append({"index": part, "function": {"arguments": rest}})
            elif rest:
                delta[str(part)] = rest
        return {"index": place, "delta": delta, "finish_reason": None} if delta else None


def _number(index: object) -> int:
    """An index as the wire has it; a server that sends something else has one choice and one call."""
    return index if isinstance(index, int) else 0


def _merge(delta: Json, rest: Json) -> Json:
    """One delta holding both: what a final chunk brought and what was still held before it."""
    merged = dict(delta)
    for key, value in rest.items():
        if key == "tool_calls":
            merged["tool_calls"] = _merge_calls(list(merged.get("tool_calls") or []), value)
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
