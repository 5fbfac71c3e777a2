"""What answers a question of the line before: `can I have your account number?` / `customer: 7781 2093 4456`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from gateway.redaction.facts import Facts
from gateway.redaction.led import Led
from gateway.redaction.people_words import NO_ANSWER

Found = tuple[int, int]

_TURN: Final = (
    r"(?![^\W_])[^\n]{0,60}\n{1,2}"
    # Who speaks, and what people say before an answer.
    r"[ \t]{0,8}(?:[\[(<]?[^\n:>\]]{1,40}[:>\])][ \t]{0,4}){0,2}(?:[<>][ ])?"
    r"(?:(?:it['\u2019]?s|its|sure|yes|yeah|yep|ok|okay|hi|hello|my[ ]name[ ]is|the[ ]name[ ]is|this[ ]is"
    r"|i['\u2019]?m|ja"
    r"|oui|si|s\u00ed|genau|ich[ ]hei\u00dfe|c['\u2019]est|es|is|ist|that['\u2019]?s|under)[,.:!]?[ ]){0,3}"
)
_PHONE_ASKED: Final = Led(
    r"(?i)(?<![^\W_])(?:(?:tele)?phone|contact|mobile|cell|callback|best)[ ]number"
    rf"{_TURN}(?P<value>\+?\(?\d(?:[ ()./-]{{0,2}}\d){{7,14}})(?![\w/]|[.,:-]\d)"
)
_NAME_ASKED: Final = Led(
    r"(?i)(?<![^\W_])(?:(?:full|first|last|family|maiden|legal|middle)[ ]name|surname|(?:your|their|his"
    r"|her)[ ](?:good[ ])?name"
    r"|name[ ](?:on|for|under)[ ](?:the|your)|who[ ](?:am[ ]i|i[ ]am|i['\u2019]?m)[ ](?:speaking|chatting"
    r"|talking)[ ](?:to|with)"
    r"|ihr(?:en)?[ ](?:voll(?:en|st\u00e4ndigen)[ ])?name[n]?|nachnamen?|vornamen?|votre[ ](?:pr\u00e9)?nom"
    r"|su[ ]nombre|nombre[ ]completo|sus?[ ]apellidos?|suo[ ](?:cog)?nome|nome[ ]completo|uw[ ](?:volledige[ ])?naam"
    rf"){_TURN}(?P<value>[^\W\d_]+(?:['\u2019-][^\W\d_]+)*\.?(?:[ ][^\W\d_]+(?:['\u2019-][^\W\d_]+)*){{0,3}})"
    r"(?=[.!]?[ \t]*(?:\n|\Z)|,[ ])"
)
_USER_ASKED: Final = Led(
    r"(?i)(?<![^\W_])(?:user[ ]?name|login[ ]name|screen[ ]name|gamer[ ]?tag|benutzername|gebruikersnaam|handle)s?"
    rf"{_TURN}(?P<value>[a-z][\w.-]{{2,30}}[a-z0-9_])(?=[.!,]?[ \t]*(?:\n|\Z))"
)
_PLACE_ASKED: Final = Led(
    r"(?i)(?<![^\W_])(?:(?:home|postal|billing|delivery|shipping|service|supply|street|your|the"
    r"|full)[ ]address|postcode"
    r"|zip[ ]code|adresse|anschrift|direcci\u00f3n|indirizzo|adres|where[ ](?:do[ ])?you[ ]live)"
    rf"{_TURN}(?P<value>(?:\d{{1,5}}[a-z]?|(?:flat|apt|apartment|unit|suite)\.?[ ]#?\w{{1,5}})[ ,]"
    r"(?![^\n]{0,12}\b(?:weeks?|days?|months?|years?|times|people|minutes?|hours?|of)\b)[^\n?@!;:]{4,80}?)"
    r"(?=[.]?[ \t]*(?:\n|\Z)|\.[ ]|[ ]-[ ]|[ ]\()"
)
_ASKED: Final = Led(
    r"(?i)(?<![^\W_])(?:(?:account|customer|client|member(?:ship)?|policy|employee|staff|patient|student|booking|passport"
    r"|reservation|confirmation|order|tracking|reference|meter|licen[cs]e|insurance|social[ ]security"
    r"|national[ ]insurance|tax|medicare|medicaid"
    r"|health[ ]card|id|identity|loyalty|claim)[ ]?(?:number|no\.?|id|code|card)|ssn|mrn|bsn|dni|passport"
    r"|sort[ ]code|kontonummer"
    r"|kundennummer|versicherungsnummer|num\u00e9ro[ ]de[ ](?:client|compte|dossier)"
    r"|n\u00famero[ ]de[ ](?:cuenta|cliente|p\u00f3liza)|numero[ ]di[ ]conto)(?![^\W_])[^\n]{0,60}\n{1,2}"
    # Who speaks, and what people say before a number.
    r"[ \t]{0,8}(?:[\[(<]?[^\n:>\]]{1,40}[:>\])][ \t]{0,4}){0,2}(?:[<>][ ])?"
    r"(?:[^\W\d_]{1,12}(?:['\u2019][a-z]{1,2})?[,.:]?[ ]){0,6}"
    r"(?P<value>\d(?:[ -]?\d){5,21}|(?-i:(?=[A-Z0-9-]*\d[A-Z0-9-]*\d)[A-Z0-9]{2,}(?:-?[A-Z0-9]){3,18}))"
    r"(?![\w/]|[.,:]\d)"
)
LED: Final = (_ASKED,)
NAME_LED: Final = (_NAME_ASKED,)
USER_LED: Final = (_USER_ASKED,)
PLACE_LED: Final = (_PLACE_ASKED,)
PHONE_LED: Final = (_PHONE_ASKED,)
_WORDS: Final = re.compile(r"[^\W\d_]+")


def answers(text: str) -> Iterator[Found]:
    """What is said right after somebody asked for the number of an account, a customer, a document."""
    return answers_where(Facts(text))(text)


def answers_where(facts: Facts) -> Callable[[str], Iterator[Found]]:
    """`answers` for parts of a text of which this is known."""
    words = _ASKED.among(facts)
    return lambda text: (match.span("value") for match in (_ASKED.matches(text, words) if "\n" in text else ()))


def names(text: str) -> Iterator[Found]:
    """The name that somebody gives who was asked for one, and says nothing else: `your full name?` / `jane roe`."""
    return names_where(Facts(text))(text)


def names_where(facts: Facts) -> Callable[[str], Iterator[Found]]:
    """`names` for parts of a text of which this is known."""
    return _worded(_NAME_ASKED, facts)


def users(text: str) -> Iterator[Found]:
    """The same of a user name."""
    return users_where(Facts(text))(text)


def users_where(facts: Facts) -> Callable[[str], Iterator[Found]]:
    """`users` for parts of a text of which this is known."""
    return _worded(_USER_ASKED, facts)


def places(text: str) -> Iterator[Found]:
    """An address, with or without a word for street, that somebody gives who was asked for one."""
    return places_where(Facts(text))(text)


def places_where(facts: Facts) -> Callable[[str], Iterator[Found]]:
    """`places` for parts of a text of which this is known."""
    words = _PLACE_ASKED.among(facts)
    return lambda text: (
        (match.start("value"), match.start("value") + len(match["value"].rstrip(" ,")))
        for match in (_PLACE_ASKED.matches(text, words) if "\n" in text else ())
    )


def phones(text: str) -> Iterator[Found]:
    """A telephone number of any country that somebody gives who was asked for one."""
    return phones_where(Facts(text))(text)


def phones_where(facts: Facts) -> Callable[[str], Iterator[Found]]:
    """`phones` for parts of a text of which this is known."""
    words = _PHONE_ASKED.among(facts)
    return lambda text: (match.span("value") for match in (_PHONE_ASKED.matches(text, words) if "\n" in text else ()))


def _worded(pattern: Led, facts: Facts) -> Callable[[str], Iterator[Found]]:
    words = pattern.among(facts)
    return lambda text: (
        match.span("value")
        for match in (pattern.matches(text, words) if "\n" in text else ())
        if NO_ANSWER.isdisjoint(_WORDS.findall(match["value"].lower()))
    )
