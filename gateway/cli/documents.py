"""`gateway ingest`, `gateway collection …`, `gateway document …`: the organisation's documents."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.root import FAILED, AsJson, Config, caller, house, request_id, run
from gateway.errors import GatewayError, Invalid
from gateway.model import Json

collections = typer.Typer(no_args_is_help=True, help="List, show and delete collections.")
documents = typer.Typer(no_args_is_help=True, help="List, show and delete documents.")

As = Annotated[str | None, typer.Option("--as", help="A role, or an API key. Default: the operator.")]
Collection = Annotated[str, typer.Option("--collection", "-k", help="The collection.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@run
async def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files, folders, or globs.")],
    collection: Collection,
    label: Annotated[str | None, typer.Option(help="Sensitivity label. Default: the collection's.")] = None,
    allow: Annotated[list[str] | None, typer.Option(help="Only for these, e.g. group:hr; may be repeated.")] = None,
    deny: Annotated[list[str] | None, typer.Option(help="Never for these; may be repeated.")] = None,
    as_: As = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Read documents into a collection. What is unchanged is skipped; run again to resume."""
    files = _files(paths)
    rows: list[Json] = []
    async with house(config) as rooms:
        principal = await caller(rooms, as_)
        with show.progress() as bar:
            task = bar.add_task("ingesting", total=len(files))
            for path, source in files:
                try:
                    done = await rooms.ingest.ingest(
                        principal,
                        path,
                        name=source,
                        collection=collection,
                        label=label,
                        allow=allow,
                        deny=deny,
                        request=request_id(),
                    )
                    rows.append(
                        {"source": source, "status": done.status, "chunks": done.chunks, "document": done.document_id}
                    )
                except GatewayError as error:
                    # One bad file does not stop the others; it is named, and the exit code says so.
                    rows.append({"source": source, "status": "failed", "code": error.code, "error": str(error)})
                bar.advance(task)
    counts = Counter(row["status"] for row in rows)
    if as_json:
        show.json({"documents": rows, "counts": dict(counts)})
    else:
        for row in rows:
            show.text(f"{row['status']:<11} {row['source']}" + (f"  {row['error']}" if "error" in row else ""))
        show.text(", ".join(f"{n} {status}" for status, n in sorted(counts.items())))
    if counts["failed"]:
        raise typer.Exit(FAILED)


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
    as_: As = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """One document's facts."""
    async with house(config) as rooms:
        one = await rooms.library.document(request_id(), await caller(rooms, as_), None, document)
    if as_json:
        show.json(one)
    else:
        show.facts(one)


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
    show.table(columns, [tuple(_cell(row.get(column)) for column in columns) for row in rows])


def _cell(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _files(patterns: list[str]) -> list[tuple[Path, str]]:
    """Every file meant, each once, with the name it is known by: its path below the folder or beside the glob."""
    found: dict[Path, str] = {}
    for pattern in patterns:
        path = Path(pattern)
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and not _hidden(p, path))
            found.update({p.resolve(): p.relative_to(path).as_posix() for p in inside})
        elif path.is_file():
            found.setdefault(path.resolve(), path.name)
        else:
            base = Path(path.anchor or ".")
            matches = sorted(p for p in base.glob(str(path.relative_to(path.anchor))) if p.is_file())
            if not matches:
                raise Invalid(f"no file at {pattern}", hint="give files, folders, or a glob in quotes")
            found.update({p.resolve(): p.name for p in matches})
    return list(found.items())


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)
