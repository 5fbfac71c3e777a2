"""Presidio's pattern recognizers, run over the few places of a text where they could match.

The findings are those of `PatternRecognizer.analyze`, with the scores before context words (a property test compares);
what cannot reach the threshold is not looked for.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from gateway.redaction.presidio import PatternTimeout, load
from gateway.redaction.scene import Scene, Window

Scored = tuple[int, int, float]
Places = Callable[[Scene], Sequence[Window]]
"""Where a recognizer's patterns may match."""

_SECONDS: Final = 2
"""One pattern over one window."""
_BACK: Final = 64
"""Characters before a window where a match may begin that reaches into it."""
_ON: Final = 48
"""Characters after a window looked at; what reaches farther is matched again without that end."""
_ONE: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_MANY: Final = re.compile(r"[*+]|,\}")
_FLAGS: Final = re.IGNORECASE | re.MULTILINE | re.DOTALL


def runnable(recognizer: Any) -> bool:
    """Whether the recognizer is patterns and checks, and no more."""
    base = load().PatternRecognizer
    return isinstance(recognizer, base) and type(recognizer).analyze is base.analyze


class Patterns:
    """The patterns of one recognizer."""

    def __init__(
        self, recognizer: Any, context: frozenset[str], places: Places, *, sure: bool = True, exact: bool = False
    ) -> None:
        """`sure`: its check, if it has one, can make a finding certain. `exact`: no match reaches out of its place."""
        base = load().PatternRecognizer
        regex = importlib.import_module("regex")
        kind = type(recognizer)
        self._context = context
        self._sure = sure
        self._exact = exact
        self._places = places
        self._validate = None if kind.validate_result is base.validate_result else recognizer.validate_result
        self._invalidate = None if kind.invalidate_result is base.invalidate_result else recognizer.invalidate_result
        flags = recognizer.global_regex_flags
        self._patterns = [
            (regex.compile(one.regex, flags=flags), quick(one.regex, flags), one.score) for one in recognizer.patterns
        ]

    def find(self, scene: Scene, threshold: float, *, hot: bool) -> Iterator[Scored]:
        """Findings that reach the threshold by themselves or could with a context word; `hot`: the text has one."""
        for pattern, quick_look, score in self._patterns:
            weak = score < threshold and not (self._sure and self._validate is not None)
            if weak and not hot:
                continue
            windows = scene.near(self._context) if weak else self._places(scene)
            first_look = quick_look if scene.is_plain else None
            on = 0 if self._exact and not weak else _ON
            for start, end in _matches(pattern, first_look, scene.text, windows, near=weak, on=on):
                sure = self._score(scene.text[start:end], score)
                if sure > 0:
                    yield start, end, sure

    def _score(self, value: str, score: float) -> float:
        if self._validate is not None:
            valid = self._validate(value)
            if valid is not None:
                score = 1.0 if valid else 0.0
        if score and self._invalidate is not None and self._invalidate(value):
            return 0.0
        return score


def quick(pattern: str, flags: int = _FLAGS) -> re.Pattern[str] | None:
    """The same pattern for `re`, which sees several times faster that nothing matches, in a text that `is_plain`.

    None where it repeats without a limit, since `re` has no time limit, or is not one that `re` understands.
    """
    if _MANY.search(_ONE.sub("x", pattern)):
        return None
    try:
        return re.compile(pattern, flags & _FLAGS)
    except re.error:
        return None


def _matches(
    pattern: Any, first_look: re.Pattern[str] | None, text: str, windows: Sequence[Window], *, near: bool, on: int
) -> Iterator[Window]:
    """Matches that begin in a window, in order."""
    try:
        for first, last in windows:
            begin = max(0, first - _BACK) if near else first
            stop = min(len(text), last + on)
            if first_look is not None and first_look.search(text, begin, stop) is None:
                continue
            for match in pattern.finditer(text, begin, stop, timeout=_SECONDS):
                start, end = match.span()
                if start >= last:
                    break
                if on and end == stop and stop < len(text):
                    again = pattern.match(text, start, timeout=_SECONDS)
                    end = again.end() if again else start
                if start >= first and start < end:
                    yield start, end
    except TimeoutError:
        raise PatternTimeout from None
