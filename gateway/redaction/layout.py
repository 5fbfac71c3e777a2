"""Values laid out so that no pattern sees them: spread digits, broken lines, tags in the middle, reversed text. Pure.

Each function yields edits that undo one such layout. What they make is looked at beside the text as it stands, so an
edit that means nothing costs a look and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final

from gateway.redaction.facts import Facts
from gateway.redaction.fields import pairs, tables, titles
from gateway.redaction.rewrite import Edit
from gateway.redaction.spelled import AT_WORDS, NUMBER_WORDS, spelled_addresses, spelled_numbers


def layout_edits(text: str, facts: Facts | None = None) -> list[Edit]:
    """Every stretch that may hold a value in another layout, with that value laid out as usual."""
    known = facts or Facts(text)
    return [edit for could, find in _FINDERS if could(known) for edit in find(text)]


def _numbers(text: str) -> Iterator[Edit]:
    for start, end, digits in spelled_numbers(text):
        yield Edit(start, end, digits)


def _addresses(text: str) -> Iterator[Edit]:
    for start, end, address in spelled_addresses(text):
        yield Edit(start, end, address)


# ------------------------------------------------------------------------------------------- digits with things between

_TAG: Final = r"</?[A-Za-z][^<>\n]{0,60}>"
_ANY_TAG: Final = re.compile(_TAG)
_GAP: Final = r"[^0-9A-Za-z\u00c0-\u1fff\u3040-\uffff+@<>]"
"""Any sign, blank or line's end, but none of another meaning."""
_ROW: Final = re.compile(rf"\d(?:{_GAP}{{0,6}}+\d){{8,60}}+")
_LEAST_DIGITS: Final = 9
"""Digits of the shortest row."""
_ROW_OF_CELLS: Final = re.compile(rf"\d+(?:(?:{_GAP}{{0,6}}+{_TAG}){{1,4}}{_GAP}{{0,6}}+\d+){{2,30}}")
_GROUPS: Final = re.compile(r"\d+")
_CARD: Final = re.compile(
    r"(?:4\d{12}(?:\d{3})?(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"
    r"|35\d{14}|6\d{15}(?:\d{3})?)\Z"
)
_CARD_LENGTHS: Final = (16, 15, 14, 13, 19)
_SAYS_CARD: Final = re.compile(
    r"card|karte|visa|amex|american express|carte|tarjeta|carta|kaart|kredit|credit|pan\b", re.IGNORECASE
)
_USUAL: Final = re.compile(r"\d{4}[ -]?\d{3,4}[ -]?\d{3,4}[ -]?\d{3,5}\Z")
_SINGLES: Final = range(7, 26)
_LONG_ROW: Final = 130
_BEFORE: Final = 40


def _rows(text: str) -> Iterator[Edit]:
    """Card numbers with anything between their digits, and rows of single digits.

    A table of numbers holds such a row by chance: groups must be alike, or a word before must say what they are.
    """
    rows = [*_ROW.finditer(text), *(_ROW_OF_CELLS.finditer(text) if "</" in text else ())]
    for match in rows:
        start, end = match.span()
        said = _SAYS_CARD.search(text, max(0, start - _BEFORE), start) is not None
        if end - start > _LONG_ROW and not said:
            continue
        groups = [one.span() for one in _GROUPS.finditer(text, start, end)]
        if len(groups) < 3:
            continue
        digits = "".join(text[left:right] for left, right in groups)
        if len(digits) == len(groups) and len(digits) in _SINGLES:
            yield Edit(start, end, digits)
        elif said:
            yield from _card_within(text, groups, digits)
        elif _alike(text, groups) and _CARD.match(digits) and luhn(digits) and not _USUAL.match(match[0]):
            yield Edit(start, end, digits)


def _alike(text: str, groups: list[tuple[int, int]]) -> bool:
    sizes = [end - start for start, end in groups]
    gaps = {text[end:start] for (_, end), (start, _) in pairwise(groups)}
    return len(gaps) == 1 and (len(set(sizes)) == 1 or (sizes[0] == 4 and min(sizes) >= 3))


def _card_within(text: str, groups: list[tuple[int, int]], digits: str) -> Iterator[Edit]:
    """The card number that a row begins with, whole groups of it."""
    for length in _CARD_LENGTHS:
        at = 0
        for start, end in groups:
            at += end - start
            if at >= length:
                break
        if at == length and _CARD.match(digits[:length]) and luhn(digits[:length]):
            if not _USUAL.match(text[groups[0][0] : end]):
                yield Edit(groups[0][0], end, digits[:length])
            return


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    total = sum(int(c) for c in digits[-1::-2]) + sum(sum(divmod(2 * int(c), 10)) for c in digits[-2::-2])
    return total % 10 == 0 and len(set(digits)) > 1


_IBANS: Final = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 "
    "FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 "
    "LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 "
    "SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
)
_LEAST_OF_IBAN: Final = 2
_IBAN_LENGTHS: Final = {pair[:2]: int(pair[2:]) for pair in _IBANS.split()}
# Heads are found by their first digit: letters are many, and digits few.
_HEAD: Final = re.compile(rf"\d(?<=[A-Za-z][A-Za-z]\d)(?<![A-Za-z0-9]...){_GAP}?\d")
_SPACED_HEAD: Final = re.compile(r"\d[ .,_|/-]{1,3}\d")
_SPACED_COUNTRY: Final = re.compile(r"[A-Za-z][ .,_|/-]{1,3}[A-Za-z][ .,_|/-]{1,3}\Z")
_PLAIN_IBAN: Final = re.compile(r"[A-Z0-9]{4}(?:[ -]?[A-Z0-9]{1,4})+\Z", re.IGNORECASE)


@lru_cache(maxsize=64)
def _iban(length: int) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Patterns of an IBAN of so many characters with signs between them, and with cells between."""
    plain = rf"{_GAP}{{0,6}}+"
    cells = rf"(?:{plain}{_TAG}){{0,4}}+{plain}"
    first, second = (re.compile(rf"[A-Za-z0-9](?:{gap}[A-Za-z0-9]){{{length - 1}}}") for gap in (plain, cells))
    return first, second


def _ibans(text: str) -> Iterator[Edit]:
    """IBANs with anything between their characters."""
    cells = "</" in text
    for start, country in _iban_heads(text):
        length = _IBAN_LENGTHS.get(country.upper())
        if length is None or text[start - 1 : start].isalnum() or text[start : start + length].isalnum():
            continue
        match = _iban(length)[cells].match(text, start)
        if match is None or _PLAIN_IBAN.match(match[0]):
            continue
        packed = "".join(
            c for c in (_ANY_TAG.sub("", match[0]) if cells else match[0]) if c.isascii() and c.isalnum()
        ).upper()
        if _mod97(packed):
            yield Edit(start, match.end(), packed)


def _iban_heads(text: str) -> Iterator[tuple[int, str]]:
    """Where two letters and two digits begin that may be an IBAN's, and the letters."""
    for match in _HEAD.finditer(text):
        yield match.start() - 2, text[match.start() - 2 : match.start()]
    for match in _SPACED_HEAD.finditer(text):
        if before := _SPACED_COUNTRY.search(text, max(0, match.start() - 8), match.start()):
            yield before.start(), "".join(c for c in before[0] if c.isalpha())


def _mod97(packed: str) -> bool:
    return int("".join(str(int(c, 36)) for c in packed[4:] + packed[:4])) % 97 == 1


# ------------------------------------------------------------------------------------------------ letters with blanks

_SPREAD: Final = re.compile(r"(?<!\S)\S(?:[ \t]{1,3}\S){6,80}(?!\S)")


def _spread(text: str) -> Iterator[Edit]:
    """`j a n e @ a c m e . e x a m p l e`."""
    if " @ " not in text:
        return
    for match in _SPREAD.finditer(text):
        if "@" in match[0] and "." in match[0]:
            places = [(match.start() + at, match.start() + at + 1) for at, c in enumerate(match[0]) if not c.isspace()]
            yield Edit(match.start(), match.end(), "".join(match[0].split()), places)


# ------------------------------------------------------------------------------------------------- marks inside a value

_WITH_AT: Final = re.compile(r"[^\s@]{0,128}@[^\s@]{1,256}")
_INSIDE: Final = re.compile(
    r"(?:</?(?:a|b|i|u|s|em|strong|span|font|wbr|small|big|mark|code|tt|sub|sup|ins|del|q|bdo|bdi|nobr|abbr)\b[^<>\n]{0,120}>"
    r"|<!--[^<>\n]{0,120}-->|[*`~|\\]{1,3}|[\"']\s{0,3}[+.&]\s{0,3}[\"'])+"
)
_NEAR: Final = 300
_PART: Final = re.compile(r"[\w.+@-]\Z")
_PART_NEXT: Final = re.compile(r"[\w.+@-]")


def _marked(text: str) -> Iterator[Edit]:
    """Tags, comments, emphasis, backslashes and the seams of strings inside an e-mail address."""
    at = text.find("@")
    last = 0
    while at >= 0:
        first, stop = max(last, at - _NEAR), min(len(text), at + _NEAR)
        for match in _INSIDE.finditer(text, first, stop):
            inside = match.start() > 0 and _PART.match(text[match.start() - 1]) and _PART_NEXT.match(text, match.end())
            if inside:
                yield Edit(match.start(), match.end(), "", [])
            last = match.end()
        at = text.find("@", max(at + 1, stop if stop < len(text) else at + 1))


# ------------------------------------------------------------------------------------------------------- broken lines

_MAIL_OPEN: Final = re.compile(r"[\w.+%-]{1,64}@(?:[\w-]{1,63}\.)?(?:[\w-]{0,63})\Z")
_DOT_OPEN: Final = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}\.\Z")
_WORD_OPEN: Final = re.compile(r"[\w.+-]{0,64}[\w+_-]\Z")
_AT_CLOSE: Final = re.compile(r"[\w.+-]{0,64}@[\w-]+\.")
_PHONE: Final = re.compile(
    r"(?:\+|00|\(0)\d[\d ()./-]{0,18}?([ \t]{0,4}\r?\n[ \t>|*#]{0,8})(?=[\d(][\d ()./-]{1,18}\d)"
)
_LINE_BREAK: Final = re.compile(r"[ \t]{0,4}\r?\n[ \t>|*#]{0,8}(?=\S)")
_BREAK_BEFORE: Final = re.compile(r"[ \t]{0,4}\r?\n[ \t>|*#]{0,8}\Z")
_TOKEN: Final = re.compile(r"\S*")
_WRAPPED_AT: Final = 30
_LINE: Final = 100


def _broken(text: str) -> Iterator[Edit]:
    """E-mail addresses and telephone numbers that go on in the next line."""
    if "\n" not in text:
        return
    for match in _PHONE.finditer(text):
        yield Edit(*match.span(1), " ")
    last = 0
    at = text.find("@")
    while at >= 0:
        # The line breaks at the two ends of the run of characters around the sign.
        first = at
        while first > max(last, at - _LINE) and not text[first - 1].isspace():
            first -= 1
        before = _BREAK_BEFORE.search(text, max(last, first - 14), first)
        after = _LINE_BREAK.match(text, _run_end(text, at))
        for edge in (before, after):
            if edge is not None and edge.start() >= last and text[edge.end() : edge.end() + 1].strip():
                start, end = edge.span()
                for edit in _broken_address(text, start, end):
                    last = edit.end
                    yield edit
        at = text.find("@", at + 1)


def _run_end(text: str, at: int) -> int:
    end = _TOKEN.match(text, at, at + _LINE)
    return end.end() if end else at


def _broken_address(text: str, start: int, end: int) -> Iterator[Edit]:
    before, after = text[max(0, start - 80) : start], text[end : end + 80]
    if not (after[0].isalnum() or after[0] in "@._"):
        return
    hyphen = before.endswith(("-", "\u2010"))
    if before.endswith("@") or after[0] == "@" or _DOT_OPEN.search(before):
        joined = True
    elif after[0] == "." and after[1:2].isalnum():
        joined = _MAIL_OPEN.search(before) is not None
    elif hyphen:
        joined = _MAIL_OPEN.search(before[:-1]) is not None or _AT_CLOSE.match(after) is not None
    else:
        joined = _goes_on(before, after, wrapped=_is_wrap(text, start, end))
    if joined:
        yield Edit(start - hyphen, end, "", [])


def _goes_on(before: str, after: str, *, wrapped: bool) -> bool:
    if before.endswith(("_", "+")) and _AT_CLOSE.match(after):
        return True
    if not wrapped:
        return False
    return _MAIL_OPEN.search(before) is not None or (
        _WORD_OPEN.search(before) is not None and _AT_CLOSE.match(after) is not None
    )


def _is_wrap(text: str, start: int, end: int) -> bool:
    """Whether lines are cut at a column, in the middle of words: this one is as long as the one before or behind it."""
    first = text.rfind("\n", 0, start) + 1
    size = start - first
    if size < _WRAPPED_AT or text[start] != "\n":
        return False
    before = text.rfind("\n", 0, max(0, first - 1)) + 1
    following = text.find("\n", end)
    behind = (following if following >= 0 else len(text)) - end
    return (first > 0 and first - 1 - before == size) or behind == size


# ----------------------------------------------------------------------------------------------------- reversed text

_OVERRIDE: Final = re.compile("\u202e([^\u202c\u202d\u202e\u2066-\u2069\n]{4,400})[\u202c\u2069]?")


def reversed_edits(text: str) -> list[Edit]:
    """Text under a right-to-left override, as it is seen."""
    if "\u202e" not in text:
        return []
    found = []
    for match in _OVERRIDE.finditer(text):
        inside = match[1]
        first = match.start(1)
        places = [(first + at, first + at + 1) for at in range(len(inside) - 1, -1, -1)]
        found.append(Edit(match.start(), match.end(), inside[::-1], places))
    return found


_FIELD_TITLES: Final = frozenset(
    ("mr", "mrs", "miss", "dr", "prof", "herr", "frau", "herrn", "monsieur", "madame", "signor", "signora")
) | {"se\u00f1or", "se\u00f1ora", "mevrouw", "meneer", "mister"}
_MARKS_INSIDE: Final = frozenset("<*`~|\\\"'")
_FINDERS: Final[tuple[tuple[Callable[[Facts], bool], Callable[[str], Iterator[Edit]]], ...]] = (
    (lambda facts: facts.says(NUMBER_WORDS), _numbers),
    (lambda facts: facts.has("@[({<") or facts.says(AT_WORDS), _addresses),
    (lambda facts: facts.digits >= (3 if "<" in facts.chars else _LEAST_DIGITS), _rows),
    (lambda facts: facts.digits >= _LEAST_OF_IBAN, _ibans),
    (lambda facts: "@" in facts.chars, _spread),
    (lambda facts: "@" in facts.chars and facts.has(_MARKS_INSIDE), _marked),
    (lambda facts: "\n" in facts.chars, _broken),
    (lambda facts: facts.has(":=>"), pairs),
    (lambda facts: "<" in facts.chars, tables),
    (lambda facts: facts.says(_FIELD_TITLES), titles),
)
"""(whether it could find anything, what finds edits)"""
