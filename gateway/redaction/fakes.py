"""What an invented value is made of: pieces kept, words to be replaced, digits to be drawn. Pure.

A word that is replaced is a `Word`: equal words have equal replacements wherever they stand, so `Jane Roe`, `Roe` and
`jane.roe@acme.example` become `Mary Quill`, `Quill` and `mary.quill@…`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from gateway.redaction import fake_dates, fake_people
from gateway.redaction.fake_draw import Draw, shaped
from gateway.redaction.fake_lists import countries
from gateway.redaction.fake_numbers import Check, number
from gateway.redaction.fake_people import Word, plain
from gateway.redaction.fake_words import ORGANISATIONAL, ROLE_BOXES, STATES, STREET_ENDS, STREETS


@dataclass(frozen=True, slots=True)
class Drawn:
    """Digits and letters to be drawn in the form of these."""

    form: str


Piece: TypeAlias = str | Word | Drawn

NEVER: Final = frozenset(("API_KEY", "PRIVATE_KEY", "JWT", "CONNECTION_STRING", "PASSWORD", "NRP", "CRYPTO"))
"""Never imitated: a false secret misleads whoever reads it, and of nationalities there are too few to tell apart."""
_PERSON: Final = "PERSON"
_RUN: Final = re.compile(r"[^\W_]+(?:['\u2019.][^\W_]+)*|[\W_]+")
_LOCAL: Final = re.compile(r"[^\W\d_]+|\d+|[\W_]+")
_EMAIL: Final = re.compile(r"([^@\s]+)@([^@\s]+)")
_URL: Final = re.compile(r"([a-z][a-z0-9+.-]*://|www\.)?([^/?#:\s]+)(:\d+)?([/?#]\S*)?", re.IGNORECASE)


def pieces(type_: str, value: str, roles: Mapping[str, str], languages: Sequence[str]) -> list[Piece] | None:
    """A value taken apart; None where its type or form has no fake made of words.

    `roles`: name word -> `first` or `last`, from the whole names of the request.
    """
    take = _TAKE.get(type_)
    if take is None or type_ in NEVER:
        return None
    made = take(value, roles, languages)
    return made if made is not None and any(isinstance(piece, Word | Drawn) for piece in made) else None


def drawn(type_: str, value: str, draw: Draw, check: Check | None = None) -> tuple[str, tuple[str, ...]] | None:
    """A fake made of digits, and other spellings of it; None where the type or form has none."""
    if type_ in NEVER:
        return None
    if type_ in ("DATE_OF_BIRTH", "DATE_TIME"):
        dated = fake_dates.date(value, draw)
        return (dated.text, dated.also) if dated else None
    text = fake_dates.age(value, draw) if type_ == "AGE" else number(type_, value, draw, check)
    return (text, ()) if text is not None else None


def _person(value: str, roles: Mapping[str, str], languages: Sequence[str]) -> list[Piece] | None:
    return list(fake_people.person(value, roles, languages))


def _email(value: str, roles: Mapping[str, str], languages: Sequence[str]) -> list[Piece] | None:
    match = _EMAIL.fullmatch(value)
    if match is None:
        return None
    made: list[Piece] = []
    for piece in _LOCAL.findall(match[1]):
        if piece.casefold() in ROLE_BOXES or not piece[0].isalnum():
            made.append(piece)
        elif piece[0].isdigit() or len(piece) == 1:
            made.append(Drawn(piece))
        else:
            made.append(fake_people.name_word(piece, roles, languages, style="mail"))
    return [*made, "@", Word("domain", "en", plain(match[2]), "")]


def _organisation(value: str, _roles: Mapping[str, str], languages: Sequence[str]) -> list[Piece] | None:
    return [_word(run, "last", ORGANISATIONAL, languages) for run in _RUN.findall(value)]


def _place(value: str, _roles: Mapping[str, str], languages: Sequence[str]) -> list[Piece] | None:
    made: list[Piece] = []
    for segment in re.split(r"(\s*[,;/]\s*)", value):
        if not segment or not any(map(str.isalnum, segment)):
            made.append(segment)
        elif segment.upper() in STATES and segment.isupper():
            made.append(Word("state", "en", segment, ""))
        elif any(map(str.isdigit, segment)):
            made += _address_part(segment, "city", languages)
        elif segment.casefold() in countries():
            made.append(Word("country", "en", plain(segment), ""))
        else:
            made.append(Word("city", fake_people.language_of(segment, languages), plain(segment), ""))
    return made


def _address(value: str, _roles: Mapping[str, str], languages: Sequence[str]) -> list[Piece] | None:
    made: list[Piece] = []
    for number_, segment in enumerate(re.split(r"([,;\n]\s*)", value)):
        made += _address_part(segment, "city" if number_ > 1 else "last", languages)
    return made


def _address_part(segment: str, role: str, languages: Sequence[str]) -> list[Piece]:
    made: list[Piece] = []
    for run in _RUN.findall(segment):
        ending = next((end for end in STREET_ENDS if run.lower().endswith(end) and len(run) > len(end) + 2), "")
        if any(map(str.isdigit, run)):
            made.append(Drawn(run))
        elif run.isupper() and run in STATES and role == "city":
            made.append(Word("state", "en", run, ""))
        elif ending:
            stem = run[: -len(ending)]
            made += (Word("last", fake_people.language_of(stem, languages), plain(stem), ""), run[-len(ending) :])
        else:
            made.append(_word(run, role, STREETS, languages))
    return made


def _word(run: str, role: str, kept: frozenset[str], languages: Sequence[str]) -> Piece:
    if not run[0].isalpha() or len(run) < 2 or run.casefold().rstrip(".") in kept:
        return Drawn(run) if any(map(str.isdigit, run)) else run
    return Word(role, fake_people.language_of(run, languages), plain(run), "upper" if run.isupper() else "")


def _job(value: str, _roles: Mapping[str, str], _languages: Sequence[str]) -> list[Piece] | None:
    return [Word("job", "en", plain(value), "")]


def _url(value: str, _roles: Mapping[str, str], _languages: Sequence[str]) -> list[Piece] | None:
    match = _URL.fullmatch(value)
    if match is None:
        return None
    scheme, host, port, path = (part or "" for part in match.groups())
    made: list[Piece] = [scheme, Word("domain", "en", plain(host), ""), port]
    return [*made, "/", Drawn("a" * 4 + "0" * 6)] if len(path) > 1 else [*made, path]


_TAKE: Final[dict[str, Callable[[str, Mapping[str, str], Sequence[str]], list[Piece] | None]]] = {
    _PERSON: _person,
    "EMAIL_ADDRESS": _email,
    "ORGANIZATION": _organisation,
    "LOCATION": _place,
    "STREET_ADDRESS": _address,
    "JOB_TITLE": _job,
    "URL": _url,
}


def put_together(made: Sequence[Piece], chosen: Mapping[Word, str], draw: Draw) -> str:
    """The text of pieces, each word as it was chosen."""
    out: list[str] = []
    for piece in made:
        if isinstance(piece, Word):
            out.append(fake_people.styled(chosen[piece.whole], piece.style))
        elif isinstance(piece, Drawn):
            out.append(shaped(piece.form, draw))
        else:
            out.append(piece)
    return "".join(out)
