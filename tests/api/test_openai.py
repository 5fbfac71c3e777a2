"""The OpenAI wire, driven by the real client over a real socket."""

from __future__ import annotations

from itertools import islice
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from tests.simulators import Behaviour, Fault, ToolCall
from tests.world import World

MAIL = "petra.vogel@example.com"
ASK: list[Any] = [{"role": "user", "content": f"Write to {MAIL} that the meeting moves."}]


def create(client: OpenAI, **parameters: Any) -> Any:
    return client.chat.completions.create(**parameters)


@pytest.fixture
def client(world: World) -> OpenAI:
    return OpenAI(base_url=f"{world.url}/v1", api_key=world.keys["emil"], max_retries=0)


def test_chat_sends_tokens_and_restores_what_the_caller_typed(world: World, client: OpenAI) -> None:
    done = create(client, model="cloud", messages=ASK)
    assert MAIL in done.choices[0].message.content
    assert MAIL.encode() not in world.sent()
    assert b"[EMAIL_ADDRESS_" in world.sent()
    note = done.model_extra["gateway"]
    assert note["redactions"] == {"EMAIL_ADDRESS": 1}
    assert note["route"]["zone"] == "external"
    assert done.model == "cloud"


def test_the_key_of_the_upstream_is_sent_and_the_callers_is_not(world: World, client: OpenAI) -> None:
    create(client, model="cloud", messages=ASK)
    headers = {k.lower(): v for k, v in world.cloud.requests[0].headers.items()}
    assert headers["authorization"] == "Bearer sk-cloud-secret"
    assert world.keys["emil"] not in str(headers)


def test_stream_restores_over_any_split(world: World, client: OpenAI) -> None:
    world.cloud.default = Behaviour(bytes_per_write=7)
    stream = create(
        client,
        model="cloud",
        messages=ASK,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == ASK[0]["content"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    noted = [c for c in chunks if c.choices and (c.model_extra or {}).get("gateway")]
    assert len(noted) == 1
    assert noted[0].choices[0].finish_reason == "stop"
    assert all(c.object == "chat.completion.chunk" for c in chunks)


def test_a_stream_is_not_buffered(world: World, client: OpenAI) -> None:
    """Words are here while the upstream, which says no more, has not ended its answer."""
    world.cloud.default = Behaviour(pieces=tuple(f"word{n} " for n in range(8)), fault=Fault.STALL, after=8)
    with client.chat.completions.with_streaming_response.create(
        model="cloud",
        messages=ASK,
        stream=True,
    ) as response:
        arrived = (line for line in response.iter_lines() if "word" in line)
        early = list(islice(arrived, 5))
    assert ["word0" in early[0], "word4" in early[4]] == [True, True]


def test_usage_chunk_comes_only_when_asked(client: OpenAI) -> None:
    chunks = list(create(client, model="cloud", messages=ASK, stream=True))
    assert all(chunk.choices for chunk in chunks)
    assert all(chunk.usage is None for chunk in chunks)


def test_tool_arguments_are_redacted_restored_and_stay_json(world: World, client: OpenAI) -> None:
    world.cloud.default = Behaviour(
        text=lambda body: "", tool_calls=(ToolCall("send", '{"note": "hello"}'),), finish_reason="tool_calls"
    )
    tool = {"type": "function", "function": {"name": "send", "parameters": {"type": "object", "properties": {}}}}
    done = create(client, model="cloud", messages=ASK, tools=[tool])
    call = done.choices[0].message.tool_calls[0]
    assert call.function.name == "send"
    assert call.function.arguments == '{"note": "hello"}'
    stream = create(client, model="cloud", messages=ASK, tools=[tool], stream=True)
    deltas = [d for c in stream for d in (c.choices[0].delta.tool_calls or [])]
    assert all(d.index == 0 for d in deltas)
    assert "".join(d.function.arguments or "" for d in deltas) == '{"note": "hello"}'


def test_history_tool_results_and_schemas_are_redacted_too(world: World, client: OpenAI) -> None:
    canary = "canary.person@example.net"
    create(
        client,
        model="cloud",
        messages=[
            {"role": "system", "content": f"You serve {canary}."},
            {"role": "user", "content": [{"type": "text", "text": f"I am {canary}"}], "name": "someone"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "1", "type": "function", "function": {"name": "f", "arguments": f'{{"to": "{canary}"}}'}}
                ],
            },
            {"role": "tool", "tool_call_id": "1", "content": f"sent to {canary}"},
            {"role": "user", "content": "thanks"},
        ],
        tools=[
            {
                "type": "function",
                "function": {
                    "name": "f",
                    "description": f"mails {canary}",
                    "parameters": {"type": "object", "properties": {"to": {"type": "string", "default": canary}}},
                },
            }
        ],
        user=canary,
        metadata={"who": canary},
    )
    assert world.cloud.requests
    assert canary.encode() not in world.sent()
    assert b"canary.person" not in world.sent()


def test_models_lists_only_what_the_caller_may_use(world: World, client: OpenAI) -> None:
    assert {"auto", "house", "cloud", "extractive"} <= {model.id for model in client.models.list()}
    assert client.models.retrieve("house").id == "house"
    nobody = OpenAI(base_url=f"{world.url}/v1", api_key=world.keys["nobody"], max_retries=0)
    assert list(nobody.models.list()) == []
    assert world.sent() == b""


@pytest.mark.parametrize("model", ["gpt-99", "a/b", "häuser"])
def test_unknown_model_is_404_model_not_found(client: OpenAI, model: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        create(client, model=model, messages=ASK)
    assert caught.value.code == "model_not_found"
    assert caught.value.response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("key", ["x", "nonsense", "gw_aaaaaaaa_" + "b" * 32 + "_cccccc", "gw_" + "x" * 10_000])
def test_bad_keys_are_401_all_the_same(world: World, key: str) -> None:
    answer = httpx.post(
        f"{world.url}/v1/chat/completions", headers={"authorization": f"Bearer {key}"}, json={"messages": ASK}
    )
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"


def test_x_api_key_works_as_well_as_bearer(world: World) -> None:
    assert httpx.get(f"{world.url}/v1/models", headers={"x-api-key": world.keys["emil"]}).status_code == 200


def test_upstream_429_falls_back_then_says_rate_limit(world: World, client: OpenAI) -> None:
    world.cloud.default = Behaviour(fault=Fault.STATUS, status=429)
    with pytest.raises(openai.RateLimitError) as caught:
        create(client, model="cloud", messages=ASK)
    assert caught.value.code == "rate_limit_exceeded"
    assert MAIL not in str(caught.value)


def test_auto_falls_back_to_another_model_when_one_fails(world: World, client: OpenAI) -> None:
    world.cloud.default = Behaviour(fault=Fault.STATUS, status=500)
    done = create(client, model="auto", messages=ASK)
    assert done.model == "house"
    assert MAIL in done.choices[0].message.content
    stream = list(create(client, model="auto", messages=ASK, stream=True))
    assert stream[0].model == "house"


@pytest.mark.parametrize("fault", [Fault.STATUS, Fault.MALFORMED, Fault.DROP, Fault.WRONG_TYPE, Fault.WRONG_SHAPE])
def test_upstream_faults_are_502_and_quote_nothing(world: World, client: OpenAI, fault: Fault) -> None:
    world.cloud.default = Behaviour(fault=fault)
    with pytest.raises(openai.InternalServerError) as caught:
        create(client, model="cloud", messages=ASK)
    assert caught.value.status_code == 502
    assert caught.value.code == "upstream_error"
    assert "EMAIL" not in str(caught.value)


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.CLEAN_CUT, Fault.ERROR_EVENT, Fault.MALFORMED, Fault.DONE_CUT])
def test_death_in_the_middle_of_a_stream_ends_it_with_an_error_event(
    world: World, client: OpenAI, fault: Fault
) -> None:
    world.cloud.default = Behaviour(fault=fault, after=2)
    stream = create(client, model="cloud", messages=ASK, stream=True)
    with pytest.raises(openai.APIError):
        list(stream)


def test_parameters_the_gateway_does_not_know_reach_the_model(world: World, client: OpenAI) -> None:
    create(
        client,
        model="cloud",
        messages=ASK,
        temperature=0.3,
        seed=7,
        extra_body={"top_k_made_up": 3},
    )
    sent = world.cloud.requests[0].json
    assert (sent["temperature"], sent["seed"], sent["top_k_made_up"]) == (0.3, 7, 3)
    assert sent["model"] == "cloud"
    assert "gateway" not in sent


def test_every_answer_carries_its_ids(world: World) -> None:
    ok = httpx.post(
        f"{world.url}/v1/chat/completions", headers=world.headers("emil"), json={"model": "house", "messages": ASK}
    )
    assert ok.headers["x-gateway-request-id"] == ok.headers["x-request-id"] == ok.json()["gateway"]["request_id"]
    assert ok.headers["x-gateway-policy"].startswith("sha256:")
    assert ok.headers["x-gateway-model"] == "house"
    assert int(ok.headers["x-ratelimit-remaining-requests"]) < int(ok.headers["x-ratelimit-limit-requests"])
    assert ok.headers["x-ratelimit-reset-requests"] == "1s"
    bad = httpx.get(f"{world.url}/nowhere")
    assert bad.headers["x-request-id"]
    assert bad.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"content": "x"}]}, "messages[0]"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content"),
        ({"messages": ASK, "model": 3}, "model"),
        ({"messages": ASK, "stream": "yes"}, "stream"),
        ({"messages": ASK, "gateway": {"collection": ["hr"]}}, "gateway"),
        ({"messages": ASK, "gateway": {"top_k": 0}}, "gateway.top_k"),
        ({"messages": ASK, "gateway": {"route": {"prefer": "luck"}}}, "gateway.route.prefer"),
    ],
)
def test_bad_requests_name_the_parameter(world: World, body: dict[str, object], param: str) -> None:
    answer = httpx.post(f"{world.url}/v1/chat/completions", headers=world.headers("emil"), json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_malformed_json_says_where_and_quotes_nothing(world: World) -> None:
    answer = httpx.post(
        f"{world.url}/v1/chat/completions", headers=world.headers("emil"), content=b'{"messages": [{"role": secret}'
    )
    assert answer.status_code == 400
    assert "line 1" in answer.json()["error"]["message"]
    assert "secret" not in answer.text


def test_a_50_mb_body_is_413_and_the_gateway_lives(world: World) -> None:
    answer = httpx.post(
        f"{world.url}/v1/chat/completions",
        headers=world.headers("emil"),
        content=b'{"messages":"' + b"x" * 50_000_000 + b'"}',
        timeout=30,
    )
    assert answer.status_code == 413
    assert "server.max_body_bytes" in answer.json()["error"]["message"]
    assert httpx.get(f"{world.url}/healthz").status_code == 200


def test_nesting_without_end_is_refused(world: World) -> None:
    answer = httpx.post(
        f"{world.url}/v1/chat/completions",
        headers=world.headers("emil"),
        content=b'{"messages":' + b"[" * 900 + b"]" * 900 + b"}",
    )
    assert answer.status_code == 400
