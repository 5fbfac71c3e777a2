"""Our own recognizers: which function finds which type, how sure its findings are, and what must stand in the text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.redaction import (
    addresses,
    asked,
    case_numbers,
    court_names,
    dates,
    ids,
    kin,
    names,
    numbered,
    secrets,
    shapes,
    speakers,
)
from gateway.redaction.facts import Facts, Needs
from gateway.redaction.led import Led
from gateway.redaction.marks import MarkSet
from gateway.redaction.scene import Scene, merged

Found = tuple[int, int]
Scored = tuple[int, int, float]
Finder = Callable[[str], Iterable[Found | Scored]]

_MARKED: Final = 0.85
_FORM: Final = 0.6
_EDGE: Final = 40
"""A window's edge moves so far to stand at a blank."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One function and what is known about it."""

    name: str
    find: Finder
    """text -> spans, with a score where they differ."""
    score: float = _MARKED
    marks: tuple[str, ...] = ()
    """One of these stands in every text in which it finds something (in small letters); none: it always runs."""
    reach: tuple[int, int] | None = None
    """It finds nothing farther than this before and after a digit, and is shown no more of the text."""
    beside: tuple[int, int] | None = None
    """It finds nothing farther than this before and after one of its marks."""
    whole: bool = False
    """Reads whole texts, not pieces: what it finds may be longer than a piece, or known from far above."""
    late: bool = False
    """Runs after the others, and what lies inside their findings is dropped."""
    led: tuple[Led, ...] = ()
    """Patterns with one of whose words every finding begins that no mark tells of."""
    words: frozenset[str] = frozenset()
    """Besides marks: one of these words may stand there instead."""
    narrowed: Callable[[Facts], Finder] | None = None
    """The same function for parts of a text of which this is known."""
    needs: Needs = Needs()
    """Besides, no text without this holds any of it."""

    @property
    def marked(self) -> MarkSet:
        """What of a text tells that it could find something there."""
        return MarkSet(self.marks, self.words.union(*(one.words for one in self.led)))

    def could(self, lowered: str) -> bool:
        """Whether it could find anything in a text in small letters."""
        return not self.marks or bool(self.led) or any(map(lowered.__contains__, self.marks))

    def spans(self, scene: Scene) -> Iterator[Scored]:
        """What it finds in a piece of text."""
        if self.beside is not None and len(scene.lowered) == len(scene.text):
            at = sorted(_places(scene.lowered, self.marks))
            windows = [(place, place) for place in at]
            before, after = self.beside
        elif self.reach is not None:
            windows = [(a, b) for a, b, _ in scene.runs]
            before, after = self.reach
        else:
            yield from self._scored(self._finder(scene), scene.text, 0)
            return
        end = len(scene.text)
        find = self._finder(scene)
        if end <= before and windows:
            # A short text: every window begins with it.
            wide = [(0, min(end, windows[-1][1] + after))]
        else:
            wide = merged((max(0, a - before), min(end, b + after)) for a, b in windows)
        for first, last in wide:
            left, right = _at_blanks(scene.text, first, last)
            if self.beside is not None or right - left == end or self.could(scene.lowered[left:right]):
                yield from self._scored(find, scene.text[left:right], left)

    def _finder(self, scene: Scene) -> Finder:
        return self.find if self.narrowed is None else self.narrowed(scene.facts)

    def _scored(self, find: Finder, text: str, offset: int) -> Iterator[Scored]:
        for start, end, *score in find(text):
            yield start + offset, end + offset, score[0] if score else self.score


def _places(lowered: str, marks: tuple[str, ...]) -> Iterator[int]:
    for mark in marks:
        at = lowered.find(mark)
        while at >= 0:
            yield at
            at = lowered.find(mark, at + len(mark))


def _at_blanks(text: str, first: int, last: int) -> Found:
    """A window made a little wider, so that it cuts no word."""
    left, right = first, last
    while left > 0 and first - left < _EDGE and not text[left - 1].isspace():
        left -= 1
    while right < len(text) and right - last < _EDGE and not text[right].isspace():
        right += 1
    return left, right


def _cells(kind: str) -> Finder:
    return lambda text: ((start, end) for start, end, found in names.columns(text) if found == kind)


_NEAR: Final = (80, 60)
_LINES: Final = Needs(signs=frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"))
"""A table has a line below its head."""
_CLOCKS: Final = Needs(digits=3, signs=frozenset(":."))
RULES: Final[dict[str, tuple[Rule, ...]]] = {
    "PERSON": (
        Rule("names", names.people, narrowed=names.people_where),
        Rule("initials", court_names.initials, 0.5, court_names.INITIAL_MARKS),
        Rule("parties", court_names.parties, 0.5, (" v",)),
        Rule("judges", court_names.judges, 0.6, court_names.JUDGE_MARKS),
        Rule("relatives", kin.relatives, _FORM, narrowed=kin.relatives_where),
        Rule("people who speak", speakers.people, _FORM, needs=_CLOCKS),
        Rule("names asked for", asked.names, 0.95, led=asked.NAME_LED, narrowed=asked.names_where, needs=_LINES),
        Rule("columns of names", _cells("PERSON"), marks=names.HEAD_MARKS, whole=True, needs=_LINES),
    ),
    "JOB_TITLE": (Rule("titles", names.titles, 0.6),),
    "DATE_OF_BIRTH": (
        Rule("dates of birth", dates.births, marks=dates.BIRTH_MARKS, beside=(8, 120)),
        Rule("columns of dates of birth", _cells("DATE_OF_BIRTH"), marks=dates.BIRTH_MARKS, whole=True, needs=_LINES),
    ),
    "PHONE_NUMBER": (
        Rule("numbers dialled", shapes.dialled, 0.5, reach=(24, 40)),
        Rule(
            "numbers said to be telephones",
            shapes.said,
            0.45,
            reach=(60, 50),
            led=shapes.SAID_LED,
            words=shapes.BEHIND_WORDS,
            narrowed=shapes.said_where,
        ),
        Rule("numbers asked for", asked.phones, 0.5, led=asked.PHONE_LED, narrowed=asked.phones_where, needs=_LINES),
        Rule("columns of numbers", _cells("PHONE_NUMBER"), marks=names.PHONE_MARKS, whole=True, needs=_LINES),
    ),
    "CREDIT_CARD": (Rule("cards", shapes.cards, _MARKED, reach=(80, 30), needs=Needs(word=12)),),
    "IBAN_CODE": (Rule("ibans in small letters", shapes.ibans, _MARKED, reach=(24, 60)),),
    "STREET_ADDRESS": (
        Rule("addresses", addresses.addresses, _FORM, reach=(100, 160), narrowed=addresses.addresses_where),
        Rule("addresses asked for", asked.places, 0.5, led=asked.PLACE_LED, narrowed=asked.places_where, needs=_LINES),
    ),
    "ZIP_CODE": (Rule("postcodes", addresses.postcodes, _FORM, reach=_NEAR),),
    "DATE_TIME": (Rule("dates", dates.moments, _FORM),),
    "UK_NHS": (Rule("nhs numbers", ids.nhs, 0.9, reach=_NEAR, led=ids.NHS_LED, narrowed=ids.nhs_where),),
    "AGE": (Rule("ages", dates.ages, _FORM, marks=dates.AGE_MARKS, reach=_NEAR),),
    "ID_NUMBER": (
        Rule(
            "labelled numbers",
            ids.labelled,
            0.5,
            reach=_NEAR,
            late=True,
            led=ids.ID_LED,
            narrowed=ids.labelled_where,
        ),
        Rule(
            "numbers of things",
            numbered.numbered,
            0.45,
            reach=_NEAR,
            late=True,
            led=numbered.LED,
            narrowed=numbered.numbered_where,
        ),
        Rule("numbers by form", numbered.bare, 0.4, late=True, needs=Needs(code=8)),
        Rule("columns of ids", _cells("ID_NUMBER"), 0.5, marks=names.ID_HEAD_MARKS, whole=True, needs=_LINES),
        Rule(
            "numbers asked for",
            asked.answers,
            0.5,
            reach=(220, 40),
            late=True,
            led=asked.LED,
            narrowed=asked.answers_where,
            needs=_LINES,
        ),
    ),
    "CASE_NUMBER": (
        Rule(
            "case numbers",
            case_numbers.cases,
            0.5,
            case_numbers.CASE_MARKS,
            reach=_NEAR,
            late=True,
            led=case_numbers.CASE_LED,
            narrowed=case_numbers.cases_where,
        ),
    ),
    "LICENSE_PLATE": (
        Rule("plates", ids.plates, 0.5, reach=_NEAR, late=True, led=ids.PLATE_LED, narrowed=ids.plates_where),
    ),
    "USERNAME": (
        Rule("people who speak", speakers.nicks, 0.5, late=True, needs=Needs(signs=frozenset(":=(-"))),
        Rule(
            "user names asked for",
            asked.users,
            0.5,
            late=True,
            led=asked.USER_LED,
            narrowed=asked.users_where,
            needs=_LINES,
        ),
        Rule("user names", ids.users, 0.5, ids.USER_MARKS, late=True, led=ids.USER_LED, narrowed=ids.users_where),
    ),
    "DOMAIN_NAME": (Rule("hosts", ids.hosts, 0.5, (".",), late=True),),
    "CRYPTO": (Rule("wallets", ids.wallets, _FORM, reach=(40, 120), needs=Needs(word=26)),),
    "API_KEY": (
        Rule(
            "keys of providers",
            secrets.provider_keys,
            marks=secrets.PROVIDER_MARKS,
            beside=(40, 300),
            needs=Needs(chunk=15),
        ),
        Rule("keys of sixteen bytes", secrets.short_keys, reach=(8, 40), needs=Needs(word=34)),
        Rule(
            "keys after a label",
            secrets.labelled_keys,
            marks=secrets.KEY_MARKS,
            beside=(40, 480),
            needs=Needs(chunk=16),
        ),
    ),
    "PRIVATE_KEY": (Rule("private keys", secrets.private_keys, 1.0, ("private key",), whole=True),),
    "JWT": (Rule("web tokens", secrets.tokens, 1.0, ("eyj",), whole=True, needs=Needs(chunk=12)),),
    "CONNECTION_STRING": (
        Rule(
            "connection strings", secrets.connections, 0.9, secrets.CONNECTION_MARKS, needs=Needs(signs=frozenset("/="))
        ),
    ),
    "PASSWORD": (Rule("passwords", secrets.passwords, 0.7, secrets.PASSWORD_MARKS, beside=(8, 240)),),
}
"""Entity type -> its rules. A type of Presidio's may have some beside it."""
