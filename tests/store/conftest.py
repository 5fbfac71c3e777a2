"""Servers of a test's own, for tests that stop or kill them."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.store.embedded import EmbeddedServer


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A short path, so that the socket fits beside the data; whatever server is left there is ended afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="gw-"))
    yield folder
    with contextlib.suppress(Exception):
        EmbeddedServer(folder).stop("immediate")
    shutil.rmtree(folder, ignore_errors=True)
