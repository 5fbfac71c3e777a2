"""Telephone numbers: what `phonenumbers` finds region by region, found in one walk over the text.

The library's matcher walks a text once for each region, and parses every group of digits each time. Here the groups are
made once, a necessary condition (a regular expression from the library's own metadata) says which regions could accept
one, and only those parse it. A property test holds the findings equal to the library's.
"""

# ruff: noqa: SLF001  the library's own steps, taken once for all regions
from __future__ import annotations

import importlib
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from gateway.redaction.digits import LONG, pieces

Found = tuple[int, int]

PHONE_DIGITS: Final = 7
"""Fewer digits are no phone number here; in some regions five digits would be one, and every price with them."""
REGIONS: Final = ("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR")
"""Whose national numbers are always looked for."""

SURE: Final = 0.4
UNSURE: Final = 0.3
_NO_DIGIT: Final = re.compile(r"[^0-9]")
_MARKED: Final = re.compile(r"[^\d.]")
_DOTTED: Final = re.compile(r"(?:1\.)?\d{3}\.\d{3}\.\d{4}|0\d{1,4}(?:\.\d{2,4}){3,4}|0\d{2,5}\.\d{5,8}")
"""Telephone numbers written with dots: American, French, German."""
_TRUNK: Final = re.compile(r"0[1-9]\d{8,10}|00[1-9]\d{8,13}")
"""Digits without marks that begin as a number dialled does."""
_CODES: Final = {"uk": "GB", "us": "US"}
"""Where a pack is not called as the country's code is."""

_DIGIT: Final = re.compile(r"\d")
_EXTENSION: Final = re.compile(
    r"xt|\u0434\u043e\u0431|anexo|int|[x#~;\uff58\uff03\uff5e\uff49\uff54]|,,", re.IGNORECASE
)
_BEFORE: Final = 12
"""Characters before a number's first digit in which its brackets and plus sign stand."""
_PLUS: Final = re.compile(r"\+\d[^+]{1,28}")
_GROUP: Final = re.compile(r"\d+")
_AFTER: Final = 40
"""Characters after a number in which an extension may follow."""
_PAGES: Final = re.compile(r"\(\d{1,5}\)\s*:")
CLOSED: Final = re.compile(r"[^()]*\)(?=\d)")
"""A bracket that nothing opened, before a number."""
_PLAIN: Final = re.compile(r"[^\W\d_]|[;,#~\uff03\uff5e]")
"""What may begin an extension: without it, a group is nothing but its digits."""


def known_regions(countries: Iterable[str]) -> tuple[str, ...]:
    """The regions whose national numbers are looked for: the eight of always, and those of these packs."""
    return tuple(dict.fromkeys((*REGIONS, *sorted(_CODES.get(one, one.upper()) for one in countries))))


def digits_in(text: str) -> int:
    """Decimal digits of any script."""
    return len(_DIGIT.findall(text))


def phones(text: str, skip: Sequence[Found] = (), regions: Sequence[str] = REGIONS) -> Iterator[tuple[int, int, float]]:
    """Presidio's phone recognizer, but only over the runs of characters that can hold a number; spans and scores.

    `skip`: findings of others; a run inside one would lose against it and is passed over. The score is Presidio's 0.4
    for what is written as a telephone number is, and less for what any number may look like: that takes a word.
    """
    for start, end in _found(text, skip, regions):
        value = text[start:end]
        # A field that holds nothing but the number has no words around it that could say what it is.
        alone = value.isdigit() and text.strip() == value
        yield start, end, SURE if alone else sureness(value)


def sureness(value: str) -> float:
    """How sure a valid number is a telephone's, by the way it is written.

    `1716294807`, `0.529992` and `96.00.74.00.01` are valid somewhere, and are seconds, a ratio and a version.
    """
    if value[0] in "+(" or _MARKED.search(value):
        return SURE
    if "." in value:
        return SURE if _DOTTED.fullmatch(value) else 0.0 if value.count(".") == 1 else UNSURE
    return SURE if _TRUNK.fullmatch(value) else UNSURE


def _found(text: str, skip: Sequence[Found], regions: Sequence[str]) -> Iterator[Found]:
    library = _library()
    rows = _runs(text)
    runs = [piece for start, end in rows for piece in pieces(text, start, end)]
    for start, end in rows:
        if end - start > LONG:
            yield from _abroad(library.phonenumbers, text, start, end)
    covered = _Covered(skip)
    known: dict[str, set[Found]] = {}
    for number, (start, end) in enumerate(runs):
        solid = end - len(text[start:end]) + len(text[start:end].rstrip())
        if covered.inside(start, solid):
            continue
        # One character before tells that no letter or currency sign touches the number; what stands after may be an
        # extension, up to the next run, which is looked at by itself.
        first = max(0, start - 1)
        following = runs[number + 1][0] if number + 1 < len(runs) else len(text)
        window = text[first : min(end + _AFTER, following)]
        windows = [window]
        if ":" in window and (pages := _PAGES.search(window)):
            # "…12(3): 211-227 (2003)" reads as a place in a journal and would hide the number that it ends; Presidio,
            # which reads on from before, may see either. Both are looked at.
            windows.append(window[: pages.start()])
        if ")" in window and (closed := CLOSED.match(window)):
            # The same for a bracket that nothing opened: "…ext. 12)030 23125417".
            windows.append(" " * closed.end() + window[closed.end() :])
        for each in windows:
            if each not in known:
                known[each] = {one for one in matches(each, regions) if digits_in(each[slice(*one)]) >= PHONE_DIGITS}
            for left, right in known[each]:
                if left + first < end:
                    yield left + first, right + first


class _Covered:
    """Tells which stretches lie inside longer ones."""

    def __init__(self, spans: Iterable[Found]) -> None:
        """`spans` in any order."""
        self._starts: list[int] = []
        self._reach: list[int] = []
        """For each start, where the farthest of those that begin there or before ends."""
        for start, end in sorted(spans):
            if self._starts and self._starts[-1] == start:
                self._reach[-1] = max(self._reach[-1], end)
            else:
                self._starts.append(start)
                self._reach.append(max(end, self._reach[-1]) if self._reach else end)

    def inside(self, start: int, end: int) -> bool:
        """Whether a stretch is part of a longer one."""
        at = bisect_left(self._starts, start)
        if at and self._reach[at - 1] >= end:
            return True
        return at < len(self._starts) and self._starts[at] == start and self._reach[at] > end


@dataclass(slots=True)
class _Part:
    """A stretch that may be a number, and the regions that could accept it."""

    text: str
    start: int
    regions: frozenset[str]
    abroad: bool
    """Begins with a plus sign and a country code: every region reads it alike."""
    whole: bool = False
    """The whole of what the library takes for a candidate."""
    verdicts: dict[str, bool] = field(default_factory=dict)


def matches(text: str, regions: Sequence[str] = REGIONS) -> set[Found]:
    """The spans that `phonenumbers.PhoneNumberMatcher(text, region, leniency=1)` yields for any of the regions."""
    library = _library()
    found: set[Found] = set()
    # Where each region looks on from: those that stand at the same place go on together.
    waiting: dict[int, list[str]] = {0: list(regions)}
    while waiting:
        at = min(waiting)
        here = waiting.pop(at)
        step = _candidate(library, text, at, regions)
        if step is None:
            continue
        after, parts = step
        if parts and parts[0].whole and any(one in parts[0].regions and _valid(library, parts[0], one) for one in here):
            # A part of it that another region finds lies inside, and would lose.
            end = parts[0].start + len(parts[0].text)
            found.add((parts[0].start, end))
            waiting.setdefault(end, []).extend(here)
            continue
        for region in here:
            end = after
            for part in parts:
                if region in part.regions and _valid(library, part, region):
                    end = part.start + len(part.text)
                    found.add((part.start, end))
                    break
            waiting.setdefault(end, []).append(region)
    return found


def _candidate(library: _Library, text: str, at: int, regions: Sequence[str]) -> tuple[int, list[_Part]] | None:
    """Where the library would look on after the next candidate, and the parts of it that it would try, in order."""
    matcher = library.matcher
    match = matcher._PATTERN.search(text, at)
    if match is None:
        return None
    start = match.start()
    whole = _until(library.util._SECOND_NUMBER_START_PATTERN, match[0])
    end = start + len(whole)
    if matcher._SLASH_SEPARATED_DATES.search(whole) or (
        matcher._TIME_STAMPS.search(whole) and matcher._TIME_STAMPS_SUFFIX.match(text[end:])
    ):
        return end, []
    parts = []
    for piece, offset in _pieces_of(library, whole):
        accepting, abroad = library.accepting(piece, regions)
        if accepting and _stands_free(library, text, piece, start + offset):
            parts.append(_Part(piece, start + offset, accepting, abroad, piece is whole))
    return end, parts


def _pieces_of(library: _Library, whole: str) -> Iterator[tuple[str, int]]:
    """The candidate, then what the library looks at when the whole is no number."""
    yield whole, 0
    unwanted = library.util._UNWANTED_END_CHAR_PATTERN
    for pattern in library.matcher._INNER_MATCHES:
        match = pattern.search(whole)
        if match:
            yield _until(unwanted, whole[: match.start()]), 0
        while match:
            yield _until(unwanted, match[1]), match.start(1)
            match = pattern.search(whole, match.start() + 1)


def _until(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return text[: match.start()] if match else text


def _stands_free(library: _Library, text: str, piece: str, start: int) -> bool:
    matcher = library.matcher
    if not matcher._MATCHING_BRACKETS.fullmatch(piece) or matcher._PUB_PAGES.search(piece):
        return False
    end = start + len(piece)
    before = text[start - 1] if start > 0 and not matcher._LEAD_PATTERN.match(piece) else " "
    after = text[end] if end < len(text) else " "
    return not (library.touches(before) or library.touches(after))


def _valid(library: _Library, part: _Part, region: str) -> bool:
    key = "" if part.abroad else region
    verdict = part.verdicts.get(key)
    if verdict is None:
        try:
            number = library.phonenumbers.parse(part.text, region, keep_raw_input=True)
            verdict = bool(library.matcher._verify(1, number, part.text, None))
        except library.phonenumbers.NumberParseException:
            verdict = False
        part.verdicts[key] = verdict
    return verdict


def _abroad(phonenumbers: Any, text: str, start: int, end: int) -> Iterator[Found]:
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


def _runs(text: str) -> list[Found]:
    """Stretches of digits and what may stand between them, signs and brackets before included."""
    library = _library()
    runs: list[Found] = []
    for match in library.first.finditer(text):
        if digits_in(match[0]) < PHONE_DIGITS:
            continue
        start = match.start()
        least = max(start - _BEFORE, runs[-1][1] if runs else 0)
        while start > least and library.any_of.match(text[start - 1]):
            start -= 1
        between = text[runs[-1][1] : start] if runs else ""
        if 0 < len(between) <= _AFTER and _EXTENSION.search(between):
            start = runs.pop()[0]  # The second may be the extension of the first: looked at together.
        runs.append((start, match.end()))
    return runs


@lru_cache(maxsize=1)
def _library() -> _Library:
    return _Library()


class _Library:
    """`phonenumbers`, imported late, and what is made from its metadata once."""

    def __init__(self) -> None:
        self.phonenumbers = importlib.import_module("phonenumbers")
        self.matcher = importlib.import_module("phonenumbers.phonenumbermatcher")
        self.util = importlib.import_module("phonenumbers.phonenumberutil")
        # Both are insides of a character class, written for one.
        inside = f"{self.util._VALID_PUNCTUATION}{self.util._PLUS_CHARS}\\d"
        self.first = re.compile(rf"\d[{inside}]{{6,}}", re.IGNORECASE)
        self.any_of = re.compile(f"[{inside}]", re.IGNORECASE)
        self.plus = re.compile(f"[{self.util._PLUS_CHARS}]")
        self._shapes: dict[str, _Shape] = {}

    def touches(self, character: str) -> bool:
        """Whether a number that this character touches is none: a Latin letter, a per cent or currency sign."""
        if character in " \n.,;:!?'\"()[]<>/-|":
            return False
        walk = self.matcher.PhoneNumberMatcher
        return bool(walk._is_invalid_punctuation_symbol(character) or walk._is_latin_letter(character))

    def accepting(self, piece: str, regions: Sequence[str]) -> tuple[frozenset[str], bool]:
        """Regions that could read `piece` as a valid number, and whether it begins with a country code."""
        digits = _NO_DIGIT.sub("", piece) if piece.isascii() else self.util.normalize_digits_only(piece)
        abroad = False
        if self.plus.search(piece):
            code, _ = self.util._extract_country_code(digits)
            abroad = code != 0
        if abroad or _PLAIN.search(piece):
            return (frozenset(regions) if len(digits) >= PHONE_DIGITS else frozenset()), abroad
        if len(digits) < PHONE_DIGITS:
            return frozenset(), False
        return frozenset(region for region in regions if self._shape(region).fits(digits)), False

    def _shape(self, region: str) -> _Shape:
        shape = self._shapes.get(region)
        if shape is None:
            shape = self._shapes[region] = _Shape(self, region)
        return shape


_KINDS: Final = (
    *("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail"),
    *("fixed_line", "mobile"),
)


class _Shape:
    """What a string of digits must look like to be valid in one region: no number that is valid fails it."""

    def __init__(self, library: _Library, region: str) -> None:
        metadata = library.phonenumbers.PhoneMetadata
        own = metadata.metadata_for_region(region)
        code = str(own.country_code)
        kinds: set[str] = set()
        for each in library.phonenumbers.COUNTRY_CODE_TO_REGION_CODE[own.country_code]:
            described = metadata.metadata_for_region(each)
            for kind in _KINDS:
                pattern = getattr(getattr(described, kind), "national_number_pattern", None)
                if pattern:
                    kinds.add(pattern)
        number = "|".join(sorted(kinds))
        prefix = own.national_prefix_for_parsing or "(?!)"
        if own.national_prefix_transform_rule:
            prefix = r"\d{1,5}"  # A rule may cut more than it names: any few digits may stand before.
        abroad = own.international_prefix or "(?!)"
        # After a country code the library takes the national prefix off twice.
        self._bare = re.compile(f"(?:{number})")
        self._with = re.compile(rf"(?:{abroad})\d+|{code}(?:{prefix}){{0,2}}(?:{number})|(?:{prefix})(?:{number})")
        main = metadata.metadata_for_region(library.phonenumbers.region_code_for_country_code(own.country_code))
        self._formats = [
            (
                re.compile(form.leading_digits_pattern[-1]) if form.leading_digits_pattern else None,
                re.compile(form.pattern),
                bool(form.national_prefix_formatting_rule)
                and not form.national_prefix_optional_when_formatting
                and not library.util._formatting_rule_has_first_group_only(form.national_prefix_formatting_rule),
            )
            for form in main.number_format
        ]

    def fits(self, digits: str) -> bool:
        """Whether the digits could be a valid number written for this region."""
        if self._with.fullmatch(digits):
            return True
        return self._bare.fullmatch(digits) is not None and not self._prefix_missing(digits)

    def _prefix_missing(self, digits: str) -> bool:
        """Whether numbers of this kind are always written with the national prefix, which is not there."""
        for leading, pattern, required in self._formats:
            if (leading is None or leading.match(digits)) and pattern.fullmatch(digits):
                return required
        return False
