"""Rich text (RTF): its words, read control word by control word; hidden and deleted text is counted only."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace
from typing import Final

from gateway.errors import UnsupportedMedia
from gateway.retrieval.readers.draft import Draft, Extracted, Limits
from gateway.retrieval.readers.paint import WHITE, unseen
from gateway.retrieval.styles import Paint

DEPTH: Final = 500
_TOKEN: Final = re.compile(
    rb"\\(?:([a-z]{1,32})(-?[0-9]{1,10})? ?|'([0-9A-Fa-f]{2})|(.))|([{}])|([\r\n]+)|([^\\{}\r\n]+)", re.DOTALL
)
_SKIPPED: Final = frozenset(
    [
        "fonttbl",
        "stylesheet",
        "listtable",
        "listoverridetable",
        "rsidtbl",
        "generator",
        "filetbl",
        "revtbl",
        "pict",
        "object",
        "themedata",
        "colorschememapping",
        "datastore",
        "latentstyles",
        "xmlnstbl",
        "mmathPr",
        "fldinst",
        "datafield",
        "template",
        "operator",
        "author",
        "company",
        "manager",
        "doccomm",
        "hlinkbase",
        "userprops",
        "private",
        "passwordhash",
    ]
)
_KINDS: Final = {
    **dict.fromkeys(("annotation", "atnid", "atnauthor", "atntime", "atnicn", "atnref", "comment"), "comment"),
    **dict.fromkeys(
        ("header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"), "header_footer"
    ),
    **dict.fromkeys(("subject", "keywords", "category"), "metadata"),
}
_PLACES: Final = {**_KINDS, **dict.fromkeys(_SKIPPED, "skip"), "fonttbl": "fonts", "colortbl": "colours"}
"""A group's first word -> where its text goes: left out, a kind of hidden text, or a table of the document."""
_STARRED: Final = frozenset({"shpinst", "shppict", "ud", "upr", "bkmkstart", "cs", "shptxt"})
"""Words behind a star whose group holds text all the same."""
_GROUNDS: Final = frozenset({"highlight", "cb", "chcbpat", "cbpat", "clcbpat"})
_SYMBOLS: Final = {
    "par": "\n\n",
    "sect": "\n\n",
    "page": "\n\n",
    "line": "\n",
    "tab": "\t",
    "emdash": "\u2014",
    "endash": "\u2013",
    "lquote": "\u2018",
    "rquote": "\u2019",
    "ldblquote": "\u201c",
    "rdblquote": "\u201d",
    "bullet": "•",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
}
_CHARSETS: Final = {
    0: "cp1252",
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    134: "gbk",
    136: "big5",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}


@dataclass(slots=True)
class _State:
    """What holds until the group ends."""

    into: str = "text"
    """`text`, `skip`, `title`, `colours`, `fonts`, or the kind of hidden text."""
    hidden: bool = False
    deleted: bool = False
    size: int = 24
    ink: int = 0
    ground: int = 0
    fallback: int = 1
    level: int = 0
    table: bool = False
    codec: str = ""


def read_rtf(data: bytes, limits: Limits) -> Extracted:
    """Paragraphs, outline headings, tables row by row. Raises UnsupportedMedia when groups nest too deeply."""
    reader = _Rtf(limits)
    reader.read(data)
    return reader.draft.done()


class _Rtf:
    def __init__(self, limits: Limits) -> None:
        self.draft = Draft(limits)
        self._state = _State()
        self._stack: list[_State] = []
        self._codec = "cp1252"
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._colours: list[Paint] = []
        self._parts: list[int | None] = [None, None, None]
        self._title: list[str] = []
        self._line: list[str] = []
        self._left: dict[str, list[str]] = {}
        self._cells: list[str] = []
        self._rows: list[list[str]] = []
        self._bytes = bytearray()
        self._skip = 0
        self._high = 0

    def read(self, data: bytes) -> None:
        at = 0
        starred = False
        while (token := _TOKEN.match(data, at)) is not None:
            at = token.end()
            word, number, code, mark, brace, _, words = token.groups()
            if code is not None:
                if self._skip:
                    self._skip -= 1
                else:
                    self._bytes.append(int(code, 16))
                continue
            self._flush()
            if word == b"bin":
                at += max(0, int(number or 0))
            elif word is not None:
                self._word(word.decode(), int(number) if number else None, starred=starred)
            elif words is not None:
                cut = min(self._skip, len(words))
                self._skip -= cut
                self._bytes += words[cut:]
            else:
                self._open_or_close(brace)
                self._mark(mark or b"")
            starred = mark == b"*"
        self._end()

    def _open_or_close(self, brace: bytes | None) -> None:
        if brace == b"{":
            if len(self._stack) >= DEPTH:
                raise UnsupportedMedia("the document's groups are nested too deeply", hint="save it anew")
            self._stack.append(replace(self._state))
        elif brace == b"}":
            self._close()

    def _end(self) -> None:
        self._flush()
        self._end_paragraph()
        self._end_table()
        self.draft.title = self.draft.clean("".join(self._title)).strip()
        for kind, parts in self._left.items():
            self.draft.hide(kind, "".join(parts))

    def _close(self) -> None:
        if self._state.into == "fonts" and self._font not in self._fonts:
            self._fonts[self._font] = self._codec
        if self._stack:
            self._state = self._stack.pop()

    def _mark(self, mark: bytes) -> None:
        if mark == b"~":
            self._put("\u00a0")
        elif mark == b"_":
            self._put("-")
        elif mark in {b"\\", b"{", b"}"}:
            self._put(mark.decode())
        elif mark in {b"\r", b"\n"}:
            self._end_paragraph()

    def _flush(self) -> None:
        if not self._bytes:
            return
        raw, self._bytes = bytes(self._bytes), bytearray()
        if self._state.into == "colours":
            for _ in range(raw.count(b";")):
                red, green, blue = self._parts
                self._colours.append(None if red is None or green is None or blue is None else (red, green, blue))
                self._parts = [None, None, None]
            return
        self._put(raw.decode(self._state.codec or self._codec, "replace"))

    def _put(self, text: str) -> None:
        state = self._state
        if state.into == "title":
            self._title.append(text)
        elif state.into == "text":
            kind = self._kind(state)
            if kind:
                self._left.setdefault(kind, []).append(text)
            else:
                self._line.append(text)
        elif state.into not in {"skip", "fonts", "colours"}:
            self._left.setdefault(state.into, []).append(text)

    def _kind(self, state: _State) -> str:
        if state.deleted:
            return "deleted"
        if state.hidden:
            return "style"
        if state.size <= 4:
            return "tiny"
        ink = self._colour(state.ink) or (0, 0, 0)
        ground = (self._colour(state.ground) if state.ground else None) or (None if state.table else WHITE)
        return "colour" if unseen(ink, ground) else ""

    def _colour(self, number: int) -> Paint:
        return self._colours[number] if 0 <= number < len(self._colours) else None

    def _word(self, name: str, value: int | None, *, starred: bool) -> None:
        state = self._state
        if name == "u" and value is not None:
            self._unicode(value & 0xFFFF)
            self._skip = state.fallback
        elif name == "uc" and value is not None:
            state.fallback = max(0, min(value, 8))
        elif (place := self._destination(name, starred=starred)) is not None:
            state.into = place
        elif state.into == "colours" and name in {"red", "green", "blue"}:
            self._parts[("red", "green", "blue").index(name)] = min(255, max(0, value or 0))
        elif name in {"f", "fcharset"}:
            self._choose_font(name, value or 0)
        elif name in {"ansicpg", "mac"}:
            self._codec = "mac_roman" if name == "mac" else _known(f"cp{value}")
        elif state.into == "text":
            self._layout(name, value)
        elif name in _SYMBOLS:
            self._put(_SYMBOLS[name])

    def _destination(self, name: str, *, starred: bool) -> str | None:
        """Where the text of a group that begins with this word goes; None for a word that begins none."""
        into = self._state.into
        if name in _PLACES:
            return _PLACES[name]
        if name == "title" and self._stack:
            return "title"
        if name in {"pntext", "result"}:
            return "text" if into == "skip" else into
        return "skip" if starred and name not in _STARRED else None

    def _choose_font(self, name: str, value: int) -> None:
        if self._state.into == "fonts":
            if name == "f":
                self._font = value
            else:
                self._fonts[self._font] = _CHARSETS.get(value, self._codec)
        elif name == "f":
            self._state.codec = self._fonts.get(value, "")

    def _layout(self, name: str, value: int | None) -> None:
        if name in {"par", "sect", "page"}:
            self._end_paragraph()
        elif name in {"cell", "nestcell"}:
            self._cells.append("".join(self._line))
            self._line = []
        elif name in {"row", "nestrow"}:
            if self._cells:
                self._rows.append(self._cells)
            self._cells = []
        elif name in _SYMBOLS:
            self._put(_SYMBOLS[name])
        else:
            self._look(name, value)

    def _look(self, name: str, value: int | None) -> None:
        state = self._state
        if name == "pard":
            state.level, state.table = 0, False
        elif name == "intbl":
            state.table = True
        elif name == "outlinelevel" and value is not None and value < 9:
            state.level = value + 1
        elif name == "plain":
            state.hidden = state.deleted = False
            state.size, state.ink, state.ground = 24, 0, 0
        elif name == "v":
            state.hidden = value != 0
        elif name == "deleted":
            state.deleted = value != 0
        elif name == "fs" and value is not None:
            state.size = value
        elif name == "cf":
            state.ink = value or 0
        elif name in _GROUNDS:
            state.ground = value or 0

    def _unicode(self, unit: int) -> None:
        if 0xD800 <= unit < 0xDC00:
            self._high = unit
        elif 0xDC00 <= unit < 0xE000:
            if self._high:
                self._put(chr(0x10000 + ((self._high - 0xD800) << 10) + unit - 0xDC00))
            self._high = 0
        else:
            self._put(chr(unit))

    def _end_paragraph(self) -> None:
        text = "".join(self._line).strip()
        if self._cells or (self._state.table and self._stack):
            # A cell may hold several paragraphs.
            self._line.append("\n")
            return
        self._line = []
        if text:
            self._end_table()
            if self._state.level:
                self.draft.heading(text, self._state.level)
            else:
                self.draft.text(text)

    def _end_table(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            self.draft.table(rows)


def _known(codec: str) -> str:
    try:
        return codecs.lookup(codec).name
    except LookupError:
        return "cp1252"
