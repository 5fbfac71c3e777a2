"""Servers of a test's own, for tests that stop or kill them."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.store import open_store
from gateway.store.embedded import EmbeddedServer


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory whose server has been started, migrated and stopped; to be copied, never used."""
    folder = tmp_path_factory.mktemp("migrated")

    async def make() -> None:
        await (await open_store(None, folder)).close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, make()).result()
    assert EmbeddedServer(folder).pid() is None
    assert not (folder / "postgres" / "postmaster.pid").exists()
    return folder


@pytest.fixture
def bare_dir() -> Iterator[Path]:
    """An empty folder for a server of the test's own; the path is short, so that the socket fits beside the data."""
    folder = Path(tempfile.mkdtemp(prefix="gw-"))
    yield folder
    with contextlib.suppress(Exception):
        EmbeddedServer(folder).stop("immediate")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def data_dir(migrated: Path, bare_dir: Path) -> Path:
    """The same with a database in it, not running."""
    subprocess.run(["cp", "-a", f"{migrated}/.", str(bare_dir)], check=True)
    return bare_dir
