"""The key ring file: in the clear, under a key given in base64, under a key service; and what reads none of them."""

from __future__ import annotations

import base64
import os
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from gateway.crypto import KeyRing, Secret
from gateway.crypto.ringfile import KekLock, RingCommand, RingFile, TransitLock, next_id, rewritten, with_key
from gateway.crypto.transit import Transit
from gateway.errors import BadKeyRing, Conflict, KeyServiceRefused
from tests.simulators.transit import TransitSimulator

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def kek() -> KekLock:
    return KekLock(Secret(base64.b64encode(os.urandom(32)).decode() + "\n"))


def transit(server: TransitSimulator, token: str = "hvs.of-the-gateway") -> TransitLock:
    return TransitLock(Transit(server.url, "gateway", Secret(token)))


def test_sealed_by_a_key_it_comes_back_and_holds_nothing_in_the_clear(tmp_path: Path) -> None:
    file = RingFile(tmp_path / "keys" / "ring.json", kek())
    data = file.create(NOW)
    assert file.read() == data
    raw = file.path.read_bytes()
    assert orjson.loads(raw)["lock"] == "kek"
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    for secret in [orjson.loads(data)["root"], orjson.loads(data)["keys"]["k1"]["secret"]]:
        assert secret.encode() not in raw
        assert base64.b64decode(secret) not in base64.b64decode(orjson.loads(raw)["sealed"])
    with pytest.raises(BadKeyRing, match=r"keys\.kek does not open"):
        RingFile(file.path, kek()).read()
    with pytest.raises(BadKeyRing, match="sealed by another means"):
        RingFile(file.path).read()
    with pytest.raises(Conflict):
        file.create(NOW)


def test_every_changed_byte_of_a_sealed_ring_is_noticed() -> None:
    lock = kek()
    sealed = base64.b64decode(lock.seal(b"ring"))
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(BadKeyRing):
            lock.open(base64.b64encode(changed).decode())
        with pytest.raises(BadKeyRing):
            lock.open(base64.b64encode(sealed[:place]).decode())
    with pytest.raises(BadKeyRing):
        lock.open("not base64")


@pytest.mark.parametrize("given", ["", "short", "A" * 43, base64.b64encode(bytes(31)).decode(), "ä" * 44])
def test_a_key_that_is_none_is_refused_and_not_shown(given: str) -> None:
    with pytest.raises(BadKeyRing, match="32 bytes in base64") as caught:
        KekLock(Secret(given))
    assert not given or given not in str(caught.value)


def test_a_stolen_disk_opens_nothing_without_the_key_service(tmp_path: Path) -> None:
    with TransitSimulator() as server:
        file = RingFile(tmp_path / "ring.json", transit(server))
        data = file.create(NOW)
        assert file.read() == data
        assert base64.b64encode(data) not in file.path.read_bytes()
        assert KeyRing.parse(data, "it").root.reveal() not in base64.b64decode(
            file.path.read_bytes().split(b":")[-1][:-3]
        )
        with pytest.raises(KeyServiceRefused, match="403"):
            RingFile(file.path, transit(server, "hvs.stolen")).read()
        # A newer version of the service's key, without the ring in the clear on the way.
        server.keys["gateway"].rotate()
        server.seen.clear()
        file.reseal()
        assert [path for path, _ in server.seen] == ["/v1/transit/rewrap/gateway"]
        server.keys["gateway"].min_decryption_version = 2
        assert file.read() == data


def test_resealing_from_the_clear_and_from_another_key(tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    KeyRing.create(path)
    plain, first, second = path.read_bytes(), kek(), kek()
    with pytest.raises(BadKeyRing, match="not sealed") as caught:
        RingFile(path, first).read()
    assert "reseal" in caught.value.hint
    with pytest.raises(BadKeyRing, match="nothing is set"):
        RingFile(path).reseal()
    RingFile(path, first).reseal()
    assert RingFile(path, first).read() == plain
    with pytest.raises(BadKeyRing):
        RingFile(path, second).reseal()
    RingFile(path, second).reseal(first)
    assert RingFile(path, second).read() == plain
    RingFile(path, second).reseal()
    assert RingFile(path, second).read() == plain
    with TransitSimulator() as server:
        with pytest.raises(BadKeyRing, match="--before"):
            RingFile(path, transit(server)).reseal()
        RingFile(path, transit(server)).reseal(second)
        assert RingFile(path, transit(server)).read() == plain
    assert list(tmp_path.iterdir()) == [path]


def test_who_changes_the_ring_is_alone(tmp_path: Path) -> None:
    file = RingFile(tmp_path / "ring.json")
    data = file.create(NOW)
    with file.alone(), pytest.raises(Conflict, match="another command"):
        RingFile(file.path, kek()).reseal()
    assert file.read() == data
    with pytest.raises(BadKeyRing, match="cannot be opened"), RingFile(tmp_path / "none" / "ring.json").alone():
        pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = RingFile(tmp_path / "away" / "ring.json")
    with pytest.raises(BadKeyRing, match="cannot be written"):
        file.write(b"{}")


def test_something_else_is_never_sealed_as_a_ring(tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    path.write_bytes(b"{}")
    path.chmod(0o600)
    with pytest.raises(BadKeyRing):
        RingFile(path, kek()).reseal()
    assert path.read_bytes() == b"{}"


@pytest.mark.parametrize("locked", [False, True])
def test_writing_leaves_the_old_ring_or_the_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locked: bool) -> None:
    file = RingFile(tmp_path / "ring.json", kek() if locked else None)
    data = file.create(NOW)
    more = with_key(data, "k2", NOW)

    def full(descriptor: int) -> None:
        raise OSError(28, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(BadKeyRing, match="cannot be written"):
            file.write(more)
    assert file.read() == data
    assert list(tmp_path.iterdir()) == [file.path]
    file.write(more)
    assert file.read() == more
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_keys_are_added_taken_out_and_never_named_twice(tmp_path: Path) -> None:
    data = with_key(RingFile(tmp_path / "ring.json").create(NOW), "k2", NOW)
    both = KeyRing.parse(data, "it")
    assert (both.current, sorted(both.keys)) == ("k1", ["k1", "k2"])
    one = KeyRing.parse(rewritten(data, current="k2", gone={"k1", "k9"}), "it")
    assert (one.current, list(one.keys), one.root) == ("k2", ["k2"], both.root)
    assert next_id({"k1", "k12", "k2", "mine", "kx"}) == "k13"
    assert next_id(()) == "k1"


def command(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_a_command_keeps_what_another_prints(tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    KeyRing.create(path)
    keep = command(f"import sys; open({str(path)!r}, 'wb').write(sys.stdin.buffer.read())")
    source = RingCommand(("cat", str(path)), keep)
    more = with_key(source.read(), "k2", NOW)
    source.write(more)
    assert source.read() == more
    with pytest.raises(BadKeyRing, match="none is set that keeps it"):
        RingCommand(("cat", str(path))).write(more)


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("/no/such/program",), "cannot be started"),
        (command("raise SystemExit(3)"), "exit code 3"),
        (command("import time; time.sleep(60)"), "longer than"),
    ],
)
def test_a_command_that_keeps_nothing(argv: tuple[str, ...], says: str) -> None:
    with pytest.raises(BadKeyRing, match=says):
        RingCommand(("true",), argv, timeout_s=1.0).write(b"{}")
