"""The event parser gives the same events however the bytes are split; the judge knows when an answer is complete."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import RateLimited, UpstreamFailed
from gateway.routing.providers.sse import ChatStream, EventParser, OversizedEventError, check_completion
from tests.routing.helpers import model

LINE = st.text(alphabet='ab é[{"', max_size=12)
EVENT = st.lists(LINE, min_size=1, max_size=3)


def reference(stream: bytes) -> list[bytes]:
    """The WHATWG rules, line by line over the whole."""
    text = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    events: list[bytes] = []
    data: list[bytes] = []
    for line in text.split(b"\n")[:-1]:
        if not line:
            if data:
                events.append(b"\n".join(data))
            data = []
        name, _, value = line.partition(b":")
        if name == b"data":
            data.append(value.removeprefix(b" "))
    return events


@given(
    events=st.lists(EVENT, max_size=5),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    bom=st.booleans(),
    noise=st.sampled_from(["", ": keep-alive", "event: x", "id: 1", "retry", "data"]),
    cuts=st.lists(st.integers(0, 400), max_size=12),
    loose_end=st.sampled_from(["", "data: never finished", "\r"]),
)
def test_any_split_gives_the_same_events(
    events: list[list[str]], end: str, bom: bool, noise: str, cuts: list[int], loose_end: str
) -> None:
    text = "".join((noise + end if noise else "") + "".join(f"data: {line}{end}" for line in e) + end for e in events)
    stream = (b"\xef\xbb\xbf" if bom else b"") + (text + loose_end).encode()
    marks = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    parser = EventParser()
    found = [e for start, stop in pairwise(marks) for e in parser.feed(stream[start:stop])]
    assert found == reference(stream)


@pytest.mark.parametrize("stream", [b"data: " + b"x" * 200, b"data: x\n" * 60, b"x" * 200])
def test_memory_is_bounded(stream: bytes) -> None:
    parser = EventParser(max_bytes=100)
    pieces = [stream[start : start + 10] for start in range(0, len(stream), 10)]
    with pytest.raises(OversizedEventError):
        [parser.feed(piece) for piece in pieces]


def chunk(delta: Any = None, finish: str | None = None, **more: Any) -> bytes:
    return orjson.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish, **more}]})


def test_content_and_completeness() -> None:
    judge = ChatStream(model())
    states = []
    for data in (
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "x"}),
        chunk({}, "stop", index=0),
        chunk({"content": "y"}, index=1),
        chunk(None, "length", index=1),
        b'{"choices": [], "usage": {"total_tokens": 3}}',
    ):
        judge.take(data)
        states.append((judge.has_content, judge.complete))
    assert states == [(False, False), (True, False), (True, True), (True, False), (True, True), (True, True)]
    assert not ChatStream(model()).complete


@pytest.mark.parametrize("delta", [{"reasoning_content": "hm"}, {"refusal": "no"}, {"tool_calls": [{"index": 0}]}])
def test_other_deltas_are_content_too(delta: dict[str, Any]) -> None:
    judge = ChatStream(model())
    judge.take(chunk(delta))
    assert judge.has_content


def test_missing_shapes_are_mended_where_they_are_harmless() -> None:
    judge = ChatStream(model())
    assert judge.take(b"{}") == {"choices": []}
    assert judge.take(b'{"choices": [{"delta": null}]}') == {"choices": [{"delta": {}, "index": 0}]}
    indexes = []
    for call in ({"id": "1"}, {}, {"id": "2"}, {}):
        taken = judge.take(chunk({"tool_calls": [call]}))
        indexes.append(taken["choices"][0]["delta"]["tool_calls"][0]["index"])
    assert indexes == [0, 0, 1, 1]


@pytest.mark.parametrize(
    "data",
    [
        b"not json",
        b"[]",
        b'{"choices": "x"}',
        b'{"choices": ["x"]}',
        b'{"choices": [{"delta": "x"}]}',
        b'{"choices": [{"index": "x"}]}',
        b'{"choices": [{"delta": {"tool_calls": ["x"]}}]}',
        b'{"error": {"message": "marmalade"}}',
    ],
)
def test_malformed_events_fail_without_telling_what_they_were(data: bytes) -> None:
    with pytest.raises(UpstreamFailed) as caught:
        ChatStream(model()).take(data)
    assert "marmalade" not in str(caught.value)


def test_a_rate_limit_inside_an_answer() -> None:
    with pytest.raises(RateLimited):
        ChatStream(model()).take(b'{"error": {"code": 429}}')


@pytest.mark.parametrize(
    "data",
    [b"", b"null", b"{}", b'{"choices": []}', b'{"choices": [{}]}', b'{"choices": [{"message": {"content": 3}}]}'],
)
def test_whole_answers_are_checked(data: bytes) -> None:
    with pytest.raises(UpstreamFailed):
        check_completion(model(), data)
