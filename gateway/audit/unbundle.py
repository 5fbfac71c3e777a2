"""Verifying an exported log offline: no server, no database, no key ring. Nothing is believed that is not signed."""

from __future__ import annotations

import base64
import tarfile
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson

from gateway.audit.bundle import FORMAT, KDF_N, Lock, bound, key_lock, note_text, passphrase_lock
from gateway.audit.chain import Head
from gateway.audit.pruned import Range, Stored, believe
from gateway.audit.record import END, Header, Row, is_whole, unpack, whole
from gateway.audit.stream import KeyOpener, Opener
from gateway.audit.subjects import Name, SubjectKey
from gateway.audit.tlog.check import HASH, NotProven, VerifierKey, parse_note, signers
from gateway.audit.tlog.shelf import Kept, Run
from gateway.audit.tlog.tree import WIDTH
from gateway.audit.tree_audit import TreeAudit
from gateway.audit.verdicts import EXPORT, TREE, Faults, Report, Verdict
from gateway.audit.verify import Verifier
from gateway.crypto import SecretBytes, open_, sha256
from gateway.errors import Invalid, SealBroken
from gateway.model import Json

MAX_FILE: Final = 256 << 20
MAX_KDF_N: Final = 1 << 20
_MANIFEST, _NOTE = "manifest.json", "manifest.note"

Secret = str | bytes
"""A passphrase, or a key of 32 bytes."""


class _Bad(Exception):
    """The file cannot be gone on with; the verdict and the words are those of a fault."""

    def __init__(self, verdict: Verdict, note: str) -> None:
        super().__init__(note)
        self.verdict, self.note = verdict, note


def check_bundle(
    path: Path,
    key: VerifierKey,
    *,
    known: Iterable[bytes] = (),
    witnesses: Iterable[VerifierKey] = (),
    secret: Secret | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Verify an export with the log's key, kept from before; `secret` opens what rows its keys are there for.

    Rows that were not exported are not missed, and every row that was is held against the signed tree. Raises Invalid
    when the file cannot be read at all, or is no tar file.
    """
    faults = _Scoped()
    try:
        archive = tarfile.open(path, "r:")  # noqa: SIM115 - closed below
    except OSError:
        raise Invalid(f"{path} cannot be read", hint="give a file that `gateway audit export` wrote") from None
    except tarfile.TarError:
        raise Invalid(f"{path} is no export of the audit log", hint="give a file of `--format bundle`") from None
    with archive:
        try:
            return _Check(archive, key, faults, tuple(known), tuple(witnesses), secret, progress).run()
        except _Bad as bad:
            faults.add(bad.verdict, EXPORT, None, bad.note)
        except (tarfile.TarError, EOFError, OSError):
            faults.add(Verdict.TORN, EXPORT, None, "the file is cut short or is not as it was written")
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            faults.add(Verdict.MODIFIED, EXPORT, None, "a file in it is not of the form that exports have")
    return Verifier((), None, faults).finish()


class _Scoped(Faults):
    """Faults without those that only say that something was not exported."""

    def __init__(self) -> None:
        super().__init__()
        self.ranges: dict[UUID, tuple[int, int]] | None = None

    def add(self, verdict: Verdict, stream: UUID, seq: int | None, note: str, last: int | None = None) -> None:
        if verdict is Verdict.MISSING and self.ranges is not None and seq is not None and stream not in (TREE, EXPORT):
            low, high = self.ranges.get(stream, (0, -1))
            first, end = max(seq, low), min(seq if last is None else last, high)
            if first > end:
                return
            seq, last = first, end
        super().add(verdict, stream, seq, note, last)


@dataclass
class _Places:
    """Which leaf a row is."""

    starts: dict[UUID, list[int]] = field(default_factory=lambda: defaultdict(list))
    runs: dict[UUID, list[Run]] = field(default_factory=lambda: defaultdict(list))

    def leaf(self, row: Row) -> int | None:
        at = bisect_right(self.starts.get(row.stream, []), row.seq) - 1
        if at < 0:
            return None
        run = self.runs[row.stream][at]
        return run.first + row.seq - run.seq if row.seq < run.seq + run.count else None


class _Check:
    def __init__(
        self,
        archive: tarfile.TarFile,
        key: VerifierKey,
        faults: _Scoped,
        known: tuple[bytes, ...],
        witnesses: tuple[VerifierKey, ...],
        secret: Secret | None,
        progress: Callable[[int], None],
    ) -> None:
        self._archive = archive
        self._key = key
        self._faults = faults
        self._known = known
        self._witnesses = witnesses
        self._secret = secret
        self._progress = progress
        self._members: dict[str, tarfile.TarInfo] = {}
        self._files: dict[str, Json] = {}

    def run(self) -> Report:
        for member in self._archive:
            if not member.isreg() or member.name in self._members or member.size > MAX_FILE:
                raise _Bad(Verdict.MODIFIED, "it holds something that no export does")
            self._members[member.name] = member
        manifest = self._manifest()
        ranges = {UUID(one["stream"]): (int(one["first"]), int(one["last"])) for one in manifest["ranges"]}
        self._faults.ranges = ranges
        heads = [_head(line) for line in self._lines("headers.jsonl")]
        verifier = Verifier(heads, None, self._faults)
        tree, places = self._tree()
        believed = believe(self._prunings(), self._key, self._faults)
        verifier.prune(tree.prune(one for _, some in believed for one in some), tree.pruned_as)
        opening = self._opening(manifest)
        done = outside = 0
        for name in sorted(name for name in self._files if name.startswith("rows/")):
            some = [_row(line) for line in self._lines(name)]
            verifier.feed(some)
            for row in some:
                low, high = ranges.get(row.stream, (0, -1))
                if not low <= row.seq <= high:
                    self._faults.add(Verdict.MODIFIED, row.stream, row.seq, "the export does not speak of this row")
                leaf = places.leaf(row)
                if leaf is None:
                    outside += 1
                else:
                    tree.row(leaf, row)
                if opening is not None:
                    opening.look(row)
            done += len(some)
            self._progress(done)
        if done != manifest["rows"]:
            self._faults.add(Verdict.MISSING, EXPORT, None, f"of {manifest['rows']} rows {done} are there")
        report = verifier.finish(lambda: tree.finish(outside))
        streams = tuple(one for one in report.streams if one.stream in ranges or one.records)
        prunings = tuple(told for told, _ in believed)
        return replace(report, streams=streams, with_keys=opening is not None, prunings=prunings)

    def _manifest(self) -> Json:
        """The manifest, once its note was signed by the log's key and it names every file."""
        for name in (_MANIFEST, _NOTE):
            if name not in self._members:
                raise _Bad(Verdict.MISSING, f"{name} is not there: the file is cut short, or is no export")
        raw = self._read(_MANIFEST)
        try:
            note = parse_note(self._read(_NOTE))
            held = signers(note, (self._key,))
        except NotProven as reason:
            raise _Bad(Verdict.MODIFIED, f"its signature does not hold: {reason}") from None
        if self._key not in held:
            raise _Bad(Verdict.WRONG_KEY, "it was not signed by the key given")
        if note.text != note_text(self._key, sha256(raw)):
            raise _Bad(Verdict.MODIFIED, "its manifest is not the one that was signed")
        manifest: Json = orjson.loads(raw)
        if manifest["format"] != FORMAT:
            raise _Bad(Verdict.MODIFIED, "it is of a format that this program does not know")
        self._files = {one["name"]: one for one in manifest["files"]}
        if self._members.keys() - self._files.keys() - {_MANIFEST, _NOTE}:
            raise _Bad(Verdict.MODIFIED, "it holds a file that its manifest does not name")
        if gone := self._files.keys() - self._members.keys():
            raise _Bad(Verdict.MISSING, f"{min(gone)} is not in it")
        return manifest

    def _tree(self) -> tuple[TreeAudit, _Places]:
        places = _Places()
        runs: list[Run] = []
        left_out: list[tuple[int, int]] = []
        tiles: dict[int, bytes] = {}
        for name in sorted(name for name in self._files if name.startswith("tiles/")):
            data = self._file(name)
            for at in range(0, len(data), WIDTH * HASH):
                tiles[len(tiles)] = data[at : at + WIDTH * HASH]
        size = sum(len(one) // HASH for one in tiles.values())
        at = 0
        for line in self._lines("runs.jsonl"):
            run = Run(int(line["first"]), UUID(line["stream"]), int(line["seq"]), int(line["count"]))
            if run.first > at:
                left_out.append((at, run.first - at))
                runs.append(Run(at, TREE, 0, run.first - at))
            runs.append(run)
            left_out += self._beside(run)
            places.starts[run.stream].append(run.seq)
            places.runs[run.stream].append(run)
            at = run.first + run.count
        if size > at:
            left_out.append((at, size - at))
            runs.append(Run(at, TREE, 0, size - at))
        kept = [
            Kept(
                int(line["size"]),
                datetime.fromisoformat(line["at"]),
                base64.b64decode(line["root"]),
                base64.b64decode(line["note"]),
            )
            for line in self._lines("checkpoints.jsonl")
        ]
        tree = TreeAudit(self._key, self._faults, runs, kept, known=self._known, witnesses=self._witnesses)
        tree.leaves(tiles)
        for first, count in left_out:
            tree.leave_out(first, count)
        return tree, places

    def _prunings(self) -> Iterator[Stored]:
        for line in self._lines("prunings.jsonl") if "prunings.jsonl" in self._files else ():
            ranges = (Range(UUID(one[0]), int(one[1]), int(one[2]), base64.b64decode(one[3])) for one in line["ranges"])
            yield Stored(int(line["number"]), base64.b64decode(line["note"]), tuple(ranges))

    def _beside(self, run: Run) -> Iterator[tuple[int, int]]:
        """Leaves of a run whose rows were not exported."""
        low, high = (self._faults.ranges or {}).get(run.stream, (0, -1))
        before = min(max(low - run.seq, 0), run.count)
        if before:
            yield run.first, before
        after = max(high + 1 - run.seq, before)
        if after < run.count:
            yield run.first + after, run.count - after

    def _opening(self, manifest: Json) -> _Opening | None:
        if self._secret is None:
            return None
        if manifest["keys"] == "none":
            raise Invalid("the export holds no keys", hint="verify it without a passphrase or key")
        lock = _lock(manifest["kdf"], self._secret)
        opening = _Opening(self._faults)
        for line in self._lines("keys.jsonl"):
            what = "stream" if "stream" in line else "subject"
            try:
                key = SecretBytes(open_(lock.key, base64.b64decode(line["key"]), bound(what, line[what])))
            except SealBroken:
                raise _Bad(Verdict.WRONG_KEY, "the passphrase or key given does not open its keys") from None
            if what == "stream":
                opening.streams[UUID(line["stream"])] = KeyOpener(key)
            elif (name := Name.parse(line["subject"])) is not None:
                opening.subjects[name] = SubjectKey(name, key)
        return opening

    def _file(self, name: str) -> bytes:
        data = self._read(name)
        if sha256(data).hex() != self._files[name]["sha256"]:
            raise _Bad(Verdict.MODIFIED, f"{name} is not the one that was signed")
        return data

    def _lines(self, name: str) -> Iterator[Any]:
        if name not in self._files:
            raise _Bad(Verdict.MISSING, f"{name} is not in it")
        return (orjson.loads(line) for line in self._file(name).splitlines())

    def _read(self, name: str) -> bytes:
        opened = self._archive.extractfile(self._members[name])
        data = opened.read() if opened is not None else b""
        if len(data) != self._members[name].size:
            raise _Bad(Verdict.TORN, f"{name} is cut short")
        return data


@dataclass
class _Opening:
    """Rows opened with the keys that came along."""

    faults: Faults
    streams: dict[UUID, Opener] = field(default_factory=dict)
    subjects: dict[Name, SubjectKey] = field(default_factory=dict)

    def look(self, row: Row) -> None:
        opener = self.streams.get(row.stream)
        if opener is None or not is_whole(row):
            return
        try:
            payload = opener.open(row)
            if row.kind != END:
                outer, inner = unpack(payload)
                name = Name.parse(outer.get("subject"))
                whole(outer, inner, self.subjects.get(name) if name else None, row.request)
        except (SealBroken, ValueError, TypeError):
            note = "the row was not sealed as it stands by this stream"
            self.faults.add(Verdict.MODIFIED, row.stream, row.seq, note)


def _lock(kdf: Json, secret: Secret) -> Lock:
    if kdf["name"] == "given":
        if isinstance(secret, str):
            raise Invalid("the export's keys are sealed under a key, not a passphrase", hint="give --key-file")
        return key_lock(secret)
    if isinstance(secret, bytes):
        raise Invalid("the export's keys are sealed under a passphrase", hint="give --passphrase-file")
    n = int(kdf["n"])
    if (kdf["r"], kdf["p"]) != (8, 1) or not KDF_N <= n <= MAX_KDF_N:
        raise Invalid("the export's passphrase is used in a way that this program does not know")
    return passphrase_lock(secret, bytes.fromhex(kdf["salt"]), n)


def _head(line: Json) -> Head:
    return Head(
        Header(
            stream=UUID(line["stream"]),
            schema=int(line["schema"]),
            opened=int(line["opened"]),
            key_id=str(line["key_id"]),
            wrapped=base64.b64decode(line["wrapped"]),
            previous=UUID(line["previous"]) if line["previous"] else None,
            previous_seq=line["previous_seq"],
            previous_hash=_bytes(line["previous_hash"]),
        ),
        line["closed_seq"],
        _bytes(line["closed_hash"]),
        None,
    )


def _row(line: Json) -> Row:
    return Row(
        UUID(line["stream"]),
        int(line["seq"]),
        int(line["at"]),
        str(line["kind"]),
        str(line["request"]),
        base64.b64decode(line["prev"]),
        base64.b64decode(line["sealed"]),
        base64.b64decode(line["hash"]),
        str(line["retention"]),
        base64.b64decode(line["facts"]),
    )


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
