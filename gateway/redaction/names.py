"""Names that their surroundings give away: a title, a label, a greeting, a column. Pure patterns.

Names standing alone in prose are not found here; that needs a trained detector.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from gateway.redaction.labels import LIKELY, NOT_NAMES, SURE

Found = tuple[int, int]

# `regex` (a dependency of Presidio) knows Unicode's upper case; it is compiled late, when a detector starts.
_UP = r"\p{Lu}"
_LET = r"[\p{L}\p{M}]"
_WORD = rf"{_UP}{_LET}*(?:['\u2019\-]{_LET}+)*"
_INITIAL = rf"{_UP}\."
_PARTICLE = r"(?:von|van|vom|zu|zur|de|der|den|del|della|di|da|dos|du|la|le|bin|ibn|al|el|ter|ten|af|av)"
_BLANK = r"[ \t\u00a0]{1,3}"
_PIECE = rf"(?:{_INITIAL}|{_WORD})"
_MORE = rf"(?:{_BLANK}(?:{_PARTICLE}{_BLANK}){{0,2}}{_PIECE})"
_NAME = rf"(?:{_PARTICLE}{_BLANK}){{0,2}}{_PIECE}{_MORE}{{0,3}}"
_NAMES = rf"(?:{_PARTICLE}{_BLANK}){{0,2}}{_PIECE}{_MORE}{{1,3}}"

_TITLE = (
    r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Doctor|Sir|Dame|Lord|Lady|Rev|Reverend|Judge|Justice|Captain|Capt"
    r"|Herr|Herrn|Frau"
    r"|Monsieur|Madame|Mme|Mlle|Señora?|Srta|Sra|Dott|Dottoressa|Signora?|Sig|Meneer|Mevrouw)"
)
_BEFORE_NAME: Final = re.compile(rf"\b{_TITLE}\b\.?(?=[ \t]{{1,3}}[^\W\d_a-z])")
_TITLES: Final = (
    *(
        "Mr",
        "Ms",
        "Miss",
        "Mx",
        "Dr",
        "Prof",
        "Doctor",
        "Sir",
        "Dame",
        "Lord",
        "Lady",
        "Rev",
        "Judge",
        "Justice",
        "Capt",
    ),
    *(
        "Herr",
        "Frau",
        "Monsieur",
        "Madame",
        "Mme",
        "Mlle",
        "Se\u00f1or",
        "Srta",
        "Sra",
        "Dott",
        "Sig",
        "Meneer",
        "Mevrouw",
    ),
)
"""One of these begins every title."""
_SEP = r"[ \t]*[\"'*_`]{0,3}[ \t]*[:=|][ \t|]*[\"'*_`]{0,3}[ \t]*"
# A label stands at the beginning of a line, cell, entry or quotation; what it is called is looked up, not matched.
_LABEL = re.compile(
    rf"(?:^|(?<=[|>;,\t({{\[\"'*•·]))[ \t\-*_#>|\"'\d.]{{0,8}}([^\W\d_][^\W\d]*(?:[ '\u2019.\-][^\W\d]+){{0,4}}){_SEP}",
    re.MULTILINE,
)
_CLOSING = (
    r"(?i:(?:best|kind|warm|kindest)?[ ]?regards|best wishes|(?:yours )?(?:sincerely|faithfully|truly)|cheers"
    r"|many thanks|thanks|mit freundlichen grüßen|viele grüße|cordialement)"
)
_TITLED = re.compile(rf"\b{_TITLE}\b")
# (what the text must contain, pattern whose first group is the name)
_GREETING = r"(?:Dear|Hi|Hello|Liebe|Lieber|Cher|Chère)"
_PERSON: Final = (
    (re.compile("<"), rf"(?<![\w.])({_NAMES})[ \t]*<[^<>@\s]{{1,64}}@"),
    (
        re.compile(rf"\b{_GREETING}\b"),
        rf"(?:^|(?<=[\n>\"]))[ \t]*{_GREETING}[ \t]+(?:{_TITLE}\.?{_BLANK})?({_NAME})[ \t]*[,!:\n]",
    ),
    (
        re.compile(r"(?i)regards|wishes|sincerely|faithfully|truly|cheers|thanks|grü|cordialement"),
        rf"(?:^|(?<=\n))[ \t]*{_CLOSING}[,.!]?[ \t]*\n\s{{0,4}}({_NAME})[ \t]*(?=\n|$)",
    ),
    (
        re.compile(r"(?i)\b(?:name is|heiße|m'appelle|llamo)\b"),
        rf"(?i:\bmy name is|\bich heiße|\bje m'appelle|\bme llamo){_BLANK}({_NAME})",
    ),
)
_AFTER_TITLE = rf"\.?{_BLANK}(?:(?:Dr|Prof|med|h\.c)\.?{_BLANK}){{0,2}}({_NAME})"
_AFTER_LABEL = rf"(?:{_TITLE}\.?{_BLANK}){{0,2}}({_NAME})"
_LAST_POSSESSIVE = re.compile(r"['\u2019]s\Z")


@dataclass(frozen=True, slots=True)
class _Patterns:
    after_title: Any
    after_label: Any
    others: tuple[tuple[re.Pattern[str], Any], ...]


@lru_cache(maxsize=1)
def _compiled() -> _Patterns:
    regex = importlib.import_module("regex")
    flags = regex.MULTILINE
    return _Patterns(
        regex.compile(_AFTER_TITLE),
        regex.compile(_AFTER_LABEL),
        tuple((gate, regex.compile(pattern, flags)) for gate, pattern in _PERSON),
    )


def titles(text: str) -> Iterator[Found]:
    """Titles that stand before a name: `Mr.`, `Frau`."""
    for match in _BEFORE_NAME.finditer(text):
        yield match.span()


def people(text: str) -> Iterator[Found]:
    """Spans of names that a title, label, greeting, closing or address in angle brackets marks."""
    patterns = _compiled()
    titles = _TITLED.finditer(text) if any(title in text for title in _TITLES) else ()
    for title in titles:
        match = patterns.after_title.match(text, title.end())
        if match and (found := _trim(text, *match.span(1))):
            yield found
    labels = _LABEL.finditer(text) if any(mark in text for mark in ":=|") else ()
    for label in labels:
        name = re.sub(r"['\u2019]s\b|[_\-]", lambda m: " " if m[0] in "_-" else "", label[1].lower())
        least = 1 if name in SURE else 2 if name in LIKELY else 0
        match = patterns.after_label.match(text, label.end()) if least else None
        if match and (found := _trim(text, *match.span(1))) and len(text[slice(*found)].split()) >= least:
            yield found
    for gate, pattern in patterns.others:
        if gate.search(text):
            for match in pattern.finditer(text, timeout=2):
                if found := _trim(text, *match.span(1)):
                    yield found


def _trim(text: str, start: int, end: int) -> Found | None:
    """Cut at the first word that is no name, and the possessive off the last; None when nothing is left."""
    last = start
    for word in re.finditer(r"\S+", text[start:end]):
        bare = _LAST_POSSESSIVE.sub("", word[0])
        if bare.strip(".") in NOT_NAMES:
            break
        last = start + word.start() + len(bare)
        if bare != word[0]:
            break
    found = text[start:last].rstrip()
    if not found or not any(c.isalpha() for c in found) or found.strip(".").islower() or len(found.strip(".")) < 2:
        return None
    return start, start + len(found)


_HEADS: Final = re.compile(
    r"(?i)(?:(?:full|first|last|given|family|employee|customer|client|patient|contact|manager|candidate|user)[ _-]?)"
    r"{0,2}name|surname|employee|(?:line[ _-])?manager|patient|candidate|contact|owner|approver|reviewer|assignee"
    r"|attendee|requester"
)
_BIRTH_HEADS: Final = re.compile(r"(?i)dob|d\.o\.b\.?|date[ _-]of[ _-]birth|birth[ _-]?date|birthday|born|geburtsdatum")
_PHONE_HEADS: Final = re.compile(
    r"(?i)(?:(?:home|work|office|business|private|mobile|cell|contact|customer|day|evening)[ _-]?){0,2}"
    r"(?:phone|telephone|tel\.?|mobile|cell|fax|telefon|handy|mobil|t\u00e9l\u00e9phone|tel\u00e9fono|telefono"
    r"|telefoon)"
    r"(?:[ _-]?(?:number|no\.?|nr\.?|#|nummer))?"
)
_CELL_PHONE: Final = re.compile(r"[+(]?\d[\d ()./-]{5,24}\d")
PHONE_MARKS: Final = ("phone", "tel", "mobil", "cell", "fax", "handy", "t\u00e9l\u00e9phone")
_CELL_NAME: Final = re.compile(r"[^\W\d_][\w.'\u2019\-]*(?:,? [^\W\d_][\w.'\u2019\-]*){0,4}\Z")
_RULE: Final = re.compile(r"[\s|:+=]*-[\s|:\-+=]*\Z")
HEAD_MARKS: Final = (
    *("name", "employee", "manager", "patient", "candidate", "contact", "owner", "approver", "reviewer", "assignee"),
    *("attendee", "requester"),
)
"""One of these stands in every table's head that names people, in small letters."""
_HEAD_WORDS: Final = (*HEAD_MARKS, "dob", "d.o.b", "birth", "born", "geburtsdatum", *PHONE_MARKS)
_SEPARATORS: Final = ("|", "\t", ";", ",")


def columns(text: str) -> Iterator[tuple[int, int, str]]:
    """Cells of tables (CSV, Markdown) under a head that says name, telephone or date of birth: start, end, type."""
    lines = text.splitlines(keepends=True)
    separator, kinds = "", dict[int, str]()
    offset = 0
    for number, line in enumerate(lines):
        if not separator:
            low = line.lower()
            if not any(mark in low for mark in _HEAD_WORDS):
                offset += len(line)
                continue
            following = lines[number + 1] if number + 1 < len(lines) else ""
            if number == 0 or not lines[number - 1].strip() or _RULE.match(following):
                separator, kinds = _head(line, following)
        elif not line.strip():
            separator, kinds = "", {}
        elif not _RULE.match(line):
            for index, (start, end) in enumerate(_cells(line, separator)):
                kind = kinds.get(index)
                if kind and _fits(kind, line[start:end]):
                    yield offset + start, offset + end, kind
        offset += len(line)


def _fits(kind: str, cell: str) -> bool:
    if kind == "PHONE_NUMBER":
        return _CELL_PHONE.fullmatch(cell) is not None
    if kind == "DATE_OF_BIRTH":
        return any(c.isdigit() for c in cell)
    return _CELL_NAME.match(cell) is not None and cell not in NOT_NAMES and not any(c.isdigit() for c in cell)


def _head(line: str, following: str) -> tuple[str, dict[int, str]]:
    """Separator and kinds of columns when `line` is a table's head; `following` must be a row or rule of the table."""
    separator = next((s for s in _SEPARATORS if s in line), "")
    if not separator or separator not in following or len(line) > 2000 or any(c.isdigit() for c in line):
        return "", {}
    cells = _cells(line, separator)
    if len(_cells(following, separator)) != len(cells) or (separator == "|" and not _RULE.match(following)):
        return "", {}
    kinds: dict[int, str] = {}
    for index, (start, end) in enumerate(cells):
        cell = line[start:end].strip("*_ ")
        if _HEADS.fullmatch(cell):
            kinds[index] = "PERSON"
        elif _BIRTH_HEADS.fullmatch(cell):
            kinds[index] = "DATE_OF_BIRTH"
        elif _PHONE_HEADS.fullmatch(cell):
            kinds[index] = "PHONE_NUMBER"
    return (separator, kinds) if kinds else ("", {})


def _cells(line: str, separator: str) -> list[Found]:
    """Spans of a line's cells without blanks and quotes; a separator inside double quotes divides nothing."""
    cells: list[Found] = []
    quoted = False
    start = 0
    body = line.rstrip("\r\n")
    for at in range(len(body) + 1):
        if at < len(body) and body[at] == '"' and separator != "|":
            quoted = not quoted
        if at == len(body) or (body[at] == separator and not quoted):
            left, right = start, at
            while left < right and body[left] in ' \t"*':
                left += 1
            while right > left and body[right - 1] in ' \t"*':
                right -= 1
            cells.append((left, right))
            start = at + 1
    return cells
