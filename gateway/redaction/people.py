"""Which words mean a person whose whole name is known: `Roe`, `Ms Roe`, `J. Roe`, `Roe, Jane`, `@janeroe`. Pure.

A partial name stands for a whole one only when it can be no other's: two people named Roe, and `Roe` is nobody's. What
is not sure is covered all the same, as a name of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from gateway.redaction.people_words import COMMON, PARTICLES, PLAIN_CAPITALS, SUFFIXES, TITLES

_NAME_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*\.?")
_RUN: Final = re.compile(r"[^\W\d_]+(?:['\u2019._-][^\W\d_]+)*")
_PARTS: Final = re.compile(r"[^\W\d_]+")
_HUMPS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_BEFORE: Final = re.compile(r"((?:[^\W\d_]\.){2,3}|[^\W\d_](?:[^\W\d_]|['\u2019-])*\.?)[ \u00a0]{1,2}\Z")
_COMMA: Final = re.compile(r",[ \u00a0]{0,2}([^\W\d_](?:[^\W\d_]|['\u2019-])*\.?)")
_NEXT: Final = re.compile(r"[ \u00a0]{1,2}([^\W\d_](?:[^\W\d_]|['\u2019-])*\.?)")
_BEGIN: Final = re.compile(r"(?:^|[.!?:;\u2022|>\n\"\u201c(\[*#-])\s*\Z")
_DIGITS: Final = re.compile(r"[0-9]{1,4}(?![^\W_])")
_MARKS: Final = ("@", "/", "\\", "~")
"""In front of a handle or a folder."""
_BLANK: Final = (" ", "\u00a0")
_LOOK: Final = 48
_MIDDLES: Final = 3
_JOINED: Final = 6
"""Letters that a first and last name written as one word must have to be told from other words."""
_AROUND: Final = PARTICLES | TITLES | SUFFIXES
"""Words around a name, and no part of it that means a person."""
_NOT_A_NAME: Final = TITLES | PLAIN_CAPITALS


@dataclass(frozen=True, slots=True)
class _Name:
    """A name taken apart; words as `_key` writes them."""

    given: str
    middles: tuple[str, ...]
    surname: str


@dataclass(slots=True)
class _Person:
    whole: str = field(repr=False)
    name: _Name = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a partial name stands, and whether it may be linked to the whole one; if not, it is a name of its own."""

    start: int
    end: int
    linked: bool


class People:
    """Everybody whose whole name was found in texts that belong together."""

    def __init__(self, names: Iterable[str]) -> None:
        """`names` as found, in the order of the texts."""
        self._persons: dict[tuple[str, str], list[_Person]] = {}
        self._surnames: dict[str, list[_Person]] = {}
        self._givens: dict[str, list[_Person]] = {}
        self._words: dict[str, str] = {}
        self._joined: dict[str, list[_Person]] = {}
        parsed = [(value, name) for value in dict.fromkeys(names) if (name := _parsed(value)) and _is_whole(name)]
        # Names with a middle one first: they tell two people of one first and last name apart.
        for value, name in sorted(parsed, key=lambda one: not one[1].middles):
            self._admit(value, name)
        order = {value: number for number, (value, _) in enumerate(parsed)}
        for value, name in parsed:
            person = self._same(name)
            if person is not None and order[value] < order[person.whole]:
                person.whole = value
            self._learn(value)
        for persons in self._persons.values():
            for person in persons:
                self._index(person)

    def __bool__(self) -> bool:
        return bool(self._persons)

    def whole(self, value: str) -> str | None:
        """The whole name that a value stands for; None when it is none, or could be several people's."""
        name = _parsed(value)
        found = self._matching(name) if name else []
        if not found:
            found = self._by_identifier(value)
        return found[0].whole if len(found) == 1 else None

    def mentions(self, text: str) -> Iterator[Mention]:
        """Where their names stand in `text`, whole or in part; words in another case than a name's are none."""
        if not self._persons or not self._may_stand(text):
            return
        words, joined = self._words, self._joined
        for match in _RUN.finditer(text):
            run = match[0]
            if run in words:
                yield from self._named(text, match.start(), match.end())
            elif not run.isalpha():
                yield from self._compound(text, match)
            elif run.islower() and run.isascii() and run not in joined and text[match.start() - 1] not in _MARKS:
                continue  # What most words are; where one begins the text, its last character decides nothing more.
            elif self._may_identify(text, match.start(), run) and (mention := self._identifier(text, match, run)):
                yield mention

    # --- who is there ------------------------------------------------------------------------------------------------

    def _admit(self, value: str, name: _Name) -> None:
        group = self._persons.setdefault((name.given, name.surname), [])
        same = [person for person in group if _agree(person.name.middles, name.middles)]
        if not name.middles and len(group) > 1:
            same = [person for person in group if not person.name.middles]
        if not same:
            group.append(_Person(value, name))
        elif len(name.middles) > len(same[0].name.middles):
            same[0].name = name

    def _same(self, name: _Name) -> _Person | None:
        group = self._persons.get((name.given, name.surname), [])
        if not name.middles and len(group) > 1:
            group = [person for person in group if not person.name.middles]
        same = [person for person in group if _agree(person.name.middles, name.middles)]
        if name.middles and len(same) > 1:
            same = [person for person in same if person.name.middles]
        return same[0] if len(same) == 1 else None

    def _learn(self, value: str) -> None:
        for match in _NAME_WORD.finditer(value):
            word = match[0].rstrip(".")
            if len(word) > 1 and word[0].isupper() and (key := _key(word)) not in _AROUND:
                for spelling in (word, word.upper(), _unaccented(word)):
                    self._words[spelling] = key

    def _index(self, person: _Person) -> None:
        given, surname = person.name.given, person.name.surname
        self._surnames.setdefault(surname, []).append(person)
        self._givens.setdefault(given, []).append(person)
        first, last = _letters(given), _letters(surname)
        for joined in {first + last, last + first}:
            if len(joined) >= _JOINED:
                self._joined.setdefault(joined, []).append(person)

    def _matching(self, name: _Name) -> list[_Person]:
        if not name.given:
            return _each([*self._surnames.get(name.surname, ()), *self._givens.get(name.surname, ())])
        if _is_whole(name):
            same = self._same(name)
            if same is not None or (name.given, name.surname) in self._persons:
                return [same] if same else []
        if len(name.surname) == 1:
            return [p for p in self._givens.get(name.given, ()) if p.name.surname[0] == name.surname]
        return [
            person
            for person in self._surnames.get(name.surname, ())
            if len(name.given) == 1 and person.name.given[0] == name.given and _agree(person.name.middles, name.middles)
        ]

    def _by_identifier(self, value: str) -> list[_Person]:
        bare = value.strip("@/\\~").rstrip("0123456789")
        parts = [_letters(_key(part)) for part in _PARTS.findall(bare)]
        if len(parts) == 1:
            return _each([*self._joined.get(parts[0], ()), *self._handles(parts[0])])
        return self._pair(parts[0], parts[1]) if len(parts) == 2 else []

    def _handles(self, word: str) -> list[_Person]:
        """Those whose handle is the first letter of one name and the other whole: `jroe`."""
        return [
            *(p for p in self._surnames.get(word[1:], ()) if p.name.given[0] == word[:1]),
            *(p for p in self._givens.get(word[:-1], ()) if p.name.surname[0] == word[-1:]),
        ]

    def _pair(self, one: str, two: str) -> list[_Person]:
        if len(one) == 1 or len(two) == 1:
            initial, name = (one, two) if len(one) == 1 else (two, one)
            return [p for p in self._surnames.get(name, ()) if p.name.given[0] == initial] if len(name) > 1 else []
        return self._joined.get(one + two, []) or [p for p in self._surnames.get(two, ()) if p.name.given == one]

    # --- where they stand --------------------------------------------------------------------------------------------

    def _may_stand(self, text: str) -> bool:
        """False when no name can stand there; a look that costs little, while there are few names."""
        if len(self._words) > 64:
            return True
        lowered = text.lower()
        return any(word.lower() in lowered for word in self._words)

    def _named(self, text: str, start: int, end: int) -> Iterator[Mention]:
        key = self._words[text[start:end]]
        left, given = self._leftwards(text, start, key)
        right = self._rightwards(text, end, key) if left == start else end
        if left < start or right > end:
            yield Mention(left, right, linked=True)
            return
        known = [*self._surnames.get(key, ()), *self._givens.get(key, ())]
        if not known:
            return
        before = _before(text, start)
        titled = before is not None and _key(before[1]) in TITLES
        unsure = key in COMMON and not titled
        if unsure and (text[start:end].isupper() or _BEGIN.search(text, max(0, start - _LOOK), start)):
            return
        yield Mention(start, end, linked=titled or not (given or self._followed(text, end, key)))

    def _leftwards(self, text: str, start: int, key: str) -> tuple[int, bool]:
        """Where a longer form that ends in this last name begins; and whether somebody else's name stands before it."""
        persons = self._surnames.get(key, ())
        at, best = start, start
        stranger = False
        for number in range(_MIDDLES):
            before = _before(text, at)
            if before is None:
                break
            word = _key(before[1]).partition(".")[0]
            if not before[1][0].isupper() and word not in PARTICLES:
                break
            if before[1].endswith(".") and len(word) > 1 and word not in TITLES:
                break
            at = before.start(1)
            if before[1][0].isupper() and any(word in (p.name.given, p.name.given[0]) for p in persons):
                best = at
            elif number == 0 and len(word) > 1 and before[1][0].isupper() and word not in _NOT_A_NAME:
                stranger = word not in COMMON or not _BEGIN.search(text, max(0, at - _LOOK), at)
        return best, stranger and best == start

    def _rightwards(self, text: str, end: int, key: str) -> int:
        """Where `Roe, Jane` or `Jane R.` ends."""
        comma = _COMMA.match(text, end)
        if comma and any(_key(comma[1]) in (p.name.given, p.name.given[0]) for p in self._surnames.get(key, ())):
            if len(_key(comma[1])) > 1 and comma[1].endswith("."):
                return comma.end(1) - 1
            beyond = _NEXT.match(text, comma.end(1))
            listed = beyond is not None and beyond[1][0].isupper() and len(_key(beyond[1])) > 1
            if not listed and (len(_key(comma[1])) > 1 or comma[1].endswith(".")):
                return comma.end(1)
        following = _NEXT.match(text, end)
        if following is None or len(following[1]) != 2 or not following[1][0].isupper() or following[1][1] != ".":
            return end
        fits = any(p.name.surname[0] == _key(following[1]) for p in self._givens.get(key, ()))
        return following.end(1) if fits else end

    def _followed(self, text: str, end: int, key: str) -> bool:
        """Whether another name's word stands behind a first name: `Jane Smith` where only Jane Roe is known."""
        following = _NEXT.match(text, end)
        if following is None or not following[1][0].isupper():
            return False
        word = _key(following[1])
        if word in PLAIN_CAPITALS:
            return False
        return bool(self._givens.get(key)) or word in self._surnames

    def _compound(self, text: str, match: re.Match[str]) -> Iterator[Mention]:
        """Words joined by dots, hyphens, underscores or apostrophes."""
        run, offset = match[0], match.start()
        parts = [(part[0], offset + part.start(), offset + part.end()) for part in _PARTS.finditer(run)]
        taken = 0
        for number, (word, start, end) in enumerate(parts):
            if number < taken:
                continue
            if number + 1 < len(parts):
                other, _, last = parts[number + 1]
                joint = text[end : parts[number + 1][1]]
                if joint in "._-" and self._pair(_letters(_key(word)), _letters(_key(other))):
                    yield Mention(start, _with_digits(text, last), linked=True)
                    taken = number + 2
                    continue
            # `O'Neil` and `Roe-Smith` are names of their own; in `Roe's` and `Roe-led` stands one.
            whole = self._longest(text, parts, number)
            if whole > number + 1:
                yield from self._named(text, start, parts[whole - 1][2])
                taken = whole
            elif word in self._words and not (number + 1 < len(parts) and parts[number + 1][0].lower() in ("t", "d")):
                alone = all(not other[0].isupper() for other, _, _ in parts[number + 1 : number + 2])
                alone = alone and (number == 0 or text[start - 1] in "._")
                for mention in self._named(text, start, end):
                    yield Mention(mention.start, mention.end, linked=mention.linked and alone)
            elif hump := self._humps(start, word):
                yield hump

    def _longest(self, text: str, parts: Sequence[tuple[str, int, int]], number: int) -> int:
        for last in range(min(len(parts), number + 4), number + 1, -1):
            if text[parts[number][1] : parts[last - 1][2]] in self._words:
                return last
        return number + 1

    def _may_identify(self, text: str, start: int, run: str) -> bool:
        """Whether a word is worth a closer look; most words of a text are not."""
        if run.islower() or run.istitle():
            return run.lower() in self._joined or not run.isascii() or text[start - 1 : start] in _MARKS
        return True

    def _identifier(self, text: str, match: re.Match[str], run: str) -> Mention | None:
        """`janeroe` and `JaneRoe`; `jroe` only where a handle or a folder stands."""
        word = _letters(_key(run))
        end = _with_digits(text, match.end())
        if end == match.end() and text[end : end + 1].isdigit():
            return None
        if self._joined.get(word):
            return Mention(match.start(), end, linked=True)
        if text[match.start() - 1 : match.start()] in _MARKS and len(word) > 3 and self._handles(word):
            return Mention(match.start(), end, linked=True)
        return self._humps(match.start(), run)

    def _humps(self, start: int, run: str) -> Mention | None:
        """`JaneRoe` inside a longer identifier: `contractJaneRoe`."""
        if run.islower() or run.isupper() or len(run) < _JOINED:
            return None
        humps = list(_HUMPS.finditer(run))
        for one, two in pairwise(humps):
            beside = len(one[0]) > 1 and len(two[0]) > 1 and one.end() == two.start()
            if beside and self._pair(_key(one[0]), _key(two[0])):
                return Mention(start + one.start(), start + two.end(), linked=True)
        return None


def _before(text: str, at: int) -> re.Match[str] | None:
    """The word before, with one or two blanks behind it."""
    end = at
    while end > at - 2 and text[end - 1 : end] in _BLANK:
        end -= 1
    if end == at:
        return None
    least = max(0, at - _LOOK)
    return _BEFORE.search(text, max(least, text.rfind(" ", least, end) + 1, text.rfind("\n", least, end) + 1), at)


def _parsed(value: str) -> _Name | None:
    """First, middle and last names; a single word stands as the last. None when it is no name."""
    head, _, tail = value.partition(",")
    turned = _keys(tail)
    words = [*(turned if turned and turned[0] not in SUFFIXES else ()), *_keys(head)]
    while len(words) > 1 and words[-1] in SUFFIXES:
        words.pop()
    while len(words) > 1 and words[0] in TITLES:
        words.pop(0)
    words = [word for word in words[:-1] if word not in PARTICLES] + words[-1:]
    if not words or len(words) > 6 or any(character.isdigit() or character in "@/_" for character in value):
        return None
    if len(words) == 1:
        return _Name("", (), words[0]) if len(words[0]) > 1 else None
    return _Name(words[0], tuple(words[1:-1]), words[-1])


def _is_whole(name: _Name) -> bool:
    return len(name.given) > 1 and len(name.surname) > 1


def _keys(text: str) -> list[str]:
    return [_key(match[0]) for match in _NAME_WORD.finditer(text)]


def _agree(one: Sequence[str], two: Sequence[str]) -> bool:
    """Whether two rows of middle names can be one person's: each is the other, or its initial."""
    return all(
        a.startswith(b) if len(b) == 1 else a == b or (len(a) == 1 and b.startswith(a))
        for a, b in zip(one, two, strict=False)
    )


def _key(word: str) -> str:
    if word.isascii() and word.isalpha():
        return word.lower()
    word = word.rstrip(".").replace("\u2019", "'").removesuffix("'s")
    return _unaccented(word).casefold()


def _unaccented(word: str) -> str:
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def _letters(word: str) -> str:
    if word.isalpha():
        return word
    return "".join(character for character in word if character.isalpha())


def _each(persons: Iterable[_Person]) -> list[_Person]:
    return list({id(person): person for person in persons}.values())


def _with_digits(text: str, end: int) -> int:
    match = _DIGITS.match(text, end)
    return match.end() if match else end
