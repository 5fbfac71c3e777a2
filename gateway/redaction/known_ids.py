"""The ids of known tokens, found in a text as a model may have written it. Pure.

`Look` is one attempt to read a token at one place. It raises `MoreNeeded` where only the text still to come can tell.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
ID_LENGTH: Final = 12
FORM_LENGTH: Final = 4

_GAP: Final = 24
"""Characters without meaning that may stand in one place inside a token: a line's end and the next one's indent."""
NOISE: Final = r"\s\0\x01_*\\~`{}\-"
RUN: Final = re.compile(rf"[{NOISE}]{{0,{_GAP}}}")
TIGHT: Final = re.compile(rf"[\0\x01_*\\~`{{}}-]{{0,{_GAP}}}")
LOOSE: Final = re.compile(rf"[{NOISE}:#.(/|=]{{0,{_GAP}}}")

# Letters that Crockford's alphabet lacks are read as the digits they look like, as its author meant it.
_READ: Final = {
    **{character: character for character in ALPHABET},
    **{character.upper(): character for character in ALPHABET},
    **dict.fromkeys("oO", "0"),
    **dict.fromkeys("iIlL", "1"),
}


class MoreNeeded(Exception):
    """The text ends where it could still become a token: a signal among the functions of one reading, not an error."""


@dataclass(frozen=True, slots=True)
class Look:
    """A text up to `end`; `final`: nothing comes behind it."""

    view: str
    end: int
    final: bool

    def over(self, at: int) -> bool:
        """Whether the text is over at `at`. Raises MoreNeeded where it may go on."""
        if at < self.end:
            return False
        if not self.final:
            raise MoreNeeded
        return True

    def after(self, pattern: re.Pattern[str], at: int) -> int:
        """Where what the pattern takes from `at` on ends; the pattern can be empty."""
        match = pattern.match(self.view, at, self.end)
        return at if match is None else match.end()

    def letter(self, at: int) -> bool:
        """Whether a letter or digit of an id's kind stands at `at`. Raises MoreNeeded."""
        return not self.over(at) and is_alnum(self.view[at])


@dataclass(frozen=True, slots=True)
class Id:
    """An id found, and where it ends."""

    tokens: Mapping[tuple[str, str], str]
    """(type, form) -> token"""
    end: int

    def token(self, kind: str, form: str = "") -> str | None:
        """Which of the tokens with this id: the type decides only between several, and a lost form is any one."""
        types = {type_ for type_, _ in self.tokens}
        if len(types) > 1:
            types = {type_ for type_ in types if compact(type_) == kind}
        if len(types) != 1:
            return None
        (type_,) = types
        token = self.tokens.get((type_, form))
        if token is None and not form:
            token = min(token for (known, _), token in self.tokens.items() if known == type_)
        return token


class KnownIds:
    """Known tokens by id. `parts` gives (token, type, id, form or "")."""

    def __init__(self, parts: Iterable[tuple[str, str, str, str]]) -> None:
        self._ids: dict[str, dict[tuple[str, str], str]] = {}
        for token, type_, identity, form in sorted(parts):
            self._ids.setdefault(identity, {})[type_, form] = token
        self._sorted = sorted(self._ids)
        types = {type_ for known in self._ids.values() for type_, _ in known}
        self.kinds = sorted(map(compact, types))
        self._last_words = sorted({type_.rpartition("_")[2].lower() for type_ in types})

    def kind_begins(self, begun: str) -> bool:
        """Whether a type's words, run together, begin so."""
        return _begins(self.kinds, begun)

    def at(self, look: Look, at: int, *, tight: int = 1) -> Id | None:
        """The known id that begins at `at`. Blanks may stand in it only behind its first `tight` characters."""
        key = ""
        while True:
            if at >= look.end:
                if _begins(self._sorted, key):
                    look.over(at)
                return None
            character = _READ.get(look.view[at])
            if character is None:
                return None
            key += character
            at += 1
            if len(key) == ID_LENGTH:
                tokens = self._ids.get(key)
                return None if tokens is None else Id(tokens, at)
            if len(key) in (2, 5) and not _begins(self._sorted, key):
                return None
            if at < look.end and look.view[at] not in _READ:
                at = look.after(RUN if len(key) >= tight else TIGHT, at)

    def glued(self, look: Look, word: re.Match[str]) -> tuple[str, Id] | None:
        """An id that a type's last word runs into, and that word: `PERSONp2x0…`."""
        lowered = word[0].lower()
        for kind in self._last_words:
            if lowered.startswith(kind) and len(lowered) > len(kind):
                found = self.at(look, word.start() + len(kind))
                if found is not None:
                    return kind, found
        return None


def form_at(look: Look, at: int, found: Id, kind: str) -> tuple[str, int] | None:
    """(token, end) of the known form of `found` that begins at `at`; one cut by the text's end is the value itself."""
    key = ""
    while len(key) < FORM_LENGTH:
        if at >= look.end:
            if not any(form.startswith(key) for _, form in found.tokens) or not look.over(at):
                return None
            plain = found.token(kind) if key else None
            return (plain, look.end) if plain else None
        character = _READ.get(look.view[at])
        if character is None:
            return None
        key += character
        at += 1
        if at < look.end and look.view[at] not in _READ and len(key) < FORM_LENGTH:
            at = look.after(RUN, at)
    token = found.token(kind, key)
    if token is None or (look.letter(at) and not plural_at(look, at)):
        return None
    return token, at


def plural_at(look: Look, at: int) -> bool:
    """Whether an `s` stands at `at`, and no word goes on behind it."""
    return look.letter(at) and look.view[at] in "sS" and not look.letter(at + 1)


def read_form(text: str) -> str:
    """Characters of a form as they are read; a stranger among them becomes `?`."""
    return "".join(_READ.get(character, "?") for character in text)


def is_alnum(character: str) -> bool:
    """Whether a letter or digit of ASCII."""
    return character.isascii() and character.isalnum()


def compact(type_: str) -> str:
    """A type's words run together."""
    return type_.replace("_", "").lower()


def _begins(ordered: list[str], begun: str) -> bool:
    at = bisect_left(ordered, begun)
    return at < len(ordered) and ordered[at].startswith(begun)
