"""Numbers, dates, codes, names and tokens of a text, in one form whatever way they are written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from gateway.retrieval.embed import TOKEN

TOKENS, MASKS, CODES, DATES, NUMBERS, NAMES = "token", "withheld", "code", "date", "number", "name"
_MASK: Final = re.compile(r"\[([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)\]")
_CITED: Final = re.compile(r"\s*\[\d{1,3}(?:\s*[,;\u2013-]\s*\d{1,3})*\]")
_LISTED: Final = re.compile(r"^\s*(?:[-*•|]\s*)?(?:\d{1,2}[.)]\s+)?(?:#+\s*)?")
_CODE: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}|https?://\S+"
    r"|(?<![\w-])(?=[\w-]{0,40}\d)(?=[\w-]{0,40}[A-Za-z])\w{1,64}(?:-\w{1,64}){0,8}\b"
)
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january januar jan", "february februar feb", "march märz mar mär", "april apr", "may mai",
            "june juni jun", "july juli jul", "august aug", "september sept sep", "october oktober oct okt",
            "november nov", "december dezember dec dez",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH: Final = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATES: Final = (
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b"),
    re.compile(r"\b(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.(?:\s?(?P<y>\d{4}|\d{2})\b)?"),
    re.compile(r"\b(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})\b"),
    re.compile(
        rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?(?P<m>{_MONTH})\b\.?(?:,?\s+(?P<y>\d{{4}})\b)?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?P<m>{_MONTH})\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)(?:,?\s+(?P<y>\d{{4}})\b)?", re.IGNORECASE
    ),
)
_NUMBER: Final = re.compile(
    r"(?<![\w.,])(?P<sign>[-\u2212](?=\d))?(?P<money>[€$£])?\s?"
    r"(?P<n>\d{1,3}(?:[ '\u2019\u202f\u00a0]\d{3})+(?:[.,]\d+)?"
    r"|\d+(?:[.,]\d+)*)"
    r"(?:\s*(?P<scale>million|millionen|billion|milliarden|thousand|tausend|mio|k|m|bn)\b)?"
    r"(?:(?:\s*|-)(?P<unit>%|€|[$]|£|°?[A-Za-zäöüß]+))?"
)  # fmt: skip
_SCALES: Final = {
    "million": 6, "millionen": 6, "mio": 6, "m": 6, "billion": 9, "milliarden": 9, "bn": 9, "thousand": 3,
    "tausend": 3, "k": 3,
}  # fmt: skip
_WORDS: Final = {
    word: number
    for number, names in (
        (2, "two zwei"), (3, "three drei"), (4, "four vier"), (5, "five fünf"), (6, "six sechs"), (7, "seven sieben"),
        (8, "eight acht"), (9, "nine neun"), (10, "ten zehn"), (11, "eleven elf"), (12, "twelve zwölf"),
        (13, "thirteen dreizehn"), (14, "fourteen vierzehn"), (15, "fifteen fünfzehn"), (16, "sixteen sechzehn"),
        (17, "seventeen siebzehn"), (18, "eighteen achtzehn"), (19, "nineteen neunzehn"), (20, "twenty zwanzig"),
        (30, "thirty dreißig"), (40, "forty vierzig"), (50, "fifty fünfzig"), (60, "sixty sechzig"),
        (70, "seventy siebzig"), (80, "eighty achtzig"), (90, "ninety neunzig"), (100, "hundred hundert"),
    )
    for word in names.split()
}  # fmt: skip
_SPELLED: Final = re.compile(rf"\b({'|'.join(_WORDS)})\b(?:[\s-]+([^\W\d_]+))?", re.IGNORECASE)
_UNITS: Final = {
    word: unit
    for unit, names in (
        ("%", "% percent prozent pct"), ("EUR", "€ eur euro euros"), ("USD", "$ usd dollar dollars"),
        ("GBP", "£ gbp pound pounds"), ("day", "day days tag tage tagen"), ("week", "week weeks woche wochen"),
        ("month", "month months monat monate monaten"), ("year", "year years jahr jahre jahren"),
        ("hour", "hour hours h hrs stunde stunden"), ("minute", "minute minutes min mins minuten"),
        ("second", "second seconds sec secs s sekunden"), ("km", "km kilometre kilometres kilometer kilometers"),
        ("mile", "mile miles"), ("m", "metre metres meter meters"), ("cm", "cm"), ("mm", "mm"),
        ("kg", "kg kilogram kilograms kilogramm"), ("g", "g gram grams gramm"), ("t", "ton tons tonne tonnes tonnen"),
        ("l", "l litre litres liter liters"), ("ml", "ml"), ("C", "°c celsius"), ("F", "°f fahrenheit"),
        ("GB", "gb"), ("MB", "mb"), ("TB", "tb"), ("kWh", "kwh"), ("MW", "mw"), ("V", "v volt volts"),
    )
    for word in names.split()
}  # fmt: skip
_NAME: Final = re.compile(r"[^\W\d_a-z][\w'\u2019-]*(?:\s+[^\W\d_a-z][\w'\u2019-]*)*")
_CAPITAL: Final = frozenset("I I'm I'll I've OK Yes No The A An".split())  # noqa: SIM905
SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Number:
    """The values a figure may mean (`1.000` is a thousand or one), and its unit where one is known."""

    values: frozenset[Decimal]
    unit: str = ""

    def agrees(self, other: Number) -> bool:
        """Whether both may be the same quantity; a missing unit fits every unit."""
        return bool(self.values & other.values) and (not self.unit or not other.unit or self.unit == other.unit)


@dataclass(frozen=True, slots=True)
class Date:
    """Possible (day, month) and the year, None where none is given."""

    days: frozenset[tuple[int, int]]
    year: int | None = None

    def agrees(self, other: Date) -> bool:
        """Whether both may be the same day."""
        return bool(self.days & other.days) and (self.year is None or other.year is None or self.year == other.year)


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a text must stand in a passage, by kind."""

    tokens: frozenset[str] = frozenset()
    masks: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    dates: tuple[Date, ...] = ()
    numbers: tuple[Number, ...] = ()
    names: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    """Words of each name, folded."""

    def __bool__(self) -> bool:
        return bool(self.tokens or self.masks or self.codes or self.dates or self.numbers or self.names)


def without_marks(text: str) -> str:
    """A sentence without citation marks, bullets and list numbers."""
    return _CITED.sub("", _LISTED.sub("", text, count=1))


def fold(text: str) -> str:
    """Case, accents and kinds of apostrophe set aside."""
    plain = unicodedata.normalize("NFKD", text).replace("\u2019", "'").casefold()
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def facts_of(text: str, *, names: bool = True) -> Facts:
    """The facts of a text. `names`: capitalised words too, where the language does not write every noun so."""
    tokens = frozenset(
        found[0].removesuffix(f"{found[2]}]") + "]" if found[2] else found[0] for found in TOKEN.finditer(text)
    )
    rest = TOKEN.sub(" ", text)
    masks = frozenset(found[1] for found in _MASK.finditer(rest))
    rest = _MASK.sub(" ", rest)
    rest, dates = _dates(rest)
    codes = set()
    for found in _CODE.finditer(rest):
        if not _measure(found[0]):
            codes.add(fold(found[0]).rstrip(".,;"))
    numbers = [one for found in _NUMBER.finditer(rest) if (one := _number(found)) is not None]
    numbers += [
        Number(frozenset({Decimal(_WORDS[found[1].casefold()])}), _UNITS.get((found[2] or "").casefold(), ""))
        for found in _SPELLED.finditer(rest)
    ]
    return Facts(tokens, masks, frozenset(codes), tuple(dates), tuple(numbers), tuple(_names(rest)) if names else ())


def _dates(text: str) -> tuple[str, list[Date]]:
    found: list[Date] = []

    def take(match: re.Match[str]) -> str:
        month = _MONTHS.get(match["m"].casefold()) or (int(match["m"]) if match["m"].isdigit() else 0)
        day, year = int(match["d"]), int(match["y"]) if match["y"] else None
        if year is not None and year < 100:
            year += 2000
        days = {(day, month)} if 1 <= month <= 12 and 1 <= day <= 31 else set()
        if "/" in match[0] and 1 <= day <= 12 and 1 <= month <= 31:
            days.add((month, day))
        if not days:
            return match[0]
        found.append(Date(frozenset(days), year))
        return " "

    for pattern in _DATES:
        text = pattern.sub(take, text)
    return text, found


def _measure(word: str) -> bool:
    """Whether a word with digits and letters is a number with its unit (`40km`, `1st`, `5k`)."""
    parts = re.fullmatch(r"(\d+)-?([A-Za-z]+)", word)
    if parts is None:
        return False
    return parts[2].casefold() in _UNITS.keys() | _SCALES.keys() | {"st", "nd", "rd", "th"}


def _number(found: re.Match[str]) -> Number | None:
    figure = re.sub(r"[ '\u2019\u202f\u00a0]", "", found["n"])
    scale = Decimal(10) ** _SCALES.get((found["scale"] or "").casefold(), 0)
    unit = _UNITS.get((found["money"] or found["unit"] or "").casefold(), "")
    try:
        values = {Decimal(one) * scale for one in _readings(figure)}
    except InvalidOperation:
        return None
    if (found["scale"] or "").casefold() == "m":
        # Metres or millions.
        values |= {value / scale for value in values}
    if found["sign"]:
        values |= {-value for value in values}
    return Number(frozenset(values), unit) if values else None


def _readings(figure: str) -> list[str]:
    """What a figure may mean: a comma or a point may group or divide."""
    if figure.isdigit():
        return [figure]
    marks = [mark for mark in figure if mark in ".,"]
    last = max(figure.rfind("."), figure.rfind(","))
    plain = figure.replace(",", "").replace(".", "")
    divided = figure[:last].replace(",", "").replace(".", "") + "." + figure[last + 1 :]
    if len(set(marks)) == 2:
        return [divided]
    groups = re.split(r"[.,]", figure)
    grouped = all(len(group) == 3 for group in groups[1:])
    if len(marks) > 1:
        return [plain] if grouped else []
    return [plain, divided] if grouped else [divided]


def _names(text: str) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for match in _NAME.finditer(text):
        words: Sequence[str] = [word for word in SPACE.split(match[0]) if word not in _CAPITAL]
        first = not text[: match.start()].strip(" \"'(*_„“\n\t")
        # A capital at the sentence's beginning says nothing; of several words the others do.
        if first and len(words) <= 1:
            continue
        parts = tuple(part for word in words for part in [fold(word).removesuffix("'s").strip("'-.")] if len(part) > 1)
        if parts:
            found.append(parts)
    return found
