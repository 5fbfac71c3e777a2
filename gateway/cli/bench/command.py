"""`gateway bench`: the figures that matter, measured here and now against a mock upstream on this machine."""

from __future__ import annotations

import asyncio
import os
import platform
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import aiohttp
import orjson
import typer

from gateway import __version__
from gateway.app.files import shipped
from gateway.app.house import open_house
from gateway.app.sample import lay_policies, read_sample
from gateway.cli import show
from gateway.cli.bench import audit, load, privacy, records, rooms, scale, served
from gateway.cli.root import AsJson, run
from gateway.cli.setup import prepare
from gateway.errors import Broken
from gateway.model import Json


class Only(StrEnum):
    """What can be measured by itself."""

    PRIVACY = "privacy"
    SCALE = "scale"
    AUDIT = "audit"
    RECORDS = "records"


BODY: Json = {"model": "bench", "messages": [{"role": "user", "content": rooms.PROMPT}]}


@run
async def bench(
    seconds: Annotated[float, typer.Option(min=0.2, help="Seconds for each figure.")] = 3.0,
    output: Annotated[Path | None, typer.Option(help="Also write the figures to this file, as JSON.")] = None,
    only: Annotated[
        Only | None,
        typer.Option(help="Only this: how much personal data is found, how search grows, the log, or searching it."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(envvar="GATEWAY_DATA", help="Folder of annotated sets, for --only privacy.")
    ] = None,
    chunks: Annotated[
        list[int] | None, typer.Option(min=100, help="Passages, for --only scale; may be repeated.")
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="Folder for what --only scale or records loads, to go on there; else it is thrown away."),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Also draw the figures of --only scale into this SVG.")] = None,
    size: Annotated[int, typer.Option("--records", min=1000, help="Records, for --only records.")] = 100_000,
    as_json: AsJson = False,
) -> None:
    """Measure added latency, requests/s, streams, start, memory, redaction, ingest, search and audit."""
    if only is Only.SCALE:
        _finish(
            _head() | {"scale": await scale.sizes(chunks or [10_000], keep, plot)},
            output,
            as_json=as_json,
            tell=_tell_scale,
        )
        return
    if only is Only.AUDIT:
        _finish(_head() | {"audit": await audit.run(seconds)}, output, as_json=as_json, tell=_tell_audit)
        return
    if only is Only.RECORDS:
        _finish(_head() | {"records": await records.run(size, keep)}, output, as_json=as_json, tell=_tell_records)
        return
    if only is not None:
        _finish(_head() | {"privacy": privacy.run(data)}, output, as_json=as_json, tell=_tell_privacy)
        return
    with tempfile.TemporaryDirectory(prefix="gateway-bench-", ignore_cleanup_errors=True) as place:
        folder = Path(place) / "data"
        sample = read_sample()
        settings = await prepare(folder, lay=lambda to: lay_policies(sample, to))
        async with open_house(settings) as house:
            show.say("measuring rooms: ingest, search, redaction, audit")
            inside = await rooms.measure(house, seconds)
        async with served.upstream() as upstream_url, served.serving(folder, upstream_url) as gateway:
            await asyncio.sleep(served.SETTLE_S)
            start = {"ready_s": gateway.ready_s, "idle_mb": served.memory_mb(gateway.pid)}
            outside = await _load(gateway, upstream_url, seconds)
            start["after_load_mb"] = served.memory_mb(gateway.pid)
    figures: Json = {**_head(), "start": start, **inside, "requests": outside}
    figures["added"] = _added(figures)
    _finish(figures, output, as_json=as_json, tell=_print)


def _head() -> Json:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": __version__,
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
    }


def _finish(figures: Json, output: Path | None, *, as_json: bool, tell: Callable[[Json], None]) -> None:
    if output is not None:
        output.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
    if as_json:
        show.json(figures)
    else:
        tell(figures)


def _tell_scale(figures: Json) -> None:
    scale.tell(figures["scale"])


def _tell_audit(figures: Json) -> None:
    audit.tell(figures["audit"])


def _tell_records(figures: Json) -> None:
    records.tell(figures["records"])


def _tell_privacy(figures: Json) -> None:
    privacy.tell(figures["privacy"])


async def _load(gateway: served.Served, upstream_url: str, seconds: float) -> Json:
    """Direct, then through the gateway with privacy off and on; JSON and streams; one connection and 32."""
    key = {"authorization": f"Bearer {gateway.key}", "content-type": "application/json"}
    direct = f"{upstream_url}/chat/completions"
    through = f"{gateway.url}/v1/chat/completions"
    figures: Json = {"direct": await _shapes("direct", direct, {"content-type": "application/json"}, seconds)}
    for name, switched_on in (("privacy_off", False), ("privacy_on", True)):
        await _switch_privacy(gateway, on=switched_on)
        figures[name] = await _shapes(name.replace("_", " "), through, key, seconds)
    return figures


async def _shapes(name: str, url: str, headers: dict[str, str], seconds: float) -> Json:
    figures: Json = {}
    for kind, stream in (("json", False), ("stream", True)):
        for connections in (1, 32):
            show.say(f"measuring requests: {name}, {kind}, {connections} connections")
            body = orjson.dumps({**BODY, "stream": stream})
            report = await load.run(
                url,
                headers=headers,
                body=body,
                concurrency=connections,
                duration_s=seconds,
                warm_up=connections * 3,
            )
            if report.errors or not report.requests:
                raise Broken(f"{report.errors} of the requests measured failed: {dict(report.statuses)}")
            figures[f"{kind}_c{connections}"] = report
    return figures


async def _switch_privacy(gateway: served.Served, *, on: bool) -> None:
    """Activate the shipped policies with privacy on or off, without the tests beside them: off must fail those."""
    files = {
        path.name: path.read_text("utf-8") for path in shipped("policies").iterdir() if not path.stem.endswith("_test")
    }
    if not on:
        files["privacy.yaml"] = files["privacy.yaml"].replace("enabled: true", "enabled: false")
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{gateway.url}/admin/api/policy/activate",
            headers={"authorization": f"Bearer {gateway.key}"},
            json={"files": files, "note": "bench"},
        ) as answer,
    ):
        if answer.status != 200:
            raise Broken(f"the policy to be measured was refused with {answer.status}")


def _added(figures: Json) -> Json:
    """Milliseconds added over the direct call at one connection, and without the two durable commits in it."""
    commit = figures["audit"]["durable_commit"]["p50_ms"]
    direct = figures["requests"]["direct"]
    added: Json = {"two_durable_commits_ms": 2 * commit}
    for name in ("privacy_off", "privacy_on"):
        through = figures["requests"][name]
        whole = through["json_c1"].p50_ms - direct["json_c1"].p50_ms
        added[name] = {
            "json_p50_ms": whole,
            "json_p50_beside_commits_ms": whole - 2 * commit,
            "json_p99_ms": through["json_c1"].p99_ms - direct["json_c1"].p99_ms,
            "first_token_p50_ms": through["stream_c1"].first_token_p50_ms - direct["stream_c1"].first_token_p50_ms,
            "gap_p50_ms": through["stream_c1"].gap_p50_ms - direct["stream_c1"].gap_p50_ms,
        }
    return added


def _print(figures: Json) -> None:
    rows: list[tuple[str, str]] = [
        ("start to ready", f"{figures['start']['ready_s']:.1f} s"),
        ("idle memory of a worker", f"{figures['start']['idle_mb']:.0f} MiB"),
        ("memory after the load", f"{figures['start']['after_load_mb']:.0f} MiB"),
        ("one durable commit", f"{figures['audit']['durable_commit']['p50_ms']:.2f} ms p50"),
    ]
    for name in ("privacy_off", "privacy_on"):
        added = figures["added"][name]
        word = name.replace("_", " ")
        rows += [
            (f"{word}: added, 1 connection", f"{added['json_p50_ms']:.2f} ms p50, {added['json_p99_ms']:.2f} ms p99"),
            (f"{word}: the same beside two commits", f"{added['json_p50_beside_commits_ms']:.2f} ms p50"),
            (f"{word}: added to the first token", f"{added['first_token_p50_ms']:.2f} ms p50"),
            (f"{word}: added per token", f"{added['gap_p50_ms']:.3f} ms p50"),
        ]
    for name in ("direct", "privacy_off", "privacy_on"):
        for shape, report in figures["requests"][name].items():
            rows.append(
                (
                    f"{name.replace('_', ' ')}: {shape.replace('_c', ', connections ')}",
                    f"{report.per_second:,.0f} requests/s, {report.p50_ms:.2f} ms p50, {report.p99_ms:.2f} ms p99",
                )
            )
    redact = figures["redact"]
    rows += [
        ("redaction, 200-character prompt", f"{redact['prompt_200']['p50_ms']:.2f} ms"),
        ("redaction, dense text", f"{redact['dense_10kb']['ms_per_kb']:.2f} ms/KB"),
        ("redaction, clean text", f"{redact['clean_10kb']['ms_per_kb']:.2f} ms/KB"),
        ("ingest", f"{figures['ingest']['documents_per_second']:.2f} documents/s"),
        ("search", f"{figures['search']['p50_ms']:.1f} ms p50, {figures['search']['p99_ms']:.1f} ms p99"),
    ]
    rows += [
        (f"audit, {each['writers']} writers", f"{each['per_second']:,.0f} records/s, {each['p50_ms']:.2f} ms p50")
        for each in figures["audit"]["appends"]
    ]
    show.table(("what", "here"), rows)
