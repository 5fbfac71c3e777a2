"""Texts that belong together: a value found in one is found wherever it stands in any, and parts of names with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.model import Span
from gateway.redaction.normalise import Folded
from gateway.redaction.occurrences import Needle, Needles, needle, standing
from gateway.redaction.people import People
from gateway.redaction.spans import resolve
from gateway.redaction.tokens import token_spans
from gateway.redaction.views import other_views, plainly

_ROUNDS: Final = 3
_MENTIONED: Final = 0.85
PERSON: Final = "PERSON"

Taken = Callable[[str], Sequence[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Links:
    """Which spans stand for a part of a whole name that was found, too."""

    people: People = field(repr=False)
    alone: frozenset[tuple[int, int, int]] = frozenset()
    """(text, start, end) of names that are nobody's of these for sure."""

    def whole(self, index: int, span: Span, value: str) -> str | None:
        """The whole name that the value of a span of the text stands for, or None."""
        if span.type != PERSON or (index, span.start, span.end) in self.alone:
            return None
        return self.people.whole(value)


NO_LINKS: Final = Links(People(()))


def link(
    texts: Sequence[str],
    found: list[list[Span]],
    known_types: Iterable[str],
    check: Callable[[], None],
    allowed: frozenset[str] = frozenset(),
) -> Links:
    """Extend the findings of each text by every place where a value found in any of them stands, by `occurrences`.

    Partial names of people found are findings, too, but for values in `allowed`. Changes `found`. `check` is called
    between texts, and raises to stop.
    """
    linking = _Linking(texts, found, frozenset(known_types), check)
    linking.spread()
    # A name in capitals or without any is the other spelling.
    people = People(sorted(linking.names(), key=lambda name: name.islower() or name.isupper()))
    if not people:
        return NO_LINKS
    alone: set[tuple[int, int, int]] = set()
    for index, text in enumerate(texts):
        check()
        mentions = [one for one in people.mentions(text) if text[one.start : one.end] not in allowed]
        alone.update((index, one.start, one.end) for one in mentions if not one.linked)
        linking.add(index, {Span(one.start, one.end, PERSON, _MENTIONED) for one in mentions})
    linking.spread()
    return Links(people, frozenset(alone))


class _Linking:
    def __init__(
        self, texts: Sequence[str], found: list[list[Span]], types: frozenset[str], check: Callable[[], None]
    ) -> None:
        self._texts = texts
        self._found = found
        self._types = types
        self._check = check
        self._read: set[int] = set()
        """Texts whose findings are known by value."""
        self._values: dict[tuple[str, str], str] = {}
        """(type, as it is written) -> what it means."""
        self._seen: set[tuple[str, str]] = set()
        self._everything: list[tuple[Needle, Span]] = []
        self._readings: dict[int, list[Folded]] = {}

    def spread(self) -> None:
        """Until nothing new is found, or the values of values of values have been looked for."""
        for _ in range(_ROUNDS):
            known = self._fresh()
            if not known:
                return
            first = not self._everything
            self._everything += known
            fresh = Needles(one for one, _ in known)
            everything = fresh if first else Needles(one for one, _ in self._everything)
            for index, text in enumerate(self._texts):
                self._check()
                if index not in self._readings:
                    self._readings[index] = other_views(text)
                self.add(index, _spans(known, standing(text, fresh, self._readings[index])))
                if bare := _bared(text, self._found[index]):
                    self.add(index, _spans(self._everything, standing(bare, everything)))

    def add(self, index: int, more: set[Span]) -> None:
        """More findings in one text; what overlaps is settled as always."""
        if more and not more.issubset(self._found[index]):
            text = self._texts[index]
            taken = [(start, end) for start, end, _ in token_spans(text, self._types)]
            self._found[index] = resolve(text, [*self._found[index], *more], taken)
            self._read.discard(index)

    def names(self) -> list[str]:
        """Every name found, in the order of the texts."""
        return [
            self._meaning(text[span.start : span.end], PERSON)
            for text, spans in zip(self._texts, self._found, strict=True)
            for span in spans
            if span.type == PERSON
        ]

    def _fresh(self) -> list[tuple[Needle, Span]]:
        """Values found since last time, and how to look for them."""
        fresh: dict[str, Span] = {}
        for index, (text, spans) in enumerate(zip(self._texts, self._found, strict=True)):
            if index in self._read:
                continue
            self._read.add(index)
            for span in spans:
                value = self._meaning(text[span.start : span.end], span.type)
                if (span.type, value) not in self._seen:
                    self._seen.add((span.type, value))
                    fresh.setdefault(value, span)
        return [(one, span) for value, span in fresh.items() if (one := needle(value))]

    def _meaning(self, written: str, type_: str) -> str:
        value = self._values.get((type_, written))
        if value is None:
            value = self._values[type_, written] = plainly(written, type_)
        return value


def _spans(known: Sequence[tuple[Needle, Span]], places: Iterable[tuple[int, int, int]]) -> set[Span]:
    return {Span(start, end, known[which][1].type, known[which][1].score) for which, start, end in places}


def _bared(text: str, spans: Sequence[Span]) -> str:
    """The text with its findings covered, where one touches a letter or digit; otherwise nothing.

    A value may stand alone only once a finding that it touches has become a token: `0327Jane Roe`.
    """
    if not any(text[s.start - 1 : s.start].isalnum() or text[s.end : s.end + 1].isalnum() for s in spans):
        return ""
    out: list[str] = []
    at = 0
    for span in spans:
        out += (text[at : span.start], "\ufffc" * (span.end - span.start))
        at = span.end
    return "".join((*out, text[at:]))
