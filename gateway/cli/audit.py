"""`gateway audit …`: read and verify the log."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.root import FAILED, OPERATOR, AsJson, Config, house, request_id, run
from gateway.model import Json

app = typer.Typer(no_args_is_help=True, help="Read and verify the audit log.")


@app.command("show")
@run
async def show_(
    request: Annotated[str | None, typer.Argument(help="A request id. Default: the newest records.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Records at most.")] = 20,
    kind: Annotated[str | None, typer.Option(help="intent, outcome, refusal or event.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show records, opened with the key ring. Reading is itself recorded."""
    async with house(config) as rooms:
        if request:
            page = await rooms.log.about(request_id(), OPERATOR, request)
        else:
            page = await rooms.log.recent(request_id(), OPERATOR, limit, kind)
    if as_json:
        show.json(page)
        return
    for record in page["records"]:
        show.text(_line(record))
        if request:
            show.json(record)
    if page["more"]:
        show.say("there are more; raise --limit")


@app.command("verify")
@run
async def verify(
    without_keys: Annotated[bool, typer.Option("--without-keys", help="Check hashes only, open nothing.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Check every stream of the log. Exit code 1 when anything is wrong."""
    async with house(config) as rooms:
        with show.progress() as bar:
            task = bar.add_task("verifying", total=None)
            report = await rooms.log.verify(
                request_id(),
                OPERATOR,
                with_keys=not without_keys,
                progress=lambda done: bar.update(task, completed=done),
            )
    if as_json:
        show.json(report.as_dict())
    else:
        for fault in report.faults:
            show.text(str(fault))
        for stream in report.streams:
            show.text(f"stream {stream.stream}  {stream.state:<8} {stream.records} records")
        if report.unfinished_total:
            show.text(f"{report.unfinished_total} requests have an intent and no outcome (in work, or cut by a crash)")
        verdict = "the log verifies" if report.ok else f"the log does NOT verify: {report.faults_total} faults"
        opened = "opened with the keys" if report.with_keys else "hashes only"
        show.text(f"{verdict}: {report.records} records in {len(report.streams)} streams, {opened}")
    if not report.ok:
        raise typer.Exit(FAILED)


def _line(record: Json) -> str:
    detail = record.get("detail") or {}
    what = detail.get("code") or detail.get("error") or (detail.get("egress") or {}).get("model") or detail.get("model")
    who, act = detail.get("name", ""), record.get("action", "")
    return f"{record['at']}  {record['kind']:<8} {act:<16} {who:<12} {what or '':<20} {record['request']}"
