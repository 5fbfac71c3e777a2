"""What was found held against what is there: counts, and the rates made of them. Pure.

Four ways to count, each over the whole set (micro averages):

* characters: every character that is not blank, personal or not;
* words: every word of `words`, personal when truth (or a finding) touches it, of whatever type;
* strict: a finding is right when its offsets are those of a true span and its type one that the span accepts;
* overlap: a finding is right when it overlaps a true span that accepts its type, and such a span is then found.

A true span *leaks* when a counted word of it is not covered to the last letter or digit; of whatever type the cover is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.evaluate.words import is_small, words
from gateway.model import Json, Span

_TRUE: Final = 1
_FOUND: Final = 2
_ASIDE: Final = 4


@dataclass(frozen=True, slots=True)
class Truth:
    """One span that is personal data. `type` is what it is counted under, `accepts` the findings that are right."""

    start: int
    end: int
    type: str
    accepts: frozenset[str]
    direct: bool = True
    """Whether it names a person by itself (name, address, number), as against describing one (town, age, job)."""
    label: str = ""
    """As the set calls it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One annotated text; `aside` are stretches that count in no figure."""

    text: str = field(repr=False)
    truths: tuple[Truth, ...]
    aside: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Rate:
    """Right findings, wrong findings, and what was missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def precision(self) -> float | None:
        """None when nothing was found."""
        return _part(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float | None:
        """None when there was nothing to find."""
        return _part(self.right, self.right + self.missed)

    def f(self, beta: float) -> float | None:
        """The F measure, recall weighing `beta` times as much as precision; None when there is nothing at all."""
        square = beta * beta
        return _part((1 + square) * self.right, (1 + square) * self.right + square * self.missed + self.wrong)

    def shown(self, *betas: int) -> Json:
        """Rounded to four places, for JSON."""
        shown: Json = {"precision": _rounded(self.precision), "recall": _rounded(self.recall)}
        shown |= {f"f{beta}": _rounded(self.f(beta)) for beta in betas}
        return shown | {"right": self.right, "wrong": self.wrong, "missed": self.missed}


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of one type, or of all."""

    strict: Rate = Rate()
    found_hit: int = 0
    found: int = 0
    """Findings, and how many of them overlap a true span that accepts their type."""
    true_hit: int = 0
    true: int = 0
    """True spans, and how many of them such a finding overlaps."""
    leaked: int = 0
    untouched: int = 0
    """True spans that leak, and how many of them no finding touches at all."""

    def __add__(self, other: Counted) -> Counted:
        return Counted(
            self.strict + other.strict,
            self.found_hit + other.found_hit,
            self.found + other.found,
            self.true_hit + other.true_hit,
            self.true + other.true,
            self.leaked + other.leaked,
            self.untouched + other.untouched,
        )

    @property
    def overlap(self) -> tuple[float | None, float | None, float | None]:
        """Precision over findings, recall over true spans, and their harmonic mean."""
        precision, recall = _part(self.found_hit, self.found), _part(self.true_hit, self.true)
        if precision is None or recall is None:
            return precision, recall, 0.0 if self.found or self.true else None
        return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    @property
    def kept(self) -> float | None:
        """The share of true spans that do not leak."""
        return _part(self.true - self.leaked, self.true)


@dataclass(frozen=True, slots=True)
class Leak:
    """One true span that was not covered."""

    type: str
    text: str = field(repr=False)
    touched: bool


class Tally:
    """Counts that grow row by row."""

    def __init__(self, counted_as: Mapping[str, str] | None = None) -> None:
        """`counted_as`: finding's type -> the type of the table it is counted under; itself where absent."""
        self._as = counted_as or {}
        self.characters = Rate()
        self.words = Rate()
        self.types: dict[str, Counted] = {}
        self.direct = Counted()
        self.quasi = Counted()
        self.leaks: list[Leak] = []
        self.rows = 0

    def add(self, row: Row, found: Sequence[Span]) -> None:
        """Count one row and what was found in it; the findings may overlap each other."""
        marks = bytearray(len(row.text))
        for start, end in row.aside:
            _mark(marks, start, end, _ASIDE)
        for truth in row.truths:
            _mark(marks, truth.start, truth.end, _TRUE)
        for span in found:
            _mark(marks, span.start, span.end, _FOUND)
        self.rows += 1
        self.characters += _characters(row.text, marks)
        self.words += _words(row.text, marks)
        self._spans(row, _kept(found, marks))
        for truth in row.truths:
            self._leak(row.text, truth, marks)

    @property
    def all(self) -> Counted:
        """The counts of every type together."""
        return sum(self.types.values(), Counted())

    @property
    def leaked(self) -> Counter[str]:
        """True spans that leak, by type, most first."""
        return Counter(leak.type for leak in self.leaks)

    def _spans(self, row: Row, found: Sequence[Span]) -> None:
        free = {(span.start, span.end, span.type) for span in found}
        for truth in row.truths:
            exact = next((f for t in sorted(truth.accepts) if (f := (truth.start, truth.end, t)) in free), None)
            free.discard(exact or (0, 0, ""))
            hit = any(s.start < truth.end and s.end > truth.start and s.type in truth.accepts for s in found)
            strict = Rate(right=1) if exact else Rate(missed=1)
            self._count(truth.type, Counted(strict, true=1, true_hit=hit))
        for span in found:
            # Counted under what it hits; where it hits nothing, under what its type stands for.
            over = next(
                (t for t in row.truths if t.start < span.end and t.end > span.start and span.type in t.accepts), None
            )
            wrong = (span.start, span.end, span.type) in free
            name = over.type if over else self._as.get(span.type, span.type)
            self._count(name, Counted(Rate(wrong=wrong), found=1, found_hit=bool(over)))

    def _leak(self, text: str, truth: Truth, marks: bytearray) -> None:
        places = [(truth.start + start, truth.start + end) for start, end in words(text[truth.start : truth.end])]
        counted_places = [place for place in places if not is_small(text[slice(*place)])] or places
        bare = any(
            text[at].isalnum() and not marks[at] & _FOUND for start, end in counted_places for at in range(start, end)
        )
        touched = any(mark & _FOUND for mark in marks[truth.start : truth.end])
        counted = Counted(true=1, leaked=bare, untouched=bare and not touched)
        if truth.direct:
            self.direct += counted
        else:
            self.quasi += counted
        if bare:
            self.leaks.append(Leak(truth.type, text[truth.start : truth.end], touched))
            self._count(truth.type, Counted(leaked=1, untouched=not touched))

    def _count(self, name: str, counted: Counted) -> None:
        self.types[name] = self.types.get(name, Counted()) + counted


def merged(text: str, truths: Iterable[Truth]) -> tuple[Truth, ...]:
    """Parts of one thing that a set labels apart (first name, surname) made one span, in order.

    Neighbours are merged when their labels differ, their types are the same and only blanks stand between them.
    """
    out: list[Truth] = []
    for truth in sorted(truths, key=lambda t: (t.start, t.end)):
        last = out[-1] if out else None
        if last and last.type == truth.type and last.label != truth.label and _blank(text[last.end : truth.start]):
            accepts = last.accepts & truth.accepts or last.accepts
            out[-1] = Truth(
                last.start, truth.end, last.type, accepts, last.direct or truth.direct, f"{last.label}+{truth.label}"
            )
        else:
            out.append(truth)
    return tuple(out)


def _blank(between: str) -> bool:
    return bool(between) and not between.strip(" \u00a0")


def _kept(found: Sequence[Span], marks: bytearray) -> list[Span]:
    """The findings that count: not those that lie wholly in what is set aside."""
    return [s for s in dict.fromkeys(found) if any(not mark & _ASIDE for mark in marks[s.start : s.end])]


def _mark(marks: bytearray, start: int, end: int, bit: int) -> None:
    for at in range(start, end):
        marks[at] |= bit


def _characters(text: str, marks: bytearray) -> Rate:
    counts = Counter(mark for character, mark in zip(text, marks, strict=True) if mark and not character.isspace())
    return Rate(counts[_TRUE | _FOUND], counts[_FOUND], counts[_TRUE])


def _words(text: str, marks: bytearray) -> Rate:
    counts: Counter[int] = Counter()
    for start, end, mark in _marked(text, marks):
        if mark == _TRUE | _FOUND or not is_small(text[start:end]):
            counts[mark] += 1
    return Rate(counts[_TRUE | _FOUND], counts[_FOUND], counts[_TRUE])


def _marked(text: str, marks: bytearray) -> Iterator[tuple[int, int, int]]:
    """Words that truth or a finding touches, without those that touch what is set aside."""
    for start, end in words(text):
        mark = 0
        for each in marks[start:end]:
            mark |= each
        if mark and not mark & _ASIDE:
            yield start, end, mark


def _part(right: float, whole: float) -> float | None:
    return right / whole if whole else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
