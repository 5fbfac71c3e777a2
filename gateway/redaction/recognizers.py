"""Presidio recognizers as this gateway runs them: stock ones, a few replaced, and our own."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from gateway.redaction.entities import Entity
from gateway.redaction.facts import Needs
from gateway.redaction.matching import Patterns, Places, runnable
from gateway.redaction.numbers import NUMBERS
from gateway.redaction.numbers import recognizer as number_recognizer
from gateway.redaction.packs import OWN
from gateway.redaction.phones import REGIONS, phones
from gateway.redaction.presidio import is_word, load, tokenise
from gateway.redaction.rules import RULES, Rule
from gateway.redaction.scene import Scene, Window

_LANGUAGE: Final = "en"
"""The label every recognizer carries; which ones run is decided by entity, not by label."""

Gate = Callable[[str, int], bool]
"""(text, its longest run of digits as `Scene` counts) -> whether the recognizer could find anything."""

Found = tuple[int, int]
Scored = tuple[int, int, float]
Finder = Callable[[str, Sequence[Found]], Iterable[Found | Scored]]
"""(text, spans that others found) -> spans, with a score where they differ."""


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
    whole: bool = False
    """Reads a text as a whole, not in pieces."""
    language: str = ""
    """Runs only on texts in this language, or in one that cannot be told."""
    patterns: Patterns | None = None
    """Its patterns, run where they can match; None when the recognizer is more than patterns."""
    rule: Rule | None = None
    """The rule it is, when it is one of ours."""
    needs: Needs = Needs()
    """What its gate asks for that is known of every text; the gate itself may look closer."""

    @property
    def type(self) -> str:
        """The entity type it finds."""
        return str(self.recognizer.supported_entities[0])

    def speaks(self, language: str) -> bool:
        """Whether it runs on texts in this language; an empty one is any."""
        return not language or not self.language or language == self.language

    def find(self, scene: Scene, threshold: float, seen: Sequence[Found]) -> Iterator[Scored]:
        """Findings with their scores before context words."""
        if self.rule is not None:
            if self.rule.could(scene.lowered):
                for start, end, score in self.rule.spans(scene):
                    # Like any late one it yields to what others found in the same place.
                    if not self.late or not any(left <= start and end <= right for left, right in seen):
                        yield start, end, score
        elif self.patterns is not None:
            yield from self.patterns.find(scene, threshold, hot=self.is_hot(scene))
        elif hasattr(self.recognizer, "spans"):
            yield from self.recognizer.spans(scene.text, seen)
        else:
            for one in self.recognizer.analyze(scene.text, self.recognizer.supported_entities, None):
                yield one.start, one.end, one.score

    def is_hot(self, scene: Scene) -> bool:
        """Whether a word of its context stands in the text."""
        return not self.context.isdisjoint(scene.vocabulary)


def built(entity: Entity, regions: Sequence[str] = ()) -> tuple[Gated, ...]:
    """Everything that finds one built-in type. `regions`: countries whose telephone numbers are looked for."""
    load()
    rules = [_ruled(entity, rule) for rule in RULES.get(entity.type, ())]
    if entity.type == "PHONE_NUMBER":

        def find(text: str, skip: Sequence[Found]) -> Iterator[Scored]:
            return phones(text, skip, regions or REGIONS)

        return (_gated(_recognizer(entity.type, "phone numbers", 0.4, find, _PHONE_CONTEXT), entity, late=True), *rules)
    if entity.type in NUMBERS:
        return (_gated(number_recognizer(entity.type), entity), *rules)
    return tuple(rules) if entity.recognizer == OWN else (_gated(_stock(entity), entity), *rules)


def build(entity: Entity) -> Gated:
    """The first of `built`. `presidio.load()` may take a second the first time."""
    return built(entity)[0]


def _ruled(entity: Entity, rule: Rule) -> Gated:
    recognizer = _recognizer(entity.type, rule.name, rule.score, lambda text, _: rule.spans(Scene(text)))
    least = entity.digits if entity.recognizer == OWN else 0
    return Gated(
        recognizer,
        lambda _text, digits: digits >= least,
        frozenset(),
        1.0,
        rule.late,
        rule.whole,
        entity.language,
        rule=rule,
        needs=replace(rule.needs, digits=0 if rule.whole else least),
    )


def _gated(recognizer: Any, entity: Entity, *, late: bool = False) -> Gated:
    base = load().PatternRecognizer
    # Words that the tokeniser never yields, or that are passed over as stop words, raise nothing.
    context = frozenset(w.lower() for w in recognizer.context if tokenise(w)[0] == [w] and is_word(w))
    stock_check = (
        getattr(type(recognizer), "validate_result", None) is base.validate_result or entity.type in _NEVER_SURE
    )
    ceiling = max((p.score for p in recognizer.patterns), default=1.0) if stock_check else 1.0
    sure = entity.type not in _NEVER_SURE
    exact = entity.type in _IN_CHUNKS or entity.type in _IN_CODES
    patterns = Patterns(recognizer, context, _places(entity), sure=sure, exact=exact) if runnable(recognizer) else None
    gate = _gate(entity)
    needs = replace(
        _NEEDS.get(entity.type, Needs(code=_LEAST_CODE if entity.type in _IN_CODES else 0)), digits=entity.digits
    )
    return Gated(recognizer, gate, context, ceiling, late, language=entity.language, patterns=patterns, needs=needs)


def _gate(entity: Entity) -> Gate:
    special = _SPECIAL_GATES.get(entity.type)
    if special is not None:
        return special
    least = entity.digits
    return lambda _text, digits: digits >= least


_IBAN_HEAD: Final = re.compile(r"[A-Z](?<![A-Z0-9].)[A-Z][0-9]{2}[ -]?[A-Z0-9]{4}")
_MEDICAL: Final = re.compile(r"[a-z][a-z9]\d{6}", re.IGNORECASE)
_LICENCE: Final = re.compile(r"[a-z\]]\d|\d[a-z]|\d{6}", re.IGNORECASE)
_HEX_PAIRS: Final = re.compile(r"[:-][0-9A-Fa-f]{2}[:-]|\.[0-9A-Fa-f]{4}\.")
_ADDRESS: Final = re.compile(r"\d\.\d{1,3}\.\d{1,3}\.\d|:[0-9A-Fa-f]{0,4}:")
_CHASSIS: Final = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_COIN: Final = re.compile(r"(?:bc1|[13])[a-z0-9]{25}", re.IGNORECASE)
_SPECIAL_GATES: Final[dict[str, Gate]] = {
    "EMAIL_ADDRESS": lambda text, _: "@" in text,
    "IP_ADDRESS": lambda text, _: (text.count(".") >= 3 or text.count(":") >= 2) and _ADDRESS.search(text) is not None,
    "MAC_ADDRESS": lambda text, _: (
        (text.count(":") >= 5 or text.count("-") >= 5 or text.count(".") >= 2) and _HEX_PAIRS.search(text) is not None
    ),
    "IBAN_CODE": lambda text, digits: digits >= 2 and _IBAN_HEAD.search(text) is not None,
    "MEDICAL_LICENSE": lambda text, digits: digits >= 7 and _MEDICAL.search(text) is not None,
    "US_DRIVER_LICENSE": lambda text, digits: digits >= 1 and _LICENCE.search(text) is not None,
    "CRYPTO": lambda text, digits: digits >= 1 and _COIN.search(text) is not None,
    "VIN": lambda text, digits: digits >= 4 and _CHASSIS.search(text) is not None,
    "UUID": lambda text, _: text.count("-") >= 4,
    "URL": lambda text, _: "." in text,
}
_NEEDS: Final = {
    "EMAIL_ADDRESS": Needs(signs=frozenset("@")),
    "IP_ADDRESS": Needs(signs=frozenset(".:")),
    "MAC_ADDRESS": Needs(signs=frozenset(":-.")),
    "CRYPTO": Needs(word=26),
    "VIN": Needs(word=17),
    "UUID": Needs(signs=frozenset("-")),
    "URL": Needs(signs=frozenset(".")),
}
"""What the special gates imply."""
# Patterns without blanks in them match inside a stretch without blanks, and only where that holds what they need.
_IN_CHUNKS: Final[dict[str, Callable[[str], bool]]] = {
    "EMAIL_ADDRESS": lambda chunk: "@" in chunk,
    "IP_ADDRESS": lambda chunk: chunk.count(".") >= 3 or "::" in chunk or chunk.count(":") >= 6,
    "MAC_ADDRESS": lambda chunk: _HEX_PAIRS.search(chunk) is not None,
    "CRYPTO": lambda chunk: len(chunk) > 25,
    "UUID": lambda chunk: chunk.count("-") >= 4,
}


_LEAST_CODE: Final = 9
_IN_CODES: Final = frozenset(
    (
        "DE_PASSPORT",
        "DE_ID_CARD",
        "UK_DRIVING_LICENCE",
        "VIN",
        "DE_HEALTH_INSURANCE",
        "MEDICAL_LICENSE",
        "DE_SOCIAL_SECURITY",
    )
)
"""Patterns of nine or more letters and digits without a mark between them."""


def _places(entity: Entity) -> Places:
    holds = _IN_CHUNKS.get(entity.type)
    least = entity.digits
    if holds is not None:
        return lambda scene: scene.chunks_where(holds)
    if entity.type in _IN_CODES:
        return lambda scene: scene.codes
    if least:
        return lambda scene: scene.around(least)
    return _everywhere


def _everywhere(scene: Scene) -> list[Window]:
    return [(0, len(scene.text))]


def _stock(entity: Entity) -> Any:
    classes = importlib.import_module("presidio_analyzer.predefined_recognizers")
    recognizer_class = getattr(classes, entity.recognizer, None) or _by_name(entity.recognizer)
    if entity.type == "EMAIL_ADDRESS":
        recognizer_class = _email_class(recognizer_class)
    if entity.type == "UK_NHS":
        recognizer_class = _nhs_class(recognizer_class)
    if entity.type == "MEDICAL_LICENSE":
        return _whole_words(recognizer_class(supported_language=_LANGUAGE))
    if entity.type in _NEVER_SURE:
        recognizer_class = _unsure_class(recognizer_class)
    return recognizer_class(supported_language=_LANGUAGE)


def _by_name(name: str) -> Any:
    """A class that the package does not offer at its top."""
    module = importlib.import_module(
        "presidio_analyzer.predefined_recognizers.country_specific.us.us_healthcare_admin_recognizers"
    )
    return getattr(module, name)


def _nhs_class(stock: Any) -> Any:
    class NhsRecognizer(stock):  # type: ignore[misc]
        """Presidio's, but one in eleven numbers of ten digits passes the check.

        Bare digits and groups with hyphens, as American telephone numbers have them, need a word near them.
        """

        def validate_result(self, pattern_text: str) -> bool | None:
            """Sure of groups with blanks whose check holds, the pattern's own score for others."""
            valid = super().validate_result(pattern_text)
            return None if valid and " " not in pattern_text else valid

    made = NhsRecognizer
    made.PATTERNS = [load().Pattern(one.name, one.regex, 0.3) for one in stock.PATTERNS]
    return made


def _whole_words(recognizer: Any) -> Any:
    """The recognizer with patterns that match no part of a longer word, as of a digest."""
    pattern = load().Pattern
    recognizer.patterns = [
        pattern(p.name, rf"(?<![^\W_])(?:{p.regex})(?![^\W_])", p.score) for p in recognizer.patterns
    ]
    return recognizer


_NEVER_SURE: Final = frozenset(("UK_VEHICLE_REGISTRATION", "ZA_LICENSE_PLATE", "TR_LICENSE_PLATE"))
"""Whose check proves next to nothing: `py27 and` passes that of British plates. Plates need a word near them."""


def _unsure_class(stock: Any) -> Any:
    class Unsure(stock):  # type: ignore[misc]
        """Presidio's, whose check rules out and never makes sure."""

        def validate_result(self, pattern_text: str) -> bool | None:
            """False for what the check rules out."""
            return False if super().validate_result(pattern_text) is False else None

    Unsure.__name__ = stock.__name__
    return Unsure


def _email_class(stock: Any) -> Any:
    class EmailRecognizer(stock):  # type: ignore[misc]
        """Presidio's, without its look-up of public suffixes: an address of an internal domain is one too."""

        def validate_result(self, pattern_text: str) -> bool | None:
            """Sure of domains that end in a word; the pattern's own score for the rest."""
            return True if pattern_text.rpartition(".")[2].isalpha() else None

    return EmailRecognizer


def _recognizer(type_: str, name: str, score: float, find: Finder, context: Iterable[str] = ()) -> Any:
    """A Presidio recognizer around a function that yields spans."""
    presidio = load()

    class SpanRecognizer(presidio.LocalRecognizer):  # type: ignore[misc, name-defined]
        """Spans of one function, at one score unless it says otherwise."""

        def load(self) -> None:
            """Nothing to load."""

        def spans(self, text: str, skip: Sequence[Found] = ()) -> list[Scored]:
            """Each span once, with the best score it has."""
            best: dict[Found, float] = {}
            for start, end, *sure in find(text, skip):
                best[start, end] = max(best.get((start, end), 0.0), sure[0] if sure else score)
            return [(start, end, sure) for (start, end), sure in sorted(best.items())]

        def analyze(self, text: str, entities: Any, nlp_artifacts: Any = None, skip: Any = ()) -> list[Any]:  # noqa: ARG002
            """The same as Presidio's results."""
            names = presidio.RecognizerResult
            metadata = {names.RECOGNIZER_NAME_KEY: self.name, names.RECOGNIZER_IDENTIFIER_KEY: self.id}
            return [
                names(type_, start, end, sure, presidio.AnalysisExplanation(self.name, sure), dict(metadata))
                for start, end, sure in self.spans(text, skip)
            ]

    return SpanRecognizer(
        supported_entities=[type_], name=f"gateway {name}", supported_language=_LANGUAGE, context=list(context)
    )


_PHONE_CONTEXT: Final = (
    *("phone", "number", "telephone", "cell", "cellphone", "mobile", "call", "fax", "telefon", "mobil"),
    *("téléphone", "portable", "teléfono", "móvil", "telefono", "cellulare", "telefoon", "tel", "handy", "whatsapp"),
)
