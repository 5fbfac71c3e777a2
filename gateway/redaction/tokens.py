"""The one place that knows what a token looks like, how one is made, and how one may come back from a model.

A token is `[TYPE_id]`: the entity type and 60 bits of a keyed digest of type and normalised value, in twelve characters
of Crockford's base 32 (no i, l, o, u, so that no words and few misreadings arise). Equal values of one tenant get equal
tokens in every document, message and turn; nobody without the key can make or test one.

`[TYPE_id_form]` is the same value in another form: `Roe` where `Jane Roe` is known, or a second spelling. The form is
20 bits of a keyed digest of what was written, so that exactly this returns. `whole_of` takes it off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from gateway.crypto.digest import keyed
from gateway.crypto.secret import SecretBytes
from gateway.redaction.known_ids import ALPHABET, FORM_LENGTH, ID_LENGTH
from gateway.redaction.normalise import canonical, name_parts
from gateway.redaction.written import Index, Reading

TYPE_LENGTH: Final = 40
LONGEST: Final = TYPE_LENGTH + ID_LENGTH + FORM_LENGTH + 4
"""No token is longer, in characters."""

_TYPE: Final = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*"
_CHARACTER: Final = "[0-9a-hjkmnp-tv-z]"
TOKEN: Final = re.compile(rf"\[({_TYPE})_({_CHARACTER}{{{ID_LENGTH}}})(?:_({_CHARACTER}{{{FORM_LENGTH}}}))?\]")
_PAIRS: Final = tuple(first + second for first in ALPHABET for second in ALPHABET)
"""Ten bits -> the two characters that write them."""
TYPE_NAME: Final = re.compile(rf"{_TYPE}\Z")


def token_of(type_: str, identity: str) -> str:
    """The token's one right spelling."""
    return f"[{type_}_{identity}]"


def type_of(token: str) -> str:
    """Entity type of a token as `token_of` spells it."""
    return whole_of(token)[1 : -ID_LENGTH - 2]


def whole_of(token: str) -> str:
    """The token of the value itself for one of its other forms; any other token as it is."""
    return token[: -FORM_LENGTH - 2] + "]" if token[-FORM_LENGTH - 2 : -FORM_LENGTH - 1] == "_" else token


def id_of(token: str) -> str:
    """Id of a token as `token_of` spells it; all forms of a value have one."""
    return whole_of(token)[-ID_LENGTH - 1 : -1]


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


def value_ids(text: str) -> list[str]:
    """The ids of the values that the tokens in a text stand for, in whatever form."""
    return [id_of(token) for token in find_tokens(text)]


class Written:
    """A set of tokens, found again however a model spelled them. Pure; one per set of tokens."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._tokens = frozenset(tokens)

    def __bool__(self) -> bool:
        return bool(self._tokens)

    def read(self, text: str, before: str = "", *, final: bool = True) -> Reading:
        """The set's tokens in `text`, and from where on more text must tell; see `written.Index.read`."""
        return _index(self._tokens).read(text, before, final=final)

    def find(self, text: str, start: int = 0) -> Iterator[tuple[int, int, str]]:
        """Start, end and token of each of the set's tokens in `text[start:]`; what stands before is context."""
        for hit in self.read(text[start:], text[:start]).hits:
            yield start + hit.start, start + hit.end, hit.token

    def held(self, text: str, start: int = 0) -> int:
        """Where the longest suffix of `text[start:]` begins that can still become one of the set; or else its end."""
        return start + self.read(text[start:], text[:start], final=False).until


class Minter:
    """Makes one tenant's tokens. `key` is long-lived: a token must mean the same value for ever."""

    def __init__(self, key: SecretBytes) -> None:
        self._key = key

    def token(self, type_: str, value: str) -> str:
        """The token of a value; values that `canonical` holds equal share it."""
        return token_of(type_, self._identity(b"value", f"{type_}\0{canonical(type_, value)}"))

    def form(self, token: str, written: str) -> str:
        """The token of the same value written in another form: a part of a name, a second spelling."""
        return f"{token[:-1]}_{self._identity(b'form', f'{type_of(token)}{chr(0)}{written}')[:FORM_LENGTH]}]"

    def parts(self, value: str) -> tuple[str, ...]:
        """Keyed digests of a name's words, first to last, each once: extra search terms, not tokens."""
        return tuple(dict.fromkeys(self._identity(b"part", word) for word in name_parts(value)))

    def _identity(self, purpose: bytes, text: str) -> str:
        digest = keyed(self._key, purpose + b"\0" + text.encode("utf-8", "surrogatepass"))
        bits = int.from_bytes(digest[:8], "big") >> 4
        return "".join([_PAIRS[bits >> shift & 1023] for shift in range(50, -1, -10)])


@lru_cache(maxsize=32)
def _index(tokens: frozenset[str]) -> Index:
    """Made when a text is first read, once for a set."""
    return Index((match[0], match[1], match[2], match[3] or "") for match in map(TOKEN.fullmatch, tokens) if match)
