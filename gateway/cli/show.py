"""How commands speak: results on stdout (tables, or JSON with --json), everything else on stderr."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from gateway.errors import GatewayError

_SHOWN: Final = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"},
    **dict.fromkeys((*range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd"),
}
"""What a terminal would obey, a title that moves its cursor or turns its words around, as signs that can be seen."""


def out() -> Console:
    """Where results go. Made anew each time, so that tests may replace the stream."""
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def err() -> Console:
    """Where messages and progress go."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def json(data: Any) -> None:
    """Print data as JSON, indented for a terminal, one line for a pipe."""
    option = (orjson.OPT_INDENT_2 if sys.stdout.isatty() else 0) | orjson.OPT_NON_STR_KEYS
    sys.stdout.write(orjson.dumps(data, option=option, default=str).decode() + "\n")


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under headings; says so when there are none. In a pipe a row is one line, however long."""
    if not rows:
        text("nothing to show")
        return
    cells = [[_plain(cell).replace("\n", " ") for cell in row] for row in rows]
    console = out()
    if not console.is_terminal:
        widths = [max(map(cell_len, column)) for column in zip(columns, *cells, strict=True)]
        for line in (columns, *cells):
            padded = (set_cell_size(cell, width) for cell, width in zip(line, widths, strict=True))
            text("  ".join(padded).rstrip())
        return
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        # What a row is known by is copied from there; it is not broken.
        grid.add_column(name, overflow="fold", no_wrap=name == columns[0])
    for row in cells:
        grid.add_row(*row)
    console.print(grid)


def facts(pairs: Mapping[str, object]) -> None:
    """Print names and values, one pair a line."""
    width = max((len(name) for name in pairs), default=0)
    for name, value in pairs.items():
        out().print(Text.assemble((f"{name:<{width}}", "bold"), f"  {_plain(value)}"))


def _plain(value: object) -> str:
    """A value for people: lists with commas, nothing for what is not there, and nothing that a terminal obeys."""
    if isinstance(value, Mapping):
        return _plain(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS, default=str).decode())
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, value))
    return "" if value is None else str(value).translate(_SHOWN)


def say(text: str) -> None:
    """A message for the person, on stderr."""
    err().print(_plain(text))


def text(value: str) -> None:
    """A result on stdout: no markup, no wrapping; as it is, but for what a terminal would obey, on one."""
    if sys.stdout.isatty():
        value = _plain(value)
    sys.stdout.write(value if value.endswith("\n") else value + "\n")


def failure(error: GatewayError) -> None:
    """What went wrong and what to do, in the house's form."""
    say(f"error: {error.message}")
    if error.hint:
        say(f"hint: {error.hint}")


def progress(*, in_bytes: bool = False) -> Progress:
    """A progress bar on stderr, silent when that is not a terminal, or when results would run into it."""
    console = err()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn() if in_bytes else MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal or (in_bytes and sys.stdout.isatty()),
    )
