"""Invented dates and ages near the real ones: the same five years, the same ten years of life. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.redaction.fake_draw import Draw

BAND: Final = 5
"""Years: 1984 becomes one of 1980 to 1984."""
_DAYS: Final = 28
_MONTHS: Final = (
    "January February March April May June July August September October November December".split(),  # noqa: SIM905
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(),  # noqa: SIM905
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),  # noqa: SIM905
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),  # noqa: SIM905
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),  # noqa: SIM905
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre".split(),  # noqa: SIM905
    "januari februari maart april mei juni juli augustus september oktober november december".split(),  # noqa: SIM905
)
_PIECE: Final = re.compile(r"\d+|[^\W\d_]+")
_AGE: Final = re.compile(r"(?<!\d)\d{1,3}(?!\d)")


@dataclass(frozen=True, slots=True)
class Dated:
    """A fake date as it stands, and other ways in which a model may write it."""

    text: str
    also: tuple[str, ...] = ()


def date(value: str, draw: Draw) -> Dated | None:
    """A date of the same five years in the same form; None when no whole date is understood."""
    pieces = list(_PIECE.finditer(value))
    numbers = [piece for piece in pieces if piece[0].isdecimal()]
    named = next(((piece, table) for piece in pieces for table in _MONTHS if _month(piece[0], table)), None)
    years = [piece for piece in numbers if len(piece[0]) == 4] or [numbers[-1]] if numbers else []
    if len(numbers) != (2 if named else 3) or len(years) != 1:
        return None
    old = years[0][0]
    if len(old) not in (2, 4):
        return None
    year = int(old) - int(old) % BAND + draw.below(BAND)
    # Where it cannot be told which number is the month, both are one.
    month = 1 + draw.below(12)
    day = 1 + draw.below(_DAYS if named or old == numbers[0][0] else 12)
    new = {years[0].start(): str(year).zfill(len(old))}
    rest = [piece for piece in numbers if piece is not years[0]]
    if named:
        table = named[1]
        word = table[month - 1]
        new[named[0].start()] = word.upper() if named[0][0].isupper() else word
        new[rest[0].start()] = _padded(day, rest)
    else:
        # Year first: month, day. Else day, month; what is drawn is a date too when read the other way.
        first, second = (month, day) if years[0] is numbers[0] else (day, month)
        new[rest[0].start()], new[rest[1].start()] = _padded(first, rest), _padded(second, rest)
    text = _PIECE.sub(lambda piece: new.get(piece.start(), piece[0]), value)
    if len(old) != 4:
        return Dated(text)
    name = _MONTHS[0][month - 1]
    also = (f"{year:04}-{month:02}-{day:02}", f"{day} {name} {year}", f"{name} {day}, {year}")
    return Dated(text, tuple(one for one in also if one != text))


def age(value: str, draw: Draw) -> str | None:
    """`47 years old` within the same ten years; None for a bare number, which could not be told from others."""
    match = _AGE.search(value)
    if match is None or sum(map(str.isalpha, value)) < 4:
        return None
    old = int(match[0])
    new = old - old % 10 + (old % 10 + 1 + draw.below(9)) % 10
    return value[: match.start()] + str(new) + value[match.end() :]


def _month(word: str, table: list[str]) -> bool:
    return word.casefold() in (month.casefold() for month in table)


def _padded(number: int, rest: list[re.Match[str]]) -> str:
    return f"{number:02}" if all(len(piece[0]) == 2 for piece in rest) else str(number)
