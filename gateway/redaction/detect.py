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
from gateway.redaction.entities import ENTITIES, Entity, wanted
from gateway.redaction.normalise import fold
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
        folded = fold(text)
        taken = [(start, end) for start, end, _ in token_spans(folded.text, self.known_types)]
        veiled = folded.text
        if taken:
            veiled = _veil(veiled, taken)
        found: list[Span] = []
        for start, first, end, last in _pieces(veiled):
            for span in self._scan(veiled[first:last], check):
                if start <= first + span.start < end:
                    found.append(Span(first + span.start, first + span.end, span.type, span.score))  # noqa: PERF401
        spans = resolve(veiled, found, taken)
        placed = (Span(*folded.back(span.start, span.end), span.type, span.score) for span in spans)
        return [span for span in placed if text[span.start : span.end] not in self._allowed]

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
