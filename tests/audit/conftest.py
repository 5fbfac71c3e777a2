"""What tests of keys share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.crypto.ringfile import RingFile
from gateway.store import Store
from tests.audit.rotation import Process
from tests.audit.support import now


@pytest.fixture
def ring_file(tmp_path: Path) -> RingFile:
    file = RingFile(tmp_path / "ring.json")
    file.create(now())
    return file


@pytest.fixture
async def two(database: Store, ring_file: RingFile) -> AsyncIterator[tuple[Process, Process]]:
    """Two processes over one database, which follow when they are told to: nothing waits for a heartbeat."""
    both = Process(database, ring_file, "a"), Process(database, ring_file, "b")
    for one in both:
        await one.table.start()
        assert one.table._task is not None
        one.table._task.cancel()
    yield both
    for one in both:
        await one.table.close()
