"""Ollama: found, described honestly, never mistaken for its cloud; chat over its OpenAI wire; pull with progress."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gateway.crypto.secret import Secret
from gateway.errors import NotFound, UpstreamFailed
from gateway.model import Zone
from gateway.routing import OllamaSite, Pulled
from gateway.routing.providers.http import Http
from gateway.routing.providers.ollama import Ollama, OllamaWire, quality_of
from tests.routing.helpers import PATIENT, PROMPT, SECRET, call, model, text_of
from tests.simulators import Behaviour, Fault, LocalModel, OllamaSimulator


@asynccontextmanager
async def site(server: OllamaSimulator, **options: object) -> AsyncIterator[Ollama]:
    http = Http()
    try:
        yield Ollama(http, OllamaSite(server.root + "/", **options))  # type: ignore[arg-type]
    finally:
        await http.close()


async def test_models_are_found_with_what_they_can_do() -> None:
    local = (
        LocalModel("llama3.2:3b"),
        LocalModel("qwen3:8b", parameter_size="8.2B", capabilities=("completion",), num_ctx=16_384),
        LocalModel("tiny:latest", parameter_size="500M", context=2048),
        LocalModel("nomic-embed-text:latest", capabilities=("embedding",)),
    )
    async with OllamaSimulator(local=local) as server, site(server, zone=Zone.PRIVATE) as ollama:
        server.loaded["llama3.2:3b"] = 32_768
        seen = await ollama.look()
        assert seen.up
        found = {model.name: model for model in seen.models}
        assert set(found) == {"llama3.2:3b", "qwen3:8b", "tiny:latest"}
        assert {name: model.context for name, model in found.items()} == {
            "llama3.2:3b": 32_768,
            "qwen3:8b": 16_384,
            "tiny:latest": 2048,
        }
        assert (found["llama3.2:3b"].tools, found["qwen3:8b"].tools) == (True, False)
        assert {(m.zone, m.origin, m.base_url) for m in seen.models} == {(Zone.PRIVATE, "discovered", server.root)}
        server.loaded.clear()
        again = await ollama.look()
        assert next(m for m in again.models if m.name == "llama3.2:3b").context == 4096
        shows = [request for request in server.requests if request.path == "/api/show"]
        assert len(shows) == len(local), "a model is described once, not at every look"


async def test_models_that_run_in_a_cloud_are_not_offered() -> None:
    local = (LocalModel("gpt-oss:120b-cloud", remote_host="https://ollama.com:443"), LocalModel("llama3.2:3b"))
    async with OllamaSimulator(local=local) as server, site(server) as ollama:
        seen = await ollama.look()
        assert [model.name for model in seen.models] == ["llama3.2:3b"]
        assert seen.remote == {"gpt-oss:120b-cloud"}


async def test_nobody_there_or_somebody_else() -> None:
    server = OllamaSimulator()
    async with server, site(server) as ollama:
        assert (await ollama.look()).up
        await server.stop()
        seen = await ollama.look()
        assert (seen.up, seen.models) == (False, ())
        with pytest.raises(UpstreamFailed, match="no ollama"):
            await ollama.show("llama3.2:3b")
        with pytest.raises(UpstreamFailed, match="no ollama"):
            [step async for step in ollama.pull("qwen3:4b")]


async def test_chat_goes_over_the_openai_wire() -> None:
    async with OllamaSimulator() as server, site(server) as ollama:
        (entry,) = (await ollama.look()).models
        provider = OllamaWire(ollama.http, {})
        outgoing = provider.prepare(entry, call())
        assert outgoing.endpoint == f"{server.root}/v1/chat/completions"
        answer = await provider.complete(outgoing, PATIENT)
        assert answer["choices"][0]["message"]["content"] == PROMPT
        stream = provider.stream(provider.prepare(entry, call(stream=True)), PATIENT)
        assert text_of([chunk async for chunk in stream]) == PROMPT
        server.default = Behaviour(fault=Fault.CLEAN_CUT)
        with pytest.raises(UpstreamFailed, match="broke off"):
            [chunk async for chunk in provider.stream(provider.prepare(entry, call(stream=True)), PATIENT)]
        server.local.clear()
        with pytest.raises(UpstreamFailed, match="does not have it"):
            await provider.complete(outgoing, PATIENT)


async def test_a_model_that_turns_out_to_run_in_a_cloud_is_not_called() -> None:
    """The server was replaced after the last look, or no look was ever taken."""
    cloud = LocalModel("big:latest", remote_host="https://ollama.com:443")
    async with OllamaSimulator(local=(cloud,)) as server, site(server) as ollama:
        provider = OllamaWire(ollama.http, {})
        local = model("big", provider="ollama", target="big:latest", base_url=server.root)
        with pytest.raises(UpstreamFailed, match="runs in a cloud"):
            await provider.complete(provider.prepare(local, call()), PATIENT)
        with pytest.raises(UpstreamFailed, match="runs in a cloud"):
            [chunk async for chunk in provider.stream(provider.prepare(local, call(stream=True)), PATIENT)]
        assert server.chats == []
        honest = replace(local, zone=Zone.EXTERNAL)
        await provider.complete(provider.prepare(honest, call()), PATIENT)
        assert len(server.chats) == 1


async def test_a_server_is_not_asked_again_at_every_call() -> None:
    async with OllamaSimulator() as server, site(server) as ollama:
        (entry,) = (await ollama.look()).models
        provider = OllamaWire(ollama.http, {entry.name: Secret(SECRET)})
        before = len(server.requests)
        for _ in range(3):
            await provider.complete(provider.prepare(entry, call()), PATIENT)
        assert len(server.requests) == before + 3 + 1
        assert {request.headers["Authorization"] for request in server.requests[before:]} == {f"Bearer {SECRET}"}


async def test_pull_tells_its_progress_and_show_describes() -> None:
    async with OllamaSimulator() as server, site(server) as ollama:
        steps = [step async for step in ollama.pull("qwen3:4b")]
        assert steps[0] == Pulled("pulling manifest")
        assert [step.completed for step in steps if step.total == 3000] == [0, 1000, 2000, 3000]
        assert steps[-1].status == "success"
        assert {model.name for model in (await ollama.look()).models} == {"llama3.2:3b", "qwen3:4b"}
        shown = await ollama.show("qwen3:4b")
        assert shown["capabilities"] == ["completion", "tools"]
        assert shown["modelinfo"]["llama.context_length"] == 131_072
        with pytest.raises(NotFound):
            [step async for step in ollama.pull("no-such-model")]
        with pytest.raises(NotFound):
            await ollama.show("no-such-model")


@pytest.mark.parametrize(
    ("size", "quality"), [("1.0B", 0.3), ("8B", 0.481), ("70.6B", 0.67), ("500M", 0.24), (None, 0.3), ("9999B", 0.8)]
)
def test_a_first_guess_of_quality(size: str | None, quality: float) -> None:
    assert quality_of(size) == pytest.approx(quality, abs=0.001)
