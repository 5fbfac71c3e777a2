"""Ed25519 signatures (RFC 8032): 32-byte keys, 64-byte signatures."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.crypto.secret import SecretBytes


class Signer:
    """Signs with one private key, given as its 32-byte seed."""

    __slots__ = ("_key", "public")

    def __init__(self, seed: SecretBytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed.reveal())
        self.public: bytes = self._key.public_key().public_bytes_raw()
        """The 32-byte public key that `verify` takes."""

    @classmethod
    def generate(cls) -> Signer:
        """A signer with a fresh random key, which is gone when the object is."""
        return cls(SecretBytes(os.urandom(32)))

    def sign(self, data: bytes) -> bytes:
        """The signature over `data`, 64 bytes; the same data always give the same one."""
        return self._key.sign(data)


def verify(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether `signature` is `public`'s over `data`. False, never an error, for malformed keys and signatures."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
