"""Whether a text is JSON so far, and whether its next character would stand in one of its strings. Pure.

An answer that is JSON has to stay JSON when values are put into it. It is told by the text itself, whatever was asked
for: it has been an object or list since its first character, or since a code fence that says `json`. One character that
no JSON has in that place, and it is none.
"""

from __future__ import annotations

import re
from typing import Final

_STRING_END: Final = re.compile(r'["\\\n\r]')
_ATOM: Final = re.compile(r"-?\d[\d.eE+-]*|true|false|null")
_ATOM_CHARACTERS: Final = frozenset("-+.0123456789eEtrufalsn")
_FENCE: Final = re.compile(r"\s*`{3,}\s*json[a-z0-9]*[ \t]*\r?\Z", re.IGNORECASE)
_LINE: Final = 40


class JsonSource:
    """One text, read piece by piece; however it is cut, the same."""

    def __init__(self) -> None:
        self._line = ""
        """The line so far, outside JSON."""
        self._begin()

    @property
    def in_string(self) -> bool:
        """Whether what comes next stands in a string of JSON source."""
        return self._state == "string"

    def read(self, text: str) -> None:
        """Go on."""
        at = 0
        while at < len(text):
            if self._state == "none":
                at = self._look_for_fence(text, at)
            elif self._state == "string" and not self._escaped:
                match = _STRING_END.search(text, at)
                if match is None:
                    return
                self._end_of_string(match[0])
                at = match.end()
            else:
                self._character(text[at])
                at += 1

    def _begin(self) -> None:
        self._state = "value"
        """What may come: `value`, `key`, `colon`, `comma`, `string`, `atom`, `end`, or `none`: this is no JSON."""
        self._open: list[str] = []
        self._first = True
        """Directly after `{` or `[`: it may close at once."""
        self._is_key = False
        self._escaped = False
        self._atom = ""

    def _no_json(self) -> None:
        self._state, self._line = "none", ""

    def _look_for_fence(self, text: str, at: int) -> int:
        end = text.find("\n", at)
        self._line = (self._line + text[at : end if end >= 0 else len(text)])[:_LINE]
        if end < 0:
            return len(text)
        fence = _FENCE.match(self._line)
        self._line = ""
        if fence:
            self._begin()
        return end + 1

    def _end_of_string(self, mark: str) -> None:
        if mark == "\\":
            self._escaped = True
        elif mark == '"':
            self._state = "colon" if self._is_key else self._after_value()
        else:
            self._no_json()

    def _after_value(self) -> str:
        return "comma" if self._open else "end"

    def _character(self, character: str) -> None:
        if self._escaped:
            self._escaped = False
        elif self._state == "atom" and character in _ATOM_CHARACTERS:
            self._atom += character
        elif self._state == "atom" and not _ATOM.fullmatch(self._atom):
            self._no_json()
        else:
            if self._state == "atom":
                self._state = self._after_value()
            if not character.isspace():
                self._mark(character)

    def _mark(self, character: str) -> None:
        state, inner = self._state, self._open[-1] if self._open else ""
        if character == '"' and (state == "key" or (state == "value" and inner)):
            self._state, self._is_key = "string", state == "key"
        elif state == "value" and character in "{[" and len(self._open) < 200:
            self._open.append(character)
            self._state, self._first = ("key" if character == "{" else "value"), True
            return
        elif state == "value" and inner and (character == "-" or character.isdigit() or character in "tfn"):
            self._state, self._atom = "atom", character
        elif state == "colon" and character == ":":
            self._state = "value"
        elif state == "comma" and character == ",":
            self._state = "key" if inner == "{" else "value"
        elif character == {"{": "}", "[": "]"}.get(inner) and (state == "comma" or (self._first and state != "colon")):
            self._open.pop()
            self._state = self._after_value()
        elif state == "value" and not inner and character == "`":
            self._no_json()
            self._line = character
        else:
            self._no_json()
            self._line = "x"
        self._first = False
