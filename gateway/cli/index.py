"""`gateway index …`: the state of the index, and what keeps it quick."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from gateway.app.house import open_database
from gateway.cli import show
from gateway.cli.root import AsJson, Config, loaded, run
from gateway.retrieval.upkeep import maintain as upkeep
from gateway.retrieval.upkeep import partitions, put_apart

app = typer.Typer(no_args_is_help=True, help="Look at the index, and keep it quick.")


@app.command("show")
@run
async def show_(config: Config = None, as_json: AsJson = False) -> None:
    """Rows, dead rows and sizes of each partition of the index."""
    async with await open_database(loaded(config).settings) as store:
        found = [asdict(one) for one in await partitions(store)]
    if as_json:
        show.json(found)
        return
    columns = ("name", "holds", "rows", "dead", "bytes", "index_bytes")
    show.table(columns, [tuple(str(one[column]) for column in columns) for one in found])


@app.command("maintain")
@run
async def maintain(
    reindex: Annotated[
        bool, typer.Option("--reindex", help="Also make the indexes anew, beside the old ones.")
    ] = False,
    config: Config = None,
) -> None:
    """Merge statistics, drop what no document needs, vacuum; searches and writers go on."""
    async with await open_database(loaded(config).settings) as store:
        await upkeep(store, reindex=reindex)
    show.say("the index is in shape")


@app.command("partition")
@run
async def partition(
    tenant: Annotated[str, typer.Argument(help="The tenant, e.g. default.")], config: Config = None
) -> None:
    """Give a tenant a partition with indexes of its own; searches and writers wait until it is done."""
    async with await open_database(loaded(config).settings) as store, store.transaction() as conn:
        name = await put_apart(conn, tenant)
    show.say(f"its passages are in {name} now")
