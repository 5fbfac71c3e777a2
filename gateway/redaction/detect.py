"""Finds personal data in one text: Presidio's recognizers, each run only where it could find something.

The result is Presidio's own (a test holds it equal to `AnalyzerEngine` with the same recognizers), reached without its
costs: recognizers wait behind gates, long texts are scanned in pieces, and context words are looked up once for each
finding instead of once for each token before it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from gateway.model import PrivacyPolicy, Span
from gateway.redaction.custom import custom, heard
from gateway.redaction.entities import ALL, AUTO, ENTITIES, Entity, wanted
from gateway.redaction.language import language_of
from gateway.redaction.ner.finder import NameFinder
from gateway.redaction.ner.labels import TYPES
from gateway.redaction.packs import spelled_out
from gateway.redaction.phones import known_regions
from gateway.redaction.presidio import is_word, stop_words
from gateway.redaction.recognizers import Gated, built
from gateway.redaction.scene import COUNTED, Scene
from gateway.redaction.spans import resolve
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

Check = Callable[[], None]
"""Called between recognizers; raises when the scan must stop."""


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
        self.gated: tuple[Gated, ...] = tuple(sorted(made, key=lambda gated: gated.late))
        self._named = tuple(type_ for type_ in TYPES if any(one.type == type_ for one in chosen))
        self._tells = AUTO in policy.languages and ALL not in policy.entities
        types = frozenset(g.recognizer.supported_entities[0] for g in self.gated)
        self.known_types = types | {entity.type for entity in ENTITIES}
        stop_words()

    def find(self, text: str, check: Check = lambda: None) -> list[Span]:
        """Personal data in `text`, in order, none overlapping, tokens left alone. Offsets are code points of `text`."""
        found: list[Span] = []
        taken: list[tuple[int, int]] = []
        for view in views(text):
            tokens = [(start, end) for start, end, _ in token_spans(view.text, self.known_types)]
            # A token among other things in an encoded text protects none of them.
            taken += (view.back(start, end) for start, end in tokens if view.alone(start, end))
            veiled = _veil(view.text, tokens) if tokens else view.text
            language = language_of(veiled) if self._tells else ""
            for left, right, type_, score in self._look(veiled, language, check):
                if believed(view, left, right, type_, score):
                    found.append(Span(*view.back(left, right), type_, score))
        spans = resolve(text, found, _disjoint(taken))
        return [span for span in spans if not self._allowed or not self._is_allowed(text[span.start : span.end])]

    def _is_allowed(self, value: str) -> bool:
        return value in self._allowed or plainly(value) in self._allowed

    def _look(self, text: str, language: str, check: Check) -> Iterator[tuple[int, int, str, float]]:
        """Findings in a text of any length: piece by piece, and by what reads whole texts."""
        for start, first, end, last in _pieces(text):
            for span in self._scan(text[first:last], language, check):
                if start <= first + span.start < end:
                    yield first + span.start, first + span.end, span.type, span.score
        lowered = text.lower()
        for gated in self.gated:
            if gated.whole and gated.rule is not None and gated.speaks(language) and gated.rule.could(lowered):
                check()
                for left, right, score in gated.recognizer.spans(text):
                    if score >= self._threshold:
                        yield left, right, gated.type, score
        if self._names is not None and self._named:
            for span in self._names.find(text, self._named, check):
                if span.score >= self._threshold:
                    yield span.start, span.end, span.type, span.score

    def _scan(self, text: str, language: str, check: Check) -> Iterator[Span]:
        scene = Scene(text)
        seen: set[tuple[int, int]] = set()
        for gated in self.gated:
            if gated.whole or (gated.ceiling < self._threshold and not gated.is_hot(scene)):
                continue
            if not gated.gate(text, scene.digits) or not gated.speaks(language):
                continue
            check()
            for start, end, plain in gated.find(scene, self._threshold, sorted(seen) if gated.late else ()):
                score = _with_context(plain, start, scene, gated.context) if gated.context else plain
                if score >= self._threshold:
                    seen.add((start, end))
                    yield Span(start, end, gated.type, float(score))


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
