"""`gateway reembed`: the index made anew by the embedder of the settings."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from gateway.app.reembedding import reembedding
from gateway.cli import show
from gateway.cli.root import OPERATOR, AsJson, Config, house, request_id, run
from gateway.errors import Invalid
from gateway.govern import Plan, Reembedded

WINDOWS = "documents were cut into sentence windows, whose sentences are not kept: ingest their files again"


@run
async def reembed(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done; nothing is sent.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also when it is the embedder in force: its model was exchanged.")
    ] = False,
    abandon: Annotated[
        bool, typer.Option("--abandon", help="Throw away what a run that was stopped has made.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Embed every passage anew with the configured embedder, beside the index; run again to resume."""
    if abandon and (again or dry_run):
        raise Invalid("--abandon goes with nothing else", param="abandon")
    async with house(config) as rooms:
        journey = reembedding(rooms)
        if abandon:
            found = await journey.abandon(request_id(), OPERATOR)
            show.say("what was made is thrown away" if found else "there was nothing to throw away")
            return
        if dry_run:
            plan = await journey.plan(request_id(), OPERATOR)
            if as_json:
                show.json({**asdict(plan), "needed": plan.needed})
            else:
                _tell_plan(plan)
            return
        with show.progress() as bar:
            task = bar.add_task("embedding", total=None)
            done = await journey.run(
                request_id(),
                OPERATOR,
                again=again,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    if as_json:
        show.json(asdict(done))
    else:
        _tell(done)


def _tell_plan(plan: Plan) -> None:
    show.facts(
        {
            "in force": plan.before or "none yet",
            "configured": plan.embedder,
            "sent to": f"{plan.endpoint} ({plan.zone})" if plan.endpoint else "nowhere",
            "documents": plan.size.documents,
            "passages": plan.size.passages,
            "done already": plan.size.done,
            "may not go there": plan.refused,
        }
    )
    if plan.size.windows:
        show.say(f"{plan.size.windows} {WINDOWS} afterwards")
    if not plan.needed:
        show.say("there is nothing to do")


def _tell(done: Reembedded) -> None:
    if done.status == "unneeded":
        show.text(f"the index is of {done.embedder} already")
        return
    went_on = ", going on with an earlier run" if done.resumed else ""
    show.text(f"{done.passages} passages embedded{went_on}; the index is of {done.embedder} now")
    if done.windows:
        show.say(f"{done.windows} {WINDOWS}")
    if done.left:
        show.say(f"delete in qdrant: {', '.join(done.left)}, which could not be and is not searched any more")
