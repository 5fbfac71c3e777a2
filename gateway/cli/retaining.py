"""`gateway audit prune` and `gateway audit hold …`: what is over goes, and what is held stays."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.audit_reading import Since, Until, moment
from gateway.cli.root import OPERATOR, AsJson, Config, house, request_id, run

holds = typer.Typer(no_args_is_help=True, help="Legal holds: records that are neither pruned nor erased.")

Why = Annotated[str, typer.Option("--reason", help="Why, on one line; it goes into the record.")]


@run
async def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Take out records whose time is over (audit.retention), on record; the log still verifies, and says so."""
    async with house(config) as rooms:
        with show.progress() as bar:
            task = bar.add_task("looking at records", total=None)
            done = await rooms.retention.prune(
                request_id(),
                OPERATOR,
                dry_run=dry_run,
                progress=lambda number: bar.update(task, completed=number),
            )
        limited = rooms.retention.limited
    if as_json:
        show.json({"dry_run": dry_run, **done.as_dict()})
        return
    if not limited:
        show.say("every class is kept for ever: set audit.retention to change that")
    verb = "would be pruned" if dry_run else "pruned"
    for name, count in sorted(done.records.items()):
        show.text(f"{count} records of class {name or 'none'} {verb}")
    for number, count in sorted(done.held.items()):
        show.text(f"{count} records kept by hold {number}")
    if done.kept:
        show.text(f"{done.kept} records kept that are not as they were written: run `gateway audit verify`")
    if not (done.records or done.held or done.kept):
        show.text("no record is over")


@holds.command("add")
@run
async def add(
    reason: Why,
    subject: Annotated[str | None, typer.Option(help="A principal's id, or a key's name.")] = None,
    request: Annotated[str | None, typer.Option(help="A request's id.")] = None,
    since: Since = None,
    until: Until = None,
    class_: Annotated[str | None, typer.Option("--class", help="A retention class.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Keep the records that all of what is given fits, until the hold is removed."""
    async with house(config) as rooms:
        hold = await rooms.holds.add(
            request_id(),
            OPERATOR,
            reason,
            subject=subject,
            about=request,
            since=moment(since, "since"),
            until=moment(until, "until"),
            class_=class_,
        )
    if as_json:
        show.json(hold.as_dict())
    else:
        show.text(f"hold {hold.number}")


@holds.command("list")
@run
async def list_(
    subject: Annotated[str | None, typer.Option(help="Only those that name this principal or key.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Every hold there ever was. Whom one names is shown as a digest."""
    async with house(config) as rooms:
        found = [hold.as_dict() for hold in await rooms.holds.all(request_id(), OPERATOR, subject)]
    if as_json:
        show.json(found)
        return
    columns = ("hold", "at", "reason", "subject", "request", "since", "until", "class", "released")
    lines = [{**one, "subject": one["subjects"][0][:8] if one["subjects"] else None} for one in found]
    show.table(columns, [tuple(str(one[name] or "") for name in columns) for one in lines])


@holds.command("remove")
@run
async def remove(
    number: Annotated[int, typer.Argument(help="The hold's number.")],
    reason: Why,
    config: Config = None,
) -> None:
    """Release a hold. What it kept is pruned when its time is over, and can be erased again."""
    async with house(config) as rooms:
        await rooms.holds.remove(request_id(), OPERATOR, number, reason)
    show.text(f"hold {number} released")
