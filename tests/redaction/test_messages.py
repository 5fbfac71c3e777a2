"""A chat request opened and closed again: every string that can hold content, nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Broken
from gateway.redaction.messages import leaves, replace_leaves
from gateway.redaction.parts import unscannable

CANARY = "jane.roe@acme.example"


def request(place: str) -> dict[str, Any]:
    """A request that uses everything, with a canary at one place."""

    def at(name: str, otherwise: str = "x") -> str:
        return CANARY if name == place else otherwise

    return {
        "model": "auto",
        "temperature": 0.2,
        "user": at("user"),
        "metadata": {"ticket": at("metadata"), at("metadata key", "k"): "v"},
        "stop": [at("stop")],
        "prediction": {"type": "content", "content": at("prediction")},
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": at("schema name"),
                "schema": {
                    "type": "object",
                    "properties": {at("property", "p"): {"enum": [at("enum")], "description": at("schema text")}},
                },
            },
        },
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": at("tool name"),
                    "description": at("tool text"),
                    "parameters": {"type": "object", "properties": {"q": {"type": "string", "default": at("default")}}},
                },
            }
        ],
        "functions": [{"name": "f", "description": at("function text")}],
        "safety_identifier": at("safety identifier"),
        "web_search_options": {"user_location": {"approximate": {"city": at("unknown field")}}},
        "messages": [
            {"role": "system", "content": at("system")},
            {"role": "developer", "content": [{"type": "text", "text": at("part")}]},
            {
                "role": "user",
                "name": at("name"),
                "content": [
                    {"type": "text", "text": "hi"},
                    {"type": "image_url", "image_url": {"url": "https://a.example/" + at("image url", "i") + ".png"}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "refusal": at("refusal"),
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {
                            "name": "f",
                            "arguments": json.dumps(
                                {"to": at("argument"), at("argument key", "k"): [1, {"deep": at("deep")}]}
                            ),
                        },
                    }
                ],
            },
            {
                "role": "tool",
                "tool_call_id": at("call id", "call_1"),
                "content": json.dumps([{"mail": at("tool result")}]),
            },
            {"role": "function", "name": "f", "content": at("function result")},
            {"role": "user", "content": at("user text")},
        ],
    }


PLACES = """user|metadata|metadata key|stop|prediction|schema name|property|enum|schema text|tool name|tool text|default
|function text|safety identifier|unknown field|system|part|name|image url|refusal|argument|argument key|deep|call id
|tool result|function result|user text""".replace("\n", "").split("|")


@pytest.mark.parametrize("place", PLACES)
def test_a_canary_anywhere_is_seen_and_replaced(place: str) -> None:
    body = request(place)
    before = json.dumps(body)
    assert before.count(CANARY) == 1
    found = leaves(body)
    assert sum(CANARY in leaf.text for leaf in found) == 1
    new = replace_leaves(body, found, [leaf.text.replace(CANARY, "[EMAIL_ADDRESS_0123456789ab]") for leaf in found])
    assert CANARY not in json.dumps(new)
    assert "0123456789ab" in json.dumps(new)
    assert json.dumps(body) == before
    for message in new["messages"]:
        for call in message.get("tool_calls", []):
            json.loads(call["function"]["arguments"])
        if message["role"] == "tool":
            json.loads(message["content"])


def test_structure_is_left_alone() -> None:
    seen = {leaf.text for leaf in leaves(request("none"))}
    assert not seen & {
        "auto",
        "user",
        "system",
        "assistant",
        "function",
        "json_schema",
        "object",
        "text",
        "image_url",
    }


def test_a_structural_field_that_holds_content_is_scanned() -> None:
    body = {"messages": [{"role": "user", "content": "x", "tool_call_id": "4155552672", "type": "Jane Roe"}]}
    assert {"4155552672", "Jane Roe"} <= {leaf.text for leaf in leaves(body)}


def test_numbers_in_arguments_are_scanned_and_stay_json() -> None:
    body = {
        "messages": [
            {
                "role": "assistant",
                "tool_calls": [{"function": {"arguments": '{"phone": 4155552672, "n": 3, "x": 1e400}'}}],
            }
        ]
    }
    found = leaves(body)
    assert [leaf.text for leaf in found] == ["phone", "4155552672", "n", "x"]
    new = replace_leaves(body, found, ["phone", "[P_000000000000]", "n", "x"])
    assert (
        new["messages"][0]["tool_calls"][0]["function"]["arguments"]
        == '{"phone": "[P_000000000000]", "n": 3, "x": 1e400}'
    )
    native = {"messages": [{"tool_calls": [{"function": {"arguments": {"phone": 4155552672}}}]}]}
    assert [leaf.text for leaf in leaves(native)] == ["phone", "4155552672"]


def test_arguments_that_are_not_json_are_one_text() -> None:
    body = {"messages": [{"tool_calls": [{"function": {"arguments": '{"to": "jane'}}]}]}
    assert [leaf.text for leaf in leaves(body)] == ['{"to": "jane']


def test_json_in_json_in_json_is_opened_and_closed() -> None:
    inner = json.dumps({"mail": CANARY})
    body = {"messages": [{"role": "tool", "content": json.dumps({"body": json.dumps({"raw": inner})})}]}
    found = leaves(body)
    new = replace_leaves(body, found, [leaf.text.replace(CANARY, 'a"b\\c') for leaf in found])
    opened = json.loads(json.loads(json.loads(new["messages"][0]["content"])["body"])["raw"])
    assert opened == {"mail": 'a"b\\c'}


def test_two_keys_that_become_one_do_not_swallow_each_other() -> None:
    body = {"metadata": {"Jane Roe": "1", "JANE ROE": "2"}}
    found = leaves(body)
    new = replace_leaves(body, found, ["[P]" if "roe" in leaf.text.lower() else leaf.text for leaf in found])
    assert sorted(new["metadata"].values()) == ["1", "2"]


def test_unscannable_parts_are_named_and_their_data_passed_over() -> None:
    data = "data:image/png;base64," + "A" * 40
    parts = [
        {"type": "image_url", "image_url": {"url": data}},
        {"type": "input_audio", "input_audio": {"data": "UklGRg", "format": "wav"}},
        {"type": "file", "file": {"file_data": data, "filename": "jane roe.pdf"}},
    ]
    body = {"messages": [{"role": "user", "content": parts}]}
    assert unscannable(body) == {"image", "audio", "file"}
    assert [leaf.text for leaf in leaves(body)] == ["jane roe.pdf"]
    assert unscannable({"messages": [{"role": "user", "content": "x"}]}) == frozenset()


def test_data_urls_outside_such_parts_are_scanned() -> None:
    assert [leaf.text for leaf in leaves({"messages": [{"content": "data:,Jane"}]})] == ["data:,Jane"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    )
)
def test_any_body_comes_back_as_it_was(value: Any) -> None:
    body = {"messages": value, "x": value}
    found = leaves(body)
    assert replace_leaves(body, found, [leaf.text for leaf in found]) == body


def test_leaves_of_another_request_are_refused() -> None:
    found = leaves({"user": "a"})
    with pytest.raises(Broken):
        replace_leaves({"user": "b"}, found, ["x"])
    with pytest.raises(Broken):
        replace_leaves({"user": "a"}, found, [])


def test_a_leaf_does_not_print_its_text() -> None:
    assert CANARY not in repr(leaves({"user": CANARY}))
