"""Finds personal data in one text: Presidio's recognizers, each run only where it could find something.

The result is Presidio's own (a test holds it equal to `AnalyzerEngine` with the same recognizers), reached without its
costs: recognizers wait behind gates, long texts are scanned in pieces, and context words are looked up once for each
finding instead of once for each token before it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, TypeAlias

from gateway.model import PrivacyPolicy, Span
from gateway.redaction.custom import custom, heard
from gateway.redaction.entities import ALL, AUTO, ENTITIES, Entity, wanted
from gateway.redaction.facts import Facts, Needs
from gateway.redaction.language import language_of
from gateway.redaction.marks import Marks, MarkSet
from gateway.redaction.ner.finder import NameFinder
from gateway.redaction.ner.labels import TYPES
from gateway.redaction.normalise import Folded
from gateway.redaction.packs import spelled_out
from gateway.redaction.phones import known_regions
from gateway.redaction.presidio import is_word, stop_words
from gateway.redaction.recognizers import Gated, built
from gateway.redaction.scene import COUNTED, Scene
from gateway.redaction.spans import joined, resolve
from gateway.redaction.tokens import token_spans
from gateway.redaction.views import believed, plainly, views

PIECE: Final = 8192
"""Characters scanned at once; bounds what a pattern of quadratic cost can do, and what time-outs are checked after."""
OVERLAP: Final = 400
_BOOST: Final = 0.35
_BOOSTED_LEAST: Final = 0.4
_VEIL: Final = "\ufffc"
"""Stands over tokens while the text around them is scanned: neither letter, digit nor space."""

_NAMES: Final = NameFinder()
"""One for the process: it loads at first use and holds no text."""

_NOTHING: Final = Needs()
_LATE: Final = {"CASE_NUMBER": 1, "PHONE_NUMBER": 3}
"""Among those that come late, who comes when: a label says more of a number than its form does."""
_LABELLED: Final = ("CASE_NUMBER", "ID_NUMBER")
_KEPT: Final = 2_000
"""Sets of marks whose recognizers are remembered."""

Check = Callable[[], None]
"""Called between recognizers; raises when the scan must stop."""

_Reading: TypeAlias = tuple[Folded, list[tuple[int, int]], str, list[Span]]
"""A text as it may be read, the tokens in it, what it says besides them, and the names in that."""


@lru_cache(maxsize=2 * len(ENTITIES))
def _built(entity: Entity, regions: tuple[str, ...]) -> tuple[Gated, ...]:
    return built(entity, regions)


class Detector:
    """The recognizers one privacy policy asks for. Holds no text; may be used from several threads at once."""

    def __init__(self, policy: PrivacyPolicy, names: NameFinder | None = _NAMES) -> None:
        """Raises BadPolicy for a custom pattern that does not compile. Without `names` rules alone find."""
        self._names = names
        self._threshold = policy.threshold
        self._allowed = frozenset(policy.allow_list)
        countries = known_regions(spelled_out(policy.regions))
        chosen = [
            one for one in wanted(policy.entities, policy.languages, policy.regions) if one.type not in policy.without
        ]
        made = [gated for one in chosen for gated in _built(one, countries if one.type == "PHONE_NUMBER" else ())]
        made += [custom(rule) for rule in heard(policy)]
        self.gated: tuple[Gated, ...] = tuple(sorted(made, key=lambda gated: gated.late and _LATE.get(gated.type, 2)))
        sets = [_marks(gated, self._threshold) for gated in self.gated]
        self._marks = Marks(sets)
        steps = [
            _step(gated, number, marks) for number, (gated, marks) in enumerate(zip(self.gated, sets, strict=True))
        ]
        most = max((step.digits for step in steps), default=0)
        self._by_digits = [
            [step for step in steps if not step.gated.whole and step.digits <= digits] for digits in range(most + 1)
        ]
        """What may run on a text with so many digits close together; the last for as many and more."""
        self._marked: dict[tuple[int, int], tuple[_Step, ...]] = {}
        self._whole = [step for step in steps if step.gated.whole and step.gated.rule is not None]
        self._named = tuple(type_ for type_ in TYPES if any(one.type == type_ for one in chosen))
        self._tells = AUTO in policy.languages and ALL not in policy.entities
        types = frozenset(g.recognizer.supported_entities[0] for g in self.gated)
        self.known_types = types | {entity.type for entity in ENTITIES}
        stop_words()

    def find(self, text: str, check: Check = lambda: None, readings: Sequence[_Reading] | None = None) -> list[Span]:
        """Personal data in `text`, in order, none overlapping, tokens left alone. Offsets are code points of `text`.

        `readings`: what `_read` made of this text, where that has been done.
        """
        found: list[Span] = []
        taken: list[tuple[int, int]] = []
        for view, tokens, veiled, names in self._read((text,), check)[0] if readings is None else readings:
            # A token among other things in an encoded text protects none of them.
            taken += (view.back(start, end) for start, end in tokens if view.alone(start, end))
            facts = view.facts if view.facts and view.text == veiled else Facts(veiled)
            language = language_of(veiled) if self._tells else ""
            for left, right, type_, score in self._look(facts, language, names, check):
                if believed(view, left, right, type_, score):
                    found.append(Span(*view.back(left, right), type_, score))
        spans = joined(text, resolve(text, found, _disjoint(taken)))
        return [span for span in spans if not self._allowed or not self._is_allowed(text, span)]

    def find_all(self, texts: Sequence[str], check: Check = lambda: None) -> list[list[Span]]:
        """What `find` finds in each text; names are looked for in all of them at once, which takes less time."""
        read = self._read(texts, check)
        return [self.find(text, check, readings) for text, readings in zip(texts, read, strict=True)]

    def _read(self, texts: Sequence[str], check: Check) -> list[list[_Reading]]:
        """Each text in every way it may be read, with the names in it."""
        seen = [[self._veiled(view) for view in views(text)] for text in texts]
        plain = [veiled for each in seen for _, _, veiled in each]
        names = self._names if self._named else None
        found = iter(names.find_all(plain, self._named, check) if names else [[]] * len(plain))
        return [[(*one, next(found)) for one in each] for each in seen]

    def _veiled(self, view: Folded) -> tuple[Folded, list[tuple[int, int]], str]:
        tokens = [(start, end) for start, end, _ in token_spans(view.text, self.known_types)]
        return view, tokens, _veil(view.text, tokens) if tokens else view.text

    def _is_allowed(self, text: str, span: Span) -> bool:
        value = text[span.start : span.end]
        return value in self._allowed or plainly(value, span.type) in self._allowed

    def _look(
        self, facts: Facts, language: str, names: Sequence[Span], check: Check
    ) -> Iterator[tuple[int, int, str, float]]:
        """Findings in a text of any length: piece by piece, and by what reads whole texts."""
        text = facts.text
        marks = self._marks.of(facts)
        for start, first, end, last in _pieces(text):
            if last - first == len(text):
                found = self._scan(facts, marks, language, check)
            else:
                part = Facts(text[first:last])
                found = self._scan(part, self._marks.of(part), language, check)
            for left, right, type_, score in found:
                if start <= first + left < end:
                    yield first + left, first + right, type_, score
        for step in self._whole:
            if step.could(facts, marks, facts.digits) and step.gated.speaks(language):
                check()
                for left, right, score in step.gated.recognizer.spans(text):
                    if score >= self._threshold:
                        yield left, right, step.type, score
        for span in names:
            if span.score >= self._threshold:
                yield span.start, span.end, span.type, span.score

    def _scan(self, facts: Facts, marks: int, language: str, check: Check) -> list[tuple[int, int, str, float]]:
        scene = Scene(facts.text, facts)
        digits = scene.digits
        out: list[tuple[int, int, str, float]] = []
        seen: set[tuple[int, int]] = set()
        named: set[tuple[int, int]] = set()
        for step in self._steps(digits, marks):
            if not step.could(facts, marks, digits):
                continue
            gated = step.gated
            if not gated.gate(facts.text, digits) or not gated.speaks(language):
                continue
            check()
            for start, end, plain in gated.find(scene, self._threshold, sorted(seen) if gated.late else ()):
                if step.type == "PHONE_NUMBER" and (start, end) in named:
                    continue
                score = _with_context(plain, start, scene, gated.context) if gated.context else plain
                if score >= self._threshold:
                    seen.add((start, end))
                    if step.type in _LABELLED:
                        named.add((start, end))
                    out.append((start, end, step.type, float(score)))
        return out

    def _steps(self, digits: int, marks: int) -> tuple[_Step, ...]:
        """What may run on a text with so many digits and these marks in its words. Kept: texts are alike in that."""
        digits = min(digits, len(self._by_digits) - 1)
        steps = self._marked.get((digits, marks))
        if steps is None:
            steps = tuple(step for step in self._by_digits[digits] if not step.bit or step.across or marks & step.bit)
            if len(self._marked) >= _KEPT:
                self._marked.clear()
            self._marked[digits, marks] = steps
        return steps


@dataclass(frozen=True, slots=True)
class _Step:
    """One recognizer, and what must be true of a text for it to run."""

    gated: Gated
    type: str
    bit: int
    """Of its marks; 0 when it needs none."""
    across: tuple[str, ...]
    """Marks that are no part of a word."""
    digits: int
    needs: Needs

    def could(self, facts: Facts, marks: int, digits: int) -> bool:
        """Whether it could find anything; `marks`: what `Marks` says, `digits`: the most close together."""
        if self.bit and not marks & self.bit and not self.across:
            return False
        if self.needs is not _NOTHING and not self.needs.met(facts, digits):
            return False
        return not self.bit or marks & self.bit != 0 or any(map(facts.lowered.__contains__, self.across))


def _step(gated: Gated, number: int, marks: MarkSet) -> _Step:
    plain = replace(gated.needs, digits=0) == _NOTHING
    bit = 1 << number if marks.anywhere or marks.words else 0
    return _Step(gated, gated.type, bit, marks.across, gated.needs.digits, _NOTHING if plain else gated.needs)


def _marks(gated: Gated, threshold: float) -> MarkSet:
    """What must stand in a text: a rule's marks, or a word of the context without which nothing counts."""
    if gated.rule is not None:
        return gated.rule.marked
    return MarkSet(words=gated.context) if gated.ceiling < threshold else MarkSet()


def _with_context(score: float, start: int, scene: Scene, context: frozenset[str]) -> float:
    """Presidio's rule (LemmaContextAwareEnhancer, whole words): the word itself and the five before it that count."""
    if context.isdisjoint(scene.vocabulary):
        return score
    tokens, starts = scene.words
    at = bisect_right(starts, start) - 1
    if at < 0 or start >= starts[at] + len(tokens[at]):
        at += 1
    left = COUNTED + 1
    while at >= 0 and left:
        token = tokens[at] if at < len(tokens) else ""
        if token and is_word(token):
            if token.lower() in context:
                return min(max(score + _BOOST, _BOOSTED_LEAST), 1.0)
            left -= 1
        at -= 1
    return score


def _disjoint(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that touch or overlap made one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _veil(text: str, taken: Sequence[tuple[int, int]]) -> str:
    out: list[str] = []
    at = 0
    for start, end in taken:
        out += (text[at:start], _VEIL * (end - start))
        at = end
    out.append(text[at:])
    return "".join(out)


def _pieces(text: str) -> Iterator[tuple[int, int, int, int]]:
    """(start, first, end, last): what begins in [start, end) counts, looked for in [first, last)."""
    if len(text) <= PIECE + OVERLAP:
        yield 0, 0, len(text), len(text)
        return
    start = 0
    while start < len(text):
        end = min(start + PIECE, len(text))
        if end < len(text):
            end = _before_break(text, start, end)
        yield start, max(0, start - OVERLAP), end, min(len(text), end + OVERLAP)
        start = end


def _before_break(text: str, start: int, end: int) -> int:
    """The last line's end in the second half of a piece, or blank, or else where it stands."""
    for mark in ("\n", " "):
        at = text.rfind(mark, start + PIECE // 2, end)
        if at >= 0:
            return at + 1
    return end
