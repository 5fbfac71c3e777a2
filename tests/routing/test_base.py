"""The body that leaves is the caller's, with the gateway's own words taken out and put in."""

from __future__ import annotations

import orjson

from gateway.model import Call
from gateway.routing.providers.base import dump, wire_body
from tests.routing.helpers import call, model


def test_usage_is_always_asked_for_in_streams_and_our_words_do_not_leave() -> None:
    asked = Call(
        {"model": "auto", "stream": True, "messages": [], "gateway": {"collections": ["hr"]}, "top_p": 1}, True
    )
    assert wire_body(model(target="t"), asked) == {
        "model": "t",
        "messages": [],
        "top_p": 1,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    refused = call(stream=True, stream_options={"include_usage": False, "include_obfuscation": False})
    assert wire_body(model(), refused)["stream_options"] == {"include_usage": True, "include_obfuscation": False}
    whole = wire_body(model(), call(stream_options={"include_usage": True}))
    assert "stream" not in whole
    assert "stream_options" not in whole


def test_the_callers_body_is_left_as_it_was() -> None:
    asked = call(stream=True, stream_options={"x": 1})
    before = orjson.dumps(asked.body)
    assert orjson.loads(dump(wire_body(model(), asked)))["stream_options"] == {"x": 1, "include_usage": True}
    assert orjson.dumps(asked.body) == before
