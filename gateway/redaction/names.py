"""Names that their surroundings give away: a title, a label, a greeting, a column. Pure patterns.

Names standing alone in prose are not found here; that needs a trained detector.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from gateway.redaction.facts import Facts
from gateway.redaction.labels import LIKELY, NOT_NAMES, SURE

Found = tuple[int, int]

_SECONDS: Final = 2
"""One pattern over one piece of text."""

# `regex` (a dependency of Presidio) knows Unicode's upper case; it is compiled late, when a detector starts.
_UP = r"\p{Lu}"
_LET = r"[\p{L}\p{M}]"
_WORD = rf"{_UP}{_LET}*(?:['\u2019\-]{_LET}+)*"
_INITIAL = rf"{_UP}\."
_PARTICLE = r"(?:von|van|vom|zu|zur|de|del|della|di|da|dos|du|la|le|bin|ibn|al|el|ter|ten|af|av)(?:[ ](?:der|den))?"
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
_TITLES: Final = frozenset(
    (
        *("mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "doctor", "sir", "dame", "lord", "lady", "rev"),
        *("reverend", "judge", "justice", "captain", "capt", "herr", "herrn", "frau", "monsieur", "madame", "mme"),
        *("mlle", "se\u00f1or", "se\u00f1ora", "srta", "sra", "dott", "dottoressa", "signor", "signora", "sig"),
        *("meneer", "mevrouw"),
    )
)
"""Every title, in small letters."""
_SEP = r"[ \t]*[\"'*_`]{0,3}[ \t]*(?:[:=|]|\.{3,40})[ \t|]*[\"'*_`]{0,3}[ \t]*"
# A label stands at the beginning of a line, cell, entry or quotation; what it is called is looked up, not matched.
_LABEL = re.compile(
    rf"(?:^|(?<=[|>;,\t({{\[\"'*•·]))[ \t\-*_#>|\"'\d.]{{0,8}}([^\W\d_][^\W\d]*(?:[ '\u2019.\-][^\W\d]+){{0,4}}){_SEP}",
    re.MULTILINE,
)
_CLOSING = (
    r"(?i:(?:best|kind|warm|kindest)?[ ]?regards|best wishes|(?:yours )?(?:sincerely|faithfully|truly)|cheers"
    r"|many thanks|thanks|mit freundlichen grüßen|viele grüße|cordialement|tks|thx|rgds|love|all the best|take care"
    r"|liebe grüße|lg|vg|mfg|grazie|(?:cordiali |un )?saluti|(?:un )?saludos?|(?:met vriendelijke )?groet(?:en|jes)?"
    r"|bisous|bises|amitiés|abrazos?|un abrazo)"
)
_ROLE = (
    r"(?:Rechtsanwalt|Rechtsanw\u00e4ltin|Patentanwalt|Notarin?|Zeug(?:e|in)|Richter(?:in)?(?:[ ]a[mn][ ](?:der[ ])?"
    r"[^\W\d_]{0,20}(?:gericht(?:shof)?|hof|BGH|BVerwG|BAG|BSG|BFH))?|Constable|Sergeant|Detective|Inspector"
    r"|Ma\u00eetre|(?:[Ee]state|[Mm]atter)[ ]of)"
)
_ROLES: Final = frozenset(
    (
        *("rechtsanwalt", "rechtsanw\u00e4ltin", "patentanwalt", "notar", "notarin", "zeuge", "zeugin", "richter"),
        *("richterin", "constable", "sergeant", "detective", "inspector", "ma\u00eetre", "estate", "matter"),
    )
)
"""With one of these, in small letters, every role begins."""
_TITLED = re.compile(rf"(?:{_TITLE}|{_ROLE})\b")
_CLOSING_SIGN = re.compile(
    r"(?i)regards|wishes|sincerely|faithfully|truly|cheers|thanks|grü|cordialement|tks|thx|rgds|love|best|care|\b[lv]g\b|mfg"
    r"|grazie|saluti|saludo|groet|bis(?:ous|es)|amiti|abrazo"
)
_CLOSING_WORDS: Final = frozenset(
    (
        *("regards", "bestregards", "kindregards", "warmregards", "kindestregards", "wishes", "sincerely", "truly"),
        *(
            "faithfully",
            "cheers",
            "thanks",
            "gr\u00fc\u00dfen",
            "gr\u00fc\u00dfe",
            "cordialement",
            "tks",
            "thx",
            "rgds",
        ),
        *("love", "best", "care", "lg", "vg", "mfg", "grazie", "saluti", "saludo", "saludos", "groet", "groeten"),
        *("groetjes", "bisous", "bises", "amiti\u00e9s", "abrazo", "abrazos"),
    )
)
_GREETING = r"(?:Dear|Hi|Hello|Liebe|Lieber|Cher|Chère)"
_GREETING_SIGN = re.compile(rf"{_GREETING}(?=[ \t])")
_GREETING_WORDS: Final = frozenset(("dear", "hi", "hello", "liebe", "lieber", "cher", "ch\u00e8re"))
_SAID_WORDS: Final = frozenset(("name", "hei\u00dfe", "appelle", "llamo"))
_SAID_SIGN = re.compile(r"(?i)\b(?:name is|heiße|m'appelle|llamo)\b")
# Each begins where a sign found by a quick look says; the first group is the name.
_GREETED = rf"[ \t]*{_GREETING}[ \t]+(?:{_TITLE}\.?{_BLANK})?({_NAME})[ \t]*[,!:\n]"
_CLOSED = rf"[ \t]*{_CLOSING}[,.!]?[ \t]*\n\s{{0,4}}(?:{_TITLE}\.?{_BLANK})?({_NAME})[ \t]*(?=\n|$)"
# These are looked for everywhere.
_BESIDE_ADDRESS = rf"(?<![\w.])({_NAMES})[ \t]*<[^<>@\s]{{1,64}}@"
_AFTER_SAID = rf"(?i:\bmy name is|\bich heiße|\bje m'appelle|\bme llamo){_BLANK}({_NAME})"
_AFTER_TITLE = (
    rf"\.?(?:-(?:Ing|Phil|[Jj]ur|[Mm]ed)\.)?{_BLANK}(?:(?:Dr|Prof|med|h\.c|Justice|Judge)\.?{_BLANK}){{0,2}}({_NAME})"
)
_AFTER_LABEL = rf"(?:{_TITLE}\.?{_BLANK}){{0,2}}({_NAME})"
_LAST_POSSESSIVE = re.compile(r"['\u2019]s\Z")


@dataclass(frozen=True, slots=True)
class _Patterns:
    after_title: Any
    after_label: Any
    greeted: Any
    closed: Any
    beside_address: Any
    after_said: Any


@lru_cache(maxsize=1)
def _compiled() -> _Patterns:
    regex = importlib.import_module("regex")
    sources = (_AFTER_TITLE, _AFTER_LABEL, _GREETED, _CLOSED, _BESIDE_ADDRESS, _AFTER_SAID)
    return _Patterns(*(regex.compile(one, regex.MULTILINE) for one in sources))


def titles(text: str) -> Iterator[Found]:
    """Titles that stand before a name: `Mr.`, `Frau`."""
    for match in _BEFORE_NAME.finditer(text):
        yield match.span()


def people(text: str) -> Iterator[Found]:
    """Spans of names that a title, label, greeting, closing or address in angle brackets marks."""
    return people_where(Facts(text))(text)


def people_where(facts: Facts) -> Callable[[str], Iterator[Found]]:
    """`people` for parts of a text of which this is known: what cannot be there is not looked for."""
    ways: list[Callable[[str], Iterator[Found]]] = []
    if facts.says(_TITLES) or facts.says(_ROLES):
        ways.append(_titled)
    if facts.has(":=|") or "..." in facts.text:
        ways.append(_labelled)
    if "<" in facts.chars and "@" in facts.chars:
        ways.append(_beside_addresses)
    if facts.says(_GREETING_WORDS):
        ways.append(_greeted)
    if "\n" in facts.chars and facts.says(_CLOSING_WORDS):
        ways.append(_closed)
    if facts.says(_SAID_WORDS):
        ways.append(_said)
    return lambda text: (found for way in ways for found in way(text))


def _titled(text: str) -> Iterator[Found]:
    pattern = _compiled().after_title
    at = 0
    while title := _TITLED.search(text, at):
        start = title.start()
        if start and (text[start - 1].isalnum() or text[start - 1] == "_"):
            at = start + 1
            continue
        at = title.end()
        match = pattern.match(text, title.end())
        if match and (found := trimmed(text, *match.span(1))):
            yield found


def _labelled(text: str) -> Iterator[Found]:
    pattern = _compiled().after_label
    for label in _LABEL.finditer(text):
        name = re.sub(r"['\u2019]s\b|[_\-]", lambda m: " " if m[0] in "_-" else "", label[1].lower())
        least = 1 if name in SURE else 2 if name in LIKELY else 0
        match = pattern.match(text, label.end()) if least else None
        if match and (found := trimmed(text, *match.span(1))) and len(text[slice(*found)].split()) >= least:
            yield found


def _greeted(text: str) -> Iterator[Found]:
    pattern, done = _compiled().greeted, 0
    for sign in _GREETING_SIGN.finditer(text):
        start = sign.start()
        while start and text[start - 1] in " \t":
            start -= 1
        if start < done or (start and text[start - 1] not in '\n>"'):
            continue
        if match := pattern.match(text, start, timeout=_SECONDS):
            done = match.end()
            if found := trimmed(text, *match.span(1)):
                yield found


def _closed(text: str) -> Iterator[Found]:
    pattern, done = _compiled().closed, 0
    for sign in _CLOSING_SIGN.finditer(text):
        start = text.rfind("\n", 0, sign.start()) + 1
        if start < done:
            continue
        if match := pattern.match(text, start, timeout=_SECONDS):
            done = match.end()
            if found := trimmed(text, *match.span(1)):
                yield found


def _beside_addresses(text: str) -> Iterator[Found]:
    return _everywhere(_compiled().beside_address, text)


def _said(text: str) -> Iterator[Found]:
    return _everywhere(_compiled().after_said, text) if _SAID_SIGN.search(text) else iter(())


def _everywhere(pattern: Any, text: str) -> Iterator[Found]:
    for match in pattern.finditer(text, timeout=_SECONDS):
        if found := trimmed(text, *match.span(1)):
            yield found


def trimmed(text: str, start: int, end: int) -> Found | None:
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
_ID_HEADS: Final = re.compile(
    r"(?i)(?:employee|customer|client|member|patient|staff|student|policy|account|booking|order|passport|licen[cs]e"
    r"|nat(?:ional)?|reservation|badge|claim|mitarbeiter|kunden|personal|emp|cust|pers|user)"
    r"[ _-]?(?:id|no\.?|nr\.?|num(?:ber)?|nummer|code|ref)"
    r"|passport|locator|pnr|matricule|badge|(?:licen[cs]e[ _-]?)?plate|registration|nif|dni|nie|ssn|sin|tax[ _-]?id"
)
ID_HEAD_MARKS: Final = (
    *(
        "employee",
        "customer",
        "client",
        "member",
        "patient",
        "staff",
        "student",
        "policy",
        "account",
        "booking",
        "order",
    ),
    *("passport", "licen", "nat", "reservation", "badge", "claim", "mitarbeiter", "kunden", "personal", "emp", "cust"),
    *("pers", "user", "locator", "pnr", "matricule", "plate", "registration", "nif", "dni", "nie", "ssn", "sin", "tax"),
)
_CELL_ID: Final = re.compile(r"(?=[^|]*\d[^|]*\d[^|]*\d)[A-Z0-9][A-Z0-9./ -]{2,24}[A-Z0-9]")
_CELL_PHONE: Final = re.compile(r"[+(]?\d[\d ()./-]{5,24}\d")
PHONE_MARKS: Final = ("phone", "tel", "mobil", "cell", "fax", "handy", "t\u00e9l\u00e9phone")
_CELL_NAME: Final = re.compile(r"[^\W\d_][\w.'\u2019\-]*(?:,? [^\W\d_][\w.'\u2019\-]*){0,4}\Z")
_RULE: Final = re.compile(r"[\s|:+=]*-[\s|:\-+=]*\Z")
HEAD_MARKS: Final = (
    *("name", "employee", "manager", "patient", "candidate", "contact", "owner", "approver", "reviewer", "assignee"),
    *("attendee", "requester"),
)
"""One of these stands in every table's head that names people, in small letters."""
_HEAD_WORDS: Final = (*HEAD_MARKS, *ID_HEAD_MARKS, "dob", "d.o.b", "birth", "born", "geburtsdatum", *PHONE_MARKS)
_SEPARATORS: Final = ("|", "\t", ";", ",")


def columns(text: str) -> Iterator[tuple[int, int, str]]:
    """Cells of tables (CSV, Markdown) under a head that says name, telephone, date of birth or number."""
    lines = text.splitlines(keepends=True)
    separator, kinds = "", dict[int, str]()
    offset = 0
    for number, line in enumerate(lines):
        if not separator:
            following = lines[number + 1] if number + 1 < len(lines) else ""
            # What costs least is looked at first.
            if following and (number == 0 or not lines[number - 1].strip() or _RULE.match(following)):
                low = line.lower()
                if any(mark in low for mark in _HEAD_WORDS):
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
    if kind == "ID_NUMBER":
        return _CELL_ID.fullmatch(cell) is not None
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
        elif _ID_HEADS.fullmatch(cell):
            kinds[index] = "ID_NUMBER"
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
