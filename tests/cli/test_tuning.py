"""`gateway tune`: what it says where there is too little to learn from."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run


def test_too_little_is_told_and_nothing_is_kept(gateway: Run, home: Path, tmp_path: Path) -> None:
    note = tmp_path / "note.md"
    note.write_text("# Bicycles\n\nBicycles stand in the yard behind the house, under a roof of their own.\n")
    assert gateway("ingest", str(note), "--collection", "tuned").code == 0
    report = tmp_path / "report.json"
    done = gateway("tune", "--collection", "tuned", "--report", str(report))
    assert done.code == 0, done.err
    assert "not accepted" in done.out
    figures = json.loads(report.read_text())
    assert (figures["accepted"], figures["adapter"], figures["passages"]) == (False, None, 1)
    assert not list(home.rglob("*.npz"))
    again = gateway("tune", "--collection", "tuned", "--report", str(report))
    assert (again.code, "exists already" in again.err) == (2, True)
    assert gateway("tune", "--collection", "none").code == 1
    assert gateway("collection", "delete", "tuned", "--yes").code == 0
