"""What it takes to check a tree and its checkpoints, and nothing of what it takes to make them.

This file needs Python and the package `cryptography`, so that an auditor can take it along and read it in one sitting.
Sources: RFC 6962 and RFC 9162 (tree and proofs), C2SP signed-note, tlog-checkpoint, tlog-cosignature and tlog-proof.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HASH = 32
ED25519, COSIGNATURE = 1, 4
"""Signature types of C2SP signed-note: a log's own, and a witness's with its time."""
EMPTY_ROOT = hashlib.sha256(b"").digest()
MAX_SIGNATURES = 64
PROOF_HEAD = "c2sp.org/tlog-proof@v1"
_DASH = "\u2014 "
_ROW = b"gateway/audit/row/2"
_FACTS = b"gateway/audit/facts/2"
_FIXED = struct.Struct(">I16sIqIqI32s")
_LENGTH = struct.Struct(">I")
_INT64 = 1 << 63


class NotProven(Exception):
    """Something does not hold; the text says what, in words that carry no content."""


# --- the tree -------------------------------------------------------------------------------------------------------


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(b"\1" + left + right).digest()


def included_root(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2). Raises NotProven when it has not the right length.

    leaf: a leaf's hash; path: hashes from its sibling up to the root's child.
    """
    if not 0 <= index < size:
        raise NotProven("the tree has no leaf with this index")
    place, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise NotProven("the inclusion proof is too long")
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise NotProven("the inclusion proof is too short")
    return found


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a tree of size `new` holds the one of size `old` as its beginning (RFC 9162, 2.1.4.2)."""
    if old < 0 or old > new:
        return False
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    rest = list(path)
    if old & (old - 1) == 0:
        rest.insert(0, old_root)
    if not rest:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = rest[0]
    for sibling in rest[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


# --- rows -----------------------------------------------------------------------------------------------------------


def fields(domain: bytes, *parts: bytes) -> bytes:
    """A name, then each part with its length in front: no two lists of parts share their bytes."""
    out = [domain]
    for part in parts:
        out += (_LENGTH.pack(len(part)), part)
    return b"".join(out)


def head(stream: UUID, seq: int, at: int, kind: str, request: str, prev: bytes, retention: str, facts: bytes) -> bytes:
    """The clear fields of a row. OverflowError: no row has such values."""
    if len(prev) != HASH or not -_INT64 <= at < _INT64 or not -_INT64 <= seq < _INT64:
        raise OverflowError
    fixed = _FIXED.pack(16, stream.bytes, 8, seq, 8, at, HASH, prev)
    named, asked, kept = kind.encode(), request.encode(), retention.encode()
    # As `fields`, in one step: every row passes here when it is written and when it is checked.
    size = _LENGTH.pack
    clear = (fixed, size(len(named)), named, size(len(asked)), asked, size(len(kept)), kept, size(len(facts)), facts)
    return b"".join(clear)


def row_hash(clear: bytes, sealed_digest: bytes) -> bytes:
    """SHA-256 of a row. clear: from `head`; sealed_digest: SHA-256 of its sealed bytes."""
    return hashlib.sha256(_ROW + clear + sealed_digest).digest()


def commitment(statement: bytes, salt: bytes) -> bytes:
    """What a row shows of a statement that is sealed in it: it tells nothing, and fits no other statement."""
    return hashlib.sha256(fields(_FACTS, salt, statement)).digest()


# --- signed notes ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Whose signature, of which type. `name` has neither spaces nor plus signs."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that stand before each signature by this key."""
        return key_id(self.name, self.type, self.public)

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """From `name+id+base64`, as other tools write it. Raises NotProven."""
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise NotProven("a verifier key reads NAME+ID+KEY")
        data = _base64(parts[2], "a verifier key")
        if len(data) != 33 or data[0] not in (ED25519, COSIGNATURE):
            raise NotProven("the verifier key is of a type that this program does not know")
        key = cls(parts[0], data[0], data[1:])
        if not is_key_name(key.name) or key.id.hex() != parts[1].lower():
            raise NotProven("the verifier key's id does not belong to it")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes((self.type,)) + self.public).decode()}"


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """The id of a key (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes((kind,)) + public).digest()[:4]


def is_key_name(name: str) -> bool:
    """Whether a key or an origin may be called so."""
    return bool(name) and "+" not in name and not any(c.isspace() or ord(c) < 32 for c in name)


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures under it: (key name, key id, signature), none of them checked yet."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]


def parse_note(data: bytes) -> Note:
    """Raises NotProven for what is no signed note."""
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        raise NotProven("the note is not UTF-8") from None
    if any(ord(c) < 32 and c != "\n" for c in whole):
        raise NotProven("the note holds control characters")
    text, gap, below = whole.rpartition("\n\n")
    lines = below.split("\n")
    if not gap or not text or lines.pop() != "" or not 1 <= len(lines) <= MAX_SIGNATURES:
        raise NotProven("the note has no signatures")
    found = []
    for line in lines:
        name, _, encoded = line.removeprefix(_DASH).rpartition(" ")
        signature = _base64(encoded, "a signature")
        if not line.startswith(_DASH) or not is_key_name(name) or len(signature) < 5:
            raise NotProven("a signature line of the note is malformed")
        found.append((name, signature[:4], signature[4:]))
    return Note(text + "\n", tuple(found))


def signers(note: Note, keys: Iterable[VerifierKey]) -> dict[VerifierKey, int | None]:
    """Which of the keys signed the note, with a witness's time (seconds since 1970), None for a log's own key.

    Signatures of unknown keys are passed over. Raises NotProven when one of a known key does not hold.
    """
    known = {(key.name, key.id): key for key in keys}
    held: dict[VerifierKey, int | None] = {}
    for name, number, signature in note.signatures:
        key = known.get((name, number))
        if key is None:
            continue
        at: int | None = None
        message, proper = note.text.encode(), signature
        if key.type == COSIGNATURE:
            if len(signature) != 72:
                raise NotProven(f"the cosignature of {key.name} is malformed")
            at = int.from_bytes(signature[:8], "big")
            message, proper = cosigned(note.text, at), signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(proper, message)
        except (InvalidSignature, ValueError):
            raise NotProven(f"the signature of {key.name} does not hold") from None
        held[key] = at
    return held


def cosigned(text: str, at: int) -> bytes:
    """What a witness signs (C2SP tlog-cosignature, Ed25519)."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: so many leaves, this root."""

    origin: str
    size: int
    root: bytes
    more: tuple[str, ...] = ()
    """Lines of extension."""

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """From a note's text. Raises NotProven."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] != "" or not all(lines[:-1]):
            raise NotProven("the checkpoint is malformed")
        root = _base64(lines[2], "the checkpoint's root")
        if len(root) != HASH:
            raise NotProven("the checkpoint's root has not 32 bytes")
        return cls(lines[0], _number(lines[1], "the checkpoint's size"), root, tuple(lines[3:-1]))

    def __str__(self) -> str:
        return "\n".join((self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.more, ""))


def open_checkpoint(
    data: bytes, log: VerifierKey, witnesses: Iterable[VerifierKey] = ()
) -> tuple[Checkpoint, dict[str, int]]:
    """A checkpoint signed by this log, and the witnesses that cosigned it with their times. Raises NotProven."""
    note = parse_note(data)
    held = signers(note, (log, *witnesses))
    if log not in held:
        raise NotProven("the checkpoint is not signed by the log's key")
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != log.name:
        raise NotProven("the checkpoint is of another log")
    return checkpoint, {key.name: at for key, at in held.items() if at is not None}


@dataclass(frozen=True, slots=True)
class Proof:
    """An inclusion proof with the checkpoint it leads to, as C2SP tlog-proof writes it."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = field(default=b"", repr=False)

    @classmethod
    def parse(cls, data: bytes) -> Proof:
        """Raises NotProven."""
        above, gap, checkpoint = data.partition(b"\n\n")
        try:
            lines = above.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise NotProven("the proof is malformed") from None
        if not gap or lines[0] != PROOF_HEAD:
            raise NotProven(f"this is no {PROOF_HEAD}")
        at = 1
        extra = b""
        if at < len(lines) and lines[at].startswith("extra "):
            extra = _base64(lines[at].removeprefix("extra "), "the proof's extra data")
            at += 1
        if at >= len(lines) or not lines[at].startswith("index "):
            raise NotProven("the proof names no index")
        index = _number(lines[at].removeprefix("index "), "the proof's index")
        path = tuple(_base64(line, "a hash of the proof") for line in lines[at + 1 :])
        if any(len(one) != HASH for one in path) or len(path) > 64:
            raise NotProven("the proof's hashes are malformed")
        return cls(index, path, checkpoint, extra)


# --- receipts -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt proves: a record that made this statement is the tree's leaf `index` under a signed checkpoint."""

    statement: dict[str, Any]
    stream: str
    seq: int
    at: int
    """Microseconds since 1970 UTC."""
    kind: str
    request: str
    index: int
    size: int
    witnesses: dict[str, int]
    """Who cosigned the checkpoint, and when, in seconds since 1970 UTC."""


def open_receipt(data: bytes, log: VerifierKey, witnesses: Iterable[VerifierKey] = ()) -> Receipt:
    """Check a receipt against the log's key. Raises NotProven, saying at which step it fails."""
    proof = Proof.parse(data)
    checkpoint, seen = open_checkpoint(proof.checkpoint, log, witnesses)
    try:
        told = json.loads(proof.extra)
        row, statement = told["row"], told["statement"]
        salt, sealed = bytes.fromhex(told["salt"]), bytes.fromhex(told["sealed"])
        stream, seq, at = UUID(row["stream"]), int(row["seq"]), int(row["at"])
        texts = [str(row[name]) for name in ("kind", "request", "retention")]
        said = json.loads(statement)
        facts = commitment(statement.encode(), salt)
        clear = head(stream, seq, at, texts[0], texts[1], bytes.fromhex(row["prev"]), texts[2], facts)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise NotProven("the receipt names no record") from None
    if not isinstance(said, dict) or len(sealed) != HASH:
        raise NotProven("the receipt names no record")
    if included_root(leaf_hash(row_hash(clear, sealed)), proof.index, checkpoint.size, proof.path) != checkpoint.root:
        raise NotProven("no record with this statement is in the tree that the log signed")
    return Receipt(said, str(stream), seq, at, texts[0], texts[1], proof.index, checkpoint.size, seen)


def main(arguments: Sequence[str] | None = None) -> int:
    """`python check.py RECEIPT --key KEY [--witness KEY]...`; exit 0 when it holds, 1 when not."""
    parser = argparse.ArgumentParser(description="Check a receipt of the gateway offline.")
    parser.add_argument("receipt", help="the file, or - for standard input")
    parser.add_argument("--key", required=True, help="the log's key, NAME+ID+KEY, kept from before")
    parser.add_argument("--witness", action="append", default=[], help="a witness's key that must have cosigned")
    asked = parser.parse_args(arguments)
    try:
        data = sys.stdin.buffer.read() if asked.receipt == "-" else Path(asked.receipt).read_bytes()
        witnesses = [VerifierKey.parse(one) for one in asked.witness]
        found = open_receipt(data, VerifierKey.parse(asked.key), witnesses)
    except (NotProven, OSError) as error:
        sys.stderr.write(f"NOT proven: {error}\n")
        return 1
    if absent := [one.name for one in witnesses if one.name not in found.witnesses]:
        sys.stderr.write(f"NOT proven: not cosigned by {', '.join(absent)}\n")
        return 1
    sys.stdout.write(json.dumps(asdict(found), indent=2) + "\n")
    return 0


def _base64(text: str, what: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotProven(f"{what} is not base64") from None
    # One form for one value: no stray bits behind the last character.
    if base64.b64encode(data).decode() != text:
        raise NotProven(f"{what} is not base64")
    return data


def _number(text: str, what: str) -> int:
    if not text.isascii() or not text.isdigit() or (text[0] == "0" and text != "0") or len(text) > 19:
        raise NotProven(f"{what} is no number")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
