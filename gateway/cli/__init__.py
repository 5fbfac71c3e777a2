"""The command line: `gateway`. One Typer application; see docs/cli.md."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gateway import __version__
from gateway.cli import (
    asking,
    audit,
    demo,
    doctor,
    documents,
    evaluate,
    keys,
    models,
    policy,
    redact,
    restore,
    setup,
    show,
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
app.command("ingest")(documents.ingest)
app.command("search")(asking.search)
app.command("ask")(asking.ask)
app.command("redact")(redact.redact)
app.command("restore")(restore.restore)
app.command("bench")(bench)
app.add_typer(keys.app, name="key")
app.add_typer(documents.collections, name="collection")
app.add_typer(documents.documents, name="document")
app.add_typer(policy.app, name="policy")
app.add_typer(models.app, name="models")
app.add_typer(audit.app, name="audit")
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
