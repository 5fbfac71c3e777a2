"""Authenticated encryption: AES-256-GCM, with the associated data saying what the sealed bytes are for.

Two ways to choose the nonce, because reusing one under the same key gives away both texts and the key's
authenticator (NIST SP 800-38D, section 8):

- `seal` draws 96 random bits. Good for up to 2**32 messages under one key, which is why keys are derived per purpose.
- `Sealer` counts. Good for 2**64 messages under one key, if that key lives in one `Sealer` of one process only.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.crypto.secret import SecretBytes
from gateway.errors import Broken, SealBroken

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
RANDOM: Final = b"\x01"
COUNTED: Final = b"\x02"
OVERHEAD: Final = len(RANDOM) + NONCE_BYTES + TAG_BYTES
"""Bytes by which `seal` lengthens a text."""


class Box:
    """What `seal` and `open_` do for a key that is used often: to set a cipher up costs as much as to seal 1 KB."""

    __slots__ = ("_cipher",)

    def __init__(self, key: SecretBytes) -> None:
        self._cipher = _cipher(key)

    def seal(self, plaintext: bytes, aad: bytes) -> bytes:
        """As `seal` of this module."""
        nonce = os.urandom(NONCE_BYTES)
        return RANDOM + nonce + self._cipher.encrypt(nonce, plaintext, RANDOM + aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """As `open_` of this module."""
        if len(sealed) < OVERHEAD or sealed[:1] != RANDOM:
            raise _broken()
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, body, RANDOM + aad)
        except InvalidTag:
            raise _broken() from None


def seal(key: SecretBytes, plaintext: bytes, aad: bytes) -> bytes:
    """`plaintext` encrypted and bound to `aad`: version byte, nonce (12), ciphertext, tag (16).

    `key` is 32 bytes. The same `aad` must be given to `open_`; it is not stored.
    """
    return Box(key).seal(plaintext, aad)


def open_(key: SecretBytes, sealed: bytes, aad: bytes) -> bytes:
    """The plaintext of what `seal` returned. Raises SealBroken for a wrong key, wrong `aad` or any changed byte."""
    return Box(key).open(sealed, aad)


class Sealer:
    """Seals one stream under its own key, the position in the stream being the nonce.

    The key must be used by no other `Sealer`, in this or any other process: make a fresh one for each stream.
    """

    __slots__ = ("_cipher", "_last")

    def __init__(self, key: SecretBytes) -> None:
        self._cipher = _cipher(key)
        self._last = -1

    def seal(self, counter: int, plaintext: bytes, aad: bytes) -> bytes:
        """Version byte, ciphertext, tag (16). `counter` (0 to 2**64-1) must grow from call to call."""
        if counter <= self._last:
            # The one mistake that AES-GCM does not forgive, so it is caught here and not left to callers.
            raise Broken("seal counter did not grow, a nonce would have been used twice")
        nonce = _counted(counter)
        self._last = counter
        return COUNTED + self._cipher.encrypt(nonce, plaintext, COUNTED + aad)

    def open(self, counter: int, sealed: bytes, aad: bytes) -> bytes:
        """The plaintext sealed at `counter`. Raises SealBroken when key, position, `aad` or any byte differs."""
        if len(sealed) < len(COUNTED) + TAG_BYTES or sealed[:1] != COUNTED:
            raise _broken()
        try:
            return self._cipher.decrypt(_counted(counter), sealed[1:], COUNTED + aad)
        except InvalidTag:
            raise _broken() from None


def _counted(counter: int) -> bytes:
    if not 0 <= counter < 1 << 64:
        raise Broken("seal counter is out of range")
    return counter.to_bytes(NONCE_BYTES, "big")


def _cipher(key: SecretBytes) -> AESGCM:
    raw = key.reveal()
    if len(raw) != KEY_BYTES:
        raise Broken(f"a sealing key has {KEY_BYTES} bytes")
    return AESGCM(raw)


def _broken() -> SealBroken:
    return SealBroken("sealed bytes do not open", hint="the key is another one, or the bytes were changed")
