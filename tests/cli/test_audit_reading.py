"""`gateway audit search|export|reindex|show --reveal`, as a person uses them."""

from __future__ import annotations

import json
import re
import tarfile
from pathlib import Path

import pytest

from gateway.cli.audit_reading import moment
from gateway.errors import Invalid
from tests.cli.conftest import Run

WHY = ("--reason", "a test")


@pytest.fixture
def asked(gateway: Run) -> None:
    assert gateway("redact", "-", stdin="mail quentin.oduya@example.org").code == 0


def test_search_finds_masked_and_show_reveals(gateway: Run, asked: None) -> None:
    found = gateway("audit", "search", "--action", "redact", "--entity", "EMAIL_ADDRESS", *WHY, "--json")
    assert found.code == 0, found.err
    page = json.loads(found.out)
    assert page["records"]
    assert all(record["masked"] and record["detail"]["name"] == "•••" for record in page["records"])
    request = page["records"][0]["request"]
    lines = gateway("audit", "search", "--request", request, *WHY).out.splitlines()
    assert re.search(r"redact .* [0-9a-f-]{36}/\d+$", lines[0])
    masked = json.loads(gateway("audit", "show", request, *WHY, "--json").out)
    shown = json.loads(gateway("audit", "show", request, *WHY, "--reveal", "--json").out)
    assert (masked["records"][0]["principal"], shown["records"][0]["principal"]) == ("•••", "local")
    revealed = json.loads(gateway("audit", "search", "--action", "audit.reveal", *WHY, "--json").out)["records"]
    assert {(r["detail"]["stream"], r["detail"]["seq"]) for r in revealed} >= {
        (r["stream"], r["seq"]) for r in shown["records"]
    }
    assert gateway("audit", "search", "--user", "nobody at all", *WHY).out == ""


@pytest.mark.parametrize(
    "words",
    [
        ("search",),
        ("search", "--decision", "maybe", *WHY),
        ("search", "--since", "yesterday", *WHY),
        ("search", "--after", "x", *WHY),
        ("show", "--reveal", *WHY),
        ("export", "--without-keys", "--output", "x.tar"),
        ("export", "--without-keys", *WHY),
        ("export", "--format", "csv", *WHY),
        ("verify", "no-such.tar"),
        ("verify", "--index", "--without-keys"),
    ],
)
def test_what_cannot_be_done_is_said(
    gateway: Run, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = gateway("audit", *words)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: ")
    assert list(tmp_path.iterdir()) == []


def test_an_export_verifies(gateway: Run, asked: None, tmp_path: Path) -> None:
    key = gateway("audit", "key").out.strip()
    file = tmp_path / "log.tar"
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("umbrella\n")
    made = gateway("audit", "export", "--output", str(file), "--passphrase-file", str(passphrase), *WHY)
    assert made.code == 0, made.err
    assert file.stat().st_mode & 0o077 == 0
    good = gateway("audit", "verify", str(file), "--key", key, "--passphrase-file", str(passphrase))
    assert good.code == 0, good.out
    assert "opened with the keys" in good.out
    assert gateway("audit", "export", "--output", str(file), "--without-keys", *WHY).code == 2
    again = tmp_path / "again.tar"
    assert gateway("audit", "export", "--output", str(again), "--without-keys", *WHY).code == 0
    with tarfile.open(again) as archive:
        assert "keys.jsonl" not in archive.getnames()
    told = gateway("audit", "verify", str(again), "--key", key, "--json")
    assert json.loads(told.out)["ok"] is True
    raw = bytearray(again.read_bytes())
    raw[raw.index(b'"sealed"') + 12] ^= 1
    again.write_bytes(raw)
    bad = gateway("audit", "verify", str(again), "--key", key)
    assert bad.code == 1
    assert "modified: export: rows/000000.jsonl is not the one that was signed" in bad.out


@pytest.mark.parametrize("form", ["jsonl", "ocsf"])
def test_lines_for_a_siem(gateway: Run, asked: None, form: str, tmp_path: Path) -> None:
    file = tmp_path / "lines"
    assert gateway("audit", "export", "--format", form, "--output", str(file), *WHY).code == 0
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(lines) > 1
    if form == "ocsf":
        assert {line["class_uid"] for line in lines} == {6003}
        assert {line["actor"]["user"]["uid"] for line in lines} <= {"•••", "unknown"}
    else:
        assert {line.get("principal", "•••") for line in lines} == {"•••"}
        times = [line["at"] for line in lines]
        assert times == sorted(times)
    revealed = tmp_path / "revealed"
    assert gateway("audit", "export", "--format", form, "--output", str(revealed), "--reveal", *WHY).code == 0
    assert '"local"' in revealed.read_text()


def test_the_index_is_made_anew(gateway: Run, asked: None) -> None:
    done = gateway("audit", "reindex")
    assert re.fullmatch(r"\d+ records indexed\n", done.out), done.err
    verified = gateway("audit", "verify", "--index")
    assert verified.code == 0, verified.out
    assert "the search index fits the log" in verified.out


def test_a_silent_witness_is_told_of_and_is_a_fault_to_who_insists(
    gateway: Run, asked: None, home: Path, tmp_path: Path
) -> None:
    assert gateway("audit", "verify", "--require-witnesses").code == 0
    settings = home / "gateway.yaml"
    before = settings.read_text()
    away = {"kind": "database", "dsn": "postgresql:///postgres?host=/nowhere"}
    witnesses = json.dumps([{"kind": "file", "path": "audit/checkpoint"}, away])
    settings.write_text(f"{before}\naudit:\n  witnesses: {witnesses}\n")
    try:
        told = gateway("audit", "verify")
        insisted = gateway("audit", "verify", "--require-witnesses", "--json")
    finally:
        settings.write_text(before)
    assert told.code == 0, told.out
    assert re.search(r"^witness file checkpoint: agrees at size \d+$", told.out, re.MULTILINE)
    assert "\nwarning: witness database: not reached\n" in told.out
    assert insisted.code == 1
    report = json.loads(insisted.out)
    assert [(one["name"], one["what"]) for one in report["witnesses"]] == [
        ("file checkpoint", "agrees"),
        ("database", "not reached"),
    ]
    assert (report["ok"], [one["verdict"] for one in report["faults"]]) == (False, ["not witnessed"])
    assert gateway("audit", "verify", str(tmp_path), "--key", "k", "--require-witnesses").code == 2


def test_times_are_read_as_people_write_them() -> None:
    day = moment("2026-01-31", "since")
    assert day is not None
    assert day.isoformat() == "2026-01-31T00:00:00+00:00"
    zoned = moment("2026-01-31T12:00:00+02:00", "since")
    assert zoned is not None
    assert zoned.isoformat() == "2026-01-31T10:00:00+00:00"
    assert moment(None, "since") is None
    with pytest.raises(Invalid):
        moment("0001-01-01T00:00:00+05:00", "since")
