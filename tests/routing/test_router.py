"""The room as journeys meet it: discovery, choice, calls, health."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from gateway.crypto.secret import Secret
from gateway.errors import BadSettings, ModelNotFound, UpstreamFailed, UpstreamRejected
from gateway.model import Model, Preference, Route, Zone
from gateway.routing import OllamaSite, Router, Timeouts
from tests.routing.helpers import EVERY_ZONE, POLICY, SECRET, Clock, call, model, noon, passage, text_of
from tests.simulators import Behaviour, Fault, LocalModel, OllamaSimulator, OpenAISimulator


@asynccontextmanager
async def running(*models: Model, **options: Any) -> AsyncIterator[Router]:
    keys = {entry.name: Secret(SECRET) for entry in models if entry.provider == "openai"}
    router = Router(models, keys, **{"clock": time.monotonic, "now": noon, **options})
    await router.start()
    try:
        yield router
    finally:
        await router.close()


def pick(router: Router, **changes: Any) -> Route:
    arguments: dict[str, Any] = {
        "policy": POLICY,
        "zones": EVERY_ZONE,
        "preference": Preference(),
        "permitted": lambda _: True,
        "tokens_in": 10,
        "tokens_out": 10,
        "needs_tools": False,
    }
    return router.choose(**(arguments | changes))


async def test_with_nothing_installed_the_built_in_answerer_answers() -> None:
    async with running(ollama=OllamaSite("http://127.0.0.1:9")) as router:
        assert not router.ollama_seen.up
        (chosen,) = pick(router).models
        outgoing = router.prepare(chosen, call(text="How old?", passages=(passage("The house is 90 years old."),)))
        assert "90 years old. [1]" in (await router.complete(outgoing))["choices"][0]["message"]["content"]


async def test_ollama_is_found_and_found_again() -> None:
    server = OllamaSimulator()
    async with server, running(ollama=OllamaSite(server.root), refresh_s=0.05) as router:
        (chosen,) = pick(router).models
        assert (chosen.name, chosen.origin) == ("llama3.2:3b", "discovered")
        await server.stop()
        await until(lambda: pick(router).models[0].name == "extractive")
        async with server:
            await until(lambda: pick(router).models[0].name == "llama3.2:3b")


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is awaited is the router's own background task
            await asyncio.sleep(0.02)


async def test_pulling_offers_the_model() -> None:
    async with OllamaSimulator() as server, running(ollama=OllamaSite(server.root)) as router:
        assert [step.status async for step in router.pull("qwen3:4b")][-1] == "success"
        shown, health, told = await router.show("qwen3:4b")
        assert (shown.origin, health.ready, told["capabilities"]) == ("discovered", True, ["completion", "tools"])
    async with running() as router:
        with pytest.raises(BadSettings, match="no ollama"):
            [step async for step in router.pull("x")]
        with pytest.raises(ModelNotFound):
            await router.show("x")


async def test_a_configured_cloud_model_behind_a_local_server_is_withdrawn() -> None:
    """Its zone says local, its data would leave the house."""
    local = (LocalModel("gpt-oss:120b-cloud", remote_host="https://ollama.com:443"),)
    async with OllamaSimulator(local=local) as server:
        entry = model("big", provider="ollama", target="gpt-oss:120b-cloud", base_url=server.root)
        async with running(entry) as router:
            assert [m.name for m in router.models] == ["extractive"]
            with pytest.raises(ModelNotFound):
                pick(router, preference=Preference(model="big"))
            await server.stop()
            await router.refresh()
            assert [m.name for m in router.models] == ["extractive"], "an absent server takes nothing back"


async def test_a_failing_model_rests_and_the_next_one_takes_over() -> None:
    clock = Clock()
    async with OpenAISimulator() as upstream:
        good = model("good", base_url=upstream.url, quality=0.9)
        spare = model("spare", base_url=upstream.url, quality=0.1, target="sim-2")
        async with running(good, spare, clock=clock) as router:
            assert [m.name for m in pick(router).models] == ["good", "spare"]
            upstream.next(*[Behaviour(fault=Fault.STATUS, status=503)] * 2)
            for _ in range(2):
                with pytest.raises(UpstreamFailed):
                    await router.complete(router.prepare(good, call()))
            assert [m.name for m in pick(router).models] == ["spare"]
            clock.seconds += 6
            assert pick(router).models[0].name == "good"
            await router.complete(router.prepare(good, call()))
            assert router.health.view("good").failures == 0


async def test_streams_are_measured_and_judged() -> None:
    async with OpenAISimulator() as upstream:
        entry = model(base_url=upstream.url)
        async with running(entry) as router:
            upstream.default = Behaviour(text="a b c", first_token_s=0.2)
            assert text_of([c async for c in router.stream(router.prepare(entry, call(stream=True)))]) == "a b c"
            latency = router.health.view("small").latency_ms
            assert latency is not None
            assert 150 < latency < 2000
            upstream.default = Behaviour(text="a b c", fault=Fault.CLEAN_CUT)
            for _ in range(2):
                with pytest.raises(UpstreamFailed):
                    [c async for c in router.stream(router.prepare(entry, call(stream=True)))]
            assert not router.health.view("small").ready, "a server that always breaks off is not healthy"


async def test_hanging_up_is_nobodys_failure() -> None:
    async with OpenAISimulator() as upstream:
        entry = model(base_url=upstream.url)
        async with running(entry, timeouts=Timeouts(idle_s=5)) as router:
            upstream.default = Behaviour(text="a b c", fault=Fault.STALL)
            async with aclosing(router.stream(router.prepare(entry, call(stream=True)))) as chunks:
                await anext(chunks)
            await upstream.disconnected(1)
            upstream.default = Behaviour(fault=Fault.STATUS, status=400)
            with pytest.raises(UpstreamRejected):
                await router.complete(router.prepare(entry, call()))
            assert router.health.view("small").failures == 0


async def test_models_for_a_caller() -> None:
    async with running(model("a"), model("b")) as router:
        assert [m.name for m in router.models_for(lambda m: m.name != "a")] == ["b", "extractive"]


def test_a_key_without_a_model_is_a_mistake() -> None:
    with pytest.raises(BadSettings, match="unknown model: typo"):
        Router([model("a")], {"typo": Secret(SECRET)}, clock=time.monotonic, now=noon)


async def test_zones_come_from_the_site() -> None:
    async with OllamaSimulator() as server, running(ollama=OllamaSite(server.root, Zone.PRIVATE)) as router:
        assert [m.zone for m in pick(router, zones=frozenset({Zone.PRIVATE})).models] == [Zone.PRIVATE]


def test_importing_the_room_is_light_and_silent() -> None:
    code = (
        "import sys, threading, logging; before = dict(__import__('os').environ); import gateway.routing; "
        "heavy = [n for n in ('litellm', 'ollama', 'openai', 'httpx', 'pydantic') if n in sys.modules]; "
        "print(heavy, threading.active_count(), logging.root.handlers, before == dict(__import__('os').environ))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] 1 [] True"
    assert done.stderr == ""
