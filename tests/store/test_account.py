from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from gateway.errors import BadSettings
from gateway.store.account import Account, account

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands files to others")


def test_ourselves_unless_root(tmp_path: Path) -> None:
    who = account(tmp_path / "new")
    if os.geteuid() == 0:
        assert who.uid not in (None, 0)
        assert who.gid not in (None, 0)
    else:
        assert who == Account(None, None)


@root_only
def test_root_runs_it_as_the_datas_owner(tmp_path: Path) -> None:
    os.chown(tmp_path, 4321, 1234)
    assert account(tmp_path) == Account(4321, 1234)
    os.chown(tmp_path, 0, 0)
    with pytest.raises(BadSettings, match="belongs to root"):
        account(tmp_path)


def test_as_ourselves_nothing_is_changed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "in").mkdir()
    who = Account(None, None)
    who.reach(closed / "in")
    who.own(closed)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@root_only
def test_folders_above_can_be_passed_but_not_read(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "in").mkdir(mode=0o700)
    (closed / "other").mkdir(mode=0o700)
    assert not _passes(closed / "in")
    Account(65534, 65534).reach(closed / "in")
    assert _passes(closed / "in")
    assert not _lists(closed)
    assert stat.S_IMODE((closed / "in").stat().st_mode) == 0o700
    assert stat.S_IMODE((closed / "other").stat().st_mode) == 0o700


@root_only
def test_without_access_control_lists_everybody_may_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.store.account.allow_search", lambda folder, uid: False)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "in").mkdir(mode=0o700)
    Account(65534, 65534).reach(closed / "in")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o701


def _passes(path: Path) -> bool:
    return _as_nobody("test", "-d", str(path / "."), "-o", "-d", str(path))


def _lists(path: Path) -> bool:
    return _as_nobody("ls", str(path))


def _as_nobody(*argv: str) -> bool:
    done = subprocess.run(argv, user=65534, group=65534, extra_groups=[], capture_output=True, check=False)
    return done.returncode == 0


@root_only
def test_programs_installed_under_a_strict_umask_become_usable(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir(mode=0o700)
    (tmp_path / "lib").mkdir(mode=0o700)
    for name, mode in (("bin/postgres", 0o700), ("lib/vector.so", 0o600)):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(mode)
    (tmp_path / "lib" / "link.so").symlink_to("/nonexistent")
    Account(65534, 65534).readable(tmp_path)
    assert stat.S_IMODE((tmp_path / "bin").stat().st_mode) == 0o705
    assert stat.S_IMODE((tmp_path / "bin/postgres").stat().st_mode) == 0o705
    assert stat.S_IMODE((tmp_path / "lib/vector.so").stat().st_mode) == 0o604
