"""An administrator's recognizers: patterns with a check, lists of values, words nearby, and values to pass over."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from gateway.errors import BadPolicy
from gateway.model import CustomRecognizer, PrivacyPolicy
from gateway.redaction.checksums import CHECKSUMS
from gateway.redaction.denylist import DenyList
from gateway.redaction.matching import quick
from gateway.redaction.presidio import is_word, load, tokenise
from gateway.redaction.recognizers import Gated
from gateway.redaction.scene import is_plain

AUTO: Final = "auto"
"""Among a policy's languages: any text may be in any language."""
_LANGUAGE: Final = "en"
"""The label every recognizer carries."""
_SECONDS: Final = 2
"""One pattern over one piece of text."""

Found = tuple[int, int, float]


def heard(policy: PrivacyPolicy) -> Iterator[CustomRecognizer]:
    """The policy's recognizers that read texts in its languages."""
    for rule in policy.recognizers:
        if not rule.languages or AUTO in policy.languages or set(rule.languages) & set(policy.languages):
            yield rule


def custom(rule: CustomRecognizer) -> Gated:
    """A recognizer as the detector runs it. Raises BadPolicy for a pattern that does not compile."""
    find = _finder(rule)
    context = frozenset(w.lower() for w in rule.context if tokenise(w)[0] == [w] and is_word(w))
    scores = [score for _, score in rule.patterns] + [rule.deny_list_score] * bool(rule.deny_list)
    return Gated(
        recognizer=_recognizer(rule, find),
        gate=lambda _text, _digits: True,
        context=context,
        ceiling=max(scores, default=0.0),
        language=rule.languages[0] if len(rule.languages) == 1 else "",
    )


def _finder(rule: CustomRecognizer) -> Callable[[str], Iterator[Found]]:
    patterns = _compiled(rule)
    listed = DenyList(rule.deny_list)
    allowed = frozenset(rule.allow_list)
    check = CHECKSUMS[rule.checksum] if rule.checksum else None

    def find(text: str) -> Iterator[Found]:
        plain = is_plain(text)
        for pattern, first_look, score in patterns:
            if plain and first_look is not None and first_look.search(text) is None:
                continue
            for match in pattern.finditer(text, timeout=_SECONDS):
                value = match[0]
                if value and value not in allowed and (check is None or check(value)):
                    yield match.start(), match.end(), score
        for start, end in listed.find(text):
            if text[start:end] not in allowed:
                yield start, end, rule.deny_list_score

    return find


def _compiled(rule: CustomRecognizer) -> list[tuple[Any, re.Pattern[str] | None, float]]:
    regex = importlib.import_module("regex")
    flags = regex.DOTALL | regex.MULTILINE | regex.IGNORECASE
    made = []
    for number, (pattern, score) in enumerate(rule.patterns, 1):
        try:
            made.append((regex.compile(pattern, flags), quick(pattern), score))
        except regex.error:
            raise BadPolicy(
                f"pattern {number} of recognizer {rule.name!r} is not a regular expression",
                hint="mend it in privacy.yaml",
            ) from None
    return made


def _recognizer(rule: CustomRecognizer, find: Callable[[str], Iterator[Found]]) -> Any:
    presidio = load()

    class Custom(presidio.LocalRecognizer):  # type: ignore[misc, name-defined]
        """What one rule finds."""

        def load(self) -> None:
            """Nothing to load."""

        def spans(self, text: str, seen: Any = ()) -> list[Found]:  # noqa: ARG002
            """(start, end, score), each place once, with the best score it has."""
            best: dict[tuple[int, int], float] = {}
            for start, end, score in find(text):
                best[start, end] = max(score, best.get((start, end), 0.0))
            return [(start, end, score) for (start, end), score in sorted(best.items()) if score > 0]

        def analyze(self, text: str, entities: Any, nlp_artifacts: Any = None) -> list[Any]:  # noqa: ARG002
            """The same as Presidio's results."""
            return [self._result(*found) for found in self.spans(text)]

        def _result(self, start: int, end: int, score: float) -> Any:
            names = presidio.RecognizerResult
            metadata = {names.RECOGNIZER_NAME_KEY: self.name, names.RECOGNIZER_IDENTIFIER_KEY: self.id}
            return names(rule.type, start, end, score, presidio.AnalysisExplanation(self.name, score), metadata)

    return Custom(
        supported_entities=[rule.type],
        name=f"custom {rule.name}",
        supported_language=_LANGUAGE,
        context=list(rule.context),
    )
