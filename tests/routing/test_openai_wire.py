"""Upstream calls over the OpenAI wire, against a whole server with faults."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import aclosing
from typing import Any

import pytest

from gateway.crypto.secret import Secret
from gateway.errors import BadSettings, GatewayError, RateLimited, UpstreamFailed, UpstreamRejected, UpstreamTimeout
from gateway.model import Model, Outgoing
from gateway.routing import Timeouts
from gateway.routing.providers.http import Http
from gateway.routing.providers.openai_wire import OpenAIWire, chat_url
from tests.routing.helpers import PATIENT, PROMPT, SECRET, SOON, call, model, text_of, wire
from tests.simulators import Behaviour, Fault, OpenAISimulator, ToolCall


def at(upstream: OpenAISimulator, **changes: Any) -> Model:
    return model(base_url=upstream.url, **changes)


async def drain(provider: OpenAIWire, outgoing: Outgoing, into: list[dict[str, Any]]) -> None:
    """Keeps what came before an error."""
    async for chunk in provider.stream(outgoing, SOON):
        into.append(chunk)  # noqa: PERF401 - a comprehension would lose it


async def gather(provider: OpenAIWire, entry: Model, timeouts: Timeouts = PATIENT, **body: Any) -> list[dict[str, Any]]:
    outgoing = provider.prepare(entry, call(stream=True, **body))
    return [chunk async for chunk in provider.stream(outgoing, timeouts)]


async def test_a_whole_answer_and_the_exact_bytes() -> None:
    async with OpenAISimulator(api_key=SECRET) as upstream, wire() as provider:
        outgoing = provider.prepare(at(upstream), call(temperature=0))
        answer = await provider.complete(outgoing, PATIENT)
        assert answer["choices"][0]["message"]["content"] == PROMPT
        assert answer["usage"]["prompt_tokens"] == 5
        assert upstream.chats[0].body == outgoing.body
        assert outgoing.endpoint == f"{upstream.url}/chat/completions"
        assert upstream.chats[0].headers["Authorization"] == f"Bearer {SECRET}"
        assert SECRET not in repr(outgoing) + repr(provider) + repr(vars(provider))


async def test_a_model_without_a_key_sends_none() -> None:
    async with OpenAISimulator() as upstream, wire() as provider:
        await provider.complete(provider.prepare(at(upstream, name="keyless"), call()), PATIENT)
        assert "Authorization" not in upstream.chats[0].headers


async def test_tool_calls_whole_and_streamed() -> None:
    tools = (ToolCall("look_up", '{"name": "Ada", "n": 1}'), ToolCall("add", '{"a": 1}', id="call_2"))
    async with OpenAISimulator() as upstream, wire() as provider:
        for indexed in (True, False):
            upstream.default = Behaviour(tool_calls=tools, tool_index=indexed)
            answer = await provider.complete(provider.prepare(at(upstream), call(tools=[])), PATIENT)
            assert [c["function"]["name"] for c in answer["choices"][0]["message"]["tool_calls"]] == ["look_up", "add"]
            built: dict[int, str] = {}
            for chunk in await gather(provider, at(upstream)):
                for choice in chunk["choices"]:
                    for delta in choice["delta"].get("tool_calls", []):
                        built[delta["index"]] = built.get(delta["index"], "") + delta["function"]["arguments"]
            assert built == {0: tools[0].arguments, 1: tools[1].arguments}


@pytest.mark.parametrize(
    "dialect",
    [
        {},
        {"crlf": True},
        {"comments": True},
        {"bytes_per_write": 1},
        {"multi_line": True},
        {"crlf": True, "comments": True, "multi_line": True, "bytes_per_write": 7},
        {"fault": Fault.NO_DONE},
        {"fault": Fault.LINGER},
    ],
)
async def test_a_stream_in_every_dialect(dialect: dict[str, Any]) -> None:
    async with OpenAISimulator() as upstream, wire() as provider:
        upstream.default = Behaviour(text="näïve 東京 🙂 done", **dialect)
        chunks = await gather(provider, at(upstream))
        assert text_of(chunks) == "näïve 東京 🙂 done"
        assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
        assert chunks[-1]["usage"]["completion_tokens"] == 4
        assert upstream.chats[0].json["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("sent", [1, 2, 3])
async def test_chunks_come_as_they_are_sent(sent: int) -> None:
    """What was sent is here while the upstream keeps the rest back."""
    async with OpenAISimulator() as upstream, wire() as provider:
        upstream.default = Behaviour(text="a b c d", fault=Fault.STALL, after=sent)
        stream = provider.stream(provider.prepare(at(upstream), call(stream=True)), PATIENT)
        seen: list[str] = []
        async with asyncio.timeout(20), contextlib.aclosing(stream):
            async for chunk in stream:
                seen += [text] if (text := text_of([chunk])) else []
                if len(seen) == sent:
                    break
        assert "".join(seen).split() == list("abcd")[:sent]


FATAL = [
    (Behaviour(fault=Fault.STATUS, status=400), UpstreamRejected),
    (Behaviour(fault=Fault.STATUS, status=422), UpstreamRejected),
    (Behaviour(fault=Fault.STATUS, status=401), UpstreamFailed),
    (Behaviour(fault=Fault.STATUS, status=403), UpstreamFailed),
    (Behaviour(fault=Fault.STATUS, status=404), UpstreamFailed),
    (Behaviour(fault=Fault.STATUS, status=429), RateLimited),
    (Behaviour(fault=Fault.STATUS, status=500), UpstreamFailed),
    (Behaviour(fault=Fault.STATUS, status=503), UpstreamFailed),
    (Behaviour(fault=Fault.WRONG_TYPE), UpstreamFailed),
    (Behaviour(fault=Fault.REDIRECT), UpstreamFailed),
    (Behaviour(fault=Fault.DROP), UpstreamFailed),
    (Behaviour(fault=Fault.MALFORMED, after=0), UpstreamFailed),
    (Behaviour(fault=Fault.WRONG_SHAPE, after=0), UpstreamFailed),
    (Behaviour(fault=Fault.ERROR_EVENT, after=0), UpstreamFailed),
    (Behaviour(fault=Fault.CUT, after=0), UpstreamFailed),
    (Behaviour(fault=Fault.HUGE, after=0), UpstreamFailed),
    (Behaviour(fault=Fault.STALL, after=0), UpstreamTimeout),
    (Behaviour(first_byte_s=30), UpstreamTimeout),
]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(("behaviour", "kind"), FATAL, ids=lambda value: getattr(value, "__name__", None))
async def test_faults_before_any_content(behaviour: Behaviour, kind: type[GatewayError], streamed: bool) -> None:
    async with OpenAISimulator() as upstream, wire(max_response_bytes=1_000_000) as provider:
        upstream.default = behaviour
        outgoing = provider.prepare(at(upstream), call(stream=streamed))
        seen: list[dict[str, Any]] = []
        with pytest.raises(kind) as caught:
            await (drain(provider, outgoing, seen) if streamed else provider.complete(outgoing, SOON))
        assert type(caught.value) is kind
        assert seen == [], "before any content nothing may be yielded, so that a fallback stays possible"
        told = f"{caught.value}{caught.value.hint}{caught.value.__cause__}"
        assert PROMPT not in told
        assert SECRET not in told


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.CUT, UpstreamFailed),
        (Fault.CLEAN_CUT, UpstreamFailed),
        (Fault.DONE_CUT, UpstreamFailed),
        (Fault.MALFORMED, UpstreamFailed),
        (Fault.WRONG_SHAPE, UpstreamFailed),
        (Fault.ERROR_EVENT, UpstreamFailed),
        (Fault.HUGE, UpstreamFailed),
        (Fault.STALL, UpstreamTimeout),
    ],
)
async def test_a_stream_that_breaks_off_is_no_answer(fault: Fault, kind: type[GatewayError]) -> None:
    async with OpenAISimulator() as upstream, wire() as provider:
        upstream.default = Behaviour(text="one two three four", fault=fault, after=2)
        seen: list[dict[str, Any]] = []
        outgoing = provider.prepare(at(upstream), call(stream=True))
        with pytest.raises(kind) as caught:
            await drain(provider, outgoing, seen)
        assert text_of(seen) == "one two"
        assert "secret" not in str(caught.value)


async def test_a_whole_answer_that_is_cut_or_oversized() -> None:
    async with OpenAISimulator() as upstream, wire(max_response_bytes=1000) as provider:
        upstream.next(Behaviour(fault=Fault.CUT), Behaviour(text="x" * 2000))
        with pytest.raises(UpstreamFailed, match="broke off"):
            await provider.complete(provider.prepare(at(upstream), call()), PATIENT)
        with pytest.raises(UpstreamFailed, match="size limit"):
            await provider.complete(provider.prepare(at(upstream), call()), PATIENT)
        upstream.default = Behaviour(text="x " * 2000)
        with pytest.raises(UpstreamFailed, match="size limit"):
            await gather(provider, at(upstream))


async def test_retry_after_reaches_health() -> None:
    async with OpenAISimulator() as upstream, wire() as provider:
        upstream.default = Behaviour(fault=Fault.STATUS, status=429, retry_after="9")
        with pytest.raises(RateLimited) as caught:
            await gather(provider, at(upstream))
        assert caught.value.retry_after_s == 9.0


async def test_slow_first_token_is_not_an_idle_stream_and_the_other_way_round() -> None:
    async with OpenAISimulator() as upstream, wire() as provider:
        upstream.default = Behaviour(text="a b", first_token_s=0.5, gap_s=0.05)
        assert text_of(await gather(provider, at(upstream), Timeouts(first_byte_s=5, idle_s=0.3))) == "a b"
        with pytest.raises(UpstreamTimeout, match="first token"):
            await gather(provider, at(upstream), Timeouts(first_byte_s=0.2, idle_s=5))
        upstream.default = Behaviour(text="a b", gap_s=0.5)
        with pytest.raises(UpstreamTimeout, match="next token"):
            await gather(provider, at(upstream), Timeouts(first_byte_s=5, idle_s=0.2))


async def test_a_slow_reader_is_not_a_stalled_upstream() -> None:
    async with OpenAISimulator() as upstream, wire() as provider:
        upstream.default = Behaviour(text="a b c")
        seen = []
        outgoing = provider.prepare(at(upstream), call(stream=True))
        async for chunk in provider.stream(outgoing, Timeouts(first_byte_s=5, idle_s=0.1)):
            seen.append(chunk)
            await asyncio.sleep(0.15)
        assert text_of(seen) == "a b c"


@pytest.mark.parametrize("after", [0, 2])
async def test_cancelling_hangs_up_at_once(after: int) -> None:
    async with OpenAISimulator() as upstream, wire() as provider:
        upstream.default = Behaviour(text="one two three", fault=Fault.STALL, after=after)
        task = asyncio.create_task(gather(provider, at(upstream)))
        await upstream.received(1)
        await asyncio.sleep(0.05)
        task.cancel()
        # Long before any of the provider's own time limits.
        await upstream.disconnected(1, 20)
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_closing_the_stream_and_cancelling_a_whole_call_hang_up_too() -> None:
    async with OpenAISimulator() as upstream, wire() as provider:
        upstream.default = Behaviour(text="one two three", gap_s=30)
        outgoing = provider.prepare(at(upstream), call(stream=True))
        async with aclosing(provider.stream(outgoing, PATIENT)) as chunks:
            await anext(chunks)
        await upstream.disconnected(1)
        upstream.default = Behaviour(first_byte_s=30)
        task = asyncio.create_task(provider.complete(provider.prepare(at(upstream), call()), PATIENT))
        await upstream.received(2)
        task.cancel()
        await upstream.disconnected(2)


async def test_connections_are_used_again_after_whole_answers_and_streams() -> None:
    async with OpenAISimulator() as upstream, wire() as provider:
        for _ in range(3):
            await gather(provider, at(upstream))
            await provider.complete(provider.prepare(at(upstream), call()), PATIENT)
        assert upstream.connections == 1


async def test_nobody_there() -> None:
    async with OpenAISimulator() as upstream:
        entry = at(upstream)
    async with wire() as provider:
        with pytest.raises(UpstreamFailed, match="cannot be reached"):
            await provider.complete(provider.prepare(entry, call()), PATIENT)
        unknown = model(base_url="http://models.invalid/v1")
        with pytest.raises(UpstreamFailed, match="cannot be reached"):
            await gather(provider, unknown)


@pytest.mark.parametrize("key", ["", "two words", "line\nend", "ключ"])
def test_keys_that_no_header_may_carry(key: str) -> None:
    with pytest.raises(BadSettings) as caught:
        OpenAIWire(Http(), {"small": Secret(key)})
    assert not key or key not in str(caught.value)


def test_azure_has_a_header_of_its_own() -> None:
    provider = OpenAIWire(Http(), {"small": Secret(SECRET)})
    entry = model(base_url="https://x.openai.azure.com/openai/v1")
    assert provider._credentials(entry, provider.url(entry)) == {"api-key": SECRET}
    lookalike = model(base_url="https://openai.azure.com.example.org/v1")
    assert provider._credentials(lookalike, provider.url(lookalike)) == {"Authorization": f"Bearer {SECRET}"}


def test_addresses() -> None:
    assert str(chat_url("https://api.openai.com/v1/")) == "https://api.openai.com/v1/chat/completions"
    azure = "https://x.openai.azure.com/openai/deployments/d?api-version=2024-10-21"
    assert str(chat_url(azure)) == (
        "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21"
    )
    provider = OpenAIWire(Http(), {})
    assert provider.prepare(model(base_url=azure), call()).endpoint.endswith("/d/chat/completions")
    assert provider.prepare(model(base_url=""), call()).endpoint == "https://api.openai.com/v1/chat/completions"
