from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from gateway.store.acl import ATTRIBUTE, allow_search, may_search

NOBODY = 65534

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not hasattr(os, "setxattr"), reason="needs root on Linux")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    if not allow_search(folder, 12345):
        pytest.skip("this file system keeps no access control lists")
    os.removexattr(folder, ATTRIBUTE)
    folder.chmod(0o700)
    for above in folder.parents:
        allow_search(above, NOBODY) if not may_search(above, NOBODY) else None
    return folder


def enters(folder: Path, uid: int) -> bool:
    done = subprocess.run(["test", "-d", f"{folder}/."], user=uid, group=uid, extra_groups=[], check=False)
    return done.returncode == 0


def test_one_user_may_pass_and_nobody_else(folder: Path) -> None:
    assert not may_search(folder, NOBODY)
    assert not enters(folder, NOBODY)
    assert allow_search(folder, NOBODY)
    assert may_search(folder, NOBODY)
    assert enters(folder, NOBODY)
    assert not may_search(folder, 4321)
    assert not enters(folder, 4321)
    assert folder.stat().st_mode & 0o007 == 0


def test_a_second_user_joins_the_first(folder: Path) -> None:
    assert allow_search(folder, NOBODY)
    assert allow_search(folder, 4321)
    assert allow_search(folder, 4321)
    assert enters(folder, NOBODY)
    assert may_search(folder, 4321)


def test_what_a_mask_held_back_stays_back(folder: Path) -> None:
    assert allow_search(folder, NOBODY)
    folder.chmod(0o700)  # on a folder with a list, the group bits are the mask
    assert not may_search(folder, NOBODY)
    assert allow_search(folder, 4321)
    assert not may_search(folder, NOBODY)
    assert not enters(folder, NOBODY)


def test_plain_modes(folder: Path) -> None:
    folder.chmod(0o701)
    assert may_search(folder, NOBODY)
    os.chown(folder, NOBODY, NOBODY)
    folder.chmod(0o601)
    assert not may_search(folder, NOBODY)
    folder.chmod(0o700)
    assert may_search(folder, NOBODY)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_where_it_cannot_be_it_says_so(tmp_path: Path) -> None:
    assert not allow_search(Path("/proc/self"), NOBODY)
