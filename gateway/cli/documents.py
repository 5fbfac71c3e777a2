"""`gateway collection …`, `gateway document …`: the organisation's documents."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.root import AsJson, Config, caller, house, request_id, run
from gateway.model import Json

collections = typer.Typer(no_args_is_help=True, help="List, show and delete collections.")
documents = typer.Typer(no_args_is_help=True, help="List, show, release and delete documents.")

As = Annotated[str | None, typer.Option("--as", help="A role, or an API key. Default: the operator.")]
Collection = Annotated[str, typer.Option("--collection", "-k", help="The collection.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@collections.command("list")
@run
async def list_collections(as_: As = None, config: Config = None, as_json: AsJson = False) -> None:
    """Collections the caller may read."""
    async with house(config) as rooms:
        found = await rooms.library.collections(await caller(rooms, as_))
    _rows(found, ("name", "label", "mode", "documents"), as_json=as_json)


@collections.command("show")
@run
async def show_collection(
    name: Annotated[str, typer.Argument(help="The collection.")],
    as_: As = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """One collection and its documents."""
    async with house(config) as rooms:
        principal = await caller(rooms, as_)
        one = await rooms.library.collection(principal, name)
        held = await rooms.library.documents(request_id(), principal, name)
    if as_json:
        show.json({**one, **held})
        return
    show.facts(one)
    _rows(held["documents"], ("id", "title", "label", "allow", "pages", "chunks"), as_json=False)


@collections.command("delete")
@run
async def delete_collection(
    name: Annotated[str, typer.Argument(help="The collection.")],
    yes: Yes = False,
    as_: As = None,
    config: Config = None,
) -> None:
    """Delete a collection and every document in it."""
    if not yes:
        typer.confirm(f"delete collection {name} and all its documents?", abort=True)
    async with house(config) as rooms:
        count = await rooms.ingest.remove_collection(await caller(rooms, as_), name, request=request_id())
    show.text(f"deleted {name} with {count} documents")


@documents.command("list")
@run
async def list_documents(
    collection: Collection,
    after: Annotated[str, typer.Option(help="Go on after this document's id.")] = "",
    as_: As = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Documents of a collection that the caller may read."""
    async with house(config) as rooms:
        held = await rooms.library.documents(request_id(), await caller(rooms, as_), collection, after=after)
    if as_json:
        show.json(held)
        return
    _rows(held["documents"], ("id", "title", "label", "allow", "pages", "chunks"), as_json=False)
    if held["next"]:
        show.say(f"there are more; go on with --after {held['next']}")


@documents.command("show")
@run
async def show_document(
    document: Annotated[str, typer.Argument(help="The document's id.")],
    passage: Annotated[
        str | None, typer.Option(help="Show this passage: its number, as citations have it.", metavar="N")
    ] = None,
    as_: As = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """One document's facts, or one of its passages as the caller may see it."""
    async with house(config) as rooms:
        library, who = rooms.library, await caller(rooms, as_)
        if passage is None:
            one = await library.document(request_id(), who, None, document)
        else:
            one = await library.passage(request_id(), who, None, document, passage)
    if passage is not None and not as_json:
        page = f", page {one['page']}" if one["page"] else ""
        show.text(f"{one['title']}{page}  ({one['collection']}, {one['label']}, version {one['version']})")
        show.text(one["text"])
        return
    if as_json:
        show.json(one)
    else:
        show.facts(one)


@documents.command("quarantine")
@run
async def list_quarantine(
    after: Annotated[str, typer.Option(help="Go on after this document's id.")] = "",
    as_: As = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Documents held back because they speak to a model: the caller's own, or all of them for an administrator."""
    async with house(config) as rooms:
        held = await rooms.held_back.documents(await caller(rooms, as_), after=after)
    if as_json:
        show.json(held)
        return
    rows = [{**row, "signs": _signs(row["report"])} for row in held["documents"]]
    _rows(rows, ("id", "collection", "title", "created_by", "signs"), as_json=False)
    if held["next"]:
        show.say(f"there are more; go on with --after {held['next']}")


@documents.command("release")
@run
async def release_document(
    document: Annotated[str, typer.Argument(help="The document's id.")],
    as_: As = None,
    config: Config = None,
) -> None:
    """Let a document out of quarantine; from then on it is searched like any other."""
    async with house(config) as rooms:
        await rooms.held_back.release(await caller(rooms, as_), document, request=request_id())
    show.text(f"released {document}")


@documents.command("delete")
@run
async def delete_document(
    document: Annotated[str, typer.Argument(help="The document's id.")],
    yes: Yes = False,
    as_: As = None,
    config: Config = None,
) -> None:
    """Delete a document, its passages and its vectors."""
    if not yes:
        typer.confirm(f"delete document {document}?", abort=True)
    async with house(config) as rooms:
        await rooms.ingest.remove_document(await caller(rooms, as_), document, request=request_id())
    show.text(f"deleted {document}")


def _rows(rows: list[Json], columns: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        show.json(rows)
        return
    show.table(columns, [tuple(row.get(column) for column in columns) for row in rows])


def _signs(report: Json) -> list[str]:
    return sorted({sign for flag in report["instructions"] for sign in flag["signs"]})
