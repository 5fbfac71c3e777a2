"""Exports: they verify by themselves, in another process, whatever part of the log and whichever keys went along."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from datetime import datetime
from pathlib import Path

import pytest

from gateway.audit.bundle import Lock, key_lock, passphrase_lock, write_bundle
from gateway.audit.record import moment
from gateway.audit.sealer import Sealer
from gateway.audit.tlog.check import VerifierKey
from gateway.audit.unbundle import check_bundle
from gateway.crypto import KeyRing
from gateway.errors import Invalid
from gateway.store import Store
from tests.audit.support import Small, now, small_log
from tests.audit.test_tree_tampering import seal

PASSPHRASE = "a lighthouse keeper's umbrella"


@pytest.fixture
async def small(database: Store, ring: KeyRing) -> Small:
    found = await small_log(database, ring)
    await seal(database, ring)
    return found


async def export(store: Store, ring: KeyRing, path: Path, lock: Lock | None = None, **more: object) -> VerifierKey:
    key = Sealer(store, ring, now).key
    with path.open("wb") as file:
        done = await write_bundle(store, ring, key, file, now(), lock=lock, **more)  # type: ignore[arg-type]
    assert done.bytes == size_of(path)
    return key


def size_of(path: Path) -> int:
    return path.stat().st_size


def verified_elsewhere(path: Path, key: VerifierKey, *more: str) -> tuple[int, dict[str, object]]:
    """By the real program in a process and a folder that know nothing of this gateway."""
    program = "import sys; from gateway.cli import main; sys.argv[0] = 'gateway'; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "audit", "verify", str(path), "--key", str(key), "--json", *more],
        cwd=path.parent,
        env={"PATH": "", "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        timeout=300,
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else {"error": done.stderr.decode()}


async def test_the_whole_log_verifies_as_a_file(database: Store, ring: KeyRing, small: Small, tmp_path: Path) -> None:
    key = await export(database, ring, tmp_path / "all.tar")
    report = check_bundle(tmp_path / "all.tar", key)
    assert report.ok, report.faults
    assert (report.records, report.with_keys) == (len(small.rows), False)
    assert report.tree is not None
    assert (report.tree.size, report.tree.signed, report.tree.outside) == (len(small.rows), len(small.rows), 0)
    assert {one.stream for one in report.streams} == {small.a, small.b, small.c}
    # The names of people and what they said are nowhere in it, nor is any key that opens it.
    raw = (tmp_path / "all.tar").read_bytes()
    assert b"user:ada" not in raw
    with tarfile.open(tmp_path / "all.tar") as archive:
        assert "keys.jsonl" not in archive.getnames()


async def test_a_process_without_database_and_keys_verifies_it(
    database: Store, ring: KeyRing, small: Small, tmp_path: Path
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (tmp_path / "keys" / "ring.json").rename(tmp_path / "hidden")
    key = await export(database, ring, folder / "log.tar", passphrase_lock(PASSPHRASE))
    (folder / "pass").write_text(PASSPHRASE + "\n")
    code, told = verified_elsewhere(folder / "log.tar", key, "--passphrase-file", str(folder / "pass"))
    assert (code, told["ok"], told["records"], told["with_keys"]) == (0, True, len(small.rows), True)
    raw = bytearray((folder / "log.tar").read_bytes())
    at = raw.index(b'"sealed"')
    raw[at + 12] ^= 1
    (folder / "log.tar").write_bytes(raw)
    code, told = verified_elsewhere(folder / "log.tar", key)
    assert (code, told["ok"]) == (1, False)
    assert verified_elsewhere(folder / "nothing.tar", key)[0] == 2


async def test_keys_go_along_only_as_far_as_was_asked(
    database: Store, ring: KeyRing, small: Small, tmp_path: Path
) -> None:
    lock = passphrase_lock(PASSPHRASE)
    for name, people in (("all", True), ("streams", False)):
        path = tmp_path / f"{name}.tar"
        key = await export(database, ring, path, lock, people=people)
        assert check_bundle(path, key, secret=PASSPHRASE).ok
        with tarfile.open(path) as archive:
            held = archive.extractfile("keys.jsonl")
            assert held is not None
            lines = [json.loads(line) for line in held]
            manifest = archive.extractfile("manifest.json")
            assert manifest is not None
            assert json.loads(manifest.read())["keys"] == name
        assert sum("stream" in line for line in lines) == 3
        assert any("subject" in line for line in lines) == people
        wrong = check_bundle(path, key, secret="another one")
        assert [fault.verdict for fault in wrong.faults] == ["wrong key"]
    path = tmp_path / "given.tar"
    key = await export(database, ring, path, key_lock(bytes(range(32))))
    assert check_bundle(path, key, secret=bytes(range(32))).ok
    assert not check_bundle(path, key, secret=bytes(32)).ok
    for secret in (PASSPHRASE, b"short"):
        with pytest.raises(Invalid):
            check_bundle(path, key, secret=secret)
    key = await export(database, ring, path)
    with pytest.raises(Invalid, match="holds no keys"):
        check_bundle(path, key, secret=PASSPHRASE)


async def test_any_span_of_time_verifies(database: Store, ring: KeyRing, small: Small, tmp_path: Path) -> None:
    times: list[datetime] = [row["at"] for row in await database.fetch("SELECT at FROM audit_log ORDER BY at")]
    path = tmp_path / "part.tar"
    for since, until in [(None, times[3]), (times[2], times[6]), (times[5], None), (times[7], times[8]), (now(), None)]:
        key = await export(database, ring, path, since=since, until=until)
        report = check_bundle(path, key)
        assert report.ok, (since, until, report.faults)
        inside = [at for at in times if (since is None or at >= since) and (until is None or at < until)]
        assert report.records >= len(inside)
        assert report.tree is not None
        assert report.tree.size == len(small.rows)


async def test_rows_that_are_not_in_the_tree_yet_are_counted(database: Store, ring: KeyRing, tmp_path: Path) -> None:
    small = await small_log(database, ring)
    report = check_bundle(tmp_path / "x.tar", await export(database, ring, tmp_path / "x.tar"))
    assert report.tree is not None
    assert (report.ok, report.tree.size, report.tree.outside) == (True, 0, len(small.rows))


async def test_every_change_of_a_file_is_found_or_changes_nothing(
    database: Store, ring: KeyRing, small: Small, tmp_path: Path
) -> None:
    path = tmp_path / "log.tar"
    key = await export(database, ring, path)
    raw = path.read_bytes()
    good = check_bundle(path, key)
    with tarfile.open(path) as archive:
        inside = {n for m in archive for n in range(m.offset_data, m.offset_data + m.size)}
    changed = tmp_path / "changed.tar"
    missed = []
    for at in range(0, len(raw), 61):
        copy = bytearray(raw)
        copy[at] ^= 0x40
        changed.write_bytes(copy)
        try:
            report = check_bundle(changed, key)
        except Invalid:
            continue  # no tar file any more
        # What fills a tar file up, and the times of files, are not part of what was exported.
        if report.ok and (at in inside or report.records != good.records):
            missed.append(at)
    assert missed == []
    for length in range(0, len(raw) - 10_240, 1499):
        changed.write_bytes(raw[:length])
        try:
            assert not check_bundle(changed, key).ok, length
        except Invalid:
            assert length < 512


async def test_files_taken_out_put_in_or_exchanged(
    database: Store, ring: KeyRing, small: Small, tmp_path: Path
) -> None:
    path, other = tmp_path / "log.tar", tmp_path / "other.tar"
    key = await export(database, ring, path)
    await export(database, ring, other, until=small_middle(small))

    def files(of: Path) -> dict[str, bytes]:
        with tarfile.open(of) as archive:
            return {m.name: archive.extractfile(m).read() for m in archive}  # type: ignore[union-attr]

    def put(content: dict[str, bytes]) -> list[str]:
        made = tmp_path / "made.tar"
        with tarfile.open(made, "w") as archive:
            for name, data in content.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        return [fault.verdict.value for fault in check_bundle(made, key).faults]

    content = files(path)
    assert put(content) == []
    for name in content:
        assert put({k: v for k, v in content.items() if k != name}), name
        assert put({**content, name: content[name] + b"\n"}), name
        if name in files(other) and files(other)[name] != content[name]:
            assert put({**content, name: files(other)[name]}), name
    assert put({**content, "more": b""}) == ["modified"]
    # A forger who signs anew has another key.
    forger = Sealer(database, KeyRing.create(tmp_path / "forger.json"), now).key
    assert [fault.verdict for fault in check_bundle(path, forger).faults] == ["wrong key"]
    (tmp_path / "text").write_text("no tar file")
    with pytest.raises(Invalid):
        check_bundle(tmp_path / "text", key)


def small_middle(small: Small) -> datetime:
    return moment(sorted(row.at for row in small.rows)[len(small.rows) // 2])


async def test_a_log_that_was_tampered_with_makes_an_export_that_says_so(
    database: Store, ring: KeyRing, small: Small, tmp_path: Path
) -> None:
    await database.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
    await database.execute("UPDATE audit_log SET request = 'r9' WHERE stream = $1 AND seq = 1", small.b)
    await database.execute("DELETE FROM audit_log WHERE stream = $1 AND seq = 1", small.a)
    report = check_bundle(tmp_path / "x.tar", await export(database, ring, tmp_path / "x.tar"))
    verdicts = {(fault.verdict.value, fault.stream, fault.seq) for fault in report.faults}
    assert verdicts == {("modified", small.b, 1), ("missing", small.a, 1)}


async def test_an_export_that_goes_back_behind_a_kept_checkpoint(
    database: Store, ring: KeyRing, tmp_path: Path
) -> None:
    await small_log(database, ring)
    first = await seal(database, ring)
    path = tmp_path / "x.tar"
    key = await export(database, ring, path)
    await small_log(database, ring)
    later = await seal(database, ring)
    assert check_bundle(path, key, known=[first]).ok
    assert [fault.verdict for fault in check_bundle(path, key, known=[later]).faults] == ["rolled back"]
