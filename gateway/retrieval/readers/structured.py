"""Tables and records as text: CSV, TSV, JSON and JSON lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

import orjson

from gateway.errors import UnsupportedMedia
from gateway.retrieval.readers.draft import Draft, Extracted, Limits, too_long
from gateway.retrieval.readers.text import decode

DEPTH: Final = 100


def read_csv(data: bytes, limits: Limits, delimiters: str = ",;\t|") -> Extracted:
    """Each row as a paragraph of `column: value` lines. A cell that begins like a formula is text like any other."""
    draft = Draft(limits)
    text = draft.clean(decode(data))
    head = text[:65536].splitlines()[:1]
    try:
        # The delimiter that makes most columns of the first row; quoted delimiters do not count.
        delimiter = max(delimiters, key=lambda mark: max(map(len, csv.reader(head, delimiter=mark)), default=0))
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        raise UnsupportedMedia("the file is not a readable CSV table") from None
    draft.table(rows, header=True)
    return draft.done()


def read_tsv(data: bytes, limits: Limits) -> Extracted:
    """As `read_csv`, between tabs."""
    return read_csv(data, limits, "\t")


def read_json(data: bytes, limits: Limits) -> Extracted:
    """Each record as a paragraph of `path: value` lines; a list of records makes a paragraph of each."""
    draft = Draft(limits)
    _records(draft, _loads(draft.clean(decode(data))))
    return draft.done()


def read_jsonl(data: bytes, limits: Limits) -> Extracted:
    """As `read_json`, a record per line."""
    draft = Draft(limits)
    for line in draft.clean(decode(data)).split("\n"):
        if line.strip():
            _records(draft, _loads(line))
    return draft.done()


def _loads(text: str) -> Any:
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError):
        raise UnsupportedMedia("the file is not readable JSON", hint="it may be damaged or nested too deeply") from None


def _records(draft: Draft, value: Any, name: str = "", depth: int = 0) -> None:
    if depth > DEPTH:
        raise UnsupportedMedia("the file's values are nested too deeply", hint="flatten it")
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for one in value:
            _records(draft, one, name, depth + 1)
    elif isinstance(value, list) and value and all(isinstance(one, list) for one in value):
        draft.table([[_shown(cell) for cell in row] for row in value])
    elif isinstance(value, dict):
        inner = {key: one for key, one in value.items() if isinstance(one, list) and any(map(_is_record, one))}
        lines: list[str] = []
        room = draft.limits.chars
        for line in _lines({key: one for key, one in value.items() if key not in inner}, name, depth):
            lines.append(line)
            room -= len(line)
            if room < 0:
                raise too_long(draft.limits.chars)
        draft.text("\n".join(lines))
        for key, one in inner.items():
            _records(draft, one, f"{name}.{key}" if name else key, depth + 1)
    else:
        for line in _lines(value, name, depth):
            draft.text(line)


def _is_record(value: Any) -> bool:
    return isinstance(value, dict | list)


def _lines(value: Any, path: str, depth: int) -> Iterator[str]:
    if depth > DEPTH:
        raise UnsupportedMedia("the file's values are nested too deeply", hint="flatten it")
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _lines(one, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list) and any(map(_is_record, value)):
        for one in value:
            yield from _lines(one, path, depth + 1)
    elif value is not None and value not in ("", []):
        shown = ", ".join(map(_shown, value)) if isinstance(value, list) else _shown(value)
        yield f"{path}: {shown}" if path else shown


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else orjson.dumps(value).decode()
