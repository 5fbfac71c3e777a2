"""LiteLLM's real SDK against a whole server, with every socket but loopback refused."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import orjson
import pytest

from gateway.crypto.secret import Secret
from gateway.errors import (
    BadSettings,
    GatewayError,
    Invalid,
    RateLimited,
    UpstreamFailed,
    UpstreamRejected,
    UpstreamTimeout,
)
from gateway.model import Call, Model
from gateway.routing import Timeouts
from gateway.routing.providers.http import Http
from gateway.routing.providers.litellm import LiteLLM
from tests.routing.helpers import PATIENT, PROMPT, SECRET, call, model, text_of
from tests.simulators import AnthropicSimulator, Behaviour, Fault, OpenAISimulator, ToolCall

BRIEF = Timeouts(first_byte_s=1.0, idle_s=0.5, whole_s=1.0)

pytestmark = [
    # LiteLLM's own modules and background tasks, not ours
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20"),
]


@asynccontextmanager
async def sdk() -> AsyncIterator[LiteLLM]:
    http = Http()
    try:
        yield LiteLLM(http, {"far": Secret(SECRET)})
    finally:
        await http.close()


def far(upstream: OpenAISimulator, **changes: Any) -> Model:
    return model("far", provider="litellm", target="openai/sim-1", base_url=upstream.url, **changes)


async def gather(provider: LiteLLM, entry: Model, timeouts: Timeouts = PATIENT) -> list[dict[str, Any]]:
    stream = provider.stream(provider.prepare(entry, call(stream=True)), timeouts)
    return [chunk async for chunk in stream]


async def test_whole_answers_streams_and_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with OpenAISimulator(api_key=SECRET) as upstream, sdk() as provider:
        outgoing = provider.prepare(far(upstream), call(temperature=0, seed=1))
        answer = await provider.complete(outgoing, PATIENT)
        assert answer["choices"][0]["message"]["content"] == PROMPT
        assert answer["usage"]["prompt_tokens"] == 5
        sent, prepared = upstream.chats[0].json, orjson.loads(outgoing.body)
        assert sent["messages"] == prepared["messages"]
        assert (sent["model"], prepared["model"]) == ("sim-1", "openai/sim-1")
        assert SECRET.encode() not in outgoing.body
        assert SECRET not in repr(provider) + repr(vars(provider)) + repr(outgoing)

        upstream.default = Behaviour(text="one two three", crlf=True, bytes_per_write=5)
        chunks = await gather(provider, far(upstream))
        assert text_of(chunks) == "one two three"
        assert [c["choices"][0]["finish_reason"] for c in chunks if c["choices"]][-1] == "stop"
        assert chunks[-1]["usage"]["completion_tokens"] == 3
        assert all(chunk["object"] == "chat.completion.chunk" for chunk in chunks)

        upstream.default = Behaviour(tool_calls=(ToolCall("look_up", '{"name": "Ada"}'),))
        called = await provider.complete(provider.prepare(far(upstream), call()), PATIENT)
        assert called["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == '{"name": "Ada"}'
        pieces = [
            delta["function"]["arguments"]
            for chunk in await gather(provider, far(upstream))
            for choice in chunk["choices"]
            for delta in choice["delta"].get("tool_calls", [])
        ]
        assert "".join(pieces) == '{"name": "Ada"}'


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (Behaviour(fault=Fault.STATUS, status=400), UpstreamRejected),
        (Behaviour(fault=Fault.STATUS, status=401), UpstreamFailed),
        (Behaviour(fault=Fault.STATUS, status=429, retry_after="9"), RateLimited),
        (Behaviour(fault=Fault.STATUS, status=500), UpstreamFailed),
        (Behaviour(fault=Fault.DROP), UpstreamFailed),
        (Behaviour(first_byte_s=30), UpstreamTimeout),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_faults(
    behaviour: Behaviour, kind: type[GatewayError], streamed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with OpenAISimulator() as upstream, sdk() as provider:
        upstream.default = behaviour
        work = (
            gather(provider, far(upstream), BRIEF)
            if streamed
            else provider.complete(provider.prepare(far(upstream), call()), BRIEF)
        )
        with pytest.raises(kind) as caught:
            await work
        assert type(caught.value) is kind
        assert PROMPT not in str(caught.value)
        assert caught.value.__cause__ is None
        assert len(upstream.chats) == 1, "one attempt: falling back is the journey's decision"
        if kind is RateLimited:
            assert caught.value.retry_after_s == 9.0
    ours = [record.getMessage() for record in caplog.records if "aiohttp" not in record.name]
    assert not [line for line in ours if PROMPT in line or SECRET in line]


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.CLEAN_CUT, Fault.STALL, Fault.ERROR_EVENT])
async def test_a_stream_that_breaks_off_is_no_answer(fault: Fault) -> None:
    async with OpenAISimulator() as upstream, sdk() as provider:
        upstream.default = Behaviour(text="one two three four", fault=fault, after=2)
        seen: list[dict[str, Any]] = []

        async def drain() -> None:
            outgoing = provider.prepare(far(upstream), call(stream=True))
            async for chunk in provider.stream(outgoing, BRIEF):
                seen.append(chunk)  # noqa: PERF401 - a comprehension would lose it

        with pytest.raises(UpstreamTimeout if fault is Fault.STALL else UpstreamFailed):
            await drain()
        assert text_of(seen) == "one two"
        assert not [c for c in seen for choice in c["choices"] if choice["finish_reason"]]


async def test_hanging_up() -> None:
    async with OpenAISimulator() as upstream, sdk() as provider:
        upstream.default = Behaviour(text="one two three", gap_s=30)
        outgoing = provider.prepare(far(upstream), call(stream=True))
        async with aclosing(provider.stream(outgoing, PATIENT)) as chunks:
            await anext(chunks)
        await upstream.disconnected(1)
        upstream.default = Behaviour(first_byte_s=30)
        task = asyncio.create_task(provider.complete(provider.prepare(far(upstream), call()), PATIENT))
        await upstream.received(2)
        task.cancel()
        await upstream.disconnected(2)
        with pytest.raises(asyncio.CancelledError):
            await task


def claude(upstream: AnthropicSimulator) -> Model:
    return model("far", provider="litellm", target="anthropic/claude-sonnet-4-5", base_url=upstream.root)


async def test_another_dialect_speaks_the_same_wire_to_us(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with AnthropicSimulator(api_key=SECRET) as upstream, sdk() as provider:
        upstream.default = Behaviour(text="one two three")
        answer = await provider.complete(provider.prepare(claude(upstream), call()), PATIENT)
        assert answer["choices"][0]["message"]["content"] == "one two three"
        assert answer["choices"][0]["finish_reason"] == "stop"
        chunks = await gather(provider, claude(upstream))
        assert text_of(chunks) == "one two three"
        assert chunks[-1]["usage"]["completion_tokens"] == 3
        assert "claude-sonnet-4-5" in upstream.chats[0].json["model"]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (Behaviour(fault=Fault.STATUS, status=400), UpstreamRejected),
        (Behaviour(fault=Fault.STATUS, status=429, retry_after="9"), RateLimited),
        (Behaviour(fault=Fault.REDIRECT), UpstreamFailed),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_its_faults_are_ours(behaviour: Behaviour, kind: type[GatewayError], streamed: bool) -> None:
    async with AnthropicSimulator() as upstream, sdk() as provider:
        upstream.default = behaviour
        outgoing = provider.prepare(claude(upstream), call())
        with pytest.raises(kind) as caught:
            await (gather(provider, claude(upstream)) if streamed else provider.complete(outgoing, BRIEF))
        assert type(caught.value) is kind
        assert PROMPT not in str(caught.value)
        assert len(upstream.requests) == 1, "neither retried nor redirected"


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.CLEAN_CUT, Fault.ERROR_EVENT])
async def test_its_broken_streams_are_no_answers_either(fault: Fault) -> None:
    async with AnthropicSimulator() as upstream, sdk() as provider:
        upstream.default = Behaviour(text="one two three four", fault=fault, after=2)
        with pytest.raises(UpstreamFailed):
            await gather(provider, claude(upstream))
        upstream.default = Behaviour(text="one two", gap_s=30)
        outgoing = provider.prepare(claude(upstream), call(stream=True))
        async with aclosing(provider.stream(outgoing, PATIENT)) as chunks:
            await anext(chunks)
        await upstream.disconnected(1)


def test_what_steers_litellm_does_not_pass() -> None:
    """A caller must not send the operator's key elsewhere."""
    provider = LiteLLM(Http(), {})
    evil: dict[str, Any] = {
        "api_base": "http://evil.invalid",
        "base_url": "http://evil.invalid",
        "api_key": "x",
        "custom_llm_provider": "y",
        "mock_response": "z",
        "extra_headers": {},
        "fallbacks": ["other"],
        "metadata": {"a": 1},
        "num_retries": 9,
        "timeout": 1,
        "gateway": {"collections": ["hr"]},
        "model": "other/model",
    }
    entry = model("far", provider="litellm", target="anthropic/claude-x", base_url="")
    outgoing = provider.prepare(entry, call(top_p=0.5, **evil))
    assert set(orjson.loads(outgoing.body)) == {"model", "messages", "top_p"}
    assert orjson.loads(outgoing.body)["model"] == "anthropic/claude-x"
    assert outgoing.endpoint == "litellm:anthropic"


@pytest.mark.parametrize(
    ("part", "passes"),
    [
        ({"type": "text", "text": "see http://10.0.0.1/"}, True),
        ({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}, True),
        ({"type": "image_url", "image_url": {"url": "http://169.254.169.254/latest"}}, False),
        ({"type": "image_url", "image_url": "https://example.org/x.png"}, False),
        ({"type": "file", "file": {"file_id": "https://10.0.0.1/x.pdf"}}, False),
        ({"type": "tool_result", "content": [{"type": "image", "source": {"url": "http://10.0.0.1"}}]}, False),
    ],
)
def test_nothing_is_fetched_on_a_callers_word(part: dict[str, Any], passes: bool) -> None:
    provider = LiteLLM(Http(), {})
    asked = Call({"messages": [{"role": "user", "content": [part]}]}, stream=False)
    entry = model("far", provider="litellm", target="gemini/x", base_url="")
    if passes:
        provider.prepare(entry, asked)
    else:
        with pytest.raises(Invalid, match="data: URLs"):
            provider.prepare(entry, asked)


def test_bad_keys() -> None:
    with pytest.raises(BadSettings):
        LiteLLM(Http(), {"far": Secret("with space")})


def test_loading_contacts_nobody_whatever_the_environment_says() -> None:
    code = """
import os, sys
os.environ.pop("LITELLM_LOCAL_MODEL_COST_MAP", None)
tried = []
def hook(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        tried.append(event)
        raise ConnectionRefusedError("no")
sys.addaudithook(hook)
from gateway.routing.providers.litellm import load
load()
print(tried)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


async def test_it_is_silent_once_loaded() -> None:
    async with OpenAISimulator() as upstream, sdk() as provider:
        await provider.complete(provider.prepare(far(upstream), call()), PATIENT)
    litellm = sys.modules["litellm"]
    assert litellm.telemetry is False
    assert litellm.callbacks == []
    for name in ("LiteLLM", "LiteLLM Proxy", "LiteLLM Router"):
        assert not logging.getLogger(name).isEnabledFor(logging.CRITICAL)
