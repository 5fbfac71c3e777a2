"""`gateway models …`: the catalogue."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.root import AsJson, Config, caller, house, run
from gateway.model import Json, Model

app = typer.Typer(no_args_is_help=True, help="List the models callers may use.")


@app.command("list")
@run
async def list_(
    as_: Annotated[str | None, typer.Option("--as", help="Only what this role or key may use.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List configured models, those found at Ollama, and the built-in answerer."""
    async with house(config) as rooms:
        await rooms.router.refresh()
        found = rooms.chat.models(await caller(rooms, as_)) if as_ else rooms.router.models
    if as_json:
        show.json([_plain(model) for model in found])
        return
    columns = ("name", "zone", "provider", "context", "price", "quality", "origin")
    show.table(columns, [tuple(_plain(model)[column] for column in columns) for model in found])


def _plain(model: Model) -> Json:
    price = model.price
    return {
        "name": model.name,
        "zone": model.zone.value,
        "provider": model.provider,
        "context": model.context,
        "price": f"{price.input:g}/{price.output:g}",
        "quality": model.quality,
        "origin": model.origin,
    }
