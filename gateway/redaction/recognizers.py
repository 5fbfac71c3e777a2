"""Presidio recognizers as this gateway runs them: stock ones, a few replaced, our own, and an administrator's."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from gateway.errors import BadPolicy
from gateway.model import CustomRecognizer
from gateway.redaction import names
from gateway.redaction.digits import LONG, pieces
from gateway.redaction.entities import Entity
from gateway.redaction.presidio import is_word, load, tokenise

PHONE_DIGITS: Final = 7
"""Fewer digits are no phone number here; in some regions five digits would be one, and every price with them."""

_LANGUAGE: Final = "en"
"""The label every recognizer carries; which ones run is decided by entity, not by label."""
_MARKED: Final = 0.85
_DIGIT: Final = re.compile(r"\d")
_DIGIT_RUN: Final = re.compile(r"\d(?:\D{0,4}\d)*")
_REGIONS: Final = ("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR")
_EXTENSION: Final = re.compile(
    r"xt|\u0434\u043e\u0431|anexo|int|[x#~;\uff58\uff03\uff5e\uff49\uff54]|,,", re.IGNORECASE
)
_BEFORE: Final = 12
"""Characters before a number's first digit in which its brackets and plus sign stand."""
_PLUS: Final = re.compile(r"\+\d[^+]{1,28}")
_GROUP: Final = re.compile(r"\d+")
_AFTER: Final = 40
"""Characters after a number in which an extension may follow."""

Gate = Callable[[str, int], bool]
"""(text, its longest run of digits as `run_of_digits` counts) -> whether the recognizer could find anything."""

Finder = Callable[[str, Sequence[names.Found]], Iterable[names.Found]]
"""(text, spans that others found) -> spans."""


@dataclass(frozen=True, slots=True)
class Gated:
    """A Presidio recognizer behind a necessary condition."""

    recognizer: Any
    gate: Gate
    context: frozenset[str]
    """Lower-case words that raise the score of what is found near them."""
    ceiling: float
    """No finding scores higher without such a word."""
    late: bool = False
    """Runs after the others, and may pass over what lies inside their findings: such a finding would lose anyway."""


def digits_in(text: str) -> int:
    """Decimal digits of any script."""
    return len(_DIGIT.findall(text))


def run_of_digits(text: str) -> int:
    """Most decimal digits in a row, counting as a row what at most four other characters interrupt at a time.

    No pattern with more digits than that can match: none has a longer gap between two of its digits.
    """
    return max((digits_in(run) for run in _DIGIT_RUN.findall(text)), default=0)


def build(entity: Entity) -> Gated:
    """The recognizer of a built-in entity. `presidio.load()` may take a second the first time."""
    load()
    recognizer = _own(entity.type) if entity.recognizer == "gateway" else _stock(entity)
    return _gated(recognizer, _gate(entity), late=entity.type == "PHONE_NUMBER")


def custom(rule: CustomRecognizer) -> Gated:
    """An administrator's recognizer. Raises BadPolicy for a pattern that does not compile."""
    presidio = load()
    regex = importlib.import_module("regex")
    for number, (pattern, _) in enumerate(rule.patterns, 1):
        try:
            regex.compile(pattern, regex.DOTALL | regex.MULTILINE | regex.IGNORECASE)
        except regex.error:
            raise BadPolicy(
                f"pattern {number} of recognizer {rule.name!r} is not a regular expression",
                hint="mend it in privacy.yaml",
            ) from None
    recognizer = presidio.PatternRecognizer(
        supported_entity=rule.type,
        name=f"custom {rule.name}",
        supported_language=_LANGUAGE,
        patterns=[presidio.Pattern(f"{rule.name} {n}", p, score) for n, (p, score) in enumerate(rule.patterns, 1)],
        # Longest first: of two listed names that begin alike, the whole of the longer one is taken.
        deny_list=sorted(rule.deny_list, key=lambda value: (-len(value), value)) or None,
        context=list(rule.context),
    )
    return _gated(recognizer, _always)


def _gated(recognizer: Any, gate: Gate, *, late: bool = False) -> Gated:
    base = load().PatternRecognizer
    # Words that the tokeniser never yields, or that are passed over as stop words, raise nothing.
    context = frozenset(w.lower() for w in recognizer.context if tokenise(w)[0] == [w] and is_word(w))
    stock_check = getattr(type(recognizer), "validate_result", None) is base.validate_result
    ceiling = max((p.score for p in recognizer.patterns), default=1.0) if stock_check else 1.0
    return Gated(recognizer, gate, context, ceiling, late)


def _always(_text: str, _digits: int) -> bool:
    return True


def _gate(entity: Entity) -> Gate:
    special = _SPECIAL_GATES.get(entity.type)
    if special is not None:
        return special
    least = entity.digits
    return lambda _text, digits: digits >= least


_IBAN_HEAD: Final = re.compile(r"[A-Z]{2}[0-9]{2}", re.IGNORECASE)
_MEDICAL: Final = re.compile(r"[a-z][a-z9]\d{6}", re.IGNORECASE)
_LICENCE: Final = re.compile(r"[a-z\]]\d|\d[a-z]|\d{6}", re.IGNORECASE)
_SPECIAL_GATES: Final[dict[str, Gate]] = {
    "EMAIL_ADDRESS": lambda text, _: "@" in text,
    "IP_ADDRESS": lambda text, digits: (digits >= 4 and text.count(".") >= 3) or text.count(":") >= 2,
    "MAC_ADDRESS": lambda text, _: text.count(":") >= 5 or text.count("-") >= 5 or text.count(".") >= 2,
    "IBAN_CODE": lambda text, digits: digits >= 2 and _IBAN_HEAD.search(text) is not None,
    "MEDICAL_LICENSE": lambda text, digits: digits >= 7 and _MEDICAL.search(text) is not None,
    "US_DRIVER_LICENSE": lambda text, digits: digits >= 1 and _LICENCE.search(text) is not None,
    "UUID": lambda text, _: text.count("-") >= 4,
    "URL": lambda text, _: "." in text,
}


def _stock(entity: Entity) -> Any:
    classes = importlib.import_module("presidio_analyzer.predefined_recognizers")
    recognizer_class = getattr(classes, entity.recognizer)
    if entity.type == "EMAIL_ADDRESS":
        recognizer_class = _email_class(recognizer_class)
    return recognizer_class(supported_language=_LANGUAGE)


def _email_class(stock: Any) -> Any:
    class EmailRecognizer(stock):  # type: ignore[misc]
        """Presidio's, without its look-up of public suffixes: an address of an internal domain is one too."""

        def validate_result(self, pattern_text: str) -> bool | None:
            """Sure of domains that end in a word; the pattern's own score for the rest."""
            return True if pattern_text.rpartition(".")[2].isalpha() else None

    return EmailRecognizer


def _own(type_: str) -> Any:
    if type_ == "PHONE_NUMBER":
        return _recognizer(type_, "phone numbers", 0.4, _phones, context=_PHONE_CONTEXT)
    if type_ == "DATE_OF_BIRTH":
        return _recognizer(type_, "dates of birth", _MARKED, lambda text, _: _of(type_, text, names.births))
    return _recognizer(type_, "names", _MARKED, lambda text, _: _of(type_, text, names.people))


def _of(type_: str, text: str, found: Callable[[str], Iterator[names.Found]]) -> Iterator[names.Found]:
    yield from found(text)
    yield from ((start, end) for start, end, kind in names.columns(text) if kind == type_)


def _recognizer(type_: str, name: str, score: float, find: Finder, context: Iterable[str] = ()) -> Any:
    """A Presidio recognizer around a function that yields spans."""
    presidio = load()

    class SpanRecognizer(presidio.LocalRecognizer):  # type: ignore[misc, name-defined]
        """Spans of one function, at one score."""

        def load(self) -> None:
            """Nothing to load."""

        def analyze(self, text: str, entities: Any, nlp_artifacts: Any = None, skip: Any = ()) -> list[Any]:  # noqa: ARG002
            """Each span once."""
            return [
                presidio.RecognizerResult(
                    type_,
                    start,
                    end,
                    score,
                    presidio.AnalysisExplanation(self.name, score),
                    {
                        presidio.RecognizerResult.RECOGNIZER_NAME_KEY: self.name,
                        presidio.RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                    },
                )
                for start, end in sorted(set(find(text, skip)))
            ]

    return SpanRecognizer(
        supported_entities=[type_], name=f"gateway {name}", supported_language=_LANGUAGE, context=list(context)
    )


_PHONE_CONTEXT: Final = (
    "phone",
    "number",
    "telephone",
    "cell",
    "cellphone",
    "mobile",
    "call",
    "fax",
    "telefon",
    "mobil",
)


_PAGES: Final = re.compile(r"\(\d{1,5}\)\s*:")


def _phones(text: str, skip: Sequence[names.Found] = ()) -> Iterator[names.Found]:
    """Presidio's phone recognizer, region by region, but only over the runs of characters that can hold a number.

    `phonenumbers` walks the whole text in Python once for each region, which is most of the time Presidio takes.
    """
    phonenumbers = importlib.import_module("phonenumbers")
    rows = _runs(text)
    runs = [piece for start, end in rows for piece in pieces(text, start, end)]
    for start, end in rows:
        if end - start > LONG:
            yield from _abroad(phonenumbers, text, start, end)
    for number, (start, end) in enumerate(runs):
        solid = end - len(text[start:end]) + len(text[start:end].rstrip())
        if any(left <= start and solid <= right and right - left > solid - start for left, right in skip):
            continue
        # One character before tells that no letter or currency sign touches the number; what stands after may be an
        # extension, up to the next run, which is looked at by itself.
        first = max(0, start - 1)
        following = runs[number + 1][0] if number + 1 < len(runs) else len(text)
        window = text[first : min(end + _AFTER, following)]
        digits = digits_in(text[start:end])
        abroad = text[start:end].lstrip(" ([").startswith("+")
        windows = [window]
        if pages := _PAGES.search(window):
            # "…12(3): 211-227 (2003)" reads as a place in a journal and would hide the number that it ends; Presidio,
            # which reads on from before, may see either. Both are looked at.
            windows.append(window[: pages.start()])
        for region in _REGIONS:
            found = False
            for each in windows:
                for match in phonenumbers.PhoneNumberMatcher(each, region, leniency=1):
                    if match.start + first < end and digits_in(match.raw_string) >= PHONE_DIGITS:
                        yield match.start + first, match.end + first
                        found = found or digits_in(match.raw_string) == digits
            if found and abroad:
                break  # With a country code every region reads the same number.


def _abroad(phonenumbers: Any, text: str, start: int, end: int) -> Iterator[names.Found]:
    """Numbers with a country code among other digits, which Presidio's recognizer takes for one long number."""
    for match in _PLUS.finditer(text, start, end):
        ends = [match.start() + group.end() for group in _GROUP.finditer(match[0])]
        for stop in reversed(ends):
            value = text[match.start() : stop]
            if digits_in(value) <= PHONE_DIGITS:
                break
            try:
                valid = phonenumbers.is_valid_number(phonenumbers.parse(value, None))
            except phonenumbers.NumberParseException:
                valid = False
            if valid:
                yield match.start(), stop
                break


def _runs(text: str) -> list[names.Found]:
    """Stretches of digits and what may stand between them, signs and brackets before included."""
    first, any_of = _phone_characters()
    runs: list[names.Found] = []
    for match in first.finditer(text):
        if digits_in(match[0]) < PHONE_DIGITS:
            continue
        start = match.start()
        least = max(start - _BEFORE, runs[-1][1] if runs else 0)
        while start > least and any_of.match(text[start - 1]):
            start -= 1
        between = text[runs[-1][1] : start] if runs else ""
        if 0 < len(between) <= _AFTER and _EXTENSION.search(between):
            start = runs.pop()[0]  # The second may be the extension of the first: looked at together.
        runs.append((start, match.end()))
    return runs


@lru_cache(maxsize=1)
def _phone_characters() -> tuple[re.Pattern[str], re.Pattern[str]]:
    util = importlib.import_module("phonenumbers.phonenumberutil")
    # Both are insides of a character class, written for one.
    inside = f"{util._VALID_PUNCTUATION}{util._PLUS_CHARS}\\d"  # noqa: SLF001
    return re.compile(rf"\d[{inside}]{{6,}}", re.IGNORECASE), re.compile(f"[{inside}]", re.IGNORECASE)
