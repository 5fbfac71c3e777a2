"""`gateway work` and `gateway source …`: workers of the ingest queue, and places that collections follow."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import Annotated

import typer

from gateway.app.house import open_house
from gateway.cli import show
from gateway.cli.root import AsJson, Config, house, loaded, run
from gateway.ingest.sources import Wish
from gateway.model import Json

sources = typer.Typer(no_args_is_help=True, help="Places that collections are kept in step with.")

STOPPING = (signal.SIGINT, signal.SIGTERM)
COUNTED = ("new", "updated", "permissions", "unchanged", "removed", "kept", "passed_over", "failed")


@run
async def work(
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Tasks at a time. Default: ingest.workers, or 1.")
    ] = None,
    config: Config = None,
) -> None:
    """Read files that wait in the queue, until stopped; on as many machines as share the database and the key ring."""
    settings = loaded(config).settings
    count = workers or settings.ingest.workers or 1
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    for sig in STOPPING:
        loop.add_signal_handler(sig, task.cancel if task else loop.stop)
    with contextlib.suppress(asyncio.CancelledError):
        async with open_house(settings) as rooms:
            show.say(f"working with {count} {'task' if count == 1 else 'tasks'} at a time")
            await rooms.service.worker(count).run()
    show.say("stopped")


@sources.command("list")
@run
async def list_sources(config: Config = None, as_json: AsJson = False) -> None:
    """The sources of gateway.yaml and how their last runs went."""
    async with house(config) as rooms:
        found = await rooms.service.sources.list()
    if as_json:
        show.json(found)
        return
    columns = ("name", "kind", "collection", "documents", "failed", "good_at", "state")
    rows = [{**one, "state": _state(one)} for one in found]
    show.table(columns, [tuple(row.get(column) for column in columns) for row in rows])


@sources.command("show")
@run
async def show_source(
    name: Annotated[str, typer.Argument(help="The source.")], config: Config = None, as_json: AsJson = False
) -> None:
    """One source, its rights and its last run."""
    async with house(config) as rooms:
        found = await rooms.service.sources.show(name)
    if as_json:
        show.json(found)
    else:
        show.facts(found)


@sources.command("sync")
@run
async def sync_source(
    name: Annotated[str, typer.Argument(help="The source.")],
    confirm: Annotated[bool, typer.Option("--confirm", help="Delete whatever is gone, however much it is.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Read every item again, changed or not.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Bring a collection in step with its source, here and now."""
    async with house(config) as rooms:
        with show.progress() as bar:
            task = bar.add_task(f"synchronising {name}", total=None)

            async def told(counts: Json) -> bool:
                done = sum(counts.get(what, 0) for what in COUNTED)
                bar.update(task, total=counts.get("listed"), completed=done)
                return True

            counts = await rooms.service.sources.sync(name, Wish(confirm, everything), told)
    if as_json:
        show.json(counts)
        return
    show.text(", ".join(f"{counts[what]} {what.replace('_', ' ')}" for what in COUNTED if counts.get(what)) or "empty")


def _state(found: Json) -> str:
    if "error" in found:
        return str(found["error"]["message"])
    return "never ran" if found.get("ended_at") is None else "good"
