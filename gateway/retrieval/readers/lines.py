"""Lines of a page as paragraphs, headings and tables, told by where and how large they stand. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.retrieval.readers.draft import Draft

_LARGER: Final = 1.15
"""Size of a heading over that of the text."""
_GAP: Final = 1.2
"""Sizes of white between two cells of a row; between words it is less."""
_BREAK: Final = 1.75
"""Sizes from one line to the next where a paragraph ends."""
HEADING: Final = 150
LEVELS: Final = 4


@dataclass(slots=True)
class Word:
    """Characters without a blank between them."""

    left: float
    right: float
    baseline: float
    size: float
    bold: bool
    text: str = ""

    def add(self, mark: str, right: float) -> None:
        """One more character, that ends at `right`."""
        self.text += mark
        self.right = max(self.right, right)


@dataclass(slots=True)
class Line:
    """Words beside each other."""

    words: list[Word] = field(default_factory=list)
    broken: bool = False
    """Whether the last word goes on in the next line."""

    @property
    def text(self) -> str:
        """The words with blanks between them."""
        return " ".join(word.text for word in self.words)

    @property
    def size(self) -> float:
        """That of most of its characters."""
        sizes: Counter[float] = Counter()
        for word in self.words:
            sizes[round(word.size, 1)] += len(word.text)
        return sizes.most_common(1)[0][0]

    @property
    def bold(self) -> bool:
        """Whether all of it is."""
        return all(word.bold for word in self.words)

    def cells(self) -> list[tuple[float, float, str]]:
        """(left, right, text) of the parts that white separates."""
        found: list[tuple[float, float, str]] = []
        for word in self.words:
            if found and word.left - found[-1][1] <= _GAP * word.size:
                left, _, text = found[-1]
                found[-1] = (left, word.right, f"{text} {word.text}")
            else:
                found.append((word.left, word.right, word.text))
        return found


def write_pages(draft: Draft, pages: Sequence[tuple[list[Line], list[str]]]) -> None:
    """Each page's lines, and further paragraphs behind them."""
    sizes: Counter[float] = Counter()
    for lines, _ in pages:
        for line in lines:
            sizes[line.size] += len(line.text)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    larger = sorted((size for size in sizes if size >= body * _LARGER), reverse=True)
    levels = {size: min(at, LEVELS - 1) for at, size in enumerate(larger, 1)}
    for number, (lines, more) in enumerate(pages, 1):
        draft.page(number)
        for plain, rows in _blocks(lines):
            draft.table(rows)
            for level, text in _headings_apart(plain, levels, body):
                if level:
                    draft.heading(text, level)
                else:
                    draft.text(text)
        for text in more:
            draft.text(text)


def _headings_apart(lines: list[Line], levels: dict[float, int], body: float) -> Iterator[tuple[int, str]]:
    """(level or 0, text) of the headings and paragraphs in some lines; lines of one heading are joined."""
    level = 0
    text = ""
    before: Line | None = None
    for line in lines:
        now = _level(line, levels, body)
        if before is not None and (now != level or _far(before, line)):
            yield level, text
            text, before = "", None
        if before is None:
            text = line.text
        elif before.broken:
            text += line.text
        else:
            text += ("\n" if not level else " ") + line.text
        level, before = now, line
    if before is not None:
        yield level, text


def _level(line: Line, levels: dict[float, int], body: float) -> int:
    text = line.text
    if len(text) > HEADING or ". . ." in text or "...." in text or not any(mark.isalpha() for mark in text):
        return 0
    if line.size in levels:
        return levels[line.size]
    ends = text[-1] in ".,;:!?"
    return LEVELS if line.bold and not ends and len(text) <= HEADING // 2 and line.size >= body * 0.95 else 0


def _far(above: Line, below: Line) -> bool:
    drop = above.words[0].baseline - below.words[0].baseline
    return drop > _BREAK * max(above.size, below.size) or drop < -0.5 * above.size


def _blocks(lines: list[Line]) -> Iterator[tuple[list[Line], list[list[str]]]]:
    """Runs of lines, and tables as rows of cells; one of the two is empty."""
    plain: list[Line] = []
    at = 0
    while at < len(lines):
        rows, used = _table(lines, at)
        if not rows:
            plain.append(lines[at])
            at += 1
            continue
        if plain:
            yield plain, []
            plain = []
        yield [], rows
        at += used
    if plain:
        yield plain, []


def _table(lines: list[Line], at: int) -> tuple[list[list[str]], int]:
    """(rows, lines used) of the table that begins here; no rows when none does."""
    head = lines[at].cells()
    if len(head) < 2:
        return [], 0
    edges = [(left, right) for left, right, _ in head]
    rows = [[text for _, _, text in head]]
    used = 1
    full = 1
    for line in lines[at + 1 :]:
        cells = line.cells()
        places = [_column(cell, edges) for cell in cells]
        if len(set(places)) != len(places) or -1 in places or _far_apart(lines[at + used - 1], line):
            break
        if len(cells) == 1:
            # A cell goes on in the next line; a line at the left edge is what follows the table.
            if places[0] == 0 or not full:
                break
            rows[-1][places[0]] = f"{rows[-1][places[0]]} {cells[0][2]}".strip()
        else:
            row = [""] * len(edges)
            for place, (left, right, text) in zip(places, cells, strict=True):
                row[place] = text
                edges[place] = (min(edges[place][0], left), max(edges[place][1], right))
            rows.append(row)
            full += 1
        used += 1
    # Columns of running text look alike: their cells are long.
    short = sum(len(cell) for row in rows for cell in row) / max(1, sum(bool(cell) for row in rows for cell in row))
    return (rows, used) if full >= 3 and short <= 40 else ([], 0)


def _far_apart(above: Line, below: Line) -> bool:
    drop = above.words[0].baseline - below.words[0].baseline
    return drop > 4 * max(above.size, below.size) or drop <= 0


def _column(cell: tuple[float, float, str], edges: Sequence[tuple[float, float]]) -> int:
    """The one column that a cell lies under; -1 for none or several."""
    left, right, _ = cell
    found = [n for n, (start, end) in enumerate(edges) if left < end + 2 and right > start - 2]
    return found[0] if len(found) == 1 else -1
