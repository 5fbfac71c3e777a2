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


def test_a_person_and_many_values_in_one_run(gateway: Run) -> None:
    words = ("audit", "erase", "--subject", "quirina", "--value", "Quirina Falk", "--value", "-", *REASON)
    done = gateway(*words, "--json", stdin="\nRuprecht Falk\n  \nq.falk@example.org\n")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert {"subject_keys", "vault"} <= told["counts"].keys()
    assert "hint" not in told
    facts = open_certificate(told["certificate"].encode(), VerifierKey.parse(gateway("audit", "key").out.strip()))
    assert facts["erased"] == "subject,value"
    assert len(facts["values"].split(",")) == 3


def test_whoever_forgets_a_person_alone_is_told_of_values(gateway: Run) -> None:
    told = gateway("audit", "erase", "--subject", "quirina", *REASON, "--dry-run")
    assert told.code == 0, told.err
    assert "erased with --value" in told.err
    assert "--value" in json.loads(gateway("audit", "erase", "--subject", "quirina", *REASON, "--json").out)["hint"]


def test_it_takes_a_subject_or_a_value(gateway: Run) -> None:
    said = gateway("audit", "erase", *REASON)
    assert said.code == 2
    assert "name a subject or a value" in said.err
    nothing = gateway("audit", "erase", *REASON, "--value", "-", stdin="\n \n")
    assert nothing.code == 2
    assert "no value was given" in nothing.err
