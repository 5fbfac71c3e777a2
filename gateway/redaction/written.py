"""How a model may have written a token, read forwards, so that a stream decides as the whole text does. Pure.

A token is known by its id, whole and in order; everything else about it may have changed: case, brackets, the type's
word, what stands between its parts. An id of which a character is missing, wrong or too many names nothing. At any
place a reading ends in one of three ways: a token, none, or "more text must tell"; only the last is held back by a
stream.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.redaction.known_ids import (
    FORM_LENGTH,
    ID_LENGTH,
    LOOSE,
    NOISE,
    RUN,
    TIGHT,
    Id,
    KnownIds,
    Look,
    MoreNeeded,
    form_at,
    plural_at,
    read_form,
)
from gateway.redaction.legible import legible

MOST: Final = 160
"""A token as written is never longer, so that no stream holds back more for one."""
CONTEXT: Final = 4
"""Characters of the view in front of a text that are looked at."""

_WORDS: Final = 8
_PHRASE: Final = 64
_SLASHES: Final = re.compile(r"[\0\\]{0,12}")
_WORD: Final = re.compile(r"[^\W_]{1,40}")
_TAIL: Final = re.compile(rf"[{NOISE}#:'\u2019A-Za-z0-9]{{0,40}}")
_OWNING: Final = re.compile(rf"[{NOISE}#:]*[A-Za-z0-9]*[{NOISE}]*(['\u2019]s)?[{NOISE}]*\Z")
_DIGITS: Final = re.compile(rf"[0-9]{{0,{FORM_LENGTH + 1}}}")
_START: Final = re.compile(
    r"(?<![0-9A-Za-z])[0-9A-Za-z]|(?<!\0)\[|(?<![\0\\])[\0\\]{1,12}(?=\[)|(?<![\0\\])[\0\\]{1,12}\Z"
)
_STARS: Final = re.compile(r"\*{1,3}|`{1,3}")


@dataclass(frozen=True, slots=True)
class Hit:
    """One token as it was written: where, which, and what of the text inside it stands around its value."""

    start: int
    end: int
    token: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text holds. From `until` on more text must tell; `view` is the text as it is read, of the same length."""

    hits: tuple[Hit, ...]
    until: int
    view: str


class Index:
    """Known tokens, recognised as models write them. `parts` as `KnownIds` takes them."""

    def __init__(self, parts: Iterable[tuple[str, str, str, str]]) -> None:
        self._ids = KnownIds(parts)

    def read(self, text: str, before: str = "", *, final: bool = True) -> Reading:
        """The tokens of `text`, in order. `before`: the last characters of the view of what stood in front.

        `final`: nothing follows. What is decided without it is the same however the text is cut.
        """
        view, end = legible(text, final=final)
        whole, offset = before[-CONTEXT:] + view, len(before[-CONTEXT:])
        hits: list[Hit] = []
        at, limit = offset, offset + end
        while match := _START.search(whole, at, limit):
            start = match.start()
            try:
                found = self._at(whole, start, limit, final=final)
            except MoreNeeded:
                return Reading(tuple(hits), start - offset, view)
            if found is None:
                at = start + 1
            else:
                hits.append(_settled(whole, found, offset))
                at = found.end
        # A tag that the end cuts begins no token: it can only go on one that has begun.
        return Reading(tuple(hits), len(text) if text.startswith("<", end) else end, view)

    def _at(self, view: str, start: int, end: int, *, final: bool) -> Hit | None:
        """What begins at `start`. No more than `MOST` characters are looked at, whatever follows."""
        stop = min(end, start + MOST)
        look = Look(view, stop, final or stop < end)
        return self._bracketed(look, start) if view[start] in "[\\\0" else self._bare(look, start)

    # --- in brackets -------------------------------------------------------------------------------------------------

    def _bracketed(self, look: Look, start: int) -> Hit | None:
        first = look.after(_SLASHES, start)
        if look.over(first) or look.view[first] != "[":
            return None
        inner, second = first + 1, -1
        again = look.after(_SLASHES, inner)
        if again < look.end and look.view[again] == "[":
            second, inner = inner, again + 1
        at = look.after(RUN, inner)
        found = self._phrase(look, at)
        tail = found and self._tail(look, found, _letters(look.view[at : found.end])[:-ID_LENGTH].lower())
        if not tail:
            return None
        if second < 0:
            return Hit(start, tail.end, tail.token, "", tail.after)
        # Two brackets were opened: both go only where both are closed, and no link follows.
        again = look.after(_SLASHES, tail.end)
        both = not look.over(again) and look.view[again] == "]"
        if both and not look.over(again + 1) and look.view[again + 1] in "([:":
            both = False
        return Hit(start if both else second, again + 1 if both else tail.end, tail.token, "", tail.after)

    def _phrase(self, look: Look, at: int) -> Id | None:
        """A type's word or words, known or not, or none, and then an id."""
        begin, compact, capitals = at, "", True
        for number in range(_WORDS + 1):
            found = self._ids.at(look, at)
            word = None if found or look.over(at) else _WORD.match(look.view, at, look.end)
            if word is None or (not number and word[0][0].isdigit()):
                return found
            if glued := self._ids.glued(look, word):
                return glued[1]
            if look.over(word.end()):
                return None
            compact += word[0].lower()
            capitals = capitals and word[0].isupper()
            at = look.after(LOOSE, word.end())
            if at == word.end() or at - begin > _PHRASE:
                return None
            if look.view[word.end()].isspace() and not (capitals or self._ids.kind_begins(compact)):
                return None
        return None

    def _tail(self, look: Look, found: Id, kind: str) -> Hit | None:
        """What stands between the id and the closing bracket, which must come: a form, a number, a possessive."""
        at = look.after(_TAIL, found.end)
        if look.over(at) or look.view[at] != "]":
            return None
        inner = look.view[found.end : at]
        match = _OWNING.match(inner)
        owning = (match[1] or "") if match else ""
        said = _letters(inner)
        said = said[: len(said) - len(owning.strip("'\u2019"))]
        if said and inner[0].isalnum():
            # One letter more than an id has: a plural, or another id.
            if said not in ("s", "S"):
                return None
            said, owning = "", said
        form = read_form(said[:FORM_LENGTH])
        token = found.token(kind, form) if len(form) == FORM_LENGTH else None
        if token is not None:
            said = said[FORM_LENGTH:]
            if said in ("s", "S"):
                said, owning = "", said
        if said and not said.isdigit() and (len(said) > FORM_LENGTH or not any(c in "_-#" for c in inner)):
            return None
        token = token or found.token(kind)
        return None if token is None else Hit(found.end, at + 1, token, "", owning)

    # --- without brackets --------------------------------------------------------------------------------------------

    def _bare(self, look: Look, start: int) -> Hit | None:
        found = self._ids.at(look, start, tight=4)
        if found is not None:
            return _bare_tail(look, start, found, "")
        at, compact, capitals = start, "", True
        for _ in range(_WORDS):
            word = _WORD.match(look.view, at, look.end)
            # No type begins with a digit, nor does a word that one is translated by.
            if word is None or word.end() - start > _PHRASE or look.view[start].isdigit():
                return None
            if glued := self._ids.glued(look, word):
                return _bare_tail(look, start, glued[1], compact + glued[0])
            compact += word[0].lower()
            capitals = capitals and word[0].isascii() and word[0].isupper()
            at = self._joined(look, word.end(), compact, capitals=capitals)
            if at < 0:
                return None
            marked = capitals and not {"_", "-"}.isdisjoint(look.view[word.end() : at])
            if (marked or compact in self._ids.kinds) and (found := self._ids.at(look, at)):
                return _bare_tail(look, start, found, compact)
        return None

    def _joined(self, look: Look, at: int, compact: str, *, capitals: bool) -> int:
        """Where the next word of a bare token begins; -1 where the words so far and what follows make none.

        A type's own words are known in any case, but blanks part only words in capitals; other words in capitals may
        be a translation, joined by no blank.
        """
        known = self._ids.kind_begins(compact)
        if not (known or capitals) or look.over(at):
            return -1
        after = look.after(RUN, at)
        between = look.view[at:after]
        blank = any(character.isspace() for character in between)
        if not between or (blank and not (known and (capitals or not between[0].isspace()))):
            return -1
        return -1 if look.over(after) else after


def _bare_tail(look: Look, start: int, found: Id, kind: str) -> Hit | None:
    """A form, a number nobody asked for, or nothing; a letter or digit more makes it another id."""
    token, end = found.token(kind), found.end
    if token is None:
        return None
    for formless in (False, True):
        if look.letter(end):
            return Hit(start, end, token) if plural_at(look, end) else None
        after = look.after(TIGHT, end)
        between = look.view[end:after]
        if not between or look.over(after) or {"_", "-"}.isdisjoint(between):
            break
        if not formless and (form := form_at(look, after, found, kind)):
            token, end = form
            continue
        said = look.after(_DIGITS, after)
        if "_" in between and after < said <= after + FORM_LENGTH and not look.letter(said):
            end = said
        break
    return Hit(start, end, token)


def _settled(view: str, hit: Hit, offset: int) -> Hit:
    """With an emphasis that began or ended inside the token put where it belongs, in offsets of the text."""
    before, after = hit.before, hit.after
    marks = _STARS.findall(view, hit.start, hit.end)
    if len(marks) % 2:
        if view[max(0, hit.start - len(marks[-1])) : hit.start] == marks[-1]:
            after += marks[-1]
        else:
            before = marks[-1]
    return Hit(hit.start - offset, hit.end - offset, hit.token, before, after)


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())
