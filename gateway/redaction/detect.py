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
from gateway.redaction.encodings import plainly, views
from gateway.redaction.entities import ENTITIES, Entity, wanted
from gateway.redaction.normalise import Folded
from gateway.redaction.presidio import is_word, stop_words, tokenise
from gateway.redaction.recognizers import Gated, build, custom, run_of_digits
from gateway.redaction.spans import resolve
from gateway.redaction.tokens import token_spans

PIECE: Final = 8192
"""Characters scanned at once; bounds what a pattern of quadratic cost can do, and what time-outs are checked after."""
OVERLAP: Final = 400
_CONTEXT_WORDS: Final = 5
_BOOST: Final = 0.35
_BOOSTED_LEAST: Final = 0.4
_VEIL: Final = "\ufffc"
"""Stands over tokens while the text around them is scanned: neither letter, digit nor space."""

Check = Callable[[], None]
"""Called between recognizers; raises when the scan must stop."""


@lru_cache(maxsize=len(ENTITIES))
def _built(entity: Entity) -> Gated:
    return build(entity)


class Detector:
    """The recognizers one privacy policy asks for. Holds no text; may be used from several threads at once."""

    def __init__(self, policy: PrivacyPolicy) -> None:
        """Raises BadPolicy for a custom pattern that does not compile."""
        self._threshold = policy.threshold
        self._allowed = frozenset(policy.allow_list)
        built = [_built(entity) for entity in wanted(policy.entities, policy.languages)]
        built += [custom(rule) for rule in policy.recognizers]
        self.gated: tuple[Gated, ...] = tuple(sorted(built, key=lambda gated: gated.late))
        types = frozenset(g.recognizer.supported_entities[0] for g in self.gated)
        self.known_types = types | {entity.type for entity in ENTITIES}
        stop_words()

    def find(self, text: str, check: Check = lambda: None) -> list[Span]:
        """Personal data in `text`, in order, none overlapping, tokens left alone. Offsets are code points of `text`."""
        found: list[Span] = []
        taken: list[tuple[int, int]] = []
        for number, view in enumerate(views(text)):
            tokens = [(start, end) for start, end, _ in token_spans(view.text, self.known_types)]
            taken += (view.back(start, end) for start, end in tokens)
            veiled = _veil(view.text, tokens) if tokens else view.text
            for start, first, end, last in _pieces(veiled):
                if number and _same(text, view, first, last):
                    continue  # Nothing in this piece is encoded: it has been scanned as it stands.
                for span in self._scan(veiled[first:last], check):
                    if start <= first + span.start < end:
                        place = view.back(first + span.start, first + span.end)
                        found.append(Span(*place, span.type, span.score))
        spans = resolve(text, found, _disjoint(taken))
        return [span for span in spans if not self._allowed or not self._is_allowed(text[span.start : span.end])]

    def _is_allowed(self, value: str) -> bool:
        return value in self._allowed or plainly(value) in self._allowed

    def _scan(self, text: str, check: Check) -> Iterator[Span]:
        digits = run_of_digits(text)
        lowered = text.lower()
        words: tuple[list[str], list[int]] | None = None
        seen: set[tuple[int, int]] = set()
        for gated in self.gated:
            if not gated.gate(text, digits):
                continue
            if gated.ceiling < self._threshold and not any(word in lowered for word in gated.context):
                continue
            check()
            recognizer = gated.recognizer
            also = (sorted(seen),) if gated.late else ()
            for result in recognizer.analyze(text, recognizer.supported_entities, None, *also):
                score = result.score
                if gated.context:
                    words = words or tokenise(text)
                    score = _with_context(score, result.start, words, gated.context)
                if score >= self._threshold:
                    seen.add((result.start, result.end))
                    yield Span(result.start, result.end, result.entity_type, float(score))


def _with_context(score: float, start: int, words: tuple[list[str], list[int]], context: frozenset[str]) -> float:
    """Presidio's rule (LemmaContextAwareEnhancer, whole words): the word itself and the five before it that count."""
    tokens, starts = words
    at = bisect_right(starts, start) - 1
    if at < 0 or start >= starts[at] + len(tokens[at]):
        at += 1
    left = _CONTEXT_WORDS + 1
    while at >= 0 and left:
        token = tokens[at] if at < len(tokens) else ""
        if token and is_word(token):
            if token.lower() in context:
                return min(max(score + _BOOST, _BOOSTED_LEAST), 1.0)
            left -= 1
        at -= 1
    return score


def _same(text: str, view: Folded, first: int, last: int) -> bool:
    start, end = view.back(first, last)
    return text[start:end] == view.text[first:last]


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
