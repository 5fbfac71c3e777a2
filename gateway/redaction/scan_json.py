"""The same look at JSON source: tool arguments, and answers that were asked for as JSON. What stays is valid JSON."""

from __future__ import annotations

import re
from typing import Final

from gateway.redaction.scan_text import Rule, TextScan


class JsonScan:
    """JSON source: each string a text with its escapes undone, each number a text, and what stays is valid JSON."""

    _ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
    _STEP: Final = re.compile(r'[^"\\]+|["\\]')
    _OUTSIDE: Final = re.compile(r'[\s{}\[\]:,]+|"|[^\s{}\[\]:,"]+')

    def __init__(self, rule: Rule) -> None:
        self._scan = TextScan(rule)
        self._reset()

    def _reset(self) -> None:
        self._string = False
        self._escape = ""
        self._bare = ""

    def feed(self, text: str) -> str:
        """The next piece in, what is certain out."""
        out: list[str] = []
        at = 0
        while at < len(text):
            at = self._inside(out, text, at) if self._string else self._outside(out, text, at)
        return "".join(out)

    def flush(self) -> str:
        """What was kept back."""
        rest = self._scan.feed_units([self._escape], "\ufffc") if self._escape else ""
        rest += self._scan.end() if self._string else self._ended()
        self._scan.flush()
        self._reset()
        return rest

    def _inside(self, out: list[str], text: str, at: int) -> int:
        if self._escape:
            self._escape += text[at]
            self._unescape(out)
            return at + 1
        step = self._STEP.match(text, at)
        piece = step[0] if step else text[at]
        if piece == "\\":
            self._escape = piece
        elif piece == '"':
            out += (self._scan.end(), '"')
            self._scan.aside(" ", units=True)
            self._string = False
        else:
            out.append(self._scan.feed_units(list(piece), piece))
        return at + len(piece)

    def _unescape(self, out: list[str]) -> None:
        escape = self._escape
        if escape[1] == "u" and len(escape) < 6:
            return
        self._escape = ""
        letter = self._ESCAPES.get(escape[1], escape[1])
        if escape[1] == "u":
            try:
                letter = chr(int(escape[2:6], base=16))
            except ValueError:
                letter = "\ufffc"
            if "\ud800" <= letter <= "\udfff":
                letter = "\ufffc"
        out.append(self._scan.feed_units([escape], letter))

    def _outside(self, out: list[str], text: str, at: int) -> int:
        step = self._OUTSIDE.match(text, at)
        piece = step[0] if step else text[at]
        if piece[0] not in ' \t\r\n{}[]:,"' and not piece[0].isspace():
            self._bare += piece
        else:
            out += (self._ended(), piece)
            self._string = piece == '"'
        return at + len(piece)

    def _ended(self) -> str:
        """A number, or another bare word, that is over."""
        if not self._bare:
            return ""
        bare, self._bare = self._bare, ""
        done = self._scan.feed_units(list(bare), bare) + self._scan.end()
        self._scan.aside(" ", units=True)
        return done if done == bare else f'"{done}"'
