"""The one place that knows what a token looks like, how one is made, and how one may come back from a model.

A token is `[TYPE_id]`: the entity type and 60 bits of a keyed digest of type and normalised value, in twelve characters
of Crockford's base 32 (no i, l, o, u, so that no words and few misreadings arise). Equal values of one tenant get equal
tokens in every document, message and turn; nobody without the key can make or test one.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from gateway.crypto.digest import keyed
from gateway.crypto.secret import SecretBytes
from gateway.redaction.normalise import canonical, name_parts

ID_LENGTH: Final = 12
TYPE_LENGTH: Final = 40
LONGEST: Final = TYPE_LENGTH + ID_LENGTH + 3
"""No token is longer, in characters."""

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_TYPE: Final = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*"
TOKEN: Final = re.compile(rf"\[({_TYPE})_([0-9a-hjkmnp-tv-z]{{{ID_LENGTH}}})\]")
TYPE_NAME: Final = re.compile(rf"{_TYPE}\Z")

# How a model may write a token: another case, Markdown's backslashes, blanks or hyphens for underscores inside the
# brackets, or no brackets at all. The id must be whole, so what is recognised is one value's token and no other's.
# Repetitions are bounded: a long run of words and underscores costs no more than its length.
_ANY_ID: Final = rf"[0-9A-Za-z]{{{ID_LENGTH}}}"
_IN: Final = r"(?:\\?_|[ -])"
_OUT: Final = r"\\?_"
_ANY_TYPE: Final = r"[A-Za-z][A-Za-z0-9]{0,30}(?:GAP[A-Za-z0-9]{1,30}){0,8}?"
_WRITTEN: Final = re.compile(
    rf"\\?\[ ?({_ANY_TYPE.replace('GAP', _IN)}){_IN}({_ANY_ID}) ?\\?\]"
    rf"|(?<![^\W_])(?<![\[\\_])({_ANY_TYPE.replace('GAP', _OUT)}){_OUT}({_ANY_ID})(?![^\W_]|_[^\W_])"
)
# The beginnings of those two shapes, up to the end of what has arrived.
_BRACKET_BEGUN: Final = re.compile(rf"\\|\\?\[(?: |(?: ?[A-Za-z0-9]+(?:{_IN}[A-Za-z0-9]+)*(?:{_IN})?\\?)?)")
_BARE_BEGUN: Final = re.compile(r"[A-Za-z0-9]+(?:\\?_[A-Za-z0-9]+)*(?:\\?_|\\)?")
_SEPARATORS: Final = re.compile(r"[\\_ -]+")
_SKELETON_DROPS: Final = str.maketrans("", "", "\\[]_ -")


def token_of(type_: str, identity: str) -> str:
    """The token's one right spelling."""
    return f"[{type_}_{identity}]"


def type_of(token: str) -> str:
    """Entity type of a token as `token_of` spells it."""
    return token[1 : -ID_LENGTH - 2]


def mask_of(token: str) -> str:
    """What stands for a token before eyes that may not see its value: `[PERSON]`."""
    return f"[{type_of(token)}]"


def token_spans(text: str, types: Iterable[str] | None = None) -> Iterator[tuple[int, int, str]]:
    """Start, end and token of each rightly spelled token of `text`; of `types` only, when given."""
    known = None if types is None else frozenset(types)
    for match in TOKEN.finditer(text):
        if known is None or match[1] in known:
            yield match.start(), match.end(), match[0]


def find_tokens(text: str) -> Iterator[str]:
    """Each rightly spelled token of `text`, in order, as often as it stands there; of any type, known or not."""
    return (token for _, _, token in token_spans(text))


class Written:
    """A set of tokens, found again however a model spelled them. Pure; one per set of tokens."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._tokens = frozenset(tokens)

    def __bool__(self) -> bool:
        return bool(self._tokens)

    def find(self, text: str, start: int) -> Iterator[tuple[int, int, str]]:
        """Start, end and token of each of the set's tokens in `text[start:]`; what stands before is context."""
        at = start
        while match := _WRITTEN.search(text, at):
            token = self._named(match)
            if token is None:
                # A stranger may hold the beginning of one of ours: look again from its next character.
                at = match.start() + 1
            else:
                yield match.start(), match.end(), token
                at = match.end()

    def held(self, text: str, start: int) -> int:
        """Where the longest suffix of `text[start:]` begins that can still become one of the set; or else its end."""
        for at in range(max(start, len(text) - 2 * LONGEST), len(text)):
            begun = self._begun(text, at)
            if begun is not None and begun.fullmatch(text, at) and self._begins(_skeleton(text[at:])):
                return at
        return len(text)

    def _begins(self, begun: str) -> bool:
        """Whether a token of the set is spelled on from here."""
        skeletons = _skeletons(self._tokens)
        at = bisect_left(skeletons, begun)
        return at < len(skeletons) and skeletons[at].startswith(begun)

    def _named(self, match: re.Match[str]) -> str | None:
        type_, identity = (match[1], match[2]) if match[1] is not None else (match[3], match[4])
        token = token_of(_SEPARATORS.sub("_", type_).upper(), identity.lower())
        return token if token in self._tokens else None

    @staticmethod
    def _begun(text: str, at: int) -> re.Pattern[str] | None:
        if text[at] in "[\\":
            return _BRACKET_BEGUN
        if not text[at].isalnum() or (at > 0 and (text[at - 1].isalnum() or text[at - 1] in "[\\_")):
            return None
        return _BARE_BEGUN


class Minter:
    """Makes one tenant's tokens. `key` is long-lived: a token must mean the same value for ever."""

    def __init__(self, key: SecretBytes) -> None:
        self._key = key

    def token(self, type_: str, value: str) -> str:
        """The token of a value; values that `canonical` holds equal share it."""
        return token_of(type_, self._identity(b"value", f"{type_}\0{canonical(type_, value)}"))

    def parts(self, value: str) -> tuple[str, ...]:
        """Keyed digests of a name's words, first to last, each once: extra search terms, not tokens."""
        return tuple(dict.fromkeys(self._identity(b"part", word) for word in name_parts(value)))

    def _identity(self, purpose: bytes, text: str) -> str:
        digest = keyed(self._key, purpose + b"\0" + text.encode("utf-8", "surrogatepass"))
        bits = int.from_bytes(digest[:8], "big") >> 4
        return "".join(_ALPHABET[bits >> shift & 31] for shift in range(55, -1, -5))


@lru_cache(maxsize=32)
def _skeletons(tokens: frozenset[str]) -> tuple[str, ...]:
    """Sorted, so that "does one begin like this" is one search; made when a stream first asks, once for a set."""
    return tuple(sorted({_skeleton(token) for token in tokens}))


def _skeleton(text: str) -> str:
    """Type and id without what a model may drop or change: equal for every spelling of one token."""
    return text.translate(_SKELETON_DROPS).lower()
