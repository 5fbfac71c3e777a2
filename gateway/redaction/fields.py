"""Names in fields that say so in a way of their own: `"first": .., "last": ..`, cells of HTML tables, capitals. Pure.

The edits write such fields as those that the name patterns know: a label, a table of tabs, a title before a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.redaction.rewrite import Edit

_FIRST: Final = r"first|given|fname|first_?name|given_?name|forename|vorname|prenom|pr\u00e9nom|nombre|nome|rufname"
_LAST: Final = (
    r"last|family|lname|sname|last_?name|family_?name|surname|nachname|familienname|apellidos?|cognome|middle"
    r"|middle_?name"
)
_FULL: Final = (
    r"full_?name|display_?name|customer_?name|patient_?name|employee_?name|client_?name|contact_?name|real_?name"
)
_KEYS: Final = re.compile(rf"(?:{_FIRST}|{_LAST}|{_FULL})\Z")
_SIGN: Final = re.compile(r"[:=>]")
_KEY_BEFORE: Final = re.compile(r"<?([^\W\d]{3,16})[\"']?[ \t]*\Z")
_VALUE: Final = re.compile(r"\s{0,8}[\"']?([^\W\d_][^\"',;{}<>\n&|]{0,60})")
_BARE: Final = frozenset({"first", "last", "given", "family", "middle", "nombre", "nome"})
_CLOSE: Final = 160
_PIECE: Final = re.compile(r"[^\W\d_]+(?:['\u2019.-][^\W\d_]+)*\.?")


def pairs(text: str) -> Iterator[Edit]:
    """A value of one or a few words behind a key for a part of a name, as a label and a name."""
    found: list[tuple[int, str, re.Match[str]]] = []
    for sign in _SIGN.finditer(text):
        at = sign.start()
        if at and not (text[at - 1].isalpha() or text[at - 1] in "\"' \t"):
            continue
        before = _KEY_BEFORE.search(text, max(0, at - 20), at)
        if before is None or not _KEYS.match(key := before[1].lower()):
            continue
        if (match := _VALUE.match(text, at + 1)) and (sign[0] != ">" or before[0][0] == "<"):
            found.append((at, key, match))
    for number, (at, key, match) in enumerate(found):
        near = (found[other] for other in (number - 1, number + 1) if 0 <= other < len(found))
        if key in _BARE and not any(abs(there - at) < _CLOSE and name != key for there, name, _ in near):
            continue
        value = match[1].rstrip()
        start = match.start(1)
        if edit := _named(start, start + len(value), value):
            yield edit


def _named(start: int, end: int, value: str) -> Edit | None:
    words = value.split()
    if not 1 <= len(words) <= 4 or not all(_PIECE.fullmatch(word) for word in words):
        return None
    capital = _capitalised(value)
    label = "\nFirst name: "
    places = [(start, start)] * len(label) + [(start + at, start + at + 1) for at in range(len(value))] + [(end, end)]
    return Edit(start, end, f"{label}{capital}\n", places)


def _capitalised(value: str) -> str:
    """The same letters, each word with a capital; a letter that would become two stays."""
    out: list[str] = []
    begin = True
    for character in value:
        changed = character.upper() if begin else character
        out.append(changed if len(changed) == 1 else character)
        begin = character in " \t-"
    return "".join(out)


_ROW_OF_CELLS: Final = re.compile(r"<t[rdh][\s>]", re.IGNORECASE)
_TABLE: Final = re.compile(r"<table\b[^<>]{0,300}>", re.IGNORECASE)
_TABLE_END: Final = re.compile(r"</table\s*>", re.IGNORECASE)
_CELL_EDGE: Final = re.compile(
    r"</t[dh]\s*>\s{0,20}(?:<!--[^<>]{0,80}-->\s{0,20})?<t[dh]\b[^<>]{0,200}>", re.IGNORECASE
)
_ROW_EDGE: Final = re.compile(
    r"\s{0,20}(?:</t[dh]\s*>)?\s{0,20}(?:</tr\s*>)?\s{0,20}(?:</?t(?:head|body|foot)\b[^<>]{0,80}>\s{0,20}){0,2}"
    r"<tr\b[^<>]{0,200}>\s{0,20}(?:<t[dh]\b[^<>]{0,200}>)?",
    re.IGNORECASE,
)
_ANY_TAG: Final = re.compile(r"</?[A-Za-z][^<>]{0,200}>")


def tables(text: str) -> Iterator[Edit]:
    """Tables of HTML whose heads name people, as lines of cells with tabs between."""
    if _ROW_OF_CELLS.search(text) is None or _TH.search(text) is None:
        return
    end = 0
    for table in _TABLE.finditer(text):
        if table.start() < end:
            continue  # A table within a table is part of it.
        closed = _TABLE_END.search(text, table.end())
        end = closed.start() if closed else len(text)
        if _TH.search(text, table.start(), end):
            yield from _table(text, table.end(), end)


_TH: Final = re.compile(
    r">\s{0,8}(?:<(?:b|strong)>)?\s{0,8}"
    r"(?:[\w ]{0,20}name|employee|patient|contact|manager|owner|candidate|assignee)\s{0,8}<",
    re.IGNORECASE,
)


def _table(text: str, start: int, end: int) -> Iterator[Edit]:
    out: list[str] = ["\n\n"]
    places: list[tuple[int, int]] = [(start, start)] * 2
    at = start
    while at < end:
        if text[at] == "<":
            for pattern, new in ((_ROW_EDGE, "\n"), (_CELL_EDGE, "\t"), (_ANY_TAG, "")):
                if match := pattern.match(text, at, end):
                    out.append(new)
                    places += [(at, at)] * len(new)
                    at = match.end()
                    break
            else:
                out.append("<")
                places.append((at, at + 1))
                at += 1
            continue
        character = text[at]
        out.append(" " if character in "\r\n\t" else character)
        places.append((at, at + 1))
        at += 1
    yield Edit(start, end, "".join(out) + "\n", [*places, (end, end)])


_CAPITALS: Final = r"[A-Z\u00c0-\u00de][A-Z\u00c0-\u00de'\u2019-]{1,30}"
_CAPITAL_TITLE: Final = re.compile(
    r"(?:MR|MRS|MISS|DR|PROF|HERR|FRAU|HERRN|MONSIEUR|MADAME|SIGNOR|SIGNORA|SE\u00d1OR|SE\u00d1ORA|MEVROUW|MENEER)"
    rf"\.?[ \t]{{1,3}}({_CAPITALS}|[A-Z]\.)(?:[ \t]{{1,3}}({_CAPITALS}))?(?![A-Za-z])"
)
_SMALL_TITLE: Final = re.compile(
    r"(?:mr|mrs|mister|herr|herrn|prof)\.?[ \t]{1,3}([a-z\u00df-\u00ff]{2,30})[ \t]{1,3}([a-z\u00df-\u00ff]{2,30})"
    r"(?![A-Za-z])"
)
_NOT_SMALL: Final = frozenset(
    ("and", "und", "or", "oder", "the", "is", "was", "in", "of", "for", "to", "at", "on", "with", "from")
)


def titles(text: str) -> Iterator[Edit]:
    """`MR JANE ROE` and `mr jane roe`, written as titles and names usually are."""
    for match in _CAPITAL_TITLE.finditer(text):
        if not text[max(0, match.start() - 1) : match.start()].isalnum():
            yield Edit(match.start(), match.end(), match[0].title(), [(at, at + 1) for at in range(*match.span())])
    if "mr" in text or "herr" in text or "prof" in text or "mister" in text:
        for match in _SMALL_TITLE.finditer(text):
            if text[max(0, match.start() - 1) : match.start()].isalnum() or _NOT_SMALL & {match[1], match[2]}:
                continue
            written = _capitalised(match[0])
            if len(written) == len(match[0]):
                yield Edit(match.start(), match.end(), written, [(at, at + 1) for at in range(*match.span())])
