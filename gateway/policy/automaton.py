"""A regular expression as the steps a backtracking matcher can take, for `ambiguity` to look for too many of them.

Glushkov's construction: one position for each character that the expression can read, and an edge for each way from
one to the next; two ways make two edges. Characters are few representatives, sets of them bit masks. What an expression
asserts between two characters is a condition on the pair. Where this cannot be exact it allows more, never less.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

FLAGS: Final = re.IGNORECASE | re.MULTILINE | re.DOTALL
"""What patterns are run with."""
MAX_POSITIONS: Final = 2500
MAX_COPIES: Final = 600
"""A counted repeat longer than that counts as endless."""
_USUAL: Final = "aAmzZ059_ \n\t-.,:;@/'\"()<>#\u00e9\u00df\u4e2d\u20ac\u0000"
ENDLESS: Final = importlib.import_module("re._constants").MAXREPEAT
EDGE: Final = 0
"""The representative of the text's edge: read by nothing."""

Tokens = Sequence[tuple[Any, Any]]


class TooComplexError(Exception):
    """The expression is too large to look through."""


@dataclass(frozen=True, slots=True)
class Condition:
    """For each character before, the mask of characters that may follow. `sure`: this is all that is asked."""

    after: tuple[int, ...]
    sure: bool = True

    def __and__(self, other: Condition) -> Condition:
        if self is other:
            return self
        after = tuple(one & two for one, two in zip(self.after, other.after, strict=True))
        return Condition(after, self.sure and other.sure)


Ends = list[tuple[int, Condition]]


@dataclass(slots=True)
class Piece:
    """A part of the expression: where it can begin and end, and the conditions under which it reads nothing."""

    first: Ends = field(default_factory=list)
    last: Ends = field(default_factory=list)
    empty: list[Condition] = field(default_factory=list)


@dataclass(slots=True)
class Automaton:
    """The whole expression. Position numbers index `reads` and `follow`."""

    characters: str
    reads: list[int]
    """Mask of the characters that each position reads."""
    follow: list[Ends]
    whole: Piece


def parse(pattern: str) -> Any:
    """The standard library's syntax tree. Raises re.error, RecursionError or OverflowError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("re._parser").parse(pattern, FLAGS)


def build(tree: Any, lead: tuple[Any, Any] | None = None, copies: int = MAX_COPIES) -> Automaton:
    """The automaton of a tree. Raises TooComplexError.

    lead: a token for one character that does not stand before a match. copies: positions that one counted repeat is
    written out to; a longer one counts as endless.
    """
    flags = int(tree.state.flags)
    tokens = [*([("ASSERT_NOT", (-1, [lead]))] if lead is not None else []), *tree]
    builder = _Builder(_representatives(tree), flags, copies)
    builder.build(tokens, flags)
    # Characters that no part of the expression tells apart are one.
    kinds: dict[tuple[bool, ...], str] = {}
    for at, character in enumerate(builder.characters):
        seen = (*(bool(mask >> at & 1) for mask in builder.masks), _wordly(character), character == "\n", at == EDGE)
        kinds.setdefault(seen, character)
    builder = _Builder("".join(kinds.values()), flags, copies)
    whole = builder.build(tokens, flags)
    return Automaton(builder.characters, builder.reads, builder.follow, whole)


def _representatives(tree: Any) -> str:
    found: dict[str, None] = {"\uffff": None, **dict.fromkeys(_USUAL)}

    def walk(value: Any) -> None:
        if isinstance(value, tuple) and len(value) == 2 and str(value[0]) in {"LITERAL", "NOT_LITERAL"}:
            found.update(dict.fromkeys(_cases(chr(value[1]))))
        elif isinstance(value, tuple) and len(value) == 2 and str(value[0]) == "RANGE":
            low, high = value[1]
            for code in (low - 1, low, (low + high) // 2, high, high + 1):
                found.update(dict.fromkeys(_cases(chr(min(max(code, 0), 0x10FFFF)))))
        elif isinstance(value, (tuple, list)) or hasattr(value, "data"):
            for part in value:
                walk(part)

    walk(tree)
    return "".join(found)


def _cases(character: str) -> set[str]:
    return {character, *(form for form in (character.lower(), character.upper()) if len(form) == 1)}


def _wordly(character: str) -> bool:
    return character.isalnum() or character == "_"


_CATEGORIES: Final[dict[str, Callable[[str], bool]]] = {
    "DIGIT": str.isdecimal,
    "SPACE": str.isspace,
    "WORD": _wordly,
}


class _Builder:
    def __init__(self, characters: str, flags: int, most: int) -> None:
        self.most = most
        self.characters = characters
        self.full = (1 << len(characters)) - 1
        self.any = self.full & ~(1 << EDGE)
        self.flags = flags
        self.reads: list[int] = []
        self.follow: list[Ends] = []
        self.masks: list[int] = []
        self.always = Condition((self.full,) * len(characters))
        self.groups: dict[int, tuple[int, int]] = {}
        self.pieces: dict[str, Callable[[Any, int], Piece]] = {
            "AT": self._place,
            "BRANCH": self._branch,
            "SUBPATTERN": self._group,
            "MAX_REPEAT": self._counted,
            "MIN_REPEAT": self._counted,
            "POSSESSIVE_REPEAT": self._possessive,
            "ATOMIC_GROUP": self._atomic,
            "ASSERT": self._look,
            "ASSERT_NOT": self._look_not,
            "GROUPREF": self._again,
            "GROUPREF_EXISTS": self._depending,
        }

    # -------------------------------------------------------------- sets of characters

    def _where(self, holds: Callable[[str], bool]) -> int:
        return sum(1 << at for at, character in enumerate(self.characters) if at != EDGE and holds(character))

    def _one(self, op: str, value: Any, flags: int) -> int | None:
        """The mask of a token that reads one character; None for others."""
        fold: Callable[[str], Iterable[str]] = _cases if flags & re.IGNORECASE else lambda character: (character,)
        if op in {"LITERAL", "NOT_LITERAL"}:
            wanted = set(fold(chr(value)))
            mask = self._where(lambda c: not wanted.isdisjoint(fold(c)))
            return mask if op == "LITERAL" else self.any & ~mask
        if op == "ANY":
            return self.any if flags & re.DOTALL else self._where(lambda c: c != "\n")
        if op != "IN":
            return None
        mask = 0
        for kind, part in value:
            name = str(kind)
            if name == "RANGE":
                low, high = part
                mask |= self._where(lambda c, low=low, high=high: any(low <= ord(f) <= high for f in fold(c)))  # type: ignore[misc]
            elif name == "CATEGORY":
                mask |= self._category(str(part))
            elif name != "NEGATE":
                mask |= self._one("LITERAL", part, flags) or 0
        return self.any & ~mask if str(value[0][0]) == "NEGATE" else mask

    def _category(self, name: str) -> int:
        plain = self._where(_CATEGORIES[name.rpartition("_")[2]])
        return self.any & ~plain if "_NOT_" in name else plain

    # -------------------------------------------------------------- conditions

    def _pairs(self, holds: Callable[[int, int], bool], *, sure: bool = True) -> Condition:
        count = range(len(self.characters))
        return Condition(tuple(sum(1 << d for d in count if holds(c, d)) for c in count), sure)

    def _at(self, name: str, flags: int) -> Condition:
        words, line = self._where(_wordly), self._where(lambda c: c == "\n")
        ends = (line if flags & re.MULTILINE else 0) | 1 << EDGE
        if name.endswith("BOUNDARY"):
            differ = "NON" not in name
            return self._pairs(lambda c, d: ((words >> c ^ words >> d) & 1 == 1) is differ)
        if name == "AT_BEGINNING":
            return self._pairs(lambda c, _: bool(ends >> c & 1))
        if name == "AT_BEGINNING_STRING":
            return self._pairs(lambda c, _: c == EDGE)
        if name == "AT_END":
            return self._pairs(lambda _, d: bool((ends | line) >> d & 1))
        return self._pairs(lambda _, d: d == EDGE)

    def _around(self, behind: bool, tokens: Tokens, flags: int, *, positive: bool) -> Condition:
        """What a look at one character or place says; whatever looks further may hold or not."""
        branches = list(tokens[0][1][1]) if len(tokens) == 1 and str(tokens[0][0]) == "BRANCH" else [tokens]
        allowed: list[Condition] = []
        for branch in branches:
            parts = list(branch)
            op, value = (str(parts[0][0]), parts[0][1]) if len(parts) == 1 else ("", None)
            mask = self._one(op, value, flags) if op else None
            if mask is not None:
                self.masks.append(mask)
                allowed.append(
                    self._pairs(lambda c, d, m=mask: bool(m >> (c if behind else d) & 1))  # type: ignore[misc]
                )
            elif op == "AT":
                allowed.append(self._at(str(value), flags))
            else:
                return Condition(self.always.after, sure=False)
        either = tuple(_union(each.after[at] for each in allowed) for at in range(len(self.characters)))
        return Condition(either if positive else tuple(self.full & ~mask for mask in either))

    # -------------------------------------------------------------- pieces

    def build(self, tokens: Tokens, flags: int) -> Piece:
        """The piece of a sequence."""
        whole = Piece(empty=[self.always])
        for op, value in tokens:
            whole = self._then(whole, self._token(str(op), value, flags))
        return whole

    def _position(self, mask: int) -> Piece:
        if len(self.reads) >= MAX_POSITIONS:
            raise TooComplexError
        self.masks.append(mask)
        self.reads.append(mask)
        self.follow.append([])
        at = len(self.reads) - 1
        return Piece([(at, self.always)], [(at, self.always)])

    def _then(self, one: Piece, two: Piece) -> Piece:
        self._join(one.last, two.first)
        return Piece(
            one.first + _through(one.empty, two.first),
            two.last + _through(two.empty, one.last),
            _distinct([left & right for left in one.empty for right in two.empty]),
        )

    def _join(self, last: Ends, first: Ends) -> None:
        if len(last) * len(first) > 40_000:
            raise TooComplexError
        for at, leaving in last:
            self.follow[at].extend((to, leaving & entering) for to, entering in first)

    def _token(self, op: str, value: Any, flags: int) -> Piece:
        mask = self._one(op, value, flags)
        if mask is not None:
            return self._position(mask)
        made = self.pieces.get(op)
        if made is None:
            raise TooComplexError
        return made(value, flags)

    def _place(self, value: Any, flags: int) -> Piece:
        return Piece(empty=[self._at(str(value), flags)])

    def _branch(self, value: Any, flags: int) -> Piece:
        return self._either([self.build(list(branch), flags) for branch in value[1]])

    def _group(self, value: Any, flags: int) -> Piece:
        group, more, less, inner = value
        if group is not None:
            self.groups[group] = inner.getwidth()
        return self.build(list(inner), (flags | more) & ~less)

    def _counted(self, value: Any, flags: int) -> Piece:
        return self._repeat(int(value[0]), int(value[1]), value[2], flags)

    def _possessive(self, value: Any, flags: int) -> Piece:
        piece = self._counted(value, flags)
        return self._shut(piece, list(value[2]), flags) if value[1] == ENDLESS else piece

    def _atomic(self, value: Any, flags: int) -> Piece:
        tokens = list(value)
        piece = self.build(tokens, flags)
        if len(tokens) == 1 and str(tokens[0][0]) == "MAX_REPEAT" and tokens[0][1][1] == ENDLESS:
            return self._shut(piece, list(tokens[0][1][2]), flags)
        return piece

    def _look(self, value: Any, flags: int) -> Piece:
        return Piece(empty=[self._around(value[0] < 0, list(value[1]), flags, positive=True)])

    def _look_not(self, value: Any, flags: int) -> Piece:
        return Piece(empty=[self._around(value[0] < 0, list(value[1]), flags, positive=False)])

    def _again(self, value: Any, flags: int) -> Piece:
        low, high = self.groups.get(value, (0, MAX_COPIES))
        return self._repeat(int(low), int(high), [("ANY", None)], flags)

    def _depending(self, value: Any, flags: int) -> Piece:
        pieces = [self.build(list(part), flags) for part in value[1:] if part is not None]
        return self._either(pieces if value[2] is not None else [*pieces, Piece(empty=[self.always])])

    def _either(self, pieces: list[Piece]) -> Piece:
        return Piece(
            [end for piece in pieces for end in piece.first],
            [end for piece in pieces for end in piece.last],
            _distinct([condition for piece in pieces for condition in piece.empty]),
        )

    def _repeat(self, low: int, high: int, body: Any, flags: int) -> Piece:
        before = len(self.reads)
        one = self.build(list(body), flags)
        size = max(len(self.reads) - before, 1)
        if high * size > self.most:
            self._join(one.last, one.first)
            return Piece(one.first, one.last, one.empty if low else _distinct([self.always, *one.empty]))
        copies = [one, *(self.build(list(body), flags) for _ in range(high - 1))][:high]
        tail = Piece(empty=[self.always])
        for copy in reversed(copies[low:]):
            tail = self._then(copy, tail)
            tail.empty = [self.always]
        for copy in reversed(copies[:low]):
            tail = self._then(copy, tail)
        return tail

    def _shut(self, piece: Piece, body: Tokens, flags: int) -> Piece:
        """An endless repeat of one character that gives nothing back: what follows it is another character."""
        mask = self._one(str(body[0][0]), body[0][1], flags) if len(body) == 1 else None
        if mask is None:
            return piece
        other = Condition((self.full & ~mask,) * len(self.characters))
        return Piece(
            piece.first, [(at, leaving & other) for at, leaving in piece.last], [c & other for c in piece.empty]
        )


def _through(empty: list[Condition], ends: Ends) -> Ends:
    return [(at, condition & each) for each in empty for at, condition in ends]


def _distinct(conditions: list[Condition]) -> list[Condition]:
    """Reading nothing in two ways is no choice: an engine stops a repeat that reads nothing."""
    return list(dict.fromkeys(conditions))


def _union(masks: Iterable[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union
