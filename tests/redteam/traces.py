"""What a run has left behind outside the sealed columns: the log, the metrics, every table read as plain SQL."""

from __future__ import annotations

import logging
import re

from tests.redteam.field import Field
from tests.world import METRICS_TOKEN

_WORDS = re.compile(r"[\w.@+-]+")
_HEX = re.compile(r"\\\\x([0-9a-f]+)")


class Kept(logging.Handler):
    """Every log record of a run, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.lines.append(self.format(record))


async def tables(ground: Field) -> str:
    """Every row of every table as text, binary columns decoded."""
    store = ground.world.house.store
    rows: list[str] = []
    names = await ground.there(store.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
    for name in names:
        found = await ground.there(store.fetch(f'SELECT t::text AS row FROM "{name["tablename"]}" t'))
        rows += [row["row"] for row in found]
    text = "\n".join(rows)
    return (
        text
        + "\n"
        + "\n".join(bytes.fromhex(m[1][: len(m[1]) // 2 * 2]).decode("latin-1") for m in _HEX.finditer(text))
    )


async def search(ground: Field, log: Kept, values: set[str]) -> dict[str, list[str]]:
    """Where any of the values stands that must stand nowhere."""
    places = {
        "values in the log": "\n".join(log.lines),
        "values in the metrics": await ground.page("/metrics", METRICS_TOKEN),
        "values in tables read as plain SQL": await tables(ground),
    }
    return {name: _found(text, values) for name, text in places.items()}


def _found(text: str, values: set[str]) -> list[str]:
    """How many of the values stand in a long text: by their longest word first, for speed, then by looking."""
    lowered = text.casefold()
    words = set(_WORDS.findall(lowered))
    near = [v for v in values if max(_WORDS.findall(v.casefold()), key=len, default="") in words]
    there = [v for v in near if v.casefold() in lowered]
    return [f"{len(there)} of {len(values)} values"] if there else []
