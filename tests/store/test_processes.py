from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.store import processes
from gateway.store.embedded import EmbeddedServer
from gateway.store.processes import clear_orphans, is_server


def test_only_a_postgresql_of_this_directory(server: EmbeddedServer, tmp_path: Path) -> None:
    pid = server.pid()
    assert pid is not None
    assert is_server(pid, server.pgdata)
    assert not is_server(pid, tmp_path)
    assert not is_server(os.getpid(), server.pgdata)
    assert not is_server(2**22 + 1, server.pgdata)


def test_what_a_killed_server_left_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PATIENCE_S", 0.2)
    sleep = shutil.which("sleep")
    assert sleep is not None
    shutil.copy(sleep, tmp_path / "postgres")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    orphan = subprocess.Popen([tmp_path / "postgres", "60"], cwd=tmp_path)
    other = subprocess.Popen([tmp_path / "postgres", "60"], cwd=elsewhere)
    try:
        clear_orphans(tmp_path)
        assert orphan.poll() is not None
        assert other.poll() is None
        clear_orphans(tmp_path)
    finally:
        other.kill()
        other.wait()
