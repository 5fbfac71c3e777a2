"""Annotated texts as people keep them: JSON lines, a JSON array, or CoNLL's columns.

    {"text": "...", "spans": [{"start": 8, "end": 16, "type": "PERSON"}]}

Offsets are code points. The names that presidio-research (`full_text`, `entity_type`, `start_position`), kiji
(`entities`, `label`) and AI4Privacy (`source_text`, `privacy_mask`) give to the same things are read as well; so is
`identifier_type`, `DIRECT` or `QUASI`, with which TAB says of every span whether it names a person by itself, and TAB's
`annotations` by several people, of which the first by name counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.errors import Invalid
from gateway.evaluate import labels
from gateway.evaluate.conll import sentences
from gateway.evaluate.scoring import Row, Truth, merged
from gateway.model import Json

_TEXT: Final = ("text", "full_text", "source_text")
_SPANS: Final = ("spans", "entities", "privacy_mask", "label", "labels")
_START: Final = ("start", "start_position", "start_offset")
_END: Final = ("end", "end_position", "end_offset")
_TYPE: Final = ("type", "label", "entity_type")
_SHAPE: Final = 'a row is {"text": ..., "spans": [{"start": ..., "end": ..., "type": ...}]}'
_DIRECT: Final = {"DIRECT": True, "QUASI": False, "NO_MASK": False}


@dataclass(frozen=True, slots=True)
class Mark:
    """One span as the set has it."""

    start: int
    end: int
    label: str
    direct: bool | None = None
    """What the set itself says; None where it does not."""


@dataclass(frozen=True, slots=True)
class Annotated:
    """One text of a set with the set's own labels."""

    text: str = field(repr=False)
    marks: tuple[Mark, ...]


def read(path: Path, limit: int | None = None) -> list[Annotated]:
    """The texts of a `.jsonl`, `.json` or `.conll` file, the first `limit` of them. Raises Invalid with the line."""
    readers = {".jsonl": _lines, ".json": _array, ".conll": _conll}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise Invalid(f"{path} is none of .jsonl, .json and .conll", hint=_SHAPE)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Invalid(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Invalid(f"{path} is not UTF-8 text") from None
    return list(islice(reader(text, path), limit))


def understood(texts: Iterable[Annotated], own: Mapping[str, labels.Means] | None = None) -> list[Row]:
    """Rows to be scored: labels with their meanings, parts of names merged. Raises Invalid for unknown labels."""
    texts = list(texts)
    means = meanings(texts, own)
    return [_understand(one, means) for one in texts]


def meanings(texts: Iterable[Annotated], own: Mapping[str, labels.Means] | None = None) -> dict[str, labels.Means]:
    """Every label that stands in the texts -> what it means. Raises Invalid that names those without meaning."""
    means: dict[str, labels.Means] = {}
    unknown: set[str] = set()
    for label in {mark.label for one in texts for mark in one.marks}:
        try:
            means[label] = labels.meaning(label, own)
        except KeyError:
            unknown.add(label)
    if unknown:
        raise labels.unknown(unknown)
    return means


def _understand(one: Annotated, means: Mapping[str, labels.Means]) -> Row:
    truths: list[Truth] = []
    aside: list[tuple[int, int]] = []
    for mark in one.marks:
        means_here = means[mark.label]
        if isinstance(means_here, labels.Meaning):
            direct = means_here.direct if mark.direct is None else mark.direct
            truths.append(Truth(mark.start, mark.end, means_here.type, means_here.accepts, direct, mark.label))
        elif means_here is not None:
            aside.append((mark.start, mark.end))
    return Row(one.text, merged(one.text, truths), tuple(aside))


def _lines(text: str, path: Path) -> Iterator[Annotated]:
    # Not splitlines(): JSON may hold U+2028 and its like as they are.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError:
                raise Invalid(f"line {number} of {path} is not JSON", hint=_SHAPE) from None
            yield _row(row, f"line {number} of {path}")


def _array(text: str, path: Path) -> Iterator[Annotated]:
    try:
        rows = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Invalid(f"{path} is not JSON") from None
    if not isinstance(rows, list):
        raise Invalid(f"{path} is not an array of rows", hint=_SHAPE)
    for number, row in enumerate(rows, 1):
        yield _row(row, f"item {number} of {path}")


def _conll(text: str, path: Path) -> Iterator[Annotated]:
    for line, found in sentences(text):
        if found is None:
            raise Invalid(f"line {line} of {path} has no tag", hint="a word, blanks or a tab, and its tag, a line")
        yield Annotated(found[0], tuple(Mark(*span) for span in found[1]))


def _row(row: Any, where: str) -> Annotated:
    if not isinstance(row, dict):
        raise Invalid(f"{where} is not a JSON object", hint=_SHAPE)
    text = next((row[name] for name in _TEXT if isinstance(row.get(name), str)), None)
    if text is None:
        raise Invalid(f'{where} has no "text"', hint=_SHAPE)
    spans = next((row[name] for name in _SPANS if isinstance(row.get(name), list)), None)
    if spans is None:
        spans = _of_one_annotator(row)
    if not isinstance(spans, list):
        raise Invalid(f'{where} has no "spans"', hint=_SHAPE)
    return Annotated(text, tuple(_mark(span, len(text), where) for span in spans))


def _of_one_annotator(row: Json) -> Any:
    """TAB's form: several people's annotations of one text, of which the first by name counts; None without any."""
    several = row.get("annotations")
    first = several[min(several)] if isinstance(several, dict) and several else None
    return first.get("entity_mentions") if isinstance(first, dict) else None


def _mark(span: Any, length: int, where: str) -> Mark:
    if isinstance(span, list) and len(span) == 3:
        span = dict(zip(("start", "end", "type"), span, strict=True))
    if not isinstance(span, dict):
        raise Invalid(f"{where}: a span is not an object", hint=_SHAPE)
    start = next((span[name] for name in _START if name in span), None)
    end = next((span[name] for name in _END if name in span), None)
    label = next((span[name] for name in _TYPE if name in span), None)
    if type(start) is not int or type(end) is not int or not isinstance(label, str) or not label:
        raise Invalid(f"{where}: a span has no whole numbers start and end, or no type", hint=_SHAPE)
    if not 0 <= start < end <= length:
        raise Invalid(
            f"{where}: a span from {start} to {end} in a text of {length} characters",
            hint="offsets are code points, the end excluded",
        )
    return Mark(start, end, label, _DIRECT.get(str(span.get("identifier_type", "")).upper()))
