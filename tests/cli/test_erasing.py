"""`gateway audit erase` as people type it."""

from __future__ import annotations

import json
from pathlib import Path

from gateway.audit import VerifierKey, open_certificate
from tests.cli.conftest import Run

REASON = ("--reason", "ticket 12")


def test_a_dry_run_an_erasure_and_its_certificate(gateway: Run, tmp_path: Path) -> None:
    told = gateway("audit", "erase", "--value", "-", *REASON, "--dry-run", "--json", stdin="Quirina Falk\n")
    assert told.code == 0, told.err
    assert json.loads(told.out)["dry_run"] is True
    file = tmp_path / "erased.note"
    done = gateway("audit", "erase", "--subject", "quirina", *REASON, "--certificate", str(file), "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["counts"]["subject_keys"] == 0
    key = VerifierKey.parse(gateway("audit", "key").out.strip())
    assert open_certificate(file.read_bytes(), key)["erased"] == "subject"
    assert "quirina" not in file.read_text("utf-8")
    again = gateway("audit", "erase", "--subject", "quirina", *REASON, "--certificate", str(file))
    assert again.code == 2
    assert "exists already" in again.err


def test_it_takes_one_of_subject_and_value(gateway: Run) -> None:
    for words in ((), ("--subject", "a", "--value", "b")):
        said = gateway("audit", "erase", *REASON, *words)
        assert said.code == 2
        assert "name a subject or a value" in said.err
