"""Workbooks (XLSX): a page per sheet, its name as heading, each row with its column's names. Formulas are not run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from gateway.errors import TooLarge
from gateway.retrieval.readers.archive import Package
from gateway.retrieval.readers.draft import Draft, Extracted, Limits, damaged
from gateway.retrieval.readers.paint import WHITE, hex_colour
from gateway.retrieval.readers.tables import MAX_COLUMNS
from gateway.retrieval.readers.xml import Node, stream
from gateway.retrieval.styles import alike

MAIN: Final = "xl/workbook.xml"
MAX_CELLS: Final = 3_000_000
_DATES: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_LITERAL: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_TRUE: Final = frozenset({"1", "true"})


@dataclass(frozen=True, slots=True)
class _Format:
    """How a cell shows its value."""

    kind: str = ""
    """`date`, `time`, `percent` or nothing."""
    hides: str = ""


@dataclass(slots=True)
class _Sheet:
    """One sheet's cells as text, by row number and column from 0."""

    rows: dict[int, dict[int, str]] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


def read_xlsx(data: bytes, limits: Limits) -> Extracted:
    """Sheets in order; hidden sheets, rows, columns and cells, and comments, are counted only."""
    package = Package(data, "xlsx")
    root = package.xml(MAIN)
    if root is None:
        raise damaged("xlsx")
    draft = Draft(limits)
    relations = package.relations(MAIN)
    book = _Book(package, draft, root.first("workbookPr"))
    core = package.xml("docProps/core.xml")
    if core is not None and (title := core.first("title")) is not None:
        draft.title = draft.clean(title.words())
    for number, entry in enumerate(root.first("sheets") or (), 1):
        kind, part = relations.get(entry.get("r:id"), ("", ""))
        if kind != "worksheet" or part not in package.names:
            continue
        hidden = entry.get("state") in {"hidden", "veryHidden"}
        sheet = book.sheet(part, whole=hidden)
        if hidden:
            words = "\n".join(" ".join(row.values()) for row in sheet.rows.values())
            draft.hide("hidden_sheet", words)
            continue
        draft.page(number)
        draft.heading(entry.get("name"), 1)
        _write(draft, sheet)
        for related, target in package.relations(part).values():
            if related in {"comments", "threadedComment"} and (notes := package.xml(target)) is not None:
                draft.hide("comment", "\n".join(note.words() for note in notes.all("text")))
    return draft.done()


class _Book:
    """What all sheets share: texts and formats."""

    def __init__(self, package: Package, draft: Draft, properties: Node | None) -> None:
        self._package = package
        self._draft = draft
        early = properties is not None and properties.get("date1904") in _TRUE
        self._epoch = datetime(1904, 1, 1) if early else datetime(1899, 12, 30)  # noqa: DTZ001 - a cell has no zone
        self._texts: list[str] = []
        for item in package.xml("xl/sharedStrings.xml") or ():
            self._texts.append(_words(item))
        self._formats = _formats(package.xml("xl/styles.xml"))
        self._cells = 0

    def sheet(self, part: str, *, whole: bool = False) -> _Sheet:
        """One sheet; `whole` takes what is hidden in it along."""
        reader = _Reader(self, self._draft, whole=whole)
        stream(self._package.read(part), reader.start, reader.end, reader.text)
        return reader.sheet

    def format(self, style: str) -> _Format:
        """The format of a cell's style."""
        at = int(style) if style.isdigit() and len(style) < 7 else 0
        return self._formats[at] if at < len(self._formats) else _Format()

    def show(self, kind: str, value: str, how: _Format) -> str:
        """What a cell of this type and format shows."""
        self._cells += 1
        if self._cells > MAX_CELLS:
            raise TooLarge(f"the workbook has more than {MAX_CELLS} cells", hint="split it")
        if kind == "s":
            return self._texts[int(value)] if value.isdigit() and int(value) < len(self._texts) else ""
        if kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        if kind in {"str", "inlineStr", "e", "d"}:
            return value
        return self._number(value, how.kind)

    def _number(self, value: str, kind: str) -> str:
        try:
            number = float(value)
            if kind in {"date", "time"} and 0 <= number < 2_958_466:
                moment = self._epoch + timedelta(days=number)
                moment = (moment + timedelta(milliseconds=500)).replace(microsecond=0)
                if number < 1:
                    return moment.strftime("%H:%M:%S")
                return moment.strftime("%Y-%m-%d" if number == int(number) else "%Y-%m-%d %H:%M:%S")
            if kind == "percent":
                return f"{number * 100:.10g}%"
            return f"{number:.15g}" if "e" not in f"{number:.15g}" else value
        except (ValueError, OverflowError):
            return value


class _Reader:
    """Follows one sheet's XML as it streams."""

    def __init__(self, book: _Book, draft: Draft, *, whole: bool) -> None:
        self.sheet = _Sheet()
        self._book = book
        self._draft = draft
        self._whole = whole
        self._hidden_columns: list[tuple[int, int]] = []
        self._row = self._column = 0
        self._row_hidden = False
        self._cell: Mapping[str, str] = {}
        self._taking = False
        self._words: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "col" and attributes.get("hidden") in _TRUE:
            self._hidden_columns.append((int(attributes.get("min", 1)) - 1, int(attributes.get("max", 1)) - 1))
        elif name == "row":
            given = attributes.get("r", "")
            self._row = int(given) if given.isdigit() and len(given) < 9 else self._row + 1
            self._row_hidden = attributes.get("hidden") in _TRUE
            self._column = -1
        elif name == "c":
            place = _REFERENCE.fullmatch(attributes.get("r", ""))
            self._column = _column(place[1]) if place else self._column + 1
            self._cell = attributes
            self._words = []
        elif name in {"v", "t"}:
            self._taking = True
        elif name == "mergeCell":
            ends = [_REFERENCE.fullmatch(end) for end in attributes.get("ref", "").split(":")]
            if len(ends) == 2 and ends[0] and ends[1]:
                self.sheet.merged.append((int(ends[0][2]), _column(ends[0][1]), int(ends[1][2]), _column(ends[1][1])))

    def end(self, name: str) -> None:
        if name in {"v", "t"}:
            self._taking = False
        elif name == "c" and self._words:
            how = self._book.format(self._cell.get("s", "0"))
            text = self._book.show(self._cell.get("t", "n"), "".join(self._words), how)
            kind = self._hides(how)
            if kind and not self._whole:
                self._draft.hide(kind, text)
            elif text.strip():
                if self._column >= MAX_COLUMNS:
                    raise TooLarge(f"the table has more than {MAX_COLUMNS} columns", hint="split it")
                self.sheet.rows.setdefault(self._row, {})[self._column] = text

    def text(self, words: str) -> None:
        if self._taking:
            self._words.append(words)

    def _hides(self, how: _Format) -> str:
        if self._row_hidden:
            return "hidden_row"
        if any(first <= self._column <= last for first, last in self._hidden_columns):
            return "hidden_column"
        return how.hides


def _write(draft: Draft, sheet: _Sheet) -> None:
    for top, left, bottom, right in sheet.merged:
        text = sheet.rows.get(top, {}).get(left, "")
        # A value over several rows belongs to each of them.
        for row in range(top + 1, min(bottom, top + 10_000) + 1):
            if text and left <= right and row in sheet.rows:
                sheet.rows[row].setdefault(left, text)
    block: list[dict[int, str]] = []
    before = 0
    for number in sorted(sheet.rows):
        if block and number > before + 1:
            _block(draft, block)
            block = []
        block.append(sheet.rows[number])
        before = number
    _block(draft, block)


def _block(draft: Draft, rows: list[dict[int, str]]) -> None:
    """Rows without a blank one between: titles above, then a table."""
    while rows and len(rows[0]) == 1 and len(rows) > 1 and max(map(len, rows)) > 1:
        draft.text(next(iter(rows[0].values())))
        rows = rows[1:]
    columns = sorted({column for row in rows for column in row})
    table = [[row.get(column, "") for column in columns] for row in rows]
    two = len(columns) == 2 and len(rows) > 2 and all(table[0])
    draft.table(table, header=True if two and not any(_is_number(cell) for cell in table[0]) else None)


def _is_number(text: str) -> bool:
    return text.replace(".", "").replace("-", "").replace(",", "").isdigit()


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _words(item: Node) -> str:
    """A shared text; how it is pronounced is left out."""
    parts = [one.words() for one in item if one.name == "t"]
    parts += (words.words() for run in item if run.name == "r" and (words := run.first("t")) is not None)
    return "".join(parts)


def _formats(styles: Node | None) -> list[_Format]:
    if styles is None:
        return []
    codes = {one.get("numFmtId"): one.get("formatCode") for one in styles.first("numFmts") or ()}
    fonts = list(styles.first("fonts") or ())
    fills = list(styles.first("fills") or ())
    return [_format(one, codes, fonts, fills) for one in styles.first("cellXfs") or ()]


def _format(style: Node, codes: Mapping[str, str], fonts: list[Node], fills: list[Node]) -> _Format:
    number = style.get("numFmtId", "0")
    code = codes.get(number, "")
    plain = _LITERAL.sub("", code).lower()
    kind = ""
    if (number.isdigit() and int(number) in _DATES) or (code and any(mark in plain for mark in "ydhs")):
        kind = "date"
    elif number in {"9", "10"} or "%" in plain:
        kind = "percent"
    if code.replace('"', "") in {";;;", ";;"}:
        return _Format(kind, "style")
    font = _at(fonts, style.get("fontId"))
    fill = _at(fills, style.get("fillId"))
    pattern = fill.first("patternFill") if fill is not None else None
    bare = pattern is None or pattern.get("patternType", "none") == "none"
    if fill is not None and fill.first("gradientFill") is not None:
        bare = False
    if font is not None:
        size = font.value("sz")
        if size.replace(".", "", 1).isdigit() and float(size) <= 2:
            return _Format(kind, "tiny")
        colour = font.first("color")
        ink = hex_colour(colour.get("rgb")) if colour is not None else None
        ground = pattern.first("fgColor") if pattern is not None else None
        behind = WHITE if bare else hex_colour(ground.get("rgb")) if ground is not None else None
        if (ink is not None and behind is not None and alike(ink, behind)) or (
            bare and colour is not None and colour.get("theme") == "0" and not colour.get("tint")
        ):
            return _Format(kind, "colour")
    return _Format(kind)


def _at(nodes: list[Node], index: str) -> Node | None:
    return nodes[int(index)] if index.isdigit() and int(index) < len(nodes) else None
