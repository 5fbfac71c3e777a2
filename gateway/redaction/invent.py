"""Invented values for one request: stable, each of one value only, and equal to nothing that stands in it. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.crypto.digest import keyed
from gateway.crypto.secret import SecretBytes
from gateway.redaction.fake_draw import Draw, solid
from gateway.redaction.fake_lists import UNSPACED
from gateway.redaction.fake_numbers import Check
from gateway.redaction.fake_people import RESERVED, Word, candidates, name_runs, plain, roles_in, styled
from gateway.redaction.fakes import Piece, drawn, pieces, put_together
from gateway.redaction.nouns import Original
from gateway.redaction.occurrences import needle, standing
from gateway.redaction.tokens import Minter, type_of, whole_of
from gateway.redaction.unrender import Surface

_ROUNDS: Final = 8
_PICKS: Final = 40
_STRICT: Final = frozenset(("IP_ADDRESS", "MAC_ADDRESS", "UUID", "DATE_OF_BIRTH", "DATE_TIME", "AGE"))
"""Types whose marks belong to them; other numbers may be grouped otherwise."""
_WORD: Final = re.compile(r"[^\W_]+")
_BETWEEN: Final = "\n\0\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One word of a name: as it was written, and the tokens of the names it is of."""

    value: str = field(repr=False)
    tokens: frozenset[str]


@dataclass(frozen=True, slots=True)
class Invented:
    """Token -> invented text; what to look for in the answer; tokens for words of names."""

    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    surfaces: tuple[Surface, ...] = field(default=(), repr=False)
    parts: Mapping[str, Part] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class _Fake:
    text: str
    also: tuple[str, ...]
    loose: bool

    @property
    def spellings(self) -> tuple[str, ...]:
        return (self.text, *self.also)


@dataclass(slots=True)
class _Scope:
    """Everything real in a request."""

    words: frozenset[str]
    text: str
    solid: str

    @classmethod
    def of(cls, texts: Iterable[str]) -> _Scope:
        text = "\n".join(texts).casefold()
        return cls(frozenset(_WORD.findall(text)), text, solid(text))

    def has(self, spelling: str, *, loose: bool) -> bool:
        """Whether it may stand there: rather once too often."""
        if loose:
            return solid(spelling).casefold() in self.solid
        return all(word in self.words for word in _WORD.findall(spelling.casefold()))


class Inventor:
    """Invents for one tenant and one policy's languages."""

    def __init__(
        self, key: SecretBytes, minter: Minter, languages: Sequence[str], checks: Mapping[str, Check] | None = None
    ) -> None:
        """`checks`: the checksums of types that an administrator added."""
        self._checks = checks or {}
        self._key = key
        self._minter = minter
        self._languages = languages

    def invent(self, wanted: Mapping[str, Original], texts: Sequence[str], originals: Iterable[Original]) -> Invented:
        """Fakes for the values of `wanted`; a value for which none can be made is not among them."""
        if not wanted:
            return Invented()
        known = list(originals)
        scope = _Scope.of([*texts, *(original.value for original in known)])
        roles = roles_in([original.value for original in known if original.type == "PERSON"])
        apart = {
            token: pieces(type_of(token), one.value, roles, self._languages) for token, one in sorted(wanted.items())
        }
        attempts: dict[str, int] = {}
        banned: set[str] = set()
        fakes: dict[str, _Fake] = {}
        for _ in range(_ROUNDS):
            chosen = self._choose(apart, scope, banned)
            fakes = dict(self._fakes(wanted, apart, chosen, attempts))
            bad = {whole_of(token) for token in _clashing(fakes, scope, known)}
            if not bad:
                break
            for token in [token for token in fakes if whole_of(token) in bad]:
                attempts[whole_of(token)] = attempts.get(whole_of(token), 0) + 1
                banned.update(chosen[piece.whole] for piece in apart[token] or () if isinstance(piece, Word))
                del fakes[token]
        return self._invented(fakes, wanted, apart, chosen)

    def _choose(self, apart: Mapping[str, list[Piece] | None], scope: _Scope, banned: set[str]) -> dict[Word, str]:
        """Word -> what stands for it: another for each, by keyed digest, whatever order they come in."""
        words = {piece.whole for made in apart.values() for piece in made or () if isinstance(piece, Word)}
        chosen: dict[Word, str] = {}
        taken: set[str] = set()
        for word in sorted(words, key=self._rank):
            for name in self._candidates(word):
                stem = name.removesuffix(RESERVED)
                folded = [stem.casefold()] if "-" in stem else _WORD.findall(stem.casefold())
                spellings = {*folded, styled(stem, "mail")} - {""}
                real = (
                    bool(spellings & scope.words)
                    if len(folded) == 1 and "-" not in stem
                    else name.casefold() in scope.text
                )
                if not real and name not in banned and not taken.intersection(spellings):
                    chosen[word] = name
                    taken |= spellings
                    break
        return chosen

    def _rank(self, word: Word) -> bytes:
        return keyed(self._key, f"rank\0{word.role}\0{word.language}\0{word.word}".encode("utf-8", "surrogatepass"))

    def _candidates(self, word: Word) -> Iterator[str]:
        listed = candidates(word)
        if not listed:
            return
        draw = Draw(self._key, f"word\0{word.role}\0{word.language}\0{word.word}")
        start = 0
        for _ in range(_PICKS):
            start = draw.below(len(listed))
            yield listed[start]
        for step in range(1, len(listed)):
            yield listed[(start + step) % len(listed)]
        # A list may be too short for a long document: names of two, of which there are enough.
        for _ in range(_PICKS if word.role.partition(":")[0] in ("first", "last") else 0):
            yield f"{listed[draw.below(len(listed))]}-{listed[draw.below(len(listed))]}"

    def _fakes(
        self,
        wanted: Mapping[str, Original],
        apart: Mapping[str, list[Piece] | None],
        chosen: Mapping[Word, str],
        attempts: Mapping[str, int],
    ) -> Iterator[tuple[str, _Fake]]:
        for token, made in apart.items():
            whole = whole_of(token)
            draw = Draw(self._key, f"value\0{whole}\0{attempts.get(whole, 0)}")
            if made is not None:
                if all(piece.whole in chosen for piece in made if isinstance(piece, Word)):
                    fake = _Fake(put_together(made, chosen, draw), (), loose=False)
                    if _distinct(fake):
                        yield token, fake
                continue
            kind = type_of(token)
            number = drawn(kind, wanted[token].value, draw, self._checks.get(kind))
            if number is not None:
                fake = _Fake(*number, loose=kind not in _STRICT)
                if _distinct(fake):
                    yield token, fake

    def _invented(
        self,
        fakes: Mapping[str, _Fake],
        wanted: Mapping[str, Original],
        apart: Mapping[str, list[Piece] | None],
        chosen: Mapping[Word, str],
    ) -> Invented:
        surfaces: list[Surface] = []
        parts: dict[str, Part] = {}
        stand: dict[str, str] = {}
        # The value itself before its other forms: where both read alike, it is what returns.
        for token in sorted(fakes, key=lambda token: (token != whole_of(token), token)):
            fake = fakes[token]
            surfaces += (Surface(one, token, part=one.isalpha(), loose=fake.loose) for one in fake.spellings)
            stand.setdefault(fake.text.casefold(), token)
        for token in sorted(fakes):
            if type_of(token) != "PERSON" or token != whole_of(token):
                continue
            for written, word in _words_of(wanted[token].value, apart[token] or ()):
                name = chosen[word.whole]
                part = stand.get(name.casefold())
                if part is None:
                    part = self._minter.form(token, written)
                    stand[name.casefold()] = part
                    surfaces.append(Surface(name, part, part=True))
                    parts[part] = Part(written, frozenset((token,)))
                elif part in parts:
                    parts[part] = Part(parts[part].value, parts[part].tokens | {token})
        return Invented({token: fake.text for token, fake in fakes.items()}, tuple(surfaces), parts)


def _words_of(value: str, made: Sequence[Piece]) -> Iterator[tuple[str, Word]]:
    """The words of a name of several, as written, and what each was taken for."""
    runs = name_runs(value)
    words = [piece for piece in made if isinstance(piece, Word) and piece.style != "initial"]
    if len(words) < 2 or len(runs) != len(made) or any(word.language in UNSPACED for word in words):
        return
    for run, piece in zip(runs, made, strict=True):
        if isinstance(piece, Word) and piece.style != "initial" and plain(run) == piece.word:
            yield run, piece


def _distinct(fake: _Fake) -> bool:
    """Whether it can be told from anything else a model might write."""
    letters = sum(map(str.isalpha, fake.text))
    return letters >= 4 or len(solid(fake.text)) >= 6 or (letters >= 2 and not fake.text.isascii())


def _clashing(fakes: Mapping[str, _Fake], scope: _Scope, originals: Sequence[Original]) -> set[str]:
    """Tokens whose fakes another value has too, or that equal or hold something real."""
    bad = {
        token
        for token, fake in fakes.items()
        if any(scope.has(spelling, loose=fake.loose) for spelling in fake.spellings)
    }
    of: dict[str, str] = {}
    for token in sorted(fakes):
        for spelling in fakes[token].spellings:
            if of.setdefault(solid(spelling).casefold(), whole_of(token)) != whole_of(token):
                bad.add(token)
    order = sorted(fakes)
    starts: list[int] = []
    length = 0
    for token in order:
        starts.append(length)
        length += len(fakes[token].text) + len(_BETWEEN)
    needles = [one for original in originals if (one := needle(original.value))]
    for _, start, _ in standing(_BETWEEN.join(fakes[token].text for token in order), needles):
        bad.add(order[bisect_right(starts, start) - 1])
    return bad
