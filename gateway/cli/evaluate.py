"""`gateway eval …`: measure the rooms by annotated sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.failing import FAILED
from gateway.cli.root import AsJson
from gateway.errors import Invalid
from gateway.evaluate import Engine, Report, Task, gateway_engine, measure, policy_at, read, read_map
from gateway.model import Json

FEW = 12
"""Types that are named one by one."""

app = typer.Typer(name="eval", no_args_is_help=True, help="Measure the gateway by annotated sets.")


@app.callback()
def group() -> None:
    """Measure the gateway by annotated sets."""


@app.command("privacy")
def privacy(
    file: Annotated[
        Path, typer.Argument(help='.jsonl of {"text","spans":[{"start","end","type"}]}, .json, or .conll.')
    ],
    policy: Annotated[
        Path | None,
        typer.Option(
            help="A folder of policies or a privacy.yaml, as it stands. Default: look for what the set labels."
        ),
    ] = None,
    map_: Annotated[Path | None, typer.Option("--map", help="YAML that says what the set's labels mean.")] = None,
    stock: Annotated[bool, typer.Option("--stock", help="Measure Presidio's own engine beside ours.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many texts.")] = None,
    reveal: Annotated[
        bool, typer.Option("--show", help="Print the texts that leaked. They are personal data.")
    ] = False,
    min_f2: Annotated[float | None, typer.Option(min=0, max=1, help="Fail when F2 by word is lower.")] = None,
    min_recall: Annotated[float | None, typer.Option(min=0, max=1, help="Fail when recall by word is lower.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say how much personal data is found in an annotated set, what leaks, and what it costs. Shows no text."""
    if policy is not None:
        policy_at(policy)
    texts = read(file, limit)
    if not texts:
        raise Invalid(f"{file} holds no text")
    task = Task.of(texts, None if map_ is None else read_map(map_))
    reports = {"gateway": _run(task, gateway_engine(task, policy), "ours")}
    if stock:
        reports["stock"] = _run(task, Engine("stock"), "stock", only_accepted=True)
    failed = _gate(reports["gateway"], min_f2, min_recall)
    if as_json:
        looked: Json = {"policy": str(policy)} if policy is not None else {"looked_for": task.entities}
        data: Json = {"file": str(file), **looked, "not_looked_for": task.blind, "failed": failed}
        show.json(data | {name: report.data(texts=reveal) for name, report in reports.items()})
    else:
        _tell(task, reports, policy)
        if reveal:
            _reveal(reports["gateway"])
    for sentence in failed:
        show.say(f"failed: {sentence}")
    if failed:
        raise typer.Exit(FAILED)


def share(value: float | None) -> str:
    """A rate for people: three places, a dash where there was nothing to measure."""
    return "-" if value is None else f"{value:.3f}"


def grid(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print figures in columns that never break, however narrow the terminal."""
    cells = [[*heads], *([f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    for line in cells:
        rest = (cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))
        show.text("  ".join((line[0].ljust(widths[0]), *rest)).rstrip())


def _run(task: Task, engine: Engine, name: str, *, only_accepted: bool = False) -> Report:
    with show.progress() as bar, engine:
        step = bar.add_task(f"measuring {name}", total=len(task.rows))
        return measure(task, engine, only_accepted=only_accepted, advance=lambda rows: bar.advance(step, rows))


def _gate(report: Report, min_f2: float | None, min_recall: float | None) -> list[str]:
    words = report.tally.words
    reached = (("F2", words.f(2), min_f2), ("recall", words.recall, min_recall))
    return [
        f"{name} by word is {share(value)}, and {share(least)} is asked for"
        for name, value, least in reached
        if least is not None and (value is None or value < least)
    ]


def _tell(task: Task, reports: dict[str, Report], policy: Path | None) -> None:
    ours = reports["gateway"]
    show.text(f"{ours.rows:,} texts, {ours.tally.all.true:,} spans, {ours.cost['kb']:,.0f} KB")
    looking = (
        ", ".join(task.entities) if len(task.entities) <= FEW else f"{len(task.entities)} types (--json names them)"
    )
    show.text(f"policy: {policy}" if policy is not None else f"looking for: {looking or 'nothing'}")
    if task.blind and policy is None:
        show.text(f"labelled, and no recognizer finds it: {', '.join(task.blind)}")
    for report in reports.values():
        show.text("")
        _summary(report)
    show.text("")
    heads = ("type", "spans", "found", "strict P", "R", "F1", "overlap P", "R", "F1", "leaked", "untouched")
    grid(heads, [_row(ours, name) for name in ours.names])


def _summary(report: Report) -> None:
    """One detector's figures over all types."""
    tally = report.tally
    everything = tally.all
    rows: list[tuple[object, ...]] = [
        (name, share(rate.precision), share(rate.recall), share(rate.f(1)), share(rate.f(2)) if twice else "")
        for name, rate, twice in (
            ("by word, any type", tally.words, True),
            ("by character, any type", tally.characters, True),
            ("spans, strict", everything.strict, False),
        )
    ]
    rows.append(("spans, overlap", *map(share, everything.overlap), ""))
    grid((report.engine, "precision", "recall", "F1", "F2"), rows)
    for name, counted in (("direct identifiers", tally.direct), ("other", tally.quasi)):
        kept = counted.true - counted.leaked
        show.text(f"{name}: {kept:,} of {counted.true:,} wholly covered ({share(counted.kept)})")
    cost = report.cost
    show.text(
        f"{cost['cpu_ms_per_kb']:.2f} ms/KB of one processor, {cost['wall_ms_per_kb']:.2f} by the clock; "
        f"{cost['peak_mb']:,} MiB at most"
    )


def _row(report: Report, name: str) -> tuple[object, ...]:
    counted = report.tally.types[name]
    strict = (counted.strict.precision, counted.strict.recall, counted.strict.f(1))
    shares = [share(value) for value in (*strict, *counted.overlap)]
    return (name, counted.true, counted.found, *shares, counted.leaked, counted.untouched)


def _reveal(report: Report) -> None:
    show.text("\nleaked (personal data):")
    for leak in sorted(report.tally.leaks, key=lambda leak: (leak.type, leak.text)):
        note = " (part of it)" if leak.touched else ""
        show.text(f"  {leak.type}{note}: {leak.text!r}")
