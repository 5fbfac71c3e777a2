"""What a zone receives for the tokens of a request, and the way back.

Inside the gateway a value is always a token. When a request is sent, each token becomes what privacy.yaml names for its
type and the model's zone: itself, an invented value, a mask, a digest, or nothing. Invented values in the answer become
tokens again before anything else looks at it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.crypto.digest import keyed
from gateway.crypto.secret import SecretBytes
from gateway.errors import ContentRefused
from gateway.model import PrivacyPolicy, Zone
from gateway.redaction.checksums import CHECKSUMS
from gateway.redaction.entities import BY_TYPE
from gateway.redaction.invent import Invented, Inventor, Part
from gateway.redaction.nouns import Original
from gateway.redaction.tokens import Minter, mask_of, token_spans, type_of
from gateway.redaction.unrender import Surfaces, Unrender

INVENTED: Final = frozenset(("surrogate", "format"))
_HASH_BYTES: Final = 6
_OPEN: Final = "([<"
_CLOSE: Final = ")]>"
_CLOSING: Final = frozenset(".,;:!?)]}>\n")


@dataclass(frozen=True, slots=True)
class Rendering:
    """For one zone and one request. Made by `Renderer.rendering`."""

    stands: Mapping[str, str | None] = field(repr=False)
    """Token -> what the zone receives; None: nothing. Tokens not named stay as they are."""
    used: Mapping[str, Mapping[str, int]]
    """Entity type -> method -> different values it was used for."""
    parts: Mapping[str, Part] = field(default_factory=dict, repr=False)
    """Tokens that only the way back makes: one word of a name whose whole was sent."""
    _surfaces: Surfaces = field(default_factory=lambda: Surfaces(()), repr=False)

    def render(self, text: str) -> str:
        """The text as the zone receives it."""
        done = ""
        out: list[str] = []
        at = 0
        for start, end, token in token_spans(text):
            if token not in self.stands:
                continue
            stands = self.stands[token]
            if stands is None:
                out.append(text[at:start])
                done, at = _without("".join(out), text, end)
                out = [done]
            else:
                out += (text[at:start], stands)
                at = end
        out.append(text[at:])
        return "".join(out)

    def unrender(self, *, json: bool = False) -> Unrender:
        """The way back for one stream of text; `json`: it is JSON source."""
        return Unrender(self._surfaces, json=json)

    def back(self, text: str, *, json: bool = False) -> str:
        """The way back for a whole text."""
        way = self.unrender(json=json)
        return way.feed(text) + way.flush()


class Renderer:
    """Makes one tenant's renderings. `key` is long-lived: a value has the same surrogate in every process."""

    def __init__(self, key: SecretBytes, minter: Minter) -> None:
        self._key = key
        self._minter = minter

    def rendering(
        self, texts: Sequence[str], originals: Mapping[str, Original], policy: PrivacyPolicy, zone: Zone
    ) -> Rendering | None:
        """What this zone receives; None when that is every token as it is.

        `texts`: every text of the request, redacted; no surrogate equals anything in them or in `originals`, which say
        what the request's tokens stand for. A token that stands for nothing here is masked, hashed or dropped like the
        others, and never imitated. Takes a moment the first time (Faker's lists). Raises ContentRefused for `block`.
        """
        known = {*BY_TYPE, *(rule.type for rule in policy.recognizers), *map(type_of, originals)}
        here = dict.fromkeys(token for text in texts for _, _, token in token_spans(text, known))
        methods = {token: policy.method(type_of(token), zone) for token in here}
        if all(method == "token" for method in methods.values()):
            return None
        blocked = sorted({type_of(token) for token in here if methods[token] == "block" and token in originals})
        if blocked:
            raise ContentRefused(
                f"privacy.yaml keeps these from the {zone.value} zone: {', '.join(blocked)}",
                hint="take it out of the request, or ask an administrator about privacy.yaml",
            )
        wanted = {
            token: originals[token]
            for token in here
            if methods[token] in INVENTED and token in originals and originals[token].value
        }
        checks = {rule.type: CHECKSUMS[rule.checksum] for rule in policy.recognizers if rule.checksum}
        inventor = Inventor(self._key, self._minter, policy.languages, checks)
        invented = inventor.invent(wanted, texts, originals.values())
        stands = {token: self._stands(token, methods[token]) for token in here if methods[token] in _PLAIN}
        stands.update(invented.texts)
        return Rendering(stands, _used(methods, invented), invented.parts, Surfaces(invented.surfaces))

    def _stands(self, token: str, method: str) -> str | None:
        if method == "drop":
            return None
        if method == "hash":
            digest = keyed(self._key, b"hash\0" + token.encode())[:_HASH_BYTES]
            return f"{type_of(token)}-{digest.hex()}"
        return mask_of(token)


_PLAIN: Final = frozenset(("mask", "hash", "drop", "block"))
"""What needs no value; a token that stands for nothing is masked where its type is blocked."""


def _used(methods: Mapping[str, str], invented: Invented) -> dict[str, dict[str, int]]:
    """By type, what was really used: an imitation that could not be made is a token."""
    used: dict[str, dict[str, int]] = {}
    for token, method in methods.items():
        name = "token" if method in INVENTED and token not in invented.texts else method
        name = "mask" if name == "block" else name
        counts = used.setdefault(type_of(token), {})
        counts[name] = counts.get(name, 0) + 1
    return {kind: dict(sorted(counts.items())) for kind, counts in sorted(used.items())}


def _without(done: str, text: str, at: int) -> tuple[str, int]:
    """What stands before a value that goes, tidied, and where the text goes on behind it."""
    while done[-1:] and text[at : at + 1] and text[at] in _CLOSE and done[-1] in _OPEN:
        if _OPEN.index(done[-1]) != _CLOSE.index(text[at]):
            break
        done, at = done[:-1], at + 1
    following = text[at : at + 1]
    if not done or done[-1] in " \t\n":
        while text[at : at + 1] in (" ", "\t"):
            at += 1
        following = text[at : at + 1]
    if not following or following in _CLOSING:
        done = done.rstrip(" \t")
    elif done[-1:].isalnum() and following.isalnum():
        done += " "
    return done, at
