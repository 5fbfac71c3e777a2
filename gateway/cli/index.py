"""`gateway index …`: the state of the index, and what keeps it quick."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from gateway.app.house import open_database
from gateway.app.storage import engine_of
from gateway.cli import show
from gateway.cli.failing import FAILED
from gateway.cli.root import AsJson, Config, loaded, run
from gateway.retrieval.qdrant.moving import bring_back as fetch_back
from gateway.retrieval.qdrant.moving import compare as hold_against
from gateway.retrieval.qdrant.owed import home
from gateway.retrieval.upkeep import Partition, partitions, put_apart
from gateway.retrieval.upkeep import maintain as upkeep

app = typer.Typer(no_args_is_help=True, help="Look at the index, and keep it quick.")


@app.command("show")
@run
async def show_(config: Config = None, as_json: AsJson = False) -> None:
    """Rows, dead rows and sizes of each partition of the index; with Qdrant, points there and what waits."""
    settings = loaded(config).settings
    async with await open_database(settings) as store:
        found = [asdict(one) for one in await partitions(store)]
        there = await home(store)
        waiting = await store.fetchval("SELECT count(*) FROM points_owed")
    if there is not None:
        engine = engine_of(settings)
        try:
            held = {name: await engine.count(name) for name in there.made}
        finally:
            await engine.close()
        found += [asdict(Partition(name, "qdrant", rows, 0, 0, 0)) for name, rows in held.items()]
        if waiting:
            show.say(f"{waiting} documents are on their way to qdrant")
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
    compare: Annotated[
        bool, typer.Option("--compare", help="Also look at every point in Qdrant, and mend what differs.")
    ] = False,
    config: Config = None,
) -> None:
    """Merge statistics, drop what is not needed, vacuum; searches go on. Exit code 1: points are missing."""
    settings = loaded(config).settings
    async with await open_database(settings) as store:
        await upkeep(store, reindex=reindex)
        if compare and await home(store) is not None:
            engine = engine_of(settings)
            try:
                found = await hold_against(store, engine)
            finally:
                await engine.close()
            show.say(f"{found.points} points in qdrant; {found.dropped} dropped, {found.owed} documents brought again")
            if found.missing:
                show.say(f"{found.missing} points are missing: restore a snapshot, or ingest their documents again")
                raise typer.Exit(FAILED)
    show.say("the index is in shape")


@app.command("bring-back")
@run
async def bring_back(config: Config = None) -> None:
    """Bring vectors and terms back from Qdrant into the database; stop gateways and workers first."""
    settings = loaded(config).settings
    engine = engine_of(settings)
    try:
        async with await open_database(settings) as store:
            done = await fetch_back(store, engine)
    finally:
        await engine.close()
    show.say(f"{done} documents are back; set index: postgresql")


@app.command("partition")
@run
async def partition(
    tenant: Annotated[str, typer.Argument(help="The tenant, e.g. default.")], config: Config = None
) -> None:
    """Give a tenant a partition with indexes of its own; searches and writers wait until it is done."""
    async with await open_database(loaded(config).settings) as store, store.transaction() as conn:
        name = await put_apart(conn, tenant)
    show.say(f"its passages are in {name} now")
