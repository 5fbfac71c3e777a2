"""Writing: a log's checkpoints, a witness's cosignatures of them, and proofs."""

from __future__ import annotations

import base64
from typing import Protocol

from gateway.audit.tlog.check import (
    COSIGNATURE,
    ED25519,
    PROOF_HEAD,
    Checkpoint,
    Proof,
    VerifierKey,
    cosigned,
    is_key_name,
)
from gateway.errors import Invalid


class Signs(Protocol):
    """An Ed25519 key: `crypto.Signer`."""

    public: bytes

    def sign(self, data: bytes) -> bytes: ...  # noqa: D102


def log_key(name: str, public: bytes) -> VerifierKey:
    """The key that others check a log's checkpoints with. Raises Invalid for a name that no note can carry."""
    return _key(name, ED25519, public)


def witness_key(name: str, public: bytes) -> VerifierKey:
    """The key that others check a witness's cosignatures with. Raises Invalid."""
    return _key(name, COSIGNATURE, public)


def sign(checkpoint: Checkpoint, signer: Signs) -> bytes:
    """The checkpoint as a note, signed in its origin's name."""
    return sign_text(str(checkpoint), log_key(checkpoint.origin, signer.public), signer)


def sign_text(text: str, key: VerifierKey, signer: Signs) -> bytes:
    """A text that ends in a line break as a note, signed by `signer`, whose key `key` is."""
    return f"{text}\n{_line(key, signer.sign(text.encode()))}".encode()


def cosign(checkpoint: Checkpoint, name: str, signer: Signs, at: int) -> str:
    """One signature line for the note. at: seconds since 1970, when the witness saw that it is consistent."""
    key = witness_key(name, signer.public)
    return _line(key, at.to_bytes(8, "big") + signer.sign(cosigned(str(checkpoint), at)))


def render(proof: Proof) -> bytes:
    """The proof as a file; the reverse of `Proof.parse`."""
    lines = [PROOF_HEAD]
    if proof.extra:
        lines.append(f"extra {base64.b64encode(proof.extra).decode()}")
    lines.append(f"index {proof.index}")
    lines += (base64.b64encode(one).decode() for one in proof.path)
    return "\n".join((*lines, "", "")).encode() + proof.checkpoint


def _line(key: VerifierKey, signature: bytes) -> str:
    return f"\u2014 {key.name} {base64.b64encode(key.id + signature).decode()}\n"


def _key(name: str, kind: int, public: bytes) -> VerifierKey:
    if not is_key_name(name):
        raise Invalid("a log's or witness's name has neither blanks nor plus signs", param="audit.origin")
    return VerifierKey(name, kind, public)
