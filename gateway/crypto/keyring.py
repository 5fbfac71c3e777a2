"""The key ring: every long-lived secret of one installation, in one file that only its owner can read.

    {"version": 1,
     "root": "<32 bytes, base64>",                       never rotated: digests that must stay equal derive from it
     "current": "k1",                                    the key that seals from now on
     "keys": {"k1": {"secret": "<32 bytes>", "created": "2026-01-31T12:00:00+00:00"}},
     "signing": {"secret": "<32 bytes>", "created": "..."}}

Older keys stay in `keys` for as long as something wrapped under them has to open. The keys of the file wrap other keys:
those of streams and subjects of the audit log, and content keys, which seal everything else. Those lie in the database
(gateway/audit/keytable.py), so that a rotation wraps keys anew and no content. A ring without content keys seals under
its own.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.crypto import keysource
from gateway.crypto.digest import derive, keyed
from gateway.crypto.seal import KEY_BYTES, open_, seal
from gateway.crypto.secret import SecretBytes
from gateway.crypto.sign import Signer
from gateway.errors import BadKeyRing, SealBroken

VERSION: Final = 1
KEY_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,32}")
MARK: Final = b"\x12"
BARE: Final = b"\x11"
"""What was sealed before keys were committed to."""
COMMITMENT: Final = 32
REMEMBERED: Final = 1024
"""Derived keys kept in memory; enough for every purpose of a few hundred tenants."""


@dataclass(frozen=True, slots=True)
class _Held:
    """What a rotation changes, exchanged as a whole: threads seal meanwhile."""

    current: str
    keys: Mapping[str, SecretBytes] = field(repr=False)
    content: str = ""
    contents: Mapping[str, SecretBytes] = field(default_factory=dict, repr=False)


class KeyRing:
    """Keys by id, one of them current; content keys by id; and the root that never changes. Prints none of them."""

    __slots__ = ("_derived", "_held", "root", "signing")

    def __init__(self, current: str, keys: Mapping[str, SecretBytes], root: SecretBytes, signing: SecretBytes) -> None:
        self._held = _Held(current, keys)
        self.root = root
        self.signing = signing
        self._derived: dict[tuple[str, str, bytes], SecretBytes] = {}

    def __repr__(self) -> str:
        return f"KeyRing(current={self.current!r})"

    @property
    def current(self) -> str:
        """Id of the key that wraps from now on."""
        return self._held.current

    @property
    def keys(self) -> Mapping[str, SecretBytes]:
        """The keys that wrap, by id."""
        return self._held.keys

    @property
    def content(self) -> str:
        """Id of the content key that seals from now on; empty where there is none."""
        return self._held.content

    @property
    def contents(self) -> Mapping[str, SecretBytes]:
        """Content keys by id."""
        return self._held.contents

    @classmethod
    def create(cls, path: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> KeyRing:
        """A new ring of fresh random keys, written to `path` (mode 0600) before this returns.

        Raises Conflict when something is there already: a ring is never overwritten.
        """
        data = fresh_ring(now())
        keysource.write_new(path, data)
        return cls.parse(data, str(path))

    @classmethod
    def load(cls, path: Path) -> KeyRing:
        """The ring in `path`. Raises BadKeyRing when it is missing, others could read it, or it is not a ring."""
        return cls.parse(keysource.read_private(path), str(path))

    @classmethod
    def parse(cls, data: bytes, name: str) -> KeyRing:
        """The ring in these bytes, checked. `name` says in errors where they came from."""
        try:
            document = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise _bad(name, "is not JSON") from None
        if not isinstance(document, dict) or not isinstance(document.get("keys"), dict):
            raise _bad(name, "holds no keys")
        if document.get("version") != VERSION:
            raise _bad(name, f"has a version other than {VERSION}")
        keys = {}
        for key_id, entry in document["keys"].items():
            if not KEY_ID.fullmatch(key_id):
                raise _bad(name, "holds a key whose id is not 1 to 32 letters, digits, dots or dashes")
            keys[key_id] = _key(entry, name, f"key {key_id}")
        current = document.get("current")
        if not isinstance(current, str) or current not in keys:
            raise _bad(name, "names a current key that it does not hold")
        root = _key({"secret": document.get("root")}, name, "root key")
        signing = _key(document.get("signing"), name, "signing key")
        raw = [key.reveal() for key in (*keys.values(), root, signing)]
        if len(set(raw)) != len(raw):
            raise _bad(name, "holds one secret twice")
        return cls(current=current, keys=keys, root=root, signing=signing)

    def derive(self, purpose: str, context: bytes = b"", *, key_id: str | None = None) -> SecretBytes:
        """A 32-byte key for `purpose` and `context` from the current key, or from the one named.

        Changes when the current key does; for what must not, see `stable`. Raises SealBroken for an unknown id.
        """
        key_id = self.current if key_id is None else key_id
        held = self._held
        key = held.contents.get(key_id) or held.keys.get(key_id)
        if key is None:
            shown = key_id if KEY_ID.fullmatch(key_id) else "?"
            raise SealBroken(
                f"the key ring holds no key {shown}", hint="add the key that these bytes were sealed under"
            )
        return self._remember(("key:" + key_id, purpose, context), key)

    def stable(self, purpose: str, context: bytes = b"") -> SecretBytes:
        """A 32-byte key that survives rotation: for digests that must stay equal (tokens, hashes of API keys)."""
        return self._remember(("root", purpose, context), self.root)

    def seal(self, purpose: str, plaintext: bytes, aad: bytes, context: bytes = b"") -> bytes:
        """`plaintext` sealed for `purpose` under the content key, its id and a commitment to the key in front.

        AES-GCM alone would let somebody who chooses keys make bytes that open under two of them.
        """
        held = self._held
        return self._seal(held.content or held.current, purpose, plaintext, aad, context)

    def wrap(self, purpose: str, key: bytes, aad: bytes, *, under: str | None = None) -> bytes:
        """The same under the ring's current key, or the one named, for a key that is kept in the database."""
        return self._seal(under or self.current, purpose, key, aad, b"")

    def _seal(self, name: str, purpose: str, plaintext: bytes, aad: bytes, context: bytes) -> bytes:
        key_id, key = name.encode(), self.derive(purpose, context, key_id=name)
        return b"".join((MARK, len(key_id).to_bytes(1, "big"), key_id, _committed(key), seal(key, plaintext, aad)))

    def open(self, purpose: str, sealed: bytes, aad: bytes, context: bytes = b"") -> bytes:
        """What `seal` or `wrap` was given, under whichever key it names. Raises SealBroken."""
        if len(sealed) < 2 or sealed[:1] not in (MARK, BARE) or len(sealed) < 2 + sealed[1]:
            raise SealBroken("sealed bytes do not open", hint="they are cut short, or were not sealed by this gateway")
        begin = 2 + sealed[1]
        key = self.derive(purpose, context, key_id=sealed[2:begin].decode("ascii", "replace"))
        if sealed[:1] == MARK:
            stated, begin = sealed[begin : begin + COMMITMENT], begin + COMMITMENT
            if not hmac.compare_digest(stated, _committed(key)):
                raise SealBroken("sealed bytes do not open", hint="the key is another one, or the bytes were changed")
        return open_(key, sealed[begin:], aad)

    def check(self, key_id: str) -> bytes:
        """32 bytes that tell one key from another and say nothing of it. Raises KeyError for an unknown id."""
        return keyed(self.keys[key_id], b"gateway/ring-key/1")

    def adopt(self, other: KeyRing, *, current: str, content: str, contents: Mapping[str, SecretBytes]) -> None:
        """Hold the keys of `other`, the same ring read again, and these content keys; safe while others seal.

        Raises BadKeyRing, and changes nothing, when a key that must never change did, or one in force is not there.
        """
        held = self._held
        if other.root != self.root or other.signing != self.signing:
            raise _bad("the key ring", "has another root or signing key than before")
        for before, after in ((held.keys, other.keys), (held.contents, contents)):
            if any(key_id in after and after[key_id] != key for key_id, key in before.items()):
                raise _bad("the key ring", "has another key under the same id as before")
        if any(key_id in other.keys and other.keys[key_id] != key for key_id, key in contents.items()):
            raise _bad("the key ring", "has a key whose id is that of another content key")
        if current not in other.keys or (content and content not in contents):
            raise _bad("the key ring", "does not hold the keys in force")
        self._held = _Held(current, dict(other.keys), content, dict(contents))
        if held.keys.keys() - other.keys.keys() or held.contents.keys() - contents.keys():
            self._derived = {}

    def without(self, key_ids: Iterable[str]) -> KeyRing:
        """A copy that does not hold these keys and no content key; the current one is always held."""
        gone = set(key_ids) - {self.current}
        kept = {key_id: key for key_id, key in self.keys.items() if key_id not in gone}
        return KeyRing(self.current, kept, self.root, self.signing)

    def signer(self) -> Signer:
        """The installation's Ed25519 signer."""
        return Signer(self.signing)

    def _remember(self, name: tuple[str, str, bytes], key: SecretBytes) -> SecretBytes:
        found = self._derived.get(name)
        if found is None:
            derived = self._derived
            if len(derived) >= REMEMBERED:
                derived.clear()
            found = derived[name] = derive(key, name[1], name[2])
        return found


def sealed_under(sealed: bytes) -> str:
    """Id of the key that `seal` or `wrap` used; empty where these bytes are neither's."""
    begin = 2 + sealed[1] if len(sealed) > 2 and sealed[:1] in (MARK, BARE) else 0
    return sealed[2:begin].decode("ascii", "replace") if begin else ""


def _committed(key: SecretBytes) -> bytes:
    return keyed(key, b"gateway/commitment/1")


def fresh_ring(at: datetime) -> bytes:
    """The file of a ring of fresh random keys. For `parse`, by who needs one that outlives nothing."""
    created = at.isoformat(timespec="seconds")
    document = {
        "version": VERSION,
        "root": _fresh(),
        "current": "k1",
        "keys": {"k1": {"secret": _fresh(), "created": created}},
        "signing": {"secret": _fresh(), "created": created},
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _fresh() -> str:
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def _key(entry: Any, name: str, what: str) -> SecretBytes:
    text = entry.get("secret") if isinstance(entry, dict) else None
    try:
        raw = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise _bad(name, f"has a {what} that is not {KEY_BYTES} bytes in base64")
    return SecretBytes(raw)


def _bad(name: str, what: str) -> BadKeyRing:
    return BadKeyRing(
        f"{name} {what}", hint="restore the key ring from its backup; a new one opens nothing sealed before"
    )
