"""A worker killed twice while it ingests: a short run of `kill_ingest`, a process of its own and all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.kill_ingest import trial


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_killed_workers_lose_and_double_nothing(database_url: str, tmp_path: Path) -> None:
    found = await trial(tmp_path, database_url, files=120, kills=2)
    assert found["complete"], found
    assert found["kills"] == 2
