"""`/metrics`: counts, for whoever has its token, and nothing that a caller wrote."""

from __future__ import annotations

import contextlib
import re
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from gateway.api import Doors, Limits, build
from gateway.api.metrics import Served, render
from gateway.app.web import bearer_of
from tests.world import World

TOKEN = "prometheus-reads-this"
MEASURES = {"redaction_failures": {"timeout": 2, "failed": 1}, "redaction_waiting": 3, "audit_healthy": True}


async def get(
    path: str, token: str | None, header: str, method: str = "GET", accept: str = "*/*"
) -> list[httpx.Response]:
    """The path asked for, then `/metrics`."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> Any:
        yield

    app = build(lifespan)
    rooms: Any = SimpleNamespace()
    app.state.doors = Doors(
        entrance=rooms,
        chat=rooms,
        texts=rooms,
        returns=rooms,
        feedback=rooms,
        library=rooms,
        ingest=rooms,
        jobs=rooms,
        held_back=rooms,
        log=rooms,
        ready=rooms,
        limits=Limits(1, 1, 1, 1),
        measures=lambda: MEASURES,
        may_measure=bearer_of(token or ""),
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        first = await client.request(method, path)
        return [
            first,
            await client.get(
                "/metrics", headers=[(b"authorization", header.encode("latin-1")), (b"accept", accept.encode())]
            ),
        ]


async def test_counts_by_route_and_status() -> None:
    _, page = await get("/healthz", TOKEN, f"Bearer {TOKEN}")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = page.text.splitlines()
    assert any(line.startswith('gateway_requests_total{method="GET",path="/healthz",status="200",') for line in lines)
    assert any(
        line.startswith('gateway_redaction_failures_total{reason="timeout",') and line.endswith(" 2") for line in lines
    )
    assert any(line.startswith("gateway_requests_in_progress{") and line.endswith(" 1") for line in lines)
    for line in lines:
        assert line.startswith("#") or line.rsplit(" ", 1)[1].isdigit()


async def test_what_callers_choose_freely_is_no_label() -> None:
    _, page = await get("/v1/models-of-jane.roe@acme.example", TOKEN, f"Bearer {TOKEN}", "JANE")
    assert "jane" not in page.text.lower()
    assert 'method="other",path="other"' in page.text


@pytest.mark.parametrize("header", ["", "Bearer ", f"Bearer {TOKEN}x", TOKEN, f"bearer {TOKEN}é"])
async def test_without_its_token_nothing_is_told(header: str) -> None:
    _, page = await get("/healthz", TOKEN, header)
    assert page.status_code == 401
    assert "gateway_" not in page.text


async def test_without_the_setting_it_is_not_there() -> None:
    _, page = await get("/healthz", None, f"Bearer {TOKEN}")
    assert page.status_code == 404
    assert "server.metrics_token" in page.text


def test_an_api_key_does_not_open_it(world: World) -> None:
    assert httpx.get(f"{world.url}/metrics", headers=world.headers("root")).status_code == 401


def test_a_label_is_escaped() -> None:
    served = Served()
    served.begin()
    served.end({"type": "http", "method": "GET", "route": SimpleNamespace(path='/a"b\\c\n')}, 200)
    page = render(served, MEASURES, worker="1")
    assert r'path="/a\"b\\c\n"' in page


async def test_openmetrics_tells_the_record_of_the_last_request() -> None:
    accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"
    first, page = await get("/healthz", TOKEN, f"Bearer {TOKEN}", accept=accept)
    assert page.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    lines = page.text.splitlines()
    assert lines[-1] == "# EOF"
    assert "# TYPE gateway_requests counter" in lines
    (line,) = (line for line in lines if line.startswith('gateway_requests_total{method="GET",path="/healthz"'))
    said = re.fullmatch(r'gateway_requests_total\{[^}]*\} 1 # \{record_id="([^"]+)"\} 1 \d+\.\d{3}', line)
    assert said
    assert said[1] == first.headers["x-request-id"]


async def test_the_plain_format_has_no_examples() -> None:
    _, page = await get("/healthz", TOKEN, f"Bearer {TOKEN}")
    assert "record_id" not in page.text
