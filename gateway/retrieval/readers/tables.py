"""Tables as text: every row a paragraph that can be read, found and cited without the rest. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.errors import TooLarge

MAX_COLUMNS: Final = 1000
_NUMBER: Final = re.compile(r"[-+(]?[\d.,:/%\s€$£-]+\)?")
_PIPE: Final = re.compile(r"(?<!\\)\|")
_RULE: Final = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")


def paragraphs(rows: Sequence[Sequence[str]], *, header: bool | None = None, room: int = 1 << 60) -> Iterator[str]:
    """One text per row, its cells in order. Blank rows are left out.

    With a header: `column: value` lines. Without: the cells joined by ` | `. Of two columns without a header the first
    is taken to name the second. header: None looks whether the first row can be one. room: characters that may be made;
    column names are said again in every row, so a small table may grow beyond all bounds (TooLarge).
    """
    made = [[" ".join(cell.split()) for cell in row] for row in rows]
    made = [row for row in made if any(row)]
    if not made:
        return
    width = max(map(len, made))
    if width > MAX_COLUMNS:
        raise TooLarge(f"the table has more than {MAX_COLUMNS} columns", hint="split it into several tables")
    if header is None:
        header = width > 2 and _looks_like_header(made[0], width)
    names: list[str] = []
    if header and len(made) > 1:
        names = [cell or f"column {n}" for n, cell in enumerate(made[0], 1)]
        names += [f"column {n}" for n in range(len(names) + 1, width + 1)]
        made = made[1:]
    for row in made:
        if names:
            text = "\n".join(f"{name}: {cell}" for name, cell in zip(names, row, strict=False) if cell)
        elif width == 2 and all(row[:2]) and len(row) == 2 and row[0].endswith(":"):
            text = " ".join(row)
        elif width == 2 and all(row[:2]) and len(row) == 2:
            text = ": ".join(row)
        else:
            text = " | ".join(cell for cell in row if cell)
        room -= len(text)
        if room < 0:
            raise TooLarge(
                "the rows of this table hold more characters than allowed", hint="split it, or raise the limit"
            )
        yield text


def _looks_like_header(row: Sequence[str], width: int) -> bool:
    """Names in every column, each once, none a number."""
    return (
        len(row) == width
        and all(row)
        and len(set(row)) == width
        and max(map(len, row)) <= 80
        and not any(_NUMBER.fullmatch(cell) for cell in row)
    )


def unfold(markdown: str, room: int = 1 << 60) -> str:
    """Markdown with its pipe tables, outside code, turned into rows that stand alone."""
    if "|" not in markdown:
        return markdown
    out: list[str] = []
    lines = markdown.split("\n")
    at = 0
    fence = ""
    while at < len(lines):
        line = lines[at]
        mark = line.lstrip()[:3]
        if mark in {"```", "~~~"}:
            fence = "" if fence == mark else fence or mark
        ruled = not fence and "|" in line and at + 1 < len(lines) and "-" in lines[at + 1]
        if not ruled or not _RULE.fullmatch(lines[at + 1]) or "|" not in lines[at + 1]:
            out.append(line)
            at += 1
            continue
        rows = [_cells(line)]
        at += 2
        while at < len(lines) and "|" in lines[at]:
            rows.append(_cells(lines[at]))
            at += 1
        # A page's table without header cells comes with an empty first row.
        named = any(rows[0])
        body = list(paragraphs(rows if named else rows[1:], header=True if named else None, room=room))
        room -= sum(map(len, body))
        if out and out[-1].strip():
            out.append("")
        out.append("\n\n".join(body))
        if at < len(lines) and lines[at].strip():
            out.append("")
    return "\n".join(out)


def _cells(line: str) -> list[str]:
    line = line.strip().removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return [cell.replace("\\|", "|").strip() for cell in _PIPE.split(line)]
