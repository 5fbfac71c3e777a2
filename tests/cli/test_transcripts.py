"""The command line as people and scripts use it: what goes in, what comes out, and the exit code."""

from __future__ import annotations

import json
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from gateway.app.sample import load_documents
from gateway.cli import COMMANDS, Shelf, app
from gateway.errors import Broken
from tests.cli.conftest import Run, run_command


def test_init_makes_a_directory_only_its_owner_can_read_the_keys_of(home: Path) -> None:
    assert {"gateway.yaml", "keys", "policies"} <= {path.name for path in home.iterdir()}
    for name in ("keyring.json", "admin.key"):
        assert stat.S_IMODE((home / "keys" / name).stat().st_mode) == 0o600
    assert (home / "keys" / "admin.key").read_text().startswith("gw_")


def test_init_twice_is_refused_and_changes_nothing(home: Path) -> None:
    before = (home / "keys" / "keyring.json").read_bytes()
    said = run_command("init", str(home))
    assert said.code == 2
    assert "is there already" in said.err
    assert (home / "keys" / "keyring.json").read_bytes() == before


def test_init_names_the_next_command_so_that_it_can_be_copied(tmp_path: Path) -> None:
    home = tmp_path / "Büro Süd"
    said = run_command("init", str(home))
    assert said.code == 0
    assert said.err.splitlines()[-1] == f"next: gateway serve --config '{home}/gateway.yaml'"


def test_init_of_the_sample_that_was_cut_short_is_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def cut_short(*about: Any) -> AsyncIterator[str]:
        async for line in load_documents(*about):
            yield line
            raise Broken("cut short")

    home = tmp_path / "house"
    with monkeypatch.context() as patched:
        patched.setattr("gateway.cli.setup.load_documents", cut_short)
        assert run_command("init", str(home), "--sample").code == 1
    ring = (home / "keys" / "keyring.json").read_bytes()
    said = run_command("init", str(home), "--sample")
    assert said.code == 0, said.err
    assert (home / "keys" / "keyring.json").read_bytes() == ring
    assert (home / "keys" / "hana.key").read_text().startswith("gw_")
    assert "On-call duty" in run_command("document", "list", "-k", "hr", "--as", "hr", "--config", str(home)).out


def test_init_where_no_folder_can_be_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = run_command("init", str(tmp_path / "file" / "house"))
    assert said.code == 2
    assert f"error: cannot use {tmp_path / 'file' / 'house'}: not a directory" in said.err


def test_ingest_of_an_empty_folder_says_that_it_is(gateway: Run, tmp_path: Path) -> None:
    said = gateway("ingest", str(tmp_path), "-k", "handbook")
    assert said.code == 0
    assert said.out == "no files there\n"


def test_ingest_skips_what_is_unchanged_and_names_what_failed(gateway: Run, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Parking\n\nMs Jane Roe opens the car park at six.\n")
    (tmp_path / "b.pdf").write_bytes(b"not a pdf")
    first = gateway("ingest", str(tmp_path), "-k", "handbook", "--label", "internal", "--json")
    assert first.code == 1
    rows = {row["source"]: row for row in json.loads(first.out)["documents"]}
    assert rows["a.md"]["status"] == "new"
    assert rows["b.pdf"]["code"] == "unsupported_file"
    again = gateway("ingest", str(tmp_path / "a.md"), "-k", "handbook", "--label", "internal")
    assert again.code == 0
    assert "1 unchanged" in again.out


def test_search_and_ask_see_what_the_role_may_see(gateway: Run, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Parking\n\nMs Jane Roe opens the car park at six.\n")
    gateway("ingest", str(tmp_path / "a.md"), "-k", "handbook", "--label", "internal")
    found = gateway("search", "who opens the car park", "-k", "handbook", "--as", "employee")
    assert found.code == 0
    assert "[PERSON]" in found.out
    assert "Jane" not in found.out
    assert "withheld: PERSON" in found.err
    answer = gateway("ask", "who opens the car park?", "-k", "handbook", "--as", "employee", "--explain")
    assert answer.code == 0
    assert "car park at six" in answer.out
    assert "extractive (local)" in answer.out
    refused = gateway("ask", "who opens the car park?", "-k", "handbook", "--as", "operator")
    assert refused.code == 1


def test_redact_text_and_jsonl(gateway: Run) -> None:
    plain = gateway("redact", "-", stdin="mail jane.roe@example.com\n")
    assert plain.code == 0
    assert plain.out.startswith("mail [EMAIL_ADDRESS_")
    lines = gateway("redact", "-", "--jsonl", stdin='{"id": 7, "text": "mail jane.roe@example.com"}\n')
    row = json.loads(lines.out)
    assert row["id"] == 7
    assert row["spans"][0]["type"] == "EMAIL_ADDRESS"
    assert row["redacted"] == plain.out.rstrip("\n")
    bad = gateway("redact", "-", "--jsonl", stdin='{"id": 7}\n')
    assert bad.code == 1
    assert json.loads(bad.out) == {"id": 7, "line": 1, "error": '"text" is missing or is no text'}


def test_the_life_of_a_key(gateway: Run) -> None:
    made = gateway("key", "create", "--name", "robot", "--role", "employee", "--expires", "30d", "--json")
    key = json.loads(made.out)
    assert key["secret"].startswith("gw_")
    listed = json.loads(gateway("key", "list", "--json").out)
    assert "robot" in {one["name"] for one in listed}
    assert key["secret"] not in json.dumps(listed)
    fresh = gateway("key", "rotate", "robot", "--json")
    assert json.loads(fresh.out)["secret"] != key["secret"]
    assert gateway("key", "revoke", "robot").code == 0
    assert gateway("key", "revoke", "robot").code == 1
    typo = gateway("key", "create", "--name", "x", "--role", "emploee")
    assert typo.code == 2
    assert "employee" in typo.err


def test_policy_check_names_file_and_line(gateway: Run, home: Path, tmp_path: Path) -> None:
    assert gateway("policy", "check").code == 0
    folder = tmp_path / "policies"
    folder.mkdir()
    for path in (home / "policies").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    access = (folder / "access.csv").read_text()
    (folder / "access.csv").write_text(access + "p, employe, model:*, use, allow\n")
    said = gateway("policy", "check", str(folder))
    assert said.code == 1
    assert f"access.csv:{len(access.splitlines()) + 1}" in said.out
    assert "employee" in said.out
    refused = gateway("policy", "activate", str(folder))
    assert refused.code == 2
    assert "access.csv" in refused.err


def test_policy_test_explain_activate_rollback(gateway: Run, home: Path) -> None:
    tested = gateway("policy", "test")
    assert tested.code == 0, tested.out
    assert " 0 failed" in tested.out
    no = gateway("policy", "explain", "collection:hr", "read", "--as", "engineering")
    assert no.out.startswith("no: ")
    yes = gateway("policy", "explain", "collection:hr", "read", "--as", "hr")
    assert yes.out.startswith("yes: ")
    assert "access.csv:" in yes.out
    access = home / "policies" / "access.csv"
    before = access.read_text()
    access.write_text(before + "p, engineering, collection:hr, read, allow\n")
    try:
        assert gateway("policy", "activate", "--note", "for the test").code == 0
        assert gateway("policy", "explain", "collection:hr", "read", "--as", "engineering").out.startswith("yes: ")
        assert "for the test" in gateway("policy", "history").out
        assert gateway("policy", "rollback").code == 0
        assert gateway("policy", "explain", "collection:hr", "read", "--as", "engineering").out.startswith("no: ")
    finally:
        access.write_text(before)


def test_audit_shows_and_verifies(gateway: Run) -> None:
    shown = gateway("audit", "show", "--limit", "5", "--reason", "a test", "--json")
    assert shown.code == 0
    assert len(json.loads(shown.out)["records"]) == 5
    verified = gateway("audit", "verify")
    assert verified.code == 0, verified.out
    assert "the log verifies" in verified.out
    assert gateway("audit", "show", "no-such-request", "--reason", "a test").code == 1
    silent = gateway("audit", "show", "--limit", "5")
    assert (silent.code, silent.out) == (2, "")
    assert "needs a reason" in silent.err


def test_models_collections_and_documents_lists(gateway: Run) -> None:
    assert "extractive" in gateway("models", "list").out
    assert "handbook" in gateway("collection", "list", "--as", "employee").out
    documents = json.loads(gateway("document", "list", "-k", "handbook", "--as", "employee", "--json").out)
    one = documents["documents"][0]["id"]
    assert one in gateway("document", "show", one, "--as", "employee").out
    assert gateway("document", "show", one, "--as", "operator").code == 1


def test_doctor_finds_nothing_wrong(gateway: Run) -> None:
    said = gateway("doctor", "--json")
    report = json.loads(said.out)
    assert report["ok"], [check for check in report["checks"] if check["state"] == "problem"]
    origins = {value["name"]: value["from"] for value in report["settings"]}
    assert origins["database.url"] == "environment GATEWAY_DATABASE__URL"
    assert origins["server.port"] == "gateway.yaml:7"
    url = next(value["value"] for value in report["settings"] if value["name"] == "database.url")
    assert set(url) == {"*"}


def test_a_key_ring_others_can_read_is_refused(home: Path, gateway: Run) -> None:
    ring = home / "keys" / "keyring.json"
    ring.chmod(0o644)
    try:
        said = gateway("models", "list")
    finally:
        ring.chmod(0o600)
    assert said.code == 2
    assert "chmod 600" in said.err


def test_a_port_in_use_is_named(gateway: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = gateway("serve", "--port", str(port))
    assert said.code == 2
    assert str(port) in said.err
    assert "--port" in said.err


def test_no_configuration_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = run_command("models", "list")
    assert said.code == 2
    assert "gateway init" in said.err


def test_an_unknown_setting_is_refused_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text("server:\n  prot: 8080\n")
    said = run_command("models", "list", "--config", str(tmp_path))
    assert said.code == 2
    assert "gateway.yaml:2" in said.err
    assert "did you mean port?" in said.err


def test_a_role_that_is_not_there(gateway: Run) -> None:
    said = gateway("search", "x", "-k", "handbook", "--as", "emperor")
    assert said.code == 2
    assert "employee" in said.err


def commands(group: Any, *words: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *words, name)
        else:
            yield (*words, name)


EVERY = list(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_has_help(words: tuple[str, ...]) -> None:
    said = run_command(*words, "--help")
    assert said.code == 0
    assert said.out.startswith(f"Usage: gateway {' '.join(words)}")
    assert len(said.out.splitlines()) > 3


def test_there_are_many_commands() -> None:
    assert len(EVERY) > 40


@pytest.mark.parametrize("name", COMMANDS)
def test_a_line_of_help_fits_and_is_a_sentence(name: str) -> None:
    line = COMMANDS[name][1]
    assert line.endswith(".")
    assert len(line) < 62


@pytest.mark.parametrize("name", sorted({words[0] for words in EVERY if len(words) > 1}))
def test_a_group_says_of_itself_what_help_says_of_it(name: str) -> None:
    assert Shelf()[name].help == COMMANDS[name][1]


def test_help_loads_no_command() -> None:
    code = (
        "import sys; from gateway.cli import app; from gateway.cli.failing import guarded\n"
        "sys.argv = ['gateway', '--help']\n"
        "try: guarded(app)\n"
        "finally: print(sorted(m for m in sys.modules if m.startswith('gateway')), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "  audit " in done.stdout
    assert done.stderr.strip() == str(
        ["gateway", "gateway.cli", "gateway.cli.failing", "gateway.cli.show", "gateway.errors"]
    )


def test_a_command_misspelt_is_told_the_nearest() -> None:
    said = run_command("redct")
    assert said.code == 2
    assert "Did you mean 'redact'" in said.err
