"""What a zone receives for tokens, and what the caller gets back, through the running gateway."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest

from gateway.model import Call, Zone
from tests.simulators import Behaviour, Fault, ToolCall
from tests.world import World

PERSON = "Jane Roe"
MAIL = "jane.roe@acme.example"
CARD = "4111 1111 1111 1111"
TEXT = f"Please write to Dr {PERSON} ({MAIL}) about card {CARD}."
TOKEN = re.compile(r"\[[A-Z_]+_[0-9a-z]{12}(?:_[0-9a-z]{4})?\]")


@pytest.fixture
def methods(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets `methods` of the privacy policy in force for one test."""

    def put(value: Mapping[str, Mapping[str, str]], **more: Any) -> None:
        bundle = world.house.current.bundle
        privacy = replace(bundle.privacy, methods=value, **more)
        monkeypatch.setattr(world.house.current, "_bundle", replace(bundle, privacy=privacy))

    return put


def ask(world: World, text: str = TEXT, *, who: str = "emil", stream: bool = False, **body: Any) -> httpx.Response:
    gateway = body.pop("gateway", {})
    return httpx.post(
        f"{world.url}/v1/chat/completions",
        headers=world.headers(who),
        json={
            "model": "cloud",
            "messages": [{"role": "user", "content": text}],
            "stream": stream,
            "gateway": gateway,
            **body,
        },
        timeout=30,
    )


def said(done: httpx.Response, *, stream: bool) -> tuple[str, str, str]:
    """Content, tool arguments and request id of an answer."""
    assert done.status_code == 200, done.text
    if not stream:
        message = done.json()["choices"][0]["message"]
        calls = "".join(call["function"]["arguments"] for call in message.get("tool_calls") or [])
        return message["content"] or "", calls, done.headers["x-gateway-request-id"]
    content, arguments = "", ""
    for line in done.text.splitlines():
        if not line.startswith("data: {"):
            continue
        for choice in orjson.loads(line[6:])["choices"]:
            content += choice["delta"].get("content") or ""
            arguments += "".join(c["function"].get("arguments", "") for c in choice["delta"].get("tool_calls") or [])
    return content, arguments, done.headers["x-gateway-request-id"]


def sent_text(world: World) -> str:
    return str(world.cloud.requests[-1].json["messages"][-1]["content"])


@pytest.mark.parametrize("stream", [False, True])
def test_surrogates_leave_and_values_return(world: World, methods: Any, stream: bool) -> None:
    methods({"*": {"external": "surrogate"}})
    content, _, request = said(ask(world, stream=stream), stream=stream)
    assert content == TEXT
    sent = sent_text(world)
    assert not TOKEN.search(sent)
    assert not re.search(r"jane|roe|acme|4111", sent, re.IGNORECASE)
    found = re.fullmatch(r"Please write to Dr (\w+ \w+) \((\S+)\) about card [\d ]{19}\.", sent)
    assert found
    name, mail = found.groups()
    assert mail.startswith(f"{name.replace(' ', '.').lower()}@")
    intent, outcome = world.records(request)
    assert intent["detail"]["egress"]["methods"]["EMAIL_ADDRESS"] == {"surrogate": 1}
    for record in (intent, outcome):
        assert name not in str(record)
        assert PERSON not in str(record)
        assert "[PERSON_" in str(record["content"])


@pytest.mark.parametrize("stream", [False, True])
def test_tool_calls_come_back_with_values(world: World, methods: Any, stream: bool) -> None:
    methods({"*": {"*": "surrogate"}, "CREDIT_CARD": {"external": "format"}})
    said(ask(world), stream=False)
    fake = sent_text(world)
    name = re.search(r"Dr (\w+ \w+)", fake)[1]  # type: ignore[index]
    card = re.search(r"card ([\d ]{19})", fake)[1]  # type: ignore[index]
    arguments = orjson.dumps({"to": name.upper(), "card": card.replace(" ", ""), "link": f"https://x.example/{name}"})
    world.cloud.default = Behaviour(
        text="", tool_calls=(ToolCall("send", arguments.decode()),), finish_reason="tool_calls"
    )
    tools = [{"type": "function", "function": {"name": "send", "description": f"never to {PERSON}", "parameters": {}}}]
    _, called, _ = said(ask(world, stream=stream, tools=tools), stream=stream)
    assert orjson.loads(called) == {"to": PERSON, "card": CARD, "link": "https://x.example/[PERSON]"}
    assert name in world.cloud.requests[-1].json["tools"][0]["function"]["description"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("method", "person", "back"),
    [
        ("token", r"\[PERSON_[0-9a-z]{12}\]", PERSON),
        ("mask", r"\[PERSON\]", "[PERSON]"),
        ("hash", r"PERSON-[0-9a-f]{12}", None),
        ("drop", "", ""),
    ],
)
def test_one_way_methods(world: World, methods: Any, method: str, person: str, back: str | None, stream: bool) -> None:
    methods({"PERSON": {"external": method}})
    text = f"About Dr {PERSON}, please."
    content, _, request = said(ask(world, text, stream=stream), stream=stream)
    sent = sent_text(world)
    assert re.fullmatch(rf"About Dr ?{person}, please\.", sent)
    if back is None:
        assert content == sent
    else:
        assert content == f"About Dr {back}".rstrip() + ", please."
    used = world.records(request)[0]["detail"]["egress"]["methods"]
    assert used == ({} if method == "token" else {"PERSON": {method: 1}})


def test_a_blocked_type_keeps_the_zone_out_of_the_route(world: World, methods: Any) -> None:
    methods({"CREDIT_CARD": {"external": "block"}})
    done = ask(world, model="auto", gateway={"explain": True})
    assert done.json()["model"] == "house"
    assert "external" not in done.json()["gateway"]["route"]["zones"]
    named = ask(world)
    assert named.status_code == 403
    assert named.json()["error"]["code"] == "no_model_allowed"
    assert world.cloud.requests == []


def test_a_type_blocked_everywhere_is_refused_with_its_name(world: World, methods: Any) -> None:
    methods({"CREDIT_CARD": {"*": "block"}})
    done = ask(world, model="auto")
    assert done.status_code == 403
    assert done.json()["error"]["code"] == "content_refused"
    assert "CREDIT_CARD" in done.json()["error"]["message"]
    assert world.sent() == b""


@pytest.mark.parametrize("stream", [False, True])
def test_a_fallback_to_another_zone_gets_what_that_zone_gets(world: World, methods: Any, stream: bool) -> None:
    methods({"PERSON": {"external": "surrogate", "local": "mask"}})
    world.cloud.default = Behaviour(fault=Fault.STATUS, status=500)
    content, _, _ = said(ask(world, f"About Dr {PERSON}.", model="auto", stream=stream), stream=stream)
    assert "[PERSON" not in sent_text(world)
    assert world.local.requests[-1].json["messages"][-1]["content"] == "About Dr [PERSON]."
    assert content == "About Dr [PERSON]."


def test_passages_leave_rendered_and_return_by_right_only(world: World, methods: Any) -> None:
    methods({"*": {"local": "surrogate"}})

    def quote(body: Mapping[str, Any]) -> str:
        return str(next(m["content"] for m in body["messages"] if m["role"] == "system"))

    world.local.default = Behaviour(text=quote)
    asked: dict[str, Any] = {"model": "auto", "gateway": {"collections": ["hr"]}}
    content, _, _ = said(ask(world, "Who is the emergency contact?", who="hana", **asked), stream=False)
    sent = world.local.requests[-1].body.decode()
    assert not re.search(r"weiss|vogel|901820", sent, re.IGNORECASE)
    assert not TOKEN.search(sent)
    assert "Mr Anton Weiss, anton.weiss@example.org" in content


def test_a_word_of_a_masked_name_is_masked_alone_too(
    world: World, methods: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    methods({"*": {"local": "surrogate"}})
    bundle = world.house.current.bundle
    blind = replace(bundle, access=_NoReveal(bundle.access))  # type: ignore[arg-type]
    monkeypatch.setattr(world.house.current, "_bundle", blind)

    def last_names(body: Mapping[str, Any]) -> str:
        system = next(m["content"] for m in body["messages"] if m["role"] == "system")
        return "Call Mr " + re.search(r"Mr \w+ (\w+)", system)[1] + "."  # type: ignore[index]

    world.local.default = Behaviour(text=last_names)
    asked: dict[str, Any] = {"model": "auto", "gateway": {"collections": ["hr"]}}
    content, _, _ = said(ask(world, "Who is the emergency contact?", who="hana", **asked), stream=False)
    assert content == "Call Mr [PERSON]."


class _NoReveal:
    """The access policy without any right to reveal."""

    def __init__(self, access: Any) -> None:
        self._access = access

    def decide(self, principal: Any, obj: str, action: str) -> Any:
        decision = self._access.decide(principal, obj, action)
        return replace(decision, allowed=False) if action == "reveal" else decision

    def __getattr__(self, name: str) -> Any:
        return getattr(self._access, name)


def test_the_built_in_answerer_gets_tokens_and_its_quotations_are_not_turned_about(world: World, methods: Any) -> None:
    methods({"*": {"*": "mask"}})
    asked: dict[str, Any] = {"model": "extractive", "gateway": {"collections": ["hr"]}}
    content, _, request = said(ask(world, "emergency contact of Petra Vogel", who="hana", **asked), stream=False)
    assert "Anton Weiss" in content
    assert "[PERSON_" in str(world.records(request)[0]["content"])


def test_search_and_redact_know_nothing_of_methods(world: World, methods: Any) -> None:
    methods({"*": {"*": "drop"}})
    done = httpx.post(f"{world.url}/v1/redact", headers=world.headers("emil"), json={"text": f"Dr {PERSON}"})
    assert TOKEN.search(done.json()["redacted"])
    body = {"query": "emergency contact of Petra Vogel", "collections": ["hr"]}
    found = httpx.post(f"{world.url}/v1/search", headers=world.headers("hana"), json=body)
    assert "Anton Weiss" in found.text


def test_the_look_at_the_bytes_sees_what_really_leaves(
    world: World, methods: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rendering that let a value out would be stopped like anything else."""
    methods({"PERSON": {"external": "mask"}})

    def careless(call: Call, rendering: object) -> Call:
        return replace(call, body={**call.body, "messages": [{"role": "user", "content": PERSON}]})

    monkeypatch.setattr("gateway.chat.journey.rendered", careless)
    done = ask(world)
    assert done.status_code == 403
    assert done.json()["error"]["code"] == "egress_blocked"
    assert world.sent() == b""


def test_a_surrogate_that_a_document_plants_brings_nobody_back(world: World, methods: Any) -> None:
    """A surrogate is looked for only in the answer to a request that sent it."""
    methods({"*": {"external": "surrogate"}})
    said(ask(world), stream=False)
    name = re.search(r"Dr (\w+ \w+)", sent_text(world))[1]  # type: ignore[index]
    world.cloud.default = Behaviour(text=f"It is {name}.")
    content, _, _ = said(ask(world, "Who is it?", who="clara"), stream=False)
    assert PERSON not in content


def test_a_plain_zone_gets_the_callers_own_words(world: World, methods: Any) -> None:
    methods({"*": {"external": "surrogate"}}, plain_zones=frozenset({Zone.EXTERNAL}))
    content, _, _ = said(ask(world), stream=False)
    assert sent_text(world) == TEXT
    assert content == TEXT


def test_every_leaf_is_rendered(world: World, methods: Any) -> None:
    methods({"*": {"external": "surrogate"}})
    body: dict[str, Any] = {
        "messages": [
            {"role": "system", "content": f"You help {PERSON}."},
            {
                "role": "user",
                "content": [{"type": "text", "text": f"Dr {PERSON}."}, {"type": "text", "text": f" {MAIL}"}],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "find", "arguments": orjson.dumps({PERSON: [CARD]}).decode()},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": f'{{"mail": "{MAIL}"}}'},
            {"role": "user", "content": "Go on", "name": "Dr Jane Roe"},
        ],
        "metadata": {"for": PERSON},
    }
    done = ask(world, **body)
    assert done.status_code == 200, done.text
    sent = world.cloud.requests[-1].body.decode()
    assert not TOKEN.search(sent)
    assert not re.search(r"jane|roe|4111", sent, re.IGNORECASE)
    name = re.search(r"You help (\w+ \w+)\.", sent)[1]  # type: ignore[index]
    assert sent.count(name) == 5


def test_a_model_of_one_zone_twice_gets_the_same(world: World, methods: Any) -> None:
    """Same person, same surrogate: in every turn, whoever else is there."""
    methods({"*": {"external": "surrogate"}})
    said(ask(world, f"About Dr {PERSON}."), stream=False)
    first = sent_text(world)
    said(ask(world, f"About Dr {PERSON}. Also Mr Anton Weiss."), stream=False)
    assert sent_text(world).startswith(first)
