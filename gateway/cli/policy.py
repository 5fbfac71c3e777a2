"""`gateway policy …`: check, test and explain policies; put them in force and take them back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gateway.app.house import policy_dir
from gateway.cli import show
from gateway.cli.failing import FAILED
from gateway.cli.root import OPERATOR, AsJson, Config, caller, house, loaded, request_id, run
from gateway.model import Finding
from gateway.policy import Activation, check, load_files

app = typer.Typer(no_args_is_help=True, help="Check, test, explain and activate policies.")
Dir = Annotated[Path | None, typer.Argument(help="Folder of policy files. Default: the configured one.")]


def _folder(directory: Path | None, config: Path | None) -> Path:
    return directory if directory is not None else Path(policy_dir(loaded(config).settings))


@app.command("check")
def check_(directory: Dir = None, config: Config = None, as_json: AsJson = False) -> None:
    """Look for mistakes, each with file and line. Exit code 1 when there is an error."""
    findings = check(load_files(_folder(directory, config)))
    errors = [finding for finding in findings if finding.severity == "error"]
    if as_json:
        show.json({"ok": not errors, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            show.text(_line(finding))
        show.text(f"{len(errors)} errors, {len(findings) - len(errors)} warnings")
    if errors:
        raise typer.Exit(FAILED)


@app.command("test")
@run
async def run_tables(directory: Dir = None, config: Config = None, as_json: AsJson = False) -> None:
    """Run the `*_test.yaml` tables. Exit code 1 when one fails."""
    async with house(config) as rooms:
        outcomes = await rooms.policies.test(load_files(_folder(directory, config)))
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if as_json:
        show.json({"ok": not failed, "outcomes": [asdict(outcome) for outcome in outcomes]})
    else:
        for outcome in failed:
            show.text(f"{outcome.where}: FAILED {outcome.name}: expected {outcome.expected}, got {outcome.got}")
        skipped = sum(outcome.status == "skipped" for outcome in outcomes)
        show.text(f"{len(outcomes) - len(failed) - skipped} passed, {len(failed)} failed, {skipped} skipped")
    if failed:
        raise typer.Exit(FAILED)


@app.command("explain")
@run
async def explain(
    object_: Annotated[str, typer.Argument(metavar="OBJECT", help="e.g. collection:hr, model:auto, entity:PERSON@hr")],
    action: Annotated[str, typer.Argument(help="e.g. read, use, reveal, activate")],
    as_: Annotated[str, typer.Option("--as", help="A role, or an API key.")] = "employee",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a caller may, and which rules decide."""
    async with house(config) as rooms:
        asked = await caller(rooms, as_)
        told = await rooms.policies.explain(request_id(), OPERATOR, asked, object_, action)
    if as_json:
        show.json(asdict(told))
        return
    show.text(("yes: " if told.decision.allowed else "no: ") + told.decision.reason)
    for rule in told.matched:
        show.text(f"  {rule.where}: {rule.text}")


@app.command("activate")
@run
async def activate(
    directory: Dir = None,
    note: Annotated[str, typer.Option(help="Why, for the history.")] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Put policies in force in every worker; returns when each has acknowledged. Exit code 1 when one did not."""
    files = load_files(_folder(directory, config))
    async with house(config) as rooms:
        done = await rooms.policies.activate(request_id(), OPERATOR, files, note)
    _tell(done, as_json=as_json)


@app.command("rollback")
@run
async def rollback(
    to: Annotated[str | None, typer.Argument(help="Number or digest. Default: the one before the current.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Put an earlier version back in force."""
    async with house(config) as rooms:
        done = await rooms.policies.rollback(request_id(), OPERATOR, to)
    _tell(done, as_json=as_json)


@app.command("history")
@run
async def history(config: Config = None, as_json: AsJson = False) -> None:
    """List every version, newest first."""
    async with house(config) as rooms:
        versions = await rooms.policies.history(request_id(), OPERATOR)
    if as_json:
        show.json([asdict(version) for version in versions])
        return
    rows = [
        (v.number, "in force" if v.active else "", v.digest[:19], v.author, f"{v.created_at:%Y-%m-%d %H:%M:%S}", v.note)
        for v in versions
    ]
    show.table(("number", "", "digest", "by", "at", "note"), rows)


def _tell(done: Activation, *, as_json: bool) -> None:
    if as_json:
        show.json(asdict(done))
    else:
        show.text(f"in force: {done.digest}")
        show.text(f"acknowledged by {len(done.acknowledged)} workers")
        for worker in done.missing:
            show.text(f"NOT acknowledged by {worker}")
    if done.missing:
        raise typer.Exit(FAILED)


def _line(finding: Finding) -> str:
    hint = f" ({finding.hint})" if finding.hint else ""
    return f"{finding.where}: {finding.severity}: {finding.message}{hint}"
