"""Digests and key derivation: SHA-256, HMAC-SHA256 (RFC 2104), HKDF-SHA256 (RFC 5869)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.crypto.secret import SecretBytes

DOMAIN: Final = b"gateway/derive/1"


def sha256(data: bytes) -> bytes:
    """Plain digest, 32 bytes. Anyone who can guess `data` can confirm the guess; for personal data use `keyed`."""
    return hashlib.sha256(data).digest()


def keyed(key: SecretBytes, data: bytes) -> bytes:
    """HMAC-SHA256, 32 bytes: equal data give equal digests, which nobody without the key can make or test."""
    return hmac.digest(key.reveal(), data, "sha256")


def derive(key: SecretBytes, purpose: str, context: bytes = b"", length: int = 32) -> SecretBytes:
    """A key for one purpose and context; none of them says anything about another or about `key`.

    `purpose` is a fixed name in our code (`token`, `vault`), `context` what varies (a tenant). `length` is in bytes.
    """
    name = purpose.encode()
    # The length in front keeps ("ab", b"c") apart from ("a", b"bc").
    info = DOMAIN + len(name).to_bytes(2, "big") + name + context
    # No salt: the input is a uniformly random key already (RFC 5869, section 3.1).
    return SecretBytes(HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(key.reveal()))
