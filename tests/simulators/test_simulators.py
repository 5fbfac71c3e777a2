"""The simulators are what they claim: a real client can talk to them, and each fault happens."""

from __future__ import annotations

import aiohttp
import openai
import pytest

from tests.simulators import Behaviour, Fault, OllamaSimulator, OpenAISimulator, ToolCall

ASK = {"model": "sim-1", "messages": [{"role": "user", "content": "What is the capital of France?"}]}


async def test_real_client_gets_whole_answers_streams_and_tools() -> None:
    async with OpenAISimulator(api_key="k") as upstream:
        client = openai.AsyncOpenAI(base_url=upstream.url, api_key="k", max_retries=0)
        whole = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "echo me"}])
        assert whole.choices[0].message.content == "echo me"

        upstream.next(Behaviour(text="one two three", crlf=True, comments=True, bytes_per_write=3, multi_line=True))
        stream = await client.chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": "x"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [chunk async for chunk in stream]
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "one two three"
        assert chunks[-1].usage is not None
        assert chunks[-1].usage.completion_tokens == 3

        upstream.next(Behaviour(tool_calls=(ToolCall("look_up", '{"name": "Ada"}'),)))
        called = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
        assert called.choices[0].message.tool_calls is not None
        assert called.choices[0].finish_reason == "tool_calls"

        wrong = openai.AsyncOpenAI(base_url=upstream.url, api_key="other", max_retries=0)
        with pytest.raises(openai.AuthenticationError):
            await wrong.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
        await client.close()
        await wrong.close()


async def test_faults_and_memory_of_requests() -> None:
    async with OpenAISimulator() as upstream, aiohttp.ClientSession() as session:
        url = f"{upstream.url}/chat/completions"
        upstream.next(Behaviour(fault=Fault.STATUS, status=429, retry_after="7"))
        async with session.post(url, json=ASK) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
        upstream.next(Behaviour(fault=Fault.CUT))
        with pytest.raises(aiohttp.ClientError):
            async with session.post(url, json={**ASK, "stream": True}) as answer:
                await answer.read()
        upstream.next(Behaviour(fault=Fault.STALL))
        async with session.post(url, json={**ASK, "stream": True}) as answer:
            await answer.content.readany()
            answer.close()
        await upstream.disconnected(1)
        assert len(upstream.chats) == 3
        assert upstream.requests[0].json == ASK


async def test_it_listens_again_on_the_same_port() -> None:
    upstream = OpenAISimulator()
    async with upstream:
        before = upstream.url
    async with upstream, aiohttp.ClientSession() as session, session.get(f"{before}/models") as answer:
        assert (await answer.json())["data"][0]["id"] == "sim-1"


async def test_ollama_lists_shows_and_pulls() -> None:
    async with OllamaSimulator() as ollama, aiohttp.ClientSession(ollama.root) as session:
        async with session.get("/api/tags") as answer:
            assert [model["name"] for model in (await answer.json())["models"]] == ["llama3.2:3b"]
        async with session.post("/api/show", json={"model": "llama3.2:3b"}) as answer:
            assert (await answer.json())["capabilities"] == ["completion", "tools"]
        async with session.post("/api/pull", json={"model": "qwen3:4b"}) as answer:
            assert (await answer.text()).splitlines()[-1] == '{"status":"success"}'
        async with session.get("/api/tags") as answer:
            assert len((await answer.json())["models"]) == 2
        async with session.post("/v1/chat/completions", json={**ASK, "model": "absent"}) as answer:
            assert answer.status == 404
