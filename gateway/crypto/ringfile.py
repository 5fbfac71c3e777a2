"""The key ring as it lies in a file: in the clear for its owner alone, or sealed by a key that lies elsewhere.

{"version": 2, "lock": "kek" | "transit", "sealed": "<base64>" | "vault:v1:..."}
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

import orjson

from gateway.crypto import keysource
from gateway.crypto.digest import derive, keyed
from gateway.crypto.keyring import KeyRing, fresh_ring
from gateway.crypto.seal import KEY_BYTES, open_, seal
from gateway.crypto.secret import Secret, SecretBytes
from gateway.crypto.transit import Transit
from gateway.errors import BadKeyRing, Conflict, SealBroken

VERSION: Final = 2
PURPOSE: Final = "key ring file"
_AAD: Final = b"gateway/ring-file/2"
_CHECK: Final = 32


class Lock(Protocol):
    """Seals a key ring file."""

    name: str

    def seal(self, data: bytes) -> str:
        """The bytes sealed, as text."""

    def open(self, sealed: str) -> bytes:
        """The reverse."""

    def renew(self, sealed: str) -> str:
        """The same bytes sealed anew by the newest version of the key."""


class KekLock:
    """A key of 32 bytes, given in base64."""

    name = "kek"

    def __init__(self, kek: Secret) -> None:
        """Raises BadKeyRing."""
        try:
            raw = base64.b64decode(kek.reveal().strip(), validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != KEY_BYTES:
            raise BadKeyRing(
                f"keys.kek is not {KEY_BYTES} bytes in base64", hint="make one with `openssl rand -base64 32`"
            )
        self._key = derive(SecretBytes(raw), PURPOSE)

    def seal(self, data: bytes) -> str:
        """With a commitment to the key in front, as everything that the ring seals."""
        return base64.b64encode(keyed(self._key, _AAD) + seal(self._key, data, _AAD)).decode()

    def open(self, sealed: str) -> bytes:
        """Raises BadKeyRing."""
        wrong = BadKeyRing("keys.kek does not open the key ring", hint="give the key that the file was sealed with")
        try:
            raw = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError):
            raise wrong from None
        if not hmac.compare_digest(raw[:_CHECK], keyed(self._key, _AAD)):
            raise wrong
        try:
            return open_(self._key, raw[_CHECK:], _AAD)
        except SealBroken:
            raise wrong from None

    def renew(self, sealed: str) -> str:
        """Raises BadKeyRing."""
        return self.seal(self.open(sealed))


class TransitLock:
    """A key of Vault or OpenBao."""

    name = "transit"

    def __init__(self, transit: Transit) -> None:
        self.seal = transit.encrypt
        self.open = transit.decrypt
        self.renew = transit.rewrap


@dataclass(frozen=True, slots=True)
class RingFile:
    """Where a key ring is kept. Everything raises BadKeyRing, and what the lock raises."""

    path: Path
    lock: Lock | None = None

    def __str__(self) -> str:
        return str(self.path)

    @property
    def exists(self) -> bool:
        """Whether there is anything at the path."""
        return self.path.exists()

    def read(self) -> bytes:
        """The ring's JSON in the clear."""
        data = keysource.read_private(self.path)
        found = _sealed(data)
        if found is None:
            if self.lock is not None:
                raise BadKeyRing(
                    f"{self.path} is not sealed, and the settings say that it is",
                    hint="`gateway rotate-key reseal` seals it",
                )
            return data
        if self.lock is None or self.lock.name != found[0]:
            raise BadKeyRing(
                f"{self.path} is sealed by another means ({found[0]}) than the settings give",
                hint="set keys.kek or keys.transit as it was when the file was written",
            )
        return self.lock.open(found[1])

    def write(self, data: bytes) -> None:
        """Put another ring in its place; whoever reads meanwhile has one of the two."""
        keysource.replace_private(self.path, self._shut(data))

    def create(self, at: datetime) -> bytes:
        """A new ring of fresh random keys, on disk when this returns. Raises Conflict when something is there."""
        if self.exists:  # asked before the lock is, which may be far away
            raise Conflict(f"{self.path} exists already", hint="it is kept as it is; move it away to make a new one")
        data = fresh_ring(at)
        keysource.write_new(self.path, self._shut(data))
        return data

    def reseal(self, before: Lock | None = None) -> None:
        """Seal the file as the settings say, whatever it was: in the clear, by an older version, or by `before`.

        Raises Conflict while a rotation changes it: a key that was added meanwhile would be lost.
        """
        with self.alone():
            self._reseal(before)

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """For reading, changing and writing it. Raises Conflict, see `keysource.alone`."""
        return keysource.alone(self.path.parent)

    def _reseal(self, before: Lock | None) -> None:
        data = keysource.read_private(self.path)
        found = _sealed(data)
        if self.lock is None:
            raise BadKeyRing("nothing is set that could seal the key ring", hint="set keys.kek or keys.transit")
        if found is None:
            KeyRing.parse(data, str(self.path))
            self.write(data)
        elif before is not None and found[0] == before.name:
            self.write(before.open(found[1]))
        elif found[0] == self.lock.name:
            keysource.replace_private(self.path, _file(self.lock.name, self.lock.renew(found[1])))
        else:
            raise BadKeyRing(
                f"{self.path} is sealed by another means ({found[0]})", hint="give the key it was sealed with: --before"
            )

    def _shut(self, data: bytes) -> bytes:
        return data if self.lock is None else _file(self.lock.name, self.lock.seal(data))


@dataclass(frozen=True, slots=True)
class RingCommand:
    """A key ring that commands print and keep, e.g. a secret manager's client. Everything raises BadKeyRing."""

    argv: tuple[str, ...]
    store: tuple[str, ...] = ()
    timeout_s: float = 10.0

    def __str__(self) -> str:
        return "key ring command"

    def read(self) -> bytes:
        """What the command prints. Blocks up to `timeout_s`."""
        return keysource.read_command(self.argv, self.timeout_s)

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """Nothing that could be locked: where it is kept is not known here."""
        return contextlib.nullcontext()

    def write(self, data: bytes) -> None:
        """Give it to the other command."""
        if not self.store:
            raise BadKeyRing(
                "the key ring comes from a command, and none is set that keeps it",
                hint="set keys.store_command, or change the ring where the command takes it from, and try again",
            )
        keysource.write_command(self.store, data, self.timeout_s)


RingSource = RingFile | RingCommand


def with_key(data: bytes, key_id: str, at: datetime) -> bytes:
    """A ring's JSON with one more key, which is fresh; the current one stays."""
    document = orjson.loads(data)
    secret = base64.b64encode(os.urandom(KEY_BYTES)).decode()
    document["keys"][key_id] = {"secret": secret, "created": at.isoformat(timespec="seconds")}
    return _dump(document)


def rewritten(data: bytes, *, current: str, gone: Collection[str]) -> bytes:
    """A ring's JSON with another current key, and without some."""
    document = orjson.loads(data)
    document["keys"] = {key_id: key for key_id, key in document["keys"].items() if key_id not in gone}
    document["current"] = current
    return _dump(document)


def next_id(taken: Collection[str]) -> str:
    """The first id `k<number>` above all that were ever taken."""
    numbers = [int(found[1]) for one in taken if (found := re.fullmatch(r"k(\d{1,9})", one))]
    return f"k{max(numbers, default=0) + 1}"


def _dump(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _file(lock: str, sealed: str) -> bytes:
    return _dump({"version": VERSION, "lock": lock, "sealed": sealed})


def _sealed(data: bytes) -> tuple[str, str] | None:
    """By what a file is sealed and its sealed text; None where it is not."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(document, dict) or document.get("version") != VERSION:
        return None
    lock, sealed = document.get("lock"), document.get("sealed")
    return (lock, sealed) if isinstance(lock, str) and isinstance(sealed, str) else None
