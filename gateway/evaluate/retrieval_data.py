"""A retrieval set as a folder: documents, questions, and which documents answer which question.

    corpus.jsonl       {"_id": "d1", "title": "...", "text": "..."}
    queries.jsonl      {"_id": "q1", "text": "..."}
    qrels/test.tsv     query-id <TAB> corpus-id <TAB> grade, under a line of headings

This is the form in which BEIR publishes its sets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.errors import Invalid

CORPUS: Final = "corpus.jsonl"
QUESTIONS: Final = "queries.jsonl"
GRADES: Final = "qrels/test.tsv"
_SHAPE: Final = f"a set is a folder with {CORPUS}, {QUESTIONS} and {GRADES}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of a set."""

    id: str
    title: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Question:
    """One question and what answers it: document id -> grade, at least one above 0."""

    id: str
    text: str = field(repr=False)
    grades: dict[str, int]


@dataclass(frozen=True, slots=True)
class Judged:
    """A whole set. Questions that nothing answers are left out: no ranking could be right or wrong about them."""

    documents: tuple[Entry, ...]
    questions: tuple[Question, ...]


def read_set(folder: Path, limit: int | None = None) -> Judged:
    """The set in `folder`, its first `limit` questions. Raises Invalid that names file and line."""
    documents: dict[str, Entry] = {}
    for at, row in _rows(folder / CORPUS):
        entry = Entry(_text(row, "_id", folder / CORPUS, at), str(row.get("title") or ""), str(row.get("text") or ""))
        if entry.id in documents:
            raise Invalid(f"{folder / CORPUS}, line {at}: this _id is there twice")
        documents[entry.id] = entry
    grades = _grades(folder / GRADES, documents)
    asked: dict[str, Question] = {}
    for at, row in _rows(folder / QUESTIONS):
        key, text = (_text(row, name, folder / QUESTIONS, at) for name in ("_id", "text"))
        if key in asked:
            raise Invalid(f"{folder / QUESTIONS}, line {at}: this _id is there twice")
        if any(grade > 0 for grade in grades.get(key, {}).values()):
            asked[key] = Question(key, text, grades[key])
    if not asked:
        raise Invalid(f"no question of {folder / QUESTIONS} has an answer in {folder / GRADES}", hint=_SHAPE)
    return Judged(tuple(documents.values()), tuple(asked.values())[:limit])


def _grades(path: Path, documents: dict[str, Entry]) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = {}
    for at, line in _lines(path):
        cells = line.split("\t")
        if at == 1 and not cells[-1].strip().lstrip("-").isdigit():
            continue
        try:
            question, document, grade = cells[0], cells[1], int(cells[2])
        except (IndexError, ValueError):
            raise Invalid(
                f"{path}, line {at}: not a judgement", hint="query-id, corpus-id and a whole number between tabs"
            ) from None
        # What is judged and not in the corpus cannot be found by anybody; trec_eval counts it as missed all the same.
        if document in documents or grade > 0:
            grades.setdefault(question, {})[document] = grade
    return grades


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for at, line in _lines(path):
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            row = None
        if not isinstance(row, dict):
            raise Invalid(f"{path}, line {at}: not a JSON object", hint=_SHAPE)
        yield at, row


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, numbered from 1."""
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for at, line in enumerate(file, 1):
                if line.strip():
                    yield at, line.rstrip("\r\n")
    except OSError as error:
        raise Invalid(f"cannot read {path}: {error.strerror}", hint=_SHAPE) from None
    except UnicodeDecodeError:
        raise Invalid(f"{path} is not UTF-8 text") from None


def _text(row: dict[str, Any], name: str, path: Path, at: int) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise Invalid(f"{path}, line {at}: no {name}", hint=_SHAPE)
    return value
