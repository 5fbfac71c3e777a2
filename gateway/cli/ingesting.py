"""`gateway ingest`: files, folders and globs into a collection, once or for as long as one watches."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.app.house import House
from gateway.cli import show
from gateway.cli.failing import FAILED
from gateway.cli.root import AsJson, Config, caller, house, request_id, run
from gateway.errors import GatewayError, Invalid
from gateway.ingest import Delivery, Ingested, read_until
from gateway.ingest.values import marks
from gateway.model import Json, Principal

GROUP: Final = 16
GROUP_BYTES: Final = 8 << 20
TOGETHER: Final = 2
"""Groups under way at a time: one is parsed while another is written."""
LOOK_S: Final = 2.0

File = tuple[Path, str]
"""Where a file is, and the name it is known by."""


@run
async def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files, folders, or globs.")],
    collection: Annotated[str, typer.Option("--collection", "-k", help="The collection.")],
    label: Annotated[str | None, typer.Option(help="Sensitivity label. Default: the collection's.")] = None,
    allow: Annotated[list[str] | None, typer.Option(help="Only for these, e.g. group:hr; may be repeated.")] = None,
    deny: Annotated[list[str] | None, typer.Option(help="Never for these; may be repeated.")] = None,
    expires: Annotated[
        str | None, typer.Option(help="When nobody may read them any more: 2027-01-31, a time with its zone, or never.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, and read what is new or changes. Deletes nothing.")
    ] = False,
    as_: Annotated[str | None, typer.Option("--as", help="A role, or an API key. Default: the operator.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Read documents into a collection. What is unchanged is skipped; run again to resume."""
    found = _files(paths)
    wish = Delivery(b"", "", collection, label, marks(allow), marks(deny), expires_at=read_until(expires))
    async with house(config) as rooms:
        principal = await caller(rooms, as_)
        rows: list[Json] = []
        with show.progress() as bar:
            task = bar.add_task("ingesting", total=len(found))
            async for row in _ingest(rooms, principal, wish, found):
                rows.append(row)
                bar.advance(task)
        # As they were given, whichever was done first.
        order = {source: at for at, (_, source) in enumerate(found)}
        rows.sort(key=lambda row: order[row["source"]])
        counts = Counter(row["status"] for row in rows)
        if as_json:
            show.json({"documents": rows, "counts": dict(counts)})
        else:
            for row in rows:
                show.text(_line(row))
            show.text(", ".join(f"{n} {status}" for status, n in sorted(counts.items())) or "no files there")
        if watch:
            sys.stdout.flush()
            show.say("watching; end with Ctrl-C")
            await _watch(rooms, principal, wish, paths, found, as_json=as_json)
    if counts["failed"]:
        raise typer.Exit(FAILED)


async def _ingest(rooms: House, principal: Principal, wish: Delivery, files: Sequence[File]) -> AsyncIterator[Json]:
    """A row for each file, as they are done: groups of small ones together, two groups at a time."""
    groups = _groups(files)
    running: set[asyncio.Task[list[Json]]] = set()
    try:
        while True:
            while len(running) < TOGETHER and (group := next(groups, None)) is not None:
                running.add(asyncio.create_task(_one_group(rooms, principal, wish, group)))
            if not running:
                return
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                for row in task.result():
                    yield row
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _one_group(rooms: House, principal: Principal, wish: Delivery, group: Sequence[File]) -> list[Json]:
    deliveries = [
        Delivery(
            path,
            source,
            wish.collection,
            wish.label,
            wish.allow,
            wish.deny,
            request=request_id(),
            expires_at=wish.expires_at,
        )
        for path, source in group
    ]
    found = await rooms.ingest.ingest_many(principal, deliveries)
    return [_row(one.name, done) for one, done in zip(deliveries, found, strict=True)]


def _groups(files: Sequence[File]) -> Iterator[list[File]]:
    group: list[File] = []
    size = 0
    for path, source in files:
        try:
            length = path.stat().st_size
        except OSError:
            # Gone meanwhile; whoever reads it says so.
            length = 0
        if group and (len(group) == GROUP or size + length > GROUP_BYTES):
            yield group
            group, size = [], 0
        group.append((path, source))
        size += length
    if group:
        yield group


async def _watch(
    rooms: House, principal: Principal, wish: Delivery, paths: list[str], first: Sequence[File], *, as_json: bool
) -> None:
    """Look again and again, by size and time of change; a file that is still growing is taken once it rests."""
    taken = _marks(first)
    before = dict(taken)
    while True:
        await asyncio.sleep(LOOK_S)
        files = await asyncio.to_thread(_files, paths, may_be_none=True)
        now = await asyncio.to_thread(_marks, files)
        due = [one for one in files if one[0] in now and taken.get(one[0]) != now[one[0]] == before.get(one[0])]
        before = now
        async for row in _ingest(rooms, principal, wish, due):
            if as_json:
                show.json(row)
            else:
                show.text(_line(row))
            # Into a pipe it would wait for company.
            sys.stdout.flush()
        taken.update((path, now[path]) for path, _ in due)


def _marks(files: Sequence[File]) -> dict[Path, tuple[int, int]]:
    found = {}
    for path, _ in files:
        try:
            stat = path.stat()
        except OSError:
            continue
        found[path] = (stat.st_mtime_ns, stat.st_size)
    return found


def _row(source: str, done: Ingested | GatewayError) -> Json:
    if isinstance(done, GatewayError):
        # One bad file does not stop the others; it is named, and the exit code says so.
        return {"source": source, "status": "failed", "code": done.code, "error": str(done)}
    return {
        "source": source,
        "status": done.status,
        "chunks": done.chunks,
        "document": done.document_id,
        "state": done.state,
        "report": done.report.shape() if done.report is not None else None,
    }


def _line(row: Json) -> str:
    return f"{row['status']:<11} {row['source']}{_remark(row)}"


def _remark(row: Json) -> str:
    if "error" in row:
        return f"  {row['error']}"
    if row["state"] != "ready":
        return "  in quarantine: it speaks to a model; see `gateway document quarantine`"
    hidden = sum((row["report"] or {}).get("hidden", {}).values())
    return f"  {hidden} characters that no reader sees left out" if hidden else ""


def _files(patterns: list[str], *, may_be_none: bool = False) -> list[File]:
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
            if not matches and not may_be_none:
                raise Invalid(f"no file at {pattern}", hint="give files, folders, or a glob in quotes")
            found.update({p.resolve(): p.name for p in matches})
    return list(found.items())


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)
