"""`gateway rotate-key`: another key for the key ring, while the gateway runs."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gateway.app.ring import ring_source
from gateway.app.rotating import rotation
from gateway.cli import show
from gateway.cli.failing import FAILED
from gateway.cli.root import OPERATOR, AsJson, Config, house, loaded, request_id, run
from gateway.crypto import Secret, keysource
from gateway.crypto.ringfile import KekLock, RingFile
from gateway.errors import Invalid
from gateway.govern import RingReport

app = typer.Typer(no_args_is_help=True, help="Change the key ring's key while the gateway runs.")


@app.command("status")
@run
async def status(config: Config = None, as_json: AsJson = False) -> None:
    """The ring's keys, what lies wrapped under each, and which processes hold them."""
    async with house(config) as rooms:
        report = await rotation(rooms).status(request_id(), OPERATOR)
    _tell(report, as_json)
    if report.problem:
        show.say(report.problem)


@app.command("start")
@run
async def start(config: Config = None, as_json: AsJson = False) -> None:
    """Add a key to the ring. Every process can read with it from here on; none writes with it yet."""
    async with house(config) as rooms:
        report = await rotation(rooms).start(request_id(), OPERATOR)
    _tell(report, as_json)
    show.say(f"back the key ring up: from `gateway rotate-key finish` on, nothing new opens without key {report.next}")
    _wait_for(report, "give them the key ring as it is now, before `gateway rotate-key finish`")


@app.command("finish")
@run
async def finish(config: Config = None, as_json: AsJson = False) -> None:
    """Write with the new key, in every process. Refused while one of them lacks it."""
    async with house(config) as rooms:
        report = await rotation(rooms).finish(request_id(), OPERATOR)
    _tell(report, as_json)
    _wait_for(report, "look at their logs")


@app.command("rollback")
@run
async def rollback(config: Config = None, as_json: AsJson = False) -> None:
    """Take the last step back: give the new key up, or write with the old one again."""
    async with house(config) as rooms:
        report = await rotation(rooms).rollback(request_id(), OPERATOR)
    _tell(report, as_json)


@app.command("rewrap")
@run
async def rewrap(config: Config = None, as_json: AsJson = False) -> None:
    """Wrap anew what lies wrapped under other keys; content is not touched. Run again to resume."""
    async with house(config) as rooms:
        with show.progress() as bar:
            task = bar.add_task("wrapping keys", total=None)
            done = await rotation(rooms).rewrap(
                request_id(), OPERATOR, lambda done, total: bar.update(task, completed=done, total=total)
            )
    if as_json:
        show.json(asdict(done))
    else:
        show.text(f"{done.wrapped} keys wrapped under {done.current}")
    if done.unopened:
        show.say(f"{done.unopened} keys do not open with this ring, and were left as they are")
        raise typer.Exit(FAILED)


@app.command("retire")
@run
async def retire(config: Config = None, as_json: AsJson = False) -> None:
    """Give up every key but the one in force. Refused, with counts, while anything lies wrapped under another."""
    async with house(config) as rooms:
        report = await rotation(rooms).retire(request_id(), OPERATOR)
    _tell(report, as_json)
    if report.problem:
        show.say(f"{report.problem}; take it out where the ring is kept")


@app.command("reseal")
@run
async def reseal(
    before: Annotated[
        Path | None, typer.Option(help="A file with the key (keys.kek) that the ring was sealed with until now.")
    ] = None,
    config: Config = None,
) -> None:
    """Seal the key ring file as the settings say: for the first time, by another key, or by its newest version."""
    settings = loaded(config).settings
    source = ring_source(settings)
    if not isinstance(source, RingFile):
        raise Invalid("the key ring comes from a command, which seals it as it likes", param="config")
    lock = KekLock(Secret(keysource.read_private(before).decode("utf-8", "replace"))) if before is not None else None
    await asyncio.to_thread(source.reseal, lock)
    async with house(config) as rooms:
        report = await rotation(rooms).resealed(request_id(), OPERATOR)
    show.say(f"the key ring is sealed by {report.sealed_by}")


def _wait_for(report: RingReport, what: str) -> None:
    if report.waiting:
        show.say(f"not every process has followed yet: {', '.join(report.waiting)}; {what}")
        raise typer.Exit(FAILED)


def _tell(report: RingReport, as_json: bool) -> None:
    if as_json:
        show.json({**asdict(report), "waiting": report.waiting, "problem": report.problem})
        return
    tables = list(report.wrapped)
    show.table(
        ("key", "state", "in the ring", *tables),
        [
            (key, state, "yes" if key in report.in_ring else "no", *(report.wrapped[t].get(key, 0) for t in tables))
            for key, state in report.keys.items()
        ],
    )
    show.facts(
        {
            "sealed by": report.sealed_by,
            "content key": report.content,
            "processes": f"{len(report.processes)}, of which {len(report.waiting)} have not followed",
        }
    )
