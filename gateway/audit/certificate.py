"""Certificates: what was done, as a signed note (C2SP signed-note) that `tlog/check.py` can check."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.audit.tlog.check import NotProven, VerifierKey, parse_note, signers
from gateway.audit.tlog.notes import Signs, sign_text

HEAD = "gateway/audit/certificate/1"
"""First line. No checkpoint begins so, and no log has this name."""


def certify(facts: Mapping[str, object], key: VerifierKey, signer: Signs, head: str = HEAD) -> bytes:
    """A note that states these facts, one a line, signed with the log's key. head: says what kind of note it is.

    Names and values are printable and without line breaks, names without blanks; ValueError otherwise.
    """
    lines = [head]
    for name, value in facts.items():
        text = str(value)
        if not name or " " in name or not name.isprintable() or not text or not text.isprintable():
            raise ValueError("a certificate states names and values of one line")
        lines.append(f"{name} {text}")
    return sign_text("\n".join((*lines, "")), key, signer)


def open_certificate(data: bytes, key: VerifierKey, head: str = HEAD) -> dict[str, str]:
    """What a certificate, or a note of another kind, states. Raises NotProven when this key did not sign it."""
    note = parse_note(data)
    if key not in signers(note, (key,)):
        raise NotProven("the certificate is not signed by the log's key")
    first, *lines = note.text.rstrip("\n").split("\n")
    if first != head or any(" " not in line for line in lines):
        raise NotProven("the note is of another kind")
    return {name: value for name, _, value in (line.partition(" ") for line in lines)}
