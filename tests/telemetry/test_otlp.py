"""Sending spans: in the background, bounded, and never at a request's cost."""

from __future__ import annotations

import asyncio
import logging

import pytest

from gateway.crypto import Secret
from gateway.errors import BadSettings
from gateway.telemetry import Exporter
from gateway.telemetry.otlp import BATCH, WAITING
from gateway.telemetry.spans import Span
from tests.simulators.collector import Collector

SPAN = Span("chat", "ab" * 16, "cd" * 8, "", 1, 2)


async def until(exporter: Exporter, count: int) -> None:
    async with asyncio.timeout(60):
        while exporter.sent + exporter.dropped < count:  # noqa: ASYNC110 - a thread sends
            await asyncio.sleep(0.01)


async def test_spans_arrive_in_batches_with_what_the_collector_asks_for() -> None:
    with Collector() as collector:
        exporter = Exporter(collector.url, {"service.name": "g"}, authorization=Secret("Basic abc"), every_s=0.01)
        await exporter.start()
        exporter.add([SPAN] * (BATCH + 1))
        await until(exporter, BATCH + 1)
        await exporter.close()
        await exporter.close()
        assert [len(collector.spans), len(collector.bodies), exporter.sent] == [BATCH + 1, 2, BATCH + 1]
        assert collector.heads[0].startswith("/v1/traces\n")
        assert "Basic abc" in collector.heads[0]


async def test_what_waits_at_the_end_is_sent() -> None:
    with Collector() as collector:
        exporter = Exporter(f"{collector.url}/otlp/v1/traces", {}, every_s=60)
        await exporter.start()
        exporter.add([SPAN])
        await exporter.close()
        assert len(collector.spans) == 1
        assert collector.heads[0].startswith("/otlp/v1/traces\n")


async def test_a_collector_that_refuses_or_is_gone_costs_spans_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "gateway.telemetry.otlp")
    with Collector() as collector:
        collector.status = 503
        exporter = Exporter(collector.url, {}, every_s=0.01)
        await exporter.start()
        for number in (1, 2):
            exporter.add([SPAN])
            await until(exporter, number)
        collector.status = 200
        exporter.add([SPAN])
        await until(exporter, 3)
    exporter.add([SPAN])
    await until(exporter, 4)
    await exporter.close()
    assert (exporter.sent, exporter.dropped) == (1, 3)
    assert [one.getMessage() for one in caplog.records] == [
        "traces are not taken by the collector, status 503",
        "traces are taken by the collector again",
        "traces are not taken by the collector, ConnectionRefusedError",
    ]


async def test_no_more_than_so_many_wait() -> None:
    exporter = Exporter("http://127.0.0.1:1", {})
    exporter.add([SPAN] * WAITING)
    exporter.add([SPAN])
    assert exporter.dropped == 1


@pytest.mark.parametrize(
    "address", ["", "collector:4318", "ftp://x", "http://", "http://u:p@h", "http://h:port", "http://h?x=1"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(BadSettings, match=r"telemetry\.otlp_endpoint is no address"):
        Exporter(address, {})


@pytest.mark.parametrize("header", ["Basic a\nb", "Basic \u20ac", ""])
def test_a_header_that_is_none_is_refused_and_not_quoted(header: str) -> None:
    with pytest.raises(BadSettings, match=r"telemetry\.authorization holds what no header can") as raised:
        Exporter("http://127.0.0.1:4318", {}, authorization=Secret(header))
    assert "Basic" not in str(raised.value)


async def test_whatever_fails_costs_its_spans_and_not_those_to_come(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that no name server can be asked for, which the client does not call an OSError."""
    with Collector() as collector:
        exporter = Exporter(collector.url, {}, every_s=0.01)
        with monkeypatch.context() as patch:
            patch.setattr(exporter, "_host", "a..b")
            await exporter.start()
            exporter.add([SPAN])
            await until(exporter, 1)
        exporter.add([SPAN])
        await until(exporter, 2)
        await exporter.close()
    assert (exporter.sent, exporter.dropped) == (1, 1)
    assert "a..b" not in caplog.text


async def test_a_slow_collector_holds_up_no_end() -> None:
    with Collector() as collector:
        collector.delay_s = 1.0
        exporter = Exporter(collector.url, {}, every_s=0.01, timeout_s=0.2)
        await exporter.start()
        exporter.add([SPAN] * (16 * BATCH))
        async with asyncio.timeout(30):
            await exporter.close()
    assert (exporter.sent, exporter.dropped) == (0, 16 * BATCH)
