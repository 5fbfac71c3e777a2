"""`gateway redact` and `gateway restore` as people and scripts use them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import asyncpg
import pytest

from gateway.cli import redact
from tests.apart import run_apart
from tests.cli.conftest import Run, Said, run_command

LETTER = "Write to Ms Jane Roe, jane.roe@example.com, about account GB29 NWBK 6016 1331 9268 19.\n"


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without a data directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)
    return tmp_path


def rows(said: Said) -> list[dict[str, object]]:
    return [json.loads(line) for line in said.out.splitlines()]


# --- with a data directory --------------------------------------------------------------------------------------


def test_there_and_back(gateway: Run) -> None:
    made = gateway("redact", "-", stdin=LETTER)
    assert made.code == 0
    assert "Jane" not in made.out
    assert made.out.count("[") == 3
    back = gateway("restore", "-", stdin=made.out)
    assert back.code == 0
    assert back.out == LETTER


def test_who_had_nothing_redacted_gets_nothing_back(gateway: Run) -> None:
    made = gateway("redact", "-", stdin=LETTER)
    other = gateway("restore", "-", "--as", "hr", stdin=made.out)
    assert other.code == 0
    assert other.out == made.out
    assert other.err.strip() == "withheld: EMAIL_ADDRESS x1, IBAN_CODE x1, PERSON x1"


def test_not_kept_means_not_restored(gateway: Run) -> None:
    made = gateway("redact", "-", "--no-keep", "--as", "legal", stdin="mail once.only@example.org\n")
    assert gateway("restore", "-", "--as", "legal", stdin=made.out).out == made.out


def test_values_of_documents_return_by_right(gateway: Run, tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("# Note\n\nEmployee: Ivo Lindqvist\n")
    said = gateway("ingest", str(tmp_path / "note.md"), "-k", "hr", "--label", "internal", "--json")
    document = json.loads(said.out)["documents"][0]["document"]

    async def brought() -> str:
        connection = await asyncpg.connect(os.environ["GATEWAY_DATABASE__URL"])
        sql = "SELECT token FROM vault_places WHERE document = $1 AND token LIKE '[PERSON%'"
        try:
            return str(await connection.fetchval(sql, document))
        finally:
            await connection.close()

    token = run_apart(brought())
    assert gateway("restore", "-", "--as", "hr", stdin=token).out == "Ivo Lindqvist"
    for other in ("engineering", "admin"):
        assert gateway("restore", "-", "--as", other, stdin=token).out == token


def test_jsonl_keeps_order_ids_and_every_line(gateway: Run) -> None:
    lines = '{"id": 7, "text": "mail jane.roe@example.com", "n": 1}\n\n{"id": 8}\nnonsense\n{"text": "nothing"}'
    said = gateway("redact", "-", "--jsonl", stdin=lines)
    assert said.code == 1
    first, second, third, fourth = rows(said)
    assert list(first) == ["id", "text", "n", "redacted", "spans"]
    assert str(first["redacted"]).startswith("mail [EMAIL_ADDRESS_")
    assert second == {"id": 8, "line": 3, "error": '"text" is missing or is no text'}
    assert third == {"line": 4, "error": "not JSON"}
    assert fourth == {"text": "nothing", "redacted": "nothing", "spans": []}
    assert said.err.strip() == "error: 2 of 4 lines could not be used; the line out says why"
    again = json.dumps({"id": 7, "text": first["redacted"]})
    back = gateway("restore", "-", "--jsonl", stdin=again + "\n{\n")
    assert back.code == 1
    restored, bad = rows(back)
    assert restored["restored"] == "mail jane.roe@example.com"
    assert restored["counts"] == {"EMAIL_ADDRESS": 1}
    assert bad == {"line": 2, "error": "not JSON"}


def test_a_run_leaves_one_record_without_content(gateway: Run) -> None:
    gateway("redact", "-", "--jsonl", stdin='{"text": "mail jane.roe@example.com"}\n{\n')
    shown = json.loads(gateway("audit", "show", "--limit", "20", "--reason", "a test", "--json").out)["records"]
    one = next(record for record in shown if record.get("action") == "redact")
    detail = one["detail"]
    assert detail["spans"] == {"EMAIL_ADDRESS": 1}
    assert (detail["texts"], detail["failed"], detail["complete"]) == (1, 1, True)
    assert "jane.roe" not in json.dumps(one)
    gateway("restore", "-", stdin="[PERSON_0123456789ab]")
    shown = json.loads(gateway("audit", "show", "--limit", "20", "--reason", "a test", "--json").out)["records"]
    assert next(r for r in shown if r.get("action") == "restore")["detail"]["withheld"] == {"PERSON": 1}


def test_json_says_where_what_was_found(gateway: Run, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(LETTER)
    made = json.loads(gateway("redact", str(tmp_path / "letter.txt"), "--json").out)
    assert made["text"] == LETTER
    assert {LETTER[s["start"] : s["end"]] for s in made["spans"]} >= {"Jane Roe", "jane.roe@example.com"}
    back = json.loads(gateway("restore", "-", "--json", stdin=made["redacted"]).out)
    assert back["restored"] == LETTER
    assert back["counts"] == {"EMAIL_ADDRESS": 1, "IBAN_CODE": 1, "PERSON": 1}


def test_a_key_is_its_own_scope(gateway: Run) -> None:
    one, two = (
        json.loads(gateway("key", "create", "--name", name, "--role", "employee", "--json").out)["secret"]
        for name in ("scope-one", "scope-two")
    )
    made = gateway("redact", "-", "--as", one, stdin=LETTER)
    assert gateway("redact", "-", "--as", two, stdin=LETTER).out != made.out
    assert gateway("restore", "-", "--as", one, stdin=made.out).out == LETTER
    assert gateway("restore", "-", "--as", two, stdin=made.out).out == made.out


# --- without one ------------------------------------------------------------------------------------------------------


def test_it_works_without_a_data_directory_and_says_so(nowhere: Path) -> None:
    said = run_command("redact", stdin=LETTER)
    assert said.code == 0
    assert said.out.startswith("Write to Ms [PERSON_")
    assert "cannot be restored" in said.err
    assert run_command("redact", stdin=LETTER).out != said.out
    assert list(nowhere.iterdir()) == []


def test_restoring_without_one_says_what_to_do(nowhere: Path) -> None:
    said = run_command("restore", stdin="x")
    assert said.code == 2
    assert "gateway init" in said.err


def test_only_some_types(nowhere: Path) -> None:
    said = run_command("redact", "--types", "email_address, IBAN_CODE", stdin=LETTER)
    assert "Jane Roe, [EMAIL_ADDRESS_" in said.out
    wrong = run_command("redact", "--types", "EMAIL_ADRESS", stdin=LETTER)
    assert wrong.code == 2
    assert "did you mean EMAIL_ADDRESS?" in wrong.err
    assert run_command("redact", "--types", ",", stdin=LETTER).code == 2


def test_a_policy_of_ones_own(nowhere: Path) -> None:
    policy = nowhere / "mine.yaml"
    policy.write_text(
        "recognizers:\n  - name: badge\n    type: BADGE\n    patterns:\n      - {regex: '\\bB-\\d{4}\\b', score: 0.9}\n"
    )
    said = run_command("redact", "--policy", str(policy), stdin="badge B-1234")
    assert said.out.startswith("badge [BADGE_"), said.err
    assert run_command("redact", "--policy", str(policy), "--types", "BADGE", stdin="B-1234").out.startswith("[BADGE_")
    policy.write_text("enabled: false\n")
    off = run_command("redact", "--policy", str(policy), stdin=LETTER)
    assert off.out == LETTER
    assert "switched off" in off.err
    policy.write_text("treshold: 0.5\n")
    wrong = run_command("redact", "--policy", str(policy), stdin="x")
    assert wrong.code == 2
    assert "privacy.yaml:1" in wrong.err
    assert run_command("redact", "--policy", "absent.yaml", stdin="x").code == 2


def test_a_caller_needs_a_data_directory(nowhere: Path) -> None:
    said = run_command("redact", "--as", "hr", stdin="x")
    assert said.code == 2
    assert "data directory" in said.err


def test_input_that_cannot_be_read(nowhere: Path) -> None:
    missing = run_command("redact", "missing.txt")
    assert (missing.code, "missing.txt" in missing.err) == (2, True)
    assert run_command("redact", str(nowhere)).code == 2
    binary = run_command("redact", stdin=b"\xff\xfe")
    assert binary.code == 2
    assert "not UTF-8" in binary.err


def test_line_ends_stay_as_they_are(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    monkeypatch.setattr(redact, "put", written.append)
    assert run_command("redact", stdin=b"a\r\nb\n\rc").code == 0
    assert b"".join(written) == b"a\r\nb\n\rc"


@pytest.mark.slow
def test_several_processes_give_the_same_lines_in_the_same_order(nowhere: Path) -> None:
    lines = "".join(
        json.dumps({"id": n, "text": f"mail person{n}@example.org " + "and so on " * 40}) + "\n" for n in range(400)
    )
    said = run_command("redact", "--jsonl", "--workers", "2", stdin=lines)
    assert said.code == 0, said.err
    out = rows(said)
    assert [row["id"] for row in out] == list(range(400))
    assert all("[EMAIL_ADDRESS_" in str(row["redacted"]) for row in out)
    one = json.dumps({"text": "mail person7@example.org"})
    twice = run_command("redact", "--jsonl", "--workers", "2", stdin=f"{one}\n" * 2)
    assert len({str(row["redacted"]) for row in rows(twice)}) == 1
