"""Every cryptographic primitive the gateway uses; nothing outside this folder touches `cryptography`."""

from __future__ import annotations

from gateway.crypto.digest import derive, keyed, sha256
from gateway.crypto.keyring import KeyRing
from gateway.crypto.seal import Sealer, open_, seal
from gateway.crypto.secret import Secret, SecretBytes
from gateway.crypto.sign import Signer, verify

__all__ = [
    "KeyRing",
    "Sealer",
    "Secret",
    "SecretBytes",
    "Signer",
    "derive",
    "keyed",
    "open_",
    "seal",
    "sha256",
    "verify",
]
