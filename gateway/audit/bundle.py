"""An export that verifies by itself: one tar file with the rows as written and everything that vouches for them.

    headers.jsonl        every stream's header, with a commitment to its key
    runs.jsonl           which leaves of the tree the rows are
    checkpoints.jsonl    the signed checkpoints
    tiles/NNNNNN         the leaves' hashes, 256 to a tile, as many tiles to a file as `TILES`
    rows/NNNNNN.jsonl    the rows of the streams, by stream and number
    prunings.jsonl       if there were any: signed statements of rows that were pruned, and which they are
    keys.jsonl           if asked for: keys of streams and subjects, sealed under the key the export was given
    manifest.json        what it is, and the SHA-256 of every file before it
    manifest.note        a signed note over the manifest's SHA-256, by the log's key

A row is readable to who has its stream's key, and who it was about and what was said only with the subject's key too.
Rows whose keys were left out verify all the same.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Final

import orjson

from gateway.audit import rows
from gateway.audit.chain import Head
from gateway.audit.pruned import Stored, stored
from gateway.audit.record import END, Row, unpack
from gateway.audit.stream import Opener, data_key
from gateway.audit.subjects import Name, Subjects
from gateway.audit.tlog.check import VerifierKey, fields
from gateway.audit.tlog.notes import sign_text
from gateway.crypto import KeyRing, SecretBytes, seal, sha256
from gateway.errors import Invalid, SealBroken
from gateway.model import Json
from gateway.store import Store
from gateway.store.store import Connection

FORMAT: Final = "gateway-audit-export/1"
NOTE: Final = "gateway/audit/export/1"
"""First line of the note; no log is called so."""
ROWS: Final = 2_000
ROWS_BYTES: Final = 8 << 20
"""Rows in one file at most, and bytes as far as whole rows allow."""
TILES: Final = 1_024
KDF_N: Final = 1 << 15
_KEY: Final = b"gateway/audit/export-key/1"
_RANGES: Final = """
SELECT stream, min(seq) AS first, max(seq) AS last FROM audit_log
WHERE ($1::timestamptz IS NULL OR at >= $1) AND ($2::timestamptz IS NULL OR at < $2) GROUP BY stream ORDER BY stream
"""
_RUNS: Final = """
SELECT r.first, r.stream, r.seq, r.count FROM audit_runs r
JOIN unnest($1::uuid[], $2::bigint[], $3::bigint[]) x(stream, first, last) ON r.stream = x.stream
WHERE r.seq <= x.last AND r.seq + r.count > x.first ORDER BY r.first
"""


@dataclass(frozen=True, slots=True)
class Lock:
    """The key that an export's keys are sealed under, and how somebody else gets to it."""

    key: SecretBytes
    kdf: Json


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    rows: int
    streams: int
    bytes: int
    sha256: str
    """Of the manifest."""


def passphrase_lock(passphrase: str, salt: bytes | None = None, n: int = KDF_N) -> Lock:
    """From a passphrase, by scrypt (RFC 7914)."""
    salt = os.urandom(16) if salt is None else salt
    key = hashlib.scrypt(passphrase.encode(), salt=salt, n=n, r=8, p=1, maxmem=256 * n * 8, dklen=32)
    return Lock(SecretBytes(key), {"name": "scrypt", "n": n, "r": 8, "p": 1, "salt": salt.hex()})


def key_lock(key: bytes) -> Lock:
    """From a key of 32 bytes. Raises Invalid."""
    if len(key) != 32:
        raise Invalid("the key for an export has 32 bytes", hint="make one with `openssl rand -out FILE 32`")
    return Lock(SecretBytes(key), {"name": "given"})


def bound(what: str, name: str) -> bytes:
    """What an exported key is authenticated with. what: `stream` or `subject`."""
    return fields(_KEY, what.encode(), name.encode())


async def write_bundle(
    store: Store,
    ring: KeyRing,
    key: VerifierKey,
    file: BinaryIO,
    at: datetime,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    lock: Lock | None = None,
    people: bool = True,
    progress: Callable[[int], None] = lambda _: None,
) -> Exported:
    """Write the rows of a span of time, as of one moment; of each stream all rows between its first and last in it.

    lock: seals the keys of streams, and of subjects with `people`; without it no key goes along. `file` is written in
    order. Memory does not grow with the log but for 16 bytes per tile. Raises StoreUnavailable, OSError.
    """
    tar = _Tar(file, at)
    async with store.snapshot() as connection:
        found = await connection.fetch(_RANGES, since, until)
        ranges = [(row["stream"], row["first"], row["last"]) for row in found]
        headers = await connection.fetch(f"SELECT {rows.HEADER} FROM audit_streams ORDER BY stream")
        heads = {row["stream"]: rows.head(row, None) for row in headers}
        await tar.lines("headers.jsonl", (_head(head) for head in heads.values()))
        columns = [list(column) for column in zip(*ranges, strict=True)] if ranges else [[], [], []]
        runs = await connection.fetch(_RUNS, *columns)
        await tar.lines("runs.jsonl", ({**dict(run), "stream": str(run["stream"])} for run in runs))
        kept = await connection.fetch("SELECT size, at, root, note FROM audit_checkpoints ORDER BY size")
        await tar.lines(
            "checkpoints.jsonl",
            (
                {"size": one["size"], "at": one["at"].isoformat(), "root": _b64(one["root"]), "note": _b64(one["note"])}
                for one in kept
            ),
        )
        await _tiles(connection, tar)
        if prunings := await stored(connection):
            await tar.lines("prunings.jsonl", map(_pruning, prunings))
        names: set[Name] = set()
        done = 0
        for stream, first, last in ranges:
            opener = _opener(ring, heads.get(stream)) if lock is not None and people else None
            cursor = await connection.cursor(
                f"SELECT {rows.ROW} FROM audit_log WHERE stream = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq",
                stream,
                first,
                last,
            )
            while some := await cursor.fetch(ROWS):
                names |= await asyncio.to_thread(_rows, tar, [rows.row(record) for record in some], opener)
                done += len(some)
                progress(done)
    if lock is not None:
        keys = await Subjects(store, ring).keys(names)
        await tar.lines("keys.jsonl", _keys(ring, [heads[one] for one, *_ in ranges if one in heads], keys, lock))
    manifest: Json = {
        "format": FORMAT,
        "log": str(key),
        "at": at.isoformat(),
        "since": since.isoformat() if since else None,
        "until": until.isoformat() if until else None,
        "rows": done,
        "ranges": [{"stream": str(stream), "first": first, "last": last} for stream, first, last in ranges],
        "keys": "none" if lock is None else "all" if people else "streams",
        "kdf": lock.kdf if lock else None,
        "files": tar.files,
    }
    raw = orjson.dumps(manifest, option=orjson.OPT_INDENT_2)
    await tar.put("manifest.json", raw)
    await tar.put("manifest.note", sign_text(note_text(key, sha256(raw)), key, ring.signer()))
    return Exported(done, len(ranges), await tar.close(), sha256(raw).hex())


def note_text(key: VerifierKey, digest: bytes) -> str:
    """What the note over a manifest says."""
    return f"{NOTE}\n{key.name}\n{base64.b64encode(digest).decode()}\n"


async def _tiles(connection: Connection, tar: _Tar) -> None:
    """Tiles of level 0; full ones have 8 KiB."""
    first = 0
    while found := await connection.fetch(
        "SELECT index, hashes FROM audit_tiles WHERE level = 0 AND index >= $1 AND index < $2 ORDER BY index",
        first,
        first + TILES,
    ):
        if [one["index"] for one in found] != list(range(first, first + len(found))):
            break  # one is not there: whoever verifies finds leaves missing
        await tar.put(f"tiles/{first // TILES:06d}", b"".join(one["hashes"] for one in found))
        first += TILES


def _rows(tar: _Tar, some: list[Row], opener: Opener | None) -> set[Name]:
    """Write rows; whose keys they need."""
    part: list[bytes] = []
    size = 0
    for row in some:
        line = orjson.dumps(row_line(row))
        if part and size + len(line) > ROWS_BYTES:
            tar.put_now(tar.next_rows(), b"\n".join(part) + b"\n")
            part, size = [], 0
        part.append(line)
        size += len(line) + 1
    tar.put_now(tar.next_rows(), b"\n".join(part) + b"\n")
    return {name for row in some if (name := _subject(row, opener)) is not None}


def _subject(row: Row, opener: Opener | None) -> Name | None:
    if opener is None or row.kind == END:
        return None
    try:
        return Name.parse(unpack(opener.open(row))[0].get("subject"))
    except (SealBroken, ValueError, TypeError):
        return None


def row_line(row: Row) -> Json:
    """A row for JSON, bytes in base64."""
    return {
        "stream": str(row.stream),
        "seq": row.seq,
        "at": row.at,
        "kind": row.kind,
        "request": row.request,
        "retention": row.retention,
        "facts": _b64(row.facts),
        "prev": _b64(row.prev),
        "hash": _b64(row.hash),
        "sealed": _b64(row.sealed),
    }


def _head(head: Head) -> Json:
    header = head.header
    return {
        "stream": str(header.stream),
        "schema": header.schema,
        "opened": header.opened,
        "key_id": header.key_id,
        "wrapped": _b64(header.wrapped),
        "previous": str(header.previous) if header.previous else None,
        "previous_seq": header.previous_seq,
        "previous_hash": _b64(header.previous_hash),
        "closed_seq": head.closed_seq,
        "closed_hash": _b64(head.closed_hash),
    }


def _pruning(one: Stored) -> Json:
    ranges = [[str(range_.stream), range_.first, range_.last, _b64(range_.genesis)] for range_ in one.ranges]
    return {"number": one.number, "note": _b64(one.note), "ranges": ranges}


def _opener(ring: KeyRing, head: Head | None) -> Opener | None:
    try:
        return Opener(ring, head.header) if head is not None else None
    except SealBroken:
        return None


def _keys(ring: KeyRing, heads: Iterable[Head], keys: Mapping[Name, Any], lock: Lock) -> Iterable[Json]:
    for head in heads:
        stream = str(head.header.stream)
        try:
            sealed = seal(lock.key, data_key(ring, head.header).reveal(), bound("stream", stream))
        except SealBroken:
            continue
        yield {"stream": stream, "key": _b64(sealed)}
    for name, key in sorted(keys.items()):
        yield {"subject": str(name), "key": _b64(key.under(lock.key, bound("subject", str(name))))}


def _b64(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


class _Tar:
    """A tar file written in order, with the digest of every file in it."""

    def __init__(self, file: BinaryIO, at: datetime) -> None:
        self._file = file
        self._tar = tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - closed by close
        self._at = int(at.timestamp())
        self._parts = 0
        self.files: list[Json] = []

    def next_rows(self) -> str:
        self._parts += 1
        return f"rows/{self._parts - 1:06d}.jsonl"

    def put_now(self, name: str, data: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mtime, entry.mode = len(data), self._at, 0o600
        self._tar.addfile(entry, io.BytesIO(data))
        self.files.append({"name": name, "bytes": len(data), "sha256": sha256(data).hex()})

    async def put(self, name: str, data: bytes) -> None:
        await asyncio.to_thread(self.put_now, name, data)

    async def lines(self, name: str, lines: Iterable[Json]) -> None:
        await asyncio.to_thread(lambda: self.put_now(name, b"".join(orjson.dumps(one) + b"\n" for one in lines)))

    async def close(self) -> int:
        """End the file; how many bytes it has."""
        await asyncio.to_thread(self._tar.close)
        return self._file.tell()
