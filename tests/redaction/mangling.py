"""How models and what stands between rewrite a token: cases by hand, and a generator that composes them.

A case is a template: `T` the type's word, `I` the id, `A` and `B` its two halves, `X`, `Y` and `Z` its thirds, `V` in
what is expected the value. Braces mark them. Every case keeps the id; what comes back is given by hand.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One way of writing, and what has to come back."""

    name: str
    written: str
    expected: str = "{V}"


_CASES = (
    # As it is, and case.
    Case("as it is", "[{T}_{I}]"),
    Case("lower case", "[{t}_{I}]"),
    Case("upper case", "[{T}_{U}]"),
    Case("title case", "[{title}_{I}]"),
    Case("all lower in a sentence", "ask [{t}_{I}] about it", "ask {V} about it"),
    # Emphasis, outside and inside.
    Case("bold", "**[{T}_{I}]**", "**{V}**"),
    Case("italic", "*[{T}_{I}]*", "*{V}*"),
    Case("underscores for bold", "__[{T}_{I}]__", "__{V}__"),
    Case("struck", "~~[{T}_{I}]~~", "~~{V}~~"),
    Case("bold inside", "[**{T}_{I}**]"),
    Case("bold type", "[**{T}**_{I}]"),
    Case("bold id", "[{T}_**{I}**]"),
    Case("bold per segment", "[**{T}**_**{I}**]"),
    Case("bold closed inside", "**[{T}_**{I}]", "**{V}**"),
    Case("bold opened inside", "[{T}_**{I}]**", "**{V}**"),
    Case("italic per segment", "[*{T}*_*{I}*]"),
    Case("bold inside the id", "[{T}_**{A}**{B}]"),
    Case("code", "`[{T}_{I}]`", "`{V}`"),
    Case("code inside", "[`{T}_{I}`]"),
    Case("bold tags", "<b>[{T}_{I}]</b>", "<b>{V}</b>"),
    Case("bold tags inside", "[<b>{T}</b>_{I}]"),
    Case("a break tag inside", "[{T}_<wbr>{I}]"),
    Case("strong tags inside", "[<strong>{T}_{I}</strong>]"),
    # What stands for the underscore.
    Case("a hyphen", "[{T}-{I}]"),
    Case("a non-breaking hyphen", "[{T}\u2011{I}]"),
    Case("an en dash", "[{T}\u2013{I}]"),
    Case("a minus sign", "[{T}\u2212{I}]"),
    Case("a blank", "[{T} {I}]"),
    Case("a no-break space", "[{T}\u00a0{I}]"),
    Case("a thin space", "[{T}\u2009{I}]"),
    Case("a full-width low line", "[{T}\uff3f{I}]"),
    Case("two underscores", "[{T}__{I}]"),
    Case("a colon", "[{T}: {I}]"),
    Case("a number sign", "[{T} #{I}]"),
    Case("a slash", "[{T}/{I}]"),
    Case("nothing", "[{T}{I}]"),
    Case("escaped for Markdown", "[{T}\\_{I}]"),
    Case("escaped for LaTeX in braces", "[{T}{{\\_}}{I}]"),
    Case("text in LaTeX", "\\textbf{{[{T}\\_{I}]}}", "\\textbf{{{V}}}"),
    # Blanks, lines, things nobody sees.
    Case("blanks inside the brackets", "[ {T}_{I} ]"),
    Case("blanks around the underscore", "[{T} _ {I}]"),
    Case("a line's end after the type", "[{T}_\n{I}]"),
    Case("a line's end in the id", "[{T}_{A}\n{B}]"),
    Case("a line's end and an indent", "[{T}_{A}\n        {B}]"),
    Case("a hyphenated line's end", "[{T}_{A}-\n{B}]"),
    Case("a Windows line's end", "[{T}_{A}\r\n{B}]"),
    Case("a quoted line's end", "[{T}_{A}\\\n{B}]"),
    Case("blanks in the id", "[{T}_{X} {Y} {Z}]"),
    Case("zero-width spaces", "[{T}\u200b_{A}\u200b{B}]"),
    Case("a zero-width joiner", "[{T}_\u200d{I}]"),
    Case("a byte order mark", "\ufeff[{T}_{I}]", "\ufeff{V}"),
    Case("soft hyphens", "[{T}_{X}\u00ad{Y}\u00ad{Z}]"),
    Case("bidirectional marks", "[\u2066{T}_{I}\u2069]"),
    Case("full-width letters", "[{T}_{W}]"),
    Case("combining mark", "[{T}_{A}\u0301{B}]"),
    # Brackets.
    Case("no brackets", "by {T}_{I}.", "by {V}."),
    Case("no brackets, lower case", "by {t}_{I}.", "by {V}."),
    Case("no brackets, a blank", "by {T} {I}.", "by {V}."),
    Case("no brackets, a hyphen", "by {T}-{I}.", "by {V}."),
    Case("no brackets, bold", "by **{T}_{I}**.", "by **{V}**."),
    Case("no brackets, escaped", "by {T}\\_{I}.", "by {V}."),
    Case("no brackets, emphasis inside", "by {T}**_{I}**.", "by **{V}**."),
    Case("no opening bracket", "by {T}_{I}]", "by {V}]"),
    Case("no closing bracket", "by [{T}_{I}", "by [{V}"),
    Case("doubled brackets", "[[{T}_{I}]]"),
    Case("doubled brackets and a link", "[[{T}_{I}]](x)", "[{V}](x)"),
    Case("escaped brackets", "\\[{T}_{I}\\]"),
    Case("escaped brackets and underscore", "\\[{T}\\_{I}\\]"),
    Case("full-width brackets", "\uff3b{T}_{I}\uff3d"),
    Case("lenticular brackets", "【{T}_{I}】"),
    Case("white brackets", "⟦{T}_{I}⟧"),
    Case("parentheses", "({T}_{I})", "({V})"),
    Case("braces", "{{{T}_{I}}}", "{{{V}}}"),
    Case("two braces", "{{{{{T}_{I}}}}}", "{{{{{V}}}}}"),
    Case("quoted", '"{T}_{I}"', '"{V}"'),
    Case("single quotes", "'{T}_{I}'", "'{V}'"),
    Case("guillemets", "«{T}_{I}»", "«{V}»"),
    Case("a list of two in one bracket", "[{T}_{I}, {T}_{I}]", "[{V}, {V}]"),
    Case("a list in brackets", "[[{T}_{I}], [{T}_{I}]]", "[{V}, {V}]"),
    # Grammar.
    Case("possessive", "[{T}_{I}]'s", "{V}'s"),
    Case("possessive, typographic", "[{T}_{I}]\u2019s", "{V}\u2019s"),
    Case("possessive inside", "[{T}_{I}'s]", "{V}'s"),
    Case("possessive without brackets", "{T}_{I}'s", "{V}'s"),
    Case("plural", "[{T}_{I}]s", "{V}s"),
    Case("plural inside", "[{T}_{I}s]", "{V}s"),
    Case("plural without brackets", "the {T}_{I}s came", "the {V}s came"),
    Case("a German ending", "[{T}_{I}]-Akte", "{V}-Akte"),
    Case("between Chinese words", "请联系{T}_{I}的同事", "请联系{V}的同事"),
    Case("after a title", "Dr. [{T}_{I}], MD", "Dr. {V}, MD"),
    # The type's word.
    Case("translated to French", "[PERSONNE_{I}]"),
    Case("translated to Spanish", "[NOMBRE_{I}]"),
    Case("translated to German", "[Person_{I}]"),
    Case("translated with a letter of its own", "[GESCHÄDIGTE_{I}]"),
    Case("translated to Russian", "[ЛИЦО_{I}]"),
    Case("translated to Chinese", "[人_{I}]"),
    Case("translated, two words", "[NOM_PROPRE_{I}]"),
    Case("translated, two words and blanks", "[NOM _ PROPRE _ {I}]"),
    Case("translated without brackets", "par PERSONNE_{I}.", "par {V}."),
    Case("translated and a blank", "[PERSONNE {I}]"),
    Case("shortened", "[PERS_{I}]"),
    Case("another type's word", "[NAME_{I}]"),
    Case("a word in front", "[FIRST_{T}_{I}]"),
    Case("dropped", "[{I}]"),
    Case("dropped with its bracket", "by {I}.", "by {V}."),
    Case("dropped, the underscore kept", "[_{I}]"),
    # Numbers nobody asked for, and digits that look like letters.
    Case("a number appended", "[{T}_{I}_2]"),
    Case("a number appended with a blank", "[{T}_{I} 2]"),
    Case("a number appended with #", "[{T}_{I} #2]"),
    Case("a number appended without brackets", "by {T}_{I}_1.", "by {V}."),
    Case("a letter appended", "[{T}_{I}_a]"),
    Case("a number in front", "[{T}_1_{I}]"),
    Case("zero and one as letters", "[{T}_{O}]"),
    Case("zero and one as letters, upper case", "[{T}_{UO}]"),
    # Encodings.
    Case("HTML entities for brackets", "&#91;{T}_{I}&#93;"),
    Case("named entities", "&lbrack;{T}&lowbar;{I}&rbrack;"),
    Case("hexadecimal entities", "&#x5B;{T}&#x5f;{I}&#x5D;"),
    Case("a no-break space entity", "[{T}&nbsp;{I}]"),
    Case("percent-encoded brackets", "%5B{T}_{I}%5D"),
    Case("percent-encoded underscore", "[{T}%5F{I}]"),
    Case("JSON escapes", "\\u005b{T}\\u005f{I}\\u005d"),
    Case("JSON escapes of a hyphen", "[{T}\\u2011{I}]"),
    Case("escaped twice", "\\\\[{T}\\\\_{I}\\\\]"),
    Case("a line's end in JSON", "[{T}_{A}\\n{B}]"),
    Case("after an escaped line's end", "Dear\\n{T}_{I}", "Dear\\n{V}"),
    # Where it stands.
    Case("in a code fence", "```\nname = [{T}_{I}]\n```", "```\nname = {V}\n```"),
    Case("in a table", "| [{T}_{I}] | 3 |", "| {V} | 3 |"),
    Case("in a list", "- [{T}_{I}]\n- x", "- {V}\n- x"),
    Case("as a heading", "## [{T}_{I}]\n", "## {V}\n"),
    Case("in a quotation", "> [{T}_{I}]\n> said", "> {V}\n> said"),
    Case("before a citation", "[{T}_{I}] [1]", "{V} [1]"),
    Case("in an identifier", "id_{T}_{I}", "id_{V}"),
    Case("twice in a row", "[{T}_{I}][{T}_{I}]", "{V}{V}"),
    Case("as a key", "{{[{T}_{I}]: 3}}", "{{{V}: 3}}"),
)


def parts(type_: str, identity: str, value: str) -> dict[str, str]:
    """What the templates' letters stand for."""
    return {
        "T": type_,
        "t": type_.lower(),
        "title": type_.title(),
        "I": identity,
        "U": identity.upper(),
        "A": identity[:6],
        "B": identity[6:],
        "X": identity[:4],
        "Y": identity[4:8],
        "Z": identity[8:],
        "W": "".join(chr(ord(c) + 0xFEE0) if c != "_" else c for c in identity),
        "O": identity.replace("0", "o").replace("1", "l"),
        "UO": identity.upper().replace("0", "O").replace("1", "I"),
        "V": value,
    }


def cases(type_: str, identity: str, value: str) -> list[tuple[str, str, str]]:
    """(name, as written, what comes back) of every case by hand, for one token."""
    known = parts(type_, identity, value)
    return [(case.name, case.written.format_map(known), case.expected.format_map(known)) for case in _CASES]


Choose = Callable[[tuple[str, ...]], str]

_OPEN = ("[", "[", "[", "\\[", "\uff3b", "【", "[ ", "&#91;", "\\u005b", "%5B", "[**", "[*", "[\u200b", "[\n")
_CLOSE = {
    "\\[": "\\]",
    "\uff3b": "\uff3d",
    "【": "】",
    "[ ": " ]",
    "&#91;": "&#93;",
    "\\u005b": "\\u005d",
    "%5B": "%5D",
    "[**": "**]",
    "[*": "*]",
    "[\u200b": "\u200b]",
    "[\n": "\n]",
}
_BETWEEN = (
    "_",
    "_",
    "\\_",
    "-",
    " ",
    "\u2011",
    "\u00a0",
    "__",
    " _ ",
    "_\u200b",
    "\u00ad_",
    "&lowbar;",
    "_\n",
    "\\u005f",
)
_IN_ID = ("", "", "", "", "", "", "\u200b", "\u00ad", "\n", "-\n", "\u2060", " ")
_TYPES = ("{T}", "{T}", "{T}", "{t}", "{title}", "PERSONNE", "NOMBRE", "ЛИЦО", "NOM_PROPRE", "")
_TAILS = ("", "", "", "", "_2", " 2", " #1")
_AROUND = (
    ("", ""),
    ("", ""),
    ("**", "**"),
    ('"', '"'),
    ("(", ")"),
    ("see ", ", then"),
    ("", "'s"),
    ("| ", " |"),
    ("é", "。"),
)


def composed(seed: int, count: int, type_: str, identity: str, value: str) -> Iterator[tuple[str, str]]:
    """(as written, what comes back): manglings of brackets, type, separators, id and surroundings put together."""
    chance = random.Random(seed)
    known = parts(type_, identity, value)
    for _ in range(count):
        opened = chance.choice(_OPEN)
        word = chance.choice(_TYPES).format_map(known)
        between = chance.choice(_BETWEEN) if word else ""
        where = chance.randrange(1, len(identity))
        broken = identity[:where] + chance.choice(_IN_ID) + identity[where:]
        if chance.random() < 0.2:
            broken = broken.upper()
        before, after = chance.choice(_AROUND)
        inner = f"{opened}{word}{between}{broken}{chance.choice(_TAILS)}{_CLOSE.get(opened, ']')}"
        yield f"{before}{inner}{after}", f"{before}{value}{after}"
