from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.crypto.secret import Secret
from gateway.identity import Keys, create_admin_once
from gateway.identity import bootstrap as module
from gateway.store import Store


@pytest.fixture
def keys(database: Store, ring: KeyRing) -> Keys:
    return Keys(database, ring)


async def test_the_first_key_is_written_once_for_its_owner_only(keys: Keys, tmp_path: Path) -> None:
    path = tmp_path / "data" / "keys" / "admin.key"
    assert await create_admin_once(keys, path)
    text = path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    caller = await keys.authenticate(text.strip())
    assert (caller.name, caller.roles) == ("admin", frozenset({"admin"}))
    assert not await create_admin_once(keys, path)
    assert path.read_text(encoding="utf-8") == text
    assert [entry.name for entry in path.parent.iterdir()] == ["admin.key"]


async def test_not_again_after_the_file_was_put_away_or_the_key_revoked(keys: Keys, tmp_path: Path) -> None:
    path = tmp_path / "admin.key"
    assert await create_admin_once(keys, path)
    path.unlink()
    assert not await create_admin_once(keys, path)
    await keys.revoke("admin")
    assert not await create_admin_once(keys, path)
    assert not path.exists()


async def test_a_file_from_elsewhere_is_kept_beside(keys: Keys, tmp_path: Path) -> None:
    path = tmp_path / "admin.key"
    path.write_text("gw_old\n", encoding="utf-8")
    assert await create_admin_once(keys, path)
    assert (tmp_path / "admin.key.previous").read_text(encoding="utf-8") == "gw_old\n"
    await keys.authenticate(path.read_text(encoding="utf-8").strip())


async def test_no_key_is_in_force_that_could_not_be_written(
    keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _secret: Secret) -> None:
        raise OSError(28, "disk full")

    monkeypatch.setattr(module, "_write", full)
    with pytest.raises(OSError, match="disk full"):
        await create_admin_once(keys, tmp_path / "admin.key")
    assert await keys.list(revoked=True) == []
    monkeypatch.undo()
    assert await create_admin_once(keys, tmp_path / "admin.key")


async def test_workers_that_start_together_make_one(keys: Keys, tmp_path: Path) -> None:
    path = tmp_path / "admin.key"
    assert sorted(await asyncio.gather(*(create_admin_once(keys, path) for _ in range(4)))) == [
        False,
        False,
        False,
        True,
    ]
    await keys.authenticate(path.read_text(encoding="utf-8").strip())
