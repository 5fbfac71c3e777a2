"""The command line: `gateway`. One Typer application, whose commands are loaded when called; see docs/cli.md."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any, Final, cast

import typer
from typer.core import TyperGroup

from gateway import __version__
from gateway.cli.failing import guarded

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "init": ("setup:init", "Make a data directory: settings, keys, policies."),
    "serve": ("setup:serve", "Serve the HTTP API until stopped."),
    "demo": ("demo:demo", "Answer questions about sample documents, as two people."),
    "doctor": ("doctor:doctor", "Look at dependencies, ports, keys, models and policies."),
    "ingest": ("ingesting:ingest", "Read documents into a collection."),
    "work": ("work:work", "Read files that wait in the queue, until stopped."),
    "reembed": ("reembedding:reembed", "Embed every passage anew, beside what is searched."),
    "tune": ("tuning:tune", "Fit the embedder to a collection's own documents."),
    "search": ("asking:search", "Find passages, as the caller may see them."),
    "ask": ("asking:ask", "Ask a question and get the answer with its sources."),
    "redact": ("redact:redact", "Replace personal data by tokens."),
    "restore": ("restore:restore", "Turn tokens back into values the caller may see."),
    "bench": ("bench.command:bench", "Measure latency, throughput, memory, search and audit."),
    "key": ("keys:app", "Create, list, revoke and rotate API keys."),
    "rotate-key": ("rotating:app", "Change the key ring's key while the gateway runs."),
    "collection": ("documents:collections", "List, show and delete collections."),
    "document": ("documents:documents", "List, show, release and delete documents."),
    "source": ("work:sources", "Places that collections are kept in step with."),
    "index": ("index:app", "Look at the index, and keep it quick."),
    "policy": ("policy:app", "Check, test, explain and activate policies."),
    "models": ("models:app", "List the models callers may use."),
    "audit": ("auditing:app", "Read, verify, export and prune the audit log."),
    "eval": ("evaluating:app", "Measure the gateway by annotated sets."),
}
"""Where each command is (module of this package, and its name there), and its line of help: help loads none of them."""


PLAIN: Final[dict[str, Any]] = {"rich_markup_mode": None, "add_completion": False, "pretty_exceptions_enable": False}


class Shelf(Mapping[str, Any]):
    """The commands of `COMMANDS` by name, each loaded when it is taken: most need a part of the gateway only."""

    def __getitem__(self, name: str) -> Any:
        """The command of that name. Raises KeyError."""
        module, _, within = COMMANDS[name][0].partition(":")
        found: Any = getattr(import_module(f"gateway.cli.{module}"), within)
        group = typer.Typer(**PLAIN, callback=lambda: None)
        if isinstance(found, typer.Typer):
            group.add_typer(found, name=name)
        else:
            group.command(name)(found)
        return typer.main.get_group(group).commands[name]

    def __iter__(self) -> Iterator[str]:
        """Names, in the order of help."""
        return iter(COMMANDS)

    def __len__(self) -> int:
        """How many there are."""
        return len(COMMANDS)


class Commands(TyperGroup):
    """The group of all commands; its help loads none of them."""

    def __init__(self, **attrs: Any) -> None:
        """As Typer makes it."""
        super().__init__(**attrs)
        self.commands = cast("dict[str, Any]", Shelf())

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Names and lines of help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


app = typer.Typer(
    name="gateway",
    cls=Commands,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    **PLAIN,
    help="A gateway between your people, your documents and language models.",
)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Without a command, help."""
    if version:
        typer.echo(__version__)
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit


def main() -> None:
    """The entry point of the `gateway` program."""
    sys.exit(guarded(app))
