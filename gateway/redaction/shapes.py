"""Numbers by shape, where stock recognizers want more: telephones not in use, long cards, IBANs in small letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from gateway.redaction.checksums import iban, luhn
from gateway.redaction.facts import Facts
from gateway.redaction.led import Led

Found = tuple[int, int]

_AMERICAN: Final = re.compile(
    r"(?<![\w.,/:-])(?:(?:\+?1|001)[ .-]?)?(?:\(\d{3}\)[ ]?|\d{3}[.-])\d{3}[.-]\d{4}"
    r"(?:[ ]?(?:x|ext\.?|extension)[ ]?\d{1,6})?(?![\w/-]|[.,:]\d)",
    re.IGNORECASE,
)
_ABROAD: Final = re.compile(
    r"\+(?<![\w.+].)[1-9]\d{0,2}(?:[ .-]?(?:\(\d{1,5}\)|\d{1,5})){2,6}(?:[ ]?x[ ]?\d{1,6})?(?![\w-]|[.,]\d)"
)
# Words after which a number is a telephone's; the second kind needs one of `at` and `on`, or stands right before it.
_PHONE_WORD: Final = (
    r"(?:(?:tele)?phones?|tel|mobile|mob|cell(?:phone|ular)?|fax|pager|landline|hotline|handy(?:nummer)?"
    r"|telefon(?:nummer|n\u00famero)?|mobil(?:nummer)?|rufnummer|m[o\u00f3]vil|tel[e\u00e9]fono|tel\u00e9f|cellulare|celular"
    r"|t\u00e9l(?:\u00e9phone)?|portable|gsm|whatsapp|telefoon(?:nummer)?|tfno|tlfn?o?"
    r"|(?:phone|contact|our|my|her|his|new)[ ]number|(?:meine|ihre|neue)[ ]nummer"
    r"|(?:mon|son|nouveau)[ ]num\u00e9ro)"
)
_CALLING: Final = (
    r"(?:call(?:ing|ed)?|dial(?:led)?|ring|rang|text(?:ed)?|txt|sms|reach(?:ed)?|answering|contact(?:ed)?|anrufen)"
)
_DIGITS: Final = r"(?:\+|\((?=\d{1,5}\)))?\d{1,5}\)?(?:[ ./-]{1,3}\d{2,5}|\d){2,10}"
_GROUPS: Final = rf"(?P<number>{_DIGITS})"
_END: Final = r"(?![\w/]|[.,:-]\d|[ ]?(?:%|ms\b|[KMG]B\b|users?\b|times\b|people\b|hours?\b|minutes?\b))"
_SAID: Final = Led(
    rf"(?i)(?<![^\W_]){_PHONE_WORD}\b\.?(?:[ ](?:number|no\.?|nr\.?|is|ist|es|\u00e8|again|line))*"
    rf"[ \t]{{0,2}}[:=#|]?[^\d\n+()]{{0,20}}?[ \t]{{0,2}}(?<![\w.,/:-]){_GROUPS}{_END}"
)
_CALLED: Final = Led(
    rf"(?i)(?<![^\W_])(?:{_CALLING}(?:[ ][^\W\d_]{{1,20}}){{0,2}}[ ](?:at|on|under|unter)"
    rf"|(?:call|dial|ring|rufen?)(?:[ ](?:me|us|him|her|them))?|(?:text|txt|sms)[ ](?:me|us|him|her|them))"
    rf"[ ]?:?[ ]{_GROUPS}{_END}"
)
_AFTERWARDS: Final = re.compile(
    rf"(?i)(?<![\w.:/-])(?P<number>{_DIGITS}(?:x\d{{1,6}})?)"
    r"(?=(?:[ ]?-|[ ]\(?)(?:office|fax|mobile|cell|home|work|phone|tel)\b)"
)
_LINE: Final = Led(
    r"(?i)\b(?:ext(?:ension|n)?|direct[ ](?:line|dial)|durchwahl|poste)\b[.:]?(?:[ ](?:is|number|no\.?))?[ ]?:?[ ]?"
    r"(?P<number>x?-?(?:\d-)?\d{3,5})(?![\w/]|[.,:-]\d)"
)
_SPANISH: Final = re.compile(r"[6789]\d{2}(?:[ ]\d{2}){3}(?!\w|[ ]\d|[.,]\d)")
_DATE: Final = re.compile(
    r"(?:19|20)\d\d[ ./-]\d{1,2}[ ./-]\d{1,2}|\d{1,2}[ ./-]\d{1,2}[ ./-](?:19|20)?\d\d|(?:\d{1,3}\.){3}\d{1,3}"
)
SAID_LED: Final = (_SAID, _CALLED, _LINE)
BEHIND_WORDS: Final = frozenset(("office", "fax", "mobile", "cell", "home", "work", "phone", "tel"))
"""One of these stands right behind a number that only they make a telephone's."""

_CARD: Final = re.compile(r"(?<![\w.-])[2-6]\d{11,18}(?![\w-]|\.\d)")
_CARD_WORD: Final = re.compile(
    r"(?i)card|visa|master|amex|discover|maestro|credit|debit|kredit|carte|tarjeta|carta|kaart|karte"
)
_BEFORE: Final = 60
_AMERICAN_SIGN: Final = re.compile(r"\d{3}[.-]\d{4}")
_IBAN_SIGN: Final = re.compile(r"\d(?<=[a-z][a-z]\d)\d")
_IBAN: Final = re.compile(r"(?<![^\W_])[a-z]{2}\d{2}(?:[ ]?[a-z0-9]{4}){2,7}(?:[ ]?[a-z0-9]{1,3})?(?![^\W_])")


def dialled(text: str) -> Iterator[Found]:
    """Numbers written as telephone numbers are, in use or not: `590-427-7038x4309`, `+1-558-500-4397`."""
    for match in _AMERICAN.finditer(text) if _AMERICAN_SIGN.search(text) else ():
        yield match.span()
    for match in _SPANISH.finditer(text):
        if (
            text[match.start() - 1 : match.start()] in (" ", ":")
            and text[match.start() - 2 : match.start() - 1].isalpha()
        ):
            yield match.span()
    if "+" in text:
        for match in _ABROAD.finditer(text):
            if 8 <= sum(c.isdigit() for c in match[0].partition("x")[0]) <= 15:
                yield match.span()


def said(text: str) -> Iterator[Found]:
    """Numbers that a word before or behind says to be a telephone's, in any country's grouping: `call 75 196 772`."""
    return said_where(Facts(text))(text)


def said_where(facts: Facts) -> Callable[[str], Iterator[Found]]:
    """`said` for parts of a text of which this is known: what cannot be there is not looked for."""
    before, called, line = (pattern.among(facts) for pattern in SAID_LED)
    behind = facts.says(BEHIND_WORDS)

    def find(text: str) -> Iterator[Found]:
        for match in (
            *_SAID.matches(text, before),
            *_CALLED.matches(text, called),
            *(_AFTERWARDS.finditer(text) if behind else ()),
        ):
            number = match["number"]
            count = sum(c.isdigit() for c in number.partition("x")[0])
            grouped = any(c in " -./)" for c in number)
            if (7 <= count <= 15 if grouped else 8 <= count <= 13) and not _DATE.fullmatch(number):
                yield match.span("number")
        for match in _LINE.matches(text, line):
            yield match.span("number")

    return find


def cards(text: str) -> Iterator[Found]:
    """Card numbers of twelve to nineteen digits with a right checksum, after a word that says so."""
    for match in _CARD.finditer(text):
        if luhn(match[0]) and _CARD_WORD.search(text, max(0, match.start() - _BEFORE), match.start()):
            yield match.span()


def ibans(text: str) -> Iterator[Found]:
    """IBANs in small letters with a right checksum."""
    for match in _IBAN.finditer(text) if _IBAN_SIGN.search(text) else ():
        value = match[0]
        while value.count(" ") and not iban(value):
            value = value.rpartition(" ")[0]
        if len(value.replace(" ", "")) >= 15 and iban(value):
            yield match.start(), match.start() + len(value)
