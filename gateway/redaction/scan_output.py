"""What a model's answer is scanned for, and by which detector; `scan_text` and `scan_json` say how it is done."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Protocol

from gateway.errors import GatewayError, RedactionUnavailable
from gateway.model import CustomRecognizer, PrivacyPolicy, Span
from gateway.redaction.custom import custom
from gateway.redaction.detect import Detector
from gateway.redaction.entities import wanted
from gateway.redaction.normalise import Folded, fold
from gateway.redaction.recognizers import Gated
from gateway.redaction.scan_json import JsonScan
from gateway.redaction.scan_text import TextScan
from gateway.redaction.tokens import Written, token_spans

LIMIT_S: Final = 10.0
"""Seconds a look at one candidate may take."""

Find = Callable[[str], Iterable[Span]]
"""Personal data in a short text, in order, none overlapping."""


@dataclass(frozen=True, slots=True)
class OutputDetector:
    """The detector of one privacy policy, without types that are shown anyway."""

    find: Find
    wanted: frozenset[str]
    policy: PrivacyPolicy
    """Held, so that its identity stays its own."""


Few = Callable[[str, int], bool]
"""(text, start of its last few digits' candidate) -> whether the detector is to look at it."""


def always(_text: str, _start: int) -> bool:
    """Every short number is looked at."""
    return True


def never(_text: str, _start: int) -> bool:
    """None is."""
    return False


def of_rules(rules: Iterable[CustomRecognizer]) -> Few:
    """Where one of these finds anything, whatever words stand near, in the text as it is written or as it is seen."""
    made = [_custom(rule) for rule in rules]

    def holds(text: str, start: int) -> bool:
        seen = fold(text)
        try:
            return any(
                each.back(left, right)[1] > start
                for each in ((Folded(text), seen) if seen.text != text else (seen,))
                for one in made
                for left, right, _ in one.recognizer.spans(each.text)
            )
        except TimeoutError:
            return True  # The detector will meet the same, and fail closed.

    return holds if made else never


@lru_cache(maxsize=64)
def _custom(rule: CustomRecognizer) -> Gated:
    return custom(rule)


_POLICIES: Final = 16
_detectors: OrderedDict[tuple[int, frozenset[str]], OutputDetector] = OrderedDict()


def detector_of(policy: PrivacyPolicy, shown: frozenset[str] = frozenset()) -> OutputDetector:
    """Finds what `policy` asks for but for the types in `shown`, which cost nothing then."""
    key = (id(policy), shown)
    held = _detectors.get(key)
    if held is None:
        less = replace(policy, without=tuple(sorted({*policy.without, *shown}))) if shown else policy
        asked = wanted(policy.entities, policy.languages, policy.regions)
        types = {entity.type for entity in asked} - {*policy.without, *shown}
        held = _detectors[key] = OutputDetector(_in_time(Detector(less)), frozenset(types), policy)
        while len(_detectors) > _POLICIES:
            _detectors.popitem(last=False)
    return held


def _in_time(detector: Detector) -> Find:
    def find(text: str) -> list[Span]:
        deadline = time.monotonic() + LIMIT_S

        def check() -> None:
            if time.monotonic() > deadline:
                raise TimeoutError

        return detector.find(text, check)

    return find


class Scan(Protocol):
    """One stream of text going through."""

    def feed(self, text: str) -> str:
        """The next piece in, what is certain out."""

    def flush(self) -> str:
        """What was kept back; fed again afterwards, it is a new text."""


class OutputRule:
    """What one answer's texts are scanned for, for one caller. Makes a scan for each stream; counts what it masked."""

    def __init__(
        self,
        find: Find,
        hidden: Callable[[str], bool],
        own: Callable[[str], bool],
        known: Written,
        *,
        words: bool = False,
        few: Few = never,
        failed: Callable[[RedactionUnavailable], object] = lambda _: None,
    ) -> None:
        """`hidden`: whether a type is to be masked. `own`: whether a value is no invention of the model's.

        `known`: tokens that are left alone however they are spelled. `words`: whether what is hidden may be words
        without digits (names), so that runs of capitalised words are candidates too. `few`: whether what
        ends a text may be a hidden number of four digits or fewer, such as an age. `failed` is told when the detector
        fails.
        """
        self._find = find
        self._hidden = hidden
        self._own = own
        self._known = known
        self._failed = failed
        self.words = words
        self.few = few
        self.masked: dict[str, int] = {}

    def scan(self, *, json: bool = False) -> Scan:
        """A scan of one text, or of JSON source, which stays valid."""
        return JsonScan(self) if json else TextScan(self)

    def whole(self, text: str, *, json: bool = False) -> str:
        """A whole text at once."""
        scan = self.scan(json=json)
        return scan.feed(text) + scan.flush()

    def find(self, text: str, start: int) -> list[Span]:
        """What is to be masked in `text[start:]`, cut to it. Raises RedactionUnavailable."""
        try:
            found = [span for span in self._find(text) if span.end > start and self._hidden(span.type)]
        except GatewayError:
            raise
        except TimeoutError:
            kind, reason = "it took too long", "timeout"
        except Exception as error:  # noqa: BLE001 - whatever a recognizer raises may hold what it was reading
            kind, reason = type(error).__name__, "failed"
        else:
            return self._but_known(text, start, found) if found else []
        unavailable = RedactionUnavailable(
            f"the model's answer could not be scanned ({kind})",
            hint="look at the recognizers of privacy.yaml",
            reason=reason,
        )
        self._failed(unavailable)
        raise unavailable

    def count(self, kind: str) -> None:
        """One more value masked."""
        self.masked[kind] = self.masked.get(kind, 0) + 1

    def _but_known(self, text: str, start: int, found: list[Span]) -> list[Span]:
        tokens = [(a, b) for a, b, _ in token_spans(text)]
        tokens += [(a, b) for a, b, _ in self._known.find(text, 0)] if self._known else []
        return [
            Span(max(span.start, start), span.end, span.type, span.score)
            for span in found
            if not any(a < span.end and span.start < b for a, b in tokens)
            and not self._own(text[span.start : span.end])
        ]
