"""The command line: `gateway`. One Typer application; see docs/cli.md."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gateway import __version__
from gateway.cli import (
    asking,
    audit,
    audit_reading,
    demo,
    doctor,
    documents,
    erasing,
    evaluate,
    evaluate_grounding,
    evaluate_people,
    evaluate_retrieval,
    index,
    ingesting,
    keys,
    models,
    policy,
    redact,
    reembedding,
    restore,
    retaining,
    rotating,
    setup,
    show,
    tuning,
    work,
)
from gateway.cli.bench.command import bench
from gateway.cli.root import guarded

app = typer.Typer(
    name="gateway",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A gateway between your people, your documents and language models.",
)

app.command("init")(setup.init)
app.command("serve")(setup.serve)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("ingest")(ingesting.ingest)
app.command("work")(work.work)
app.command("reembed")(reembedding.reembed)
app.command("tune")(tuning.tune)
app.command("search")(asking.search)
app.command("ask")(asking.ask)
app.command("redact")(redact.redact)
app.command("restore")(restore.restore)
app.command("bench")(bench)
app.add_typer(keys.app, name="key")
app.add_typer(rotating.app, name="rotate-key")
app.add_typer(documents.collections, name="collection")
app.add_typer(documents.documents, name="document")
app.add_typer(work.sources, name="source")
app.add_typer(index.app, name="index")
app.add_typer(policy.app, name="policy")
app.add_typer(models.app, name="models")
audit.app.command("search")(audit_reading.search)
audit.app.command("tail")(audit_reading.tail)
audit.app.command("export")(audit_reading.export)
audit.app.command("reindex")(audit_reading.reindex)
audit.app.command("erase")(erasing.erase)
audit.app.command("prune")(retaining.prune)
audit.app.add_typer(retaining.holds, name="hold")
app.add_typer(audit.app, name="audit")
evaluate.app.command("people")(evaluate_people.people)
evaluate.app.command("grounding")(evaluate_grounding.grounding)
evaluate.app.command("retrieval")(evaluate_retrieval.retrieval)
app.add_typer(evaluate.app, name="eval")


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Without a command, help."""
    if version:
        show.text(__version__)
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        show.text(ctx.get_help())
        raise typer.Exit


def main() -> None:
    """The entry point of the `gateway` program."""
    sys.exit(guarded(app))
