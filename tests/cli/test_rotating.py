"""`gateway rotate-key`: the whole way through, refused where it must be, on record; and the ring's file sealed."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import orjson
import pytest

from gateway.cli.root import WITHHELD
from gateway.crypto.ringfile import next_id
from tests.cli.conftest import Run


def test_a_key_is_brought_in_and_the_old_one_leaves(gateway: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = home / "keys" / "keyring.json"
    old = orjson.loads(file.read_bytes())["current"]
    new = next_id([old])
    refused = gateway("rotate-key", "finish")
    assert (refused.code, "no key was brought in" in refused.err) == (2, True), refused.err
    started = gateway("rotate-key", "start", "--json")
    assert started.code == 0, started.err
    assert (
        f"back the key ring up: from `gateway rotate-key finish` on, nothing new opens without key {new}" in started.err
    )
    report = json.loads(started.out)
    assert (report["current"], report["next"], report["waiting"], report["problem"]) == (old, new, [], "")
    assert sorted(orjson.loads(file.read_bytes())["keys"]) == [old, new]
    assert file.stat().st_mode & 0o777 == 0o600
    finished = gateway("rotate-key", "finish")
    assert finished.code == 0, finished.err
    refused = gateway("rotate-key", "retire")
    assert refused.code == 2
    assert "audit_stream_keys" in refused.err
    done = gateway("rotate-key", "rewrap", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["current"] == new
    retired = gateway("rotate-key", "retire")
    assert retired.code == 0, retired.err
    written = orjson.loads(file.read_bytes())
    assert (written["current"], list(written["keys"])) == (new, [new])
    # What was recorded under the old key is read under the new one, the steps among it.
    found = gateway("audit", "search", "--action", "key.rotate.retire", "--reason", "a test", "--json")
    assert found.code == 0, found.err
    assert old in found.out

    monkeypatch.setenv("GATEWAY_KEYS__KEK", base64.b64encode(os.urandom(32)).decode())
    kek = os.environ["GATEWAY_KEYS__KEK"]
    plain = file.read_bytes()
    try:
        sealed = gateway("rotate-key", "reseal")
        assert (sealed.code, sealed.err) == (0, "the key ring is sealed by kek\n")
        assert orjson.loads(file.read_bytes())["lock"] == "kek"
        assert "GATEWAY_KEYS__KEK" not in os.environ
        WITHHELD.clear()  # as in another process
        without = gateway("rotate-key", "status")
        assert (without.code, "sealed by another means" in without.err) == (2, True)
        monkeypatch.setenv("GATEWAY_KEYS__KEK", kek)
        status = gateway("rotate-key", "status")
        assert status.code == 0, status.err
        assert kek not in status.out + status.err
        assert {"current", "retired", "kek"} <= set(status.out.split())
    finally:
        WITHHELD.clear()
        file.write_bytes(plain)
