"""Names of people taken apart word by word: which part each word is, of which language, of which gender. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.redaction.fake_lists import LOCALES, UNSPACED, jobs, names
from gateway.redaction.fake_words import CITY_ENDS, COUNTRIES, ENDINGS, NEUTRAL, PARTICLES, STATES, TITLES
from gateway.redaction.normalise import canonical

LATIN: Final = ("en", "de", "fr", "es", "it", "nl")
"""Languages whose lists of names are looked through for a word, after those of the policy."""

RESERVED: Final = ".example"
"""Domains under it are given to nobody (RFC 2606)."""

_SCRIPTS: Final = (
    ("CJK", "zh"),
    ("HIRAGANA", "ja"),
    ("KATAKANA", "ja"),
    ("HANGUL", "ko"),
    ("CYRILLIC", "ru"),
    ("GREEK", "el"),
    ("HEBREW", "he"),
    ("ARABIC", "ar"),
)
_MARKS: Final = (("ßäöü", "de"), ("ñ", "es"), ("åæø", "da"), ("çèêœ", "fr"), ("ãõ", "pt"), ("ğış", "tr"))
_RUN: Final = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*|[\W\d_]+")
_FEMALE: Final = re.compile(r"(?:a|ah|ie|ine|elle|ette|lyn|beth|eth|is|ys)\Z")
_MALE: Final = re.compile(r"(?:o|os|us|as|er|ert|rd|ld|ck|n|m|f|k|rt|ph|x|vid|iel)\Z")


@dataclass(frozen=True, slots=True)
class Word:
    """One word to be replaced, as all its spellings share it. `role` names the list that the replacement is of."""

    role: str
    language: str
    word: str
    style: str
    """How the replacement is written: `` as listed, `upper`, `initial`, or `mail` for lower case without accents."""

    @property
    def whole(self) -> Word:
        """The word whatever it is written like."""
        return replace(self, style="") if self.style else self


def plain(word: str) -> str:
    """One spelling of a word for all its cases and accents' encodings."""
    return canonical("PERSON", word)


def name_runs(value: str) -> list[str]:
    """A name's words and what stands between them, as `person` goes through them."""
    return _RUN.findall(value)


def person(value: str, roles: Mapping[str, str], languages: Sequence[str]) -> Iterator[str | Word]:
    """A name's words and what stands between them; titles, particles and endings stay as they are."""
    runs = name_runs(value)
    parts = parts_of(value)
    if len(runs) == 1 and len(value) > 1 and (language := language_of(value, languages)) in UNSPACED:
        family = 2 if language == "ja" and len(value) > 2 else 1
        yield Word("last", language, value[:family], "")
        yield Word("first:n", language, value[family:], "")
        return
    for place, run in enumerate(runs):
        part = parts.get(place)
        if part is None:
            yield run
        elif len(run) == 1:
            yield name_word(run, {plain(run): part}, languages, style="initial")
        else:
            role = part if len(parts) > 1 else roles.get(plain(run), "")
            style = "upper" if value.isupper() else ""
            yield name_word(run, {plain(run): role} if role else {}, languages, style=style)


def parts_of(value: str) -> dict[int, str]:
    """Place among the runs of a name -> `first` or `last`; a lone word is `last` here, whatever it is."""
    runs = name_runs(value)
    words = [
        place
        for place, run in enumerate(runs)
        if run[0].isalpha() and run.casefold() not in TITLES and run.casefold() not in PARTICLES | ENDINGS
    ]
    if not words:
        return {}
    comma = next((place for place, run in enumerate(runs) if "," in run and words[0] < place < words[-1]), None)
    if comma is not None:
        # Roe, Jane
        return {place: "last" if place < comma else "first" for place in words}
    return dict.fromkeys(words[:-1], "first") | {words[-1]: "last"}


def roles_in(values: Sequence[str]) -> dict[str, str]:
    """Name word -> what it is in the names of several words."""
    found: dict[str, str] = {}
    for value in sorted(values):
        parts = parts_of(value)
        if len(parts) > 1:
            runs = name_runs(value)
            for place, role in parts.items():
                if len(runs[place]) > 1:
                    found.setdefault(plain(runs[place]), role)
    return found


def name_word(run: str, roles: Mapping[str, str], languages: Sequence[str], style: str = "") -> Word:
    """One word of a name; what no role is known of is a first name if the lists say so."""
    language, word = language_of(run, languages), plain(run)
    role = roles.get(word) or ("first" if _listed_first(word, language) else "last")
    gender = gender_of(word, language) if role == "first" else ""
    if role == "last" and language in ("ru", "uk") and word.endswith(("ва", "на", "ая")):
        gender = "f"
    return Word(f"{role}:{gender}" if gender else role, language, word, style)


def gender_of(word: str, language: str) -> str:
    """`f`, `m`, or `n` where neither the lists nor the ending say. `word` as `plain` spells it."""
    for one in dict.fromkeys((language, *(LATIN if language in LATIN else ()))):
        known = names(one)
        female, male = word in known.known_female, word in known.known_male
        if female != male:
            return "f" if female else "m"
        if female:
            return "n"
    if language not in LATIN:
        return "n"
    return "f" if _FEMALE.search(word) else "m" if _MALE.search(word) else "n"


def language_of(run: str, languages: Sequence[str]) -> str:
    """The language that a word's replacement is taken from: by script, by the lists of names, by letters."""
    letter = next((character for character in run if character.isalpha()), "a")
    script = unicodedata.name(letter, "").split(" ", 1)[0]
    spoken = [one for one in languages if one in LOCALES]
    for name, language in _SCRIPTS:
        if name == script:
            return _neighbour(language, run, spoken)
    latin = [one for one in spoken if one not in dict(_SCRIPTS).values() and one != "uk"]
    word = plain(run)
    for one in dict.fromkeys((*latin, *LATIN)):
        known = names(one)
        if word in known.known_last or word in known.known_female or word in known.known_male:
            return one
    for marks, language in _MARKS:
        if any(mark in word for mark in marks):
            return language
    return latin[0] if latin else "en"


def _neighbour(language: str, run: str, spoken: Sequence[str]) -> str:
    """Of two languages with one script, the other one where the policy or a family name says so."""
    if language == "zh" and ("ja" in spoken or run[:2] in names("ja").known_last):
        return "ja"
    return "uk" if language == "ru" and "uk" in spoken else language


def candidates(word: Word) -> Sequence[str]:
    """What may stand for a word, as long as nothing forbids it; the same order for ever."""
    role, _, gender = word.role.partition(":")
    fixed = _FIXED.get(role)
    if fixed is not None:
        return fixed()
    known = names(word.language)
    if role == "first" and gender == "n":
        return NEUTRAL if word.language in LATIN else (*known.female, *known.male)
    if role == "first":
        return known.female if gender == "f" else known.male
    if role == "city":
        return _Compound(known.last, CITY_ENDS.get(word.language, ("",)))
    return known.last_female if gender == "f" else known.last


class _Compound(Sequence[str]):
    """Family names with something behind them: places and domains that are nobody's."""

    def __init__(self, stems: Sequence[str], ends: Sequence[str]) -> None:
        self._stems = stems
        self._ends = ends

    def __len__(self) -> int:
        return len(self._stems)

    def __getitem__(self, place: int) -> str:  # type: ignore[override]
        return self._stems[place] + self._ends[place % len(self._ends)]


_FIXED: Final[dict[str, Callable[[], Sequence[str]]]] = {
    "state": lambda: STATES,
    "country": lambda: COUNTRIES,
    "job": jobs,
    "domain": lambda: _Compound([name.lower() for name in names("en").last], (RESERVED,)),
}


def styled(name: str, style: str) -> str:
    """A chosen name as this place writes it."""
    if style == "upper":
        return name.upper()
    if style == "initial":
        return name[0].upper()
    if style == "mail":
        split = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
        return "".join(character for character in split if character.isascii() and character.isalnum())
    return name


def _listed_first(word: str, language: str) -> bool:
    searched = dict.fromkeys((language, *(LATIN if language in LATIN else ())))
    first = any(word in names(one).known_female or word in names(one).known_male for one in searched)
    return first and word not in names(language).known_last
