"""Traces of a whole gateway: every byte a collector gets is looked through for what was said and who said it."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import Any

import httpx

from gateway.app.tracing import TracedLog, open_tracer
from gateway.app.web import application
from gateway.cli.root import OPERATOR
from gateway.settings import Telemetry
from gateway.telemetry import Exporter, Tracer
from tests.simulators.collector import Collector
from tests.world import World

SAID = "Does Wenzel Oberhuber know the password of the heron project?"
CALLER = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
PATH = "/v1/chat/completions"


async def traced(world: World, collector: Collector) -> list[httpx.Response]:
    """An answer, a stream, a refusal, a failure at the model's server, a search."""
    house = world.house
    exporter = Exporter(collector.url, {"service.name": "gateway"}, every_s=0.05)
    await exporter.start()
    tracer = Tracer(exporter.add, time.time_ns)
    assert isinstance(house.audit, TracedLog)
    settings = house.settings.model_copy(update={"ingest": house.settings.ingest.model_copy(update={"workers": 0})})
    app = application(settings, replace(house, tracer=tracer))
    house.audit.tracer = tracer
    try:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway", timeout=120) as client,
        ):
            headers = world.headers("hana") | {"traceparent": CALLER, "user-agent": "Wenzel"}
            body: dict[str, Any] = {"model": "house", "messages": [{"role": "user", "content": SAID}]}
            done = [
                await client.post(PATH, json=body, headers=headers),
                await client.post(PATH, json={**body, "stream": True}, headers=world.headers("hana")),
                await client.post(PATH, json={**body, "model": "Oberhuber-model"}, headers=world.headers("hana")),
                await client.post("/v1/search", json={"query": SAID, "collections": ["hr"]}, headers=headers),
                await client.get("/v1/nothing/Oberhuber", headers=world.headers("hana")),
            ]
    finally:
        house.audit.tracer = None
        await exporter.close()
    return done


def test_a_trace_tells_stages_and_record_and_nothing_that_was_said(world: World) -> None:
    with Collector() as collector:
        done = world.run(traced(world, collector))
        assert [answer.status_code for answer in done] == [200, 200, 404, 200, 404]
        spans, everything = collector.spans, b"\n".join(collector.bodies) + "\n".join(collector.heads).encode()
    answer = done[0].json()
    request = done[0].headers["x-gateway-request-id"]
    of_it = {span["name"]: span for span in spans if span["attributes"].get("gateway.request.id") == request}
    assert {f"POST {PATH}", "chat", "chat.access", "chat.privacy", "chat.routing", "chat.model"} <= of_it.keys()
    outer, own = of_it[f"POST {PATH}"], of_it["chat"]
    assert {span["traceId"] for span in of_it.values()} == {"ab" * 16}
    assert (outer["parentSpanId"], own["parentSpanId"]) == ("cd" * 8, outer["spanId"])
    place = own["attributes"]["gateway.record"]
    stored = world.run(world.house.log.about("look", OPERATOR, request, reason="a test"))["records"]
    assert place in {f"{one['stream']}/{one['seq']}" for one in stored}
    assert own["attributes"]["gateway.model"] == "house"
    assert own["attributes"]["gateway.zone"] == "local"
    refused = [span for span in spans if span["attributes"].get("error.type") == "model_not_found"]
    assert [span["attributes"]["gateway.decision"] for span in refused] == ["deny"]
    hana = world.run(world.house.keys.authenticate(world.keys["hana"]))
    secrets = [
        *SAID.replace("?", "").split()[1:3],
        "heron",
        "hana",
        hana.id,
        hana.name,
        world.keys["hana"],
        "127.0.0.1:1",
    ]
    secrets += [answer["choices"][0]["message"]["content"], "Petra", "Vogel"]
    for secret in secrets:
        assert secret.encode() not in everything, secret


async def test_without_an_endpoint_there_is_nothing(world: World) -> None:
    async with contextlib.AsyncExitStack() as stack:
        assert await open_tracer(world.house.settings, "w", stack) is None
        wanted = Telemetry(otlp_endpoint="http://127.0.0.1:9", sample=0.0)
        settings = world.house.settings.model_copy(update={"telemetry": wanted})
        assert isinstance(await open_tracer(settings, "w", stack), Tracer)
    assert world.house.tracer is None
