"""Numbers that answer a question of the line before: `can I have your account number?` / `customer: 7781 2093 4456`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from gateway.redaction.facts import Facts
from gateway.redaction.led import Led

Found = tuple[int, int]

_ASKED: Final = Led(
    r"(?i)(?<![^\W_])(?:(?:account|customer|client|member(?:ship)?|policy|employee|staff|patient|student|booking|passport"
    r"|reservation|confirmation|licen[cs]e|insurance|social[ ]security|national[ ]insurance|tax|medicare|medicaid"
    r"|health[ ]card|id|identity|loyalty|claim)[ ]?(?:number|no\.?|id|code|card)|ssn|mrn|passport|kontonummer"
    r"|kundennummer|versicherungsnummer|num\u00e9ro[ ]de[ ](?:client|compte|dossier)"
    r"|n\u00famero[ ]de[ ](?:cuenta|cliente|p\u00f3liza)|numero[ ]di[ ]conto)(?![^\W_])[^\n]{0,60}\n{1,2}"
    # Who speaks, and what people say before a number.
    r"[ \t]{0,8}(?:[\[(<]?[^\n:>\]]{1,40}[:>\])][ \t]{0,4}){0,2}(?:[<>][ ])?"
    r"(?:[^\W\d_]{1,12}(?:['\u2019][a-z]{1,2})?[,.:]?[ ]){0,6}"
    r"(?P<value>\d(?:[ -]?\d){5,21}|(?-i:(?=[A-Z0-9-]*\d[A-Z0-9-]*\d)[A-Z0-9]{2,}(?:-?[A-Z0-9]){3,18}))"
    r"(?![\w/]|[.,:]\d)"
)
LED: Final = (_ASKED,)


def answers(text: str) -> Iterator[Found]:
    """What is said right after somebody asked for the number of an account, a customer, a document."""
    return answers_where(Facts(text))(text)


def answers_where(facts: Facts) -> Callable[[str], Iterator[Found]]:
    """`answers` for parts of a text of which this is known."""
    words = _ASKED.among(facts)
    return lambda text: (match.span("value") for match in (_ASKED.matches(text, words) if "\n" in text else ()))
