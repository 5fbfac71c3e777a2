"""The benchmark's upstream speaks the wire, and its load generator counts rightly."""

from __future__ import annotations

import asyncio
import sys
from itertools import pairwise

import orjson
import pytest

from gateway.cli.bench import upstream
from gateway.cli.bench.load import percentile, run
from tests.routing.helpers import PATIENT, call, model, text_of, wire
from tests.simulators import Behaviour, Fault, OpenAISimulator

WHOLE = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
STREAM = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True})


@pytest.mark.parametrize("gap_s", [0.0, 0.002])
async def test_the_upstream_satisfies_our_own_strict_reader(gap_s: float) -> None:
    running = await upstream.serve(tokens=5, gap_s=gap_s)
    try:
        async with wire() as provider:
            entry = model(base_url=running.url)
            for _ in range(2):
                answer = await provider.complete(provider.prepare(entry, call()), PATIENT)
                assert answer["choices"][0]["message"]["content"] == "token " * 5
                stream = provider.stream(provider.prepare(entry, call(stream=True)), PATIENT)
                chunks = [chunk async for chunk in stream]
                assert text_of(chunks) == "token " * 5
                assert chunks[-1]["usage"]["completion_tokens"] == 5
    finally:
        await running.close()


async def test_load_is_counted_and_timed() -> None:
    running = await upstream.serve(tokens=4, gap_s=0.02)
    url = f"{running.url}/chat/completions"
    try:
        report = await run(url, headers={}, body=WHOLE, concurrency=3, requests=50, warm_up=3)
        assert (report.requests, report.errors, report.statuses) == (50, 0, {200: 50})
        assert report.p50_ms is not None
        assert report.p99_ms is not None
        assert 0 < report.p50_ms <= report.p99_ms
        assert report.gap_p50_ms is None
        streamed = await run(url, headers={"x": "y"}, body=STREAM, concurrency=2, requests=6)
        assert (streamed.requests, streamed.errors) == (6, 0)
        assert streamed.gap_p50_ms == pytest.approx(21, abs=8)
        assert streamed.first_token_p50_ms is not None
        assert streamed.p50_ms is not None
        assert streamed.first_token_p50_ms < streamed.p50_ms
        timed = await run(url, headers={}, body=WHOLE, duration_s=0.2)
        assert timed.requests > 5
        assert timed.seconds < 2
    finally:
        await running.close()


async def test_load_reads_other_servers_and_counts_their_failures() -> None:
    async with OpenAISimulator() as server:
        url = f"{server.url}/chat/completions"
        server.next(Behaviour(fault=Fault.STATUS, status=503), Behaviour(fault=Fault.DROP))
        report = await run(url, headers={}, body=WHOLE, requests=5)
        assert (report.requests, report.errors, report.statuses) == (3, 2, {0: 1, 200: 3, 503: 1})
        server.next(Behaviour(fault=Fault.CLEAN_CUT), Behaviour(fault=Fault.CUT))
        streamed = await run(url, headers={}, body=STREAM, requests=4)
        assert (streamed.requests, streamed.errors) == (2, 2)
    nobody = await run(url, headers={}, body=WHOLE, requests=2)
    assert (nobody.requests, nobody.errors, nobody.p50_ms) == (0, 2, None)
    with pytest.raises(ValueError, match="requests or duration_s"):
        await run(url, headers={}, body=WHOLE)


async def test_the_upstream_runs_by_itself() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway.cli.bench.upstream", "--tokens", "2", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
    url = line.removeprefix("listening on ").strip()
    report = await run(f"{url}/chat/completions", headers={}, body=STREAM, requests=3)
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 5) == 0
    assert (report.requests, report.errors) == (3, 0)


def test_percentiles() -> None:
    values = [number / 1000 for number in range(1, 101)]
    assert [percentile(values, rank) for rank in (50, 90, 99)] == [50, 90, 99]
    assert percentile([0.001], 99) == 1
    assert percentile([], 50) is None
    marks = [percentile(values, rank) or 0 for rank in range(1, 101)]
    assert all(lower <= higher for lower, higher in pairwise(marks))
