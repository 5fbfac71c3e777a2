"""Personal data that a model makes up is masked for whoever may not see it; what was typed or read is not."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from gateway.cli.root import OPERATOR
from gateway.errors import Invalid
from gateway.model import ANSWER
from gateway.redaction import detect
from tests.simulators import Behaviour, ToolCall
from tests.world import World

MADE_UP = "Ask Ada Lovelace (1815), ada@lovelace.example, +44 20 7946 0327, or see 10.0.0.1."
SHOWN = "Ask Ada Lovelace (1815), [EMAIL_ADDRESS], [PHONE_NUMBER], or see 10.0.0.1."


def ask(world: World, who: str, text: str, **more: Any) -> dict[str, Any]:
    """The answer's message and `gateway`, put together again when it was streamed."""
    body = {"model": "house", "messages": [{"role": "user", "content": text}], **more}
    done = httpx.post(f"{world.url}/v1/chat/completions", headers=world.headers(who), json=body, timeout=60)
    assert done.status_code == 200, done.text
    if not more.get("stream"):
        answer: dict[str, Any] = done.json()
        return {**answer["choices"][0]["message"], "gateway": answer["gateway"]}
    said: dict[str, Any] = {"content": "", "arguments": ""}
    for line in done.text.splitlines():
        if not line.startswith("data: {"):
            continue
        chunk = json.loads(line[6:])
        said |= {"gateway": chunk["gateway"]} if "gateway" in chunk else {}
        for choice in chunk["choices"]:
            said["content"] += choice["delta"].get("content") or ""
            for call in choice["delta"].get("tool_calls") or []:
                said["arguments"] += call["function"].get("arguments", "")
    return said


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_model_made_up_is_masked_and_counted(world: World, stream: bool) -> None:
    world.local.default = Behaviour(text=MADE_UP)
    said = ask(world, "emil", "Whom do I ask?", stream=stream)
    assert said["content"] == SHOWN
    assert said["gateway"]["masked"] == {"EMAIL_ADDRESS": 1, "PHONE_NUMBER": 1}
    outcome = world.records(said["gateway"]["request_id"])[-1]
    assert outcome["detail"]["masked"] == {"EMAIL_ADDRESS": 1, "PHONE_NUMBER": 1}
    assert "lovelace.example" not in json.dumps(outcome)


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_caller_typed_returns_though_a_model_repeats_it(world: World, stream: bool) -> None:
    world.local.default = Behaviour(text="It is ada@lovelace.example; passport 912345678; and bob@lovelace.example.")
    said = ask(world, "emil", "Her mail is ADA@lovelace.example and there is the number 912345678.", stream=stream)
    assert said["content"] == "It is ada@lovelace.example; passport 912345678; and [EMAIL_ADDRESS]."


@pytest.mark.parametrize("stream", [False, True])
def test_tool_arguments_are_masked_and_stay_json(world: World, stream: bool) -> None:
    call = ToolCall("send", '{"to": "ada@lovelace.example", "card": 4111111111111111, "n": 2}')
    world.local.default = Behaviour(tool_calls=(call,))
    tool = {"type": "function", "function": {"name": "send", "parameters": {"type": "object", "properties": {}}}}
    said = ask(world, "emil", "Send it.", stream=stream, tools=[tool])
    arguments = said["arguments"] if stream else said["tool_calls"][0]["function"]["arguments"]
    assert json.loads(arguments) == {"to": "[EMAIL_ADDRESS]", "card": "[CREDIT_CARD]", "n": 2}


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_asked_for_as_json_stays_json(world: World, stream: bool) -> None:
    world.local.default = Behaviour(
        text=lambda body: json.dumps({"who": body["messages"][-1]["content"], "card": 4111111111111111})
    )
    typed = 'Employee: Jane Roe; address "jane.roe@acme.example"'
    said = ask(world, "emil", typed, stream=stream, response_format={"type": "json_object"})
    assert json.loads(said["content"]) == {"who": typed, "card": "[CREDIT_CARD]"}


def test_the_extractive_answerer_quotes_by_right_alone(world: World) -> None:
    said = ask(
        world, "hana", "What is Petra Vogel's emergency contact?", model="extractive", gateway={"collections": ["hr"]}
    )
    assert "anton.weiss@example.org" in said["content"]
    assert said["gateway"]["masked"] == {}


def test_fields_that_nobody_looks_through_are_left_out(world: World) -> None:
    secret = "ada@lovelace.example"

    async def odd(raw: dict[str, Any]) -> dict[str, Any]:
        message = {**raw["choices"][0]["message"], "annotations": [{"note": secret}]}
        return {**raw, "search": [secret], "choices": [{**raw["choices"][0], "message": message, "more": secret}]}

    router = world.house.router
    complete = type(router).complete

    async def wrapped(self: Any, outgoing: Any) -> Any:
        return await odd(await complete(self, outgoing))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(router), "complete", wrapped)
        assert secret not in json.dumps(ask(world, "emil", "Whom do I ask?"))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", [ValueError, MemoryError, TimeoutError])
def test_a_detector_that_fails_on_the_answer_lets_nothing_through(
    world: World, monkeypatch: pytest.MonkeyPatch, stream: bool, fault: type[Exception]
) -> None:
    world.local.default = Behaviour(text="Write to ada@lovelace.example today.")
    found = detect.Detector.find

    def find(self: Any, text: str, *more: Any) -> Any:
        if "lovelace" in text:
            raise fault(text)
        return found(self, text, *more)

    monkeypatch.setattr(detect.Detector, "find", find)
    body = {"model": "house", "messages": [{"role": "user", "content": "Whom do I ask?"}], "stream": stream}
    done = httpx.post(f"{world.url}/v1/chat/completions", headers=world.headers("emil"), json=body, timeout=60)
    assert "redaction_unavailable" in done.text
    assert "lovelace" not in done.text
    assert done.status_code == (200 if stream else 503)
    monkeypatch.undo()
    assert ask(world, "emil", "Whom do I ask?")["content"] == "Write to [EMAIL_ADDRESS] today."


def test_no_collection_is_called_as_models_are(world: World) -> None:
    with pytest.raises(Invalid):
        world.run(world.house.ingest.ingest(OPERATOR, b"x", name="x.md", collection=ANSWER, label="public"))
