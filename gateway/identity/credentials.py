"""The written form of an API key, and finding one in a request's headers. Pure.

    gw_<8 characters: id>_<32 characters: secret>_<6 characters: checksum>

The checksum is no protection; it turns typing mistakes and random junk away before any look-up, and lets scanners
for leaked secrets recognise a key with certainty.
"""

from __future__ import annotations

import re
import secrets
import string
import zlib
from typing import Final

from gateway.crypto.secret import Secret
from gateway.errors import Unauthenticated

BASE62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
PREFIX: Final = "gw_"
_ID: Final = string.digits + string.ascii_lowercase
_FORM: Final = re.compile(r"(gw_([0-9a-z]{8})_[0-9A-Za-z]{32})_([0-9A-Za-z]{6})")
_KEY_INSIDE: Final = re.compile(r"gw_([0-9a-z]{8})(?:_[0-9A-Za-z]{8}|_?$)")
LENGTH: Final = 3 + 8 + 1 + 32 + 1 + 6
_HINT: Final = "send a valid key as `Authorization: Bearer gw_...` or `x-api-key: gw_...`"


def refusal() -> Unauthenticated:
    """The one answer to every credential that does not count; which reason it was is nobody's business."""
    return Unauthenticated("invalid API key", hint=_HINT)


def checksum(text: str) -> str:
    """CRC-32 of the text in base 62, 6 characters."""
    value, digits = zlib.crc32(text.encode()), ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits = BASE62[digit] + digits
    return digits


def make() -> tuple[str, Secret]:
    """A new key: (id, the whole secret). 190 random bits."""
    key_id = "".join(secrets.choice(_ID) for _ in range(8))
    body = f"{PREFIX}{key_id}_" + "".join(secrets.choice(BASE62) for _ in range(32))
    return key_id, Secret(f"{body}_{checksum(body)}")


def id_of(text: str) -> str:
    """The id inside a key. Raises Unauthenticated unless form and checksum are right."""
    match = _FORM.fullmatch(text) if len(text) == LENGTH else None
    if match is None or checksum(match[1]) != match[3]:
        raise refusal()
    return match[2]


def recordable(given: str) -> str:
    """What may be written down of a text given where a key's id or name belongs.

    People paste whole keys there: of these the id alone is left, which is no secret.
    """
    if match := _KEY_INSIDE.search(given):
        return match[1]
    # No name begins like this, so it was meant for a key.
    return PREFIX if given.strip().casefold().startswith(PREFIX) else given[:64]


def from_headers(authorization: str | None, x_api_key: str | None) -> str:
    """The credential of a request, from `Authorization: Bearer ...` or `x-api-key`.

    Clients that send both mean the one with a gateway key in it. Raises Unauthenticated when there is none.
    """
    scheme, _, value = (authorization or "").strip().partition(" ")
    bearer = value.strip() if scheme.casefold() == "bearer" else ""
    found = [text for text in (bearer, (x_api_key or "").strip()) if text]
    if not found:
        raise Unauthenticated("no API key", hint=_HINT)
    return next((text for text in found if text.startswith(PREFIX)), found[0])
