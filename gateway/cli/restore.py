"""`gateway restore`: tokens in a text or in JSON lines turned back, as far as one caller may see them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Final

import typer

from gateway.cli import show
from gateway.cli.failing import FAILED
from gateway.cli.lines import Batch, answered, batches, failed, parse, put, source, text_blocks
from gateway.cli.root import AsJson, Config, caller, house, request_id, run
from gateway.model import Json, Principal

BATCH: Final = 1 << 20
"""Bytes of lines, or characters of text, restored at once; each has its record."""


@run
async def restore(
    file: Annotated[str, typer.Argument(help="A text file, or - for standard input.")] = "-",
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='One {"id", "text"} a line in, one result a line out.')
    ] = False,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="Also inside web addresses and HTML; for what no model wrote.")
    ] = False,
    as_: Annotated[
        str | None, typer.Option("--as", help="As a role, or an API key (`gw_…`). Default: the operator.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Turn tokens back into values, as far as the caller may see them. What may not be seen stays a token."""
    request = request_id()
    total: dict[str, int] = {}
    used = unused = 0
    async with house(config) as rooms:
        principal: Principal = await caller(rooms, as_)

        async def back(texts: list[str]) -> list[Json]:
            done = await rooms.returns.restore(request, principal, texts, everywhere=everywhere, most=None)
            for one in done:
                for kind, count in one["withheld"].items():
                    total[kind] = total.get(kind, 0) + count
            return done

        with source(file) as (stream, size), show.progress(in_bytes=True) as bar:
            task = bar.add_task("restoring", total=size)

            def advance(length: int) -> None:
                bar.advance(task, length)

            if jsonl:
                for batch in batches(stream, advance, size=BATCH):
                    out, bad = await _lines(batch, back)
                    unused += bad
                    used += len(batch.lines) - bad
                    put(out)
            elif as_json:
                show.json((await back(["".join(text_blocks(stream, advance))]))[0])
            else:
                for part in _parts(text_blocks(stream, advance)):
                    put((await back([part]))[0]["restored"].encode("utf-8"))
    if total:
        show.say("withheld: " + ", ".join(f"{kind} x{n}" for kind, n in sorted(total.items())))
    if unused:
        show.say(f"error: {unused} of {used + unused} lines could not be used; the line out says why")
        raise typer.Exit(FAILED)


async def _lines(batch: Batch, back: Callable[[list[str]], Awaitable[list[Json]]]) -> tuple[bytes, int]:
    """The lines out, and how many could not be used."""
    rows = [parse(line) for line in batch.lines]
    done = iter(await back([row.text for row in rows if not row.error]))
    out: list[bytes] = []
    for row in rows:
        if row.error:
            out.append(failed(row, row.error))
        else:
            result = next(done)
            out.append(answered(row, {key: result[key] for key in ("restored", "counts", "withheld")}))
    return b"".join(out), sum(1 for row in rows if row.error)


def _parts(blocks: Iterator[str]) -> Iterator[str]:
    """A text of any length in parts that end behind a paragraph, or else a line or a blank: never inside a token."""
    text = ""
    for block in blocks:
        text += block
        if len(text) >= BATCH:
            cuts = (text.rfind(mark) + len(mark) for mark in ("\n\n", "\n", " ") if mark in text)
            at = next(cuts, len(text))
            yield text[:at]
            text = text[at:]
    if text:
        yield text
