"""`gateway eval privacy`, as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import run_command

ROWS = (
    {
        "text": "Jane Roe, jane@example.com, IBAN GB29 NWBK 6016 1331 9268 19",
        "spans": [
            {"start": 0, "end": 4, "type": "FIRSTNAME"},
            {"start": 5, "end": 8, "type": "SURNAME"},
            {"start": 10, "end": 26, "type": "EMAIL"},
            {"start": 33, "end": 60, "type": "IBAN"},
        ],
    },
    {"text": "the card 4111 1111 1111 1111 on 10.0.0.1", "spans": [{"start": 32, "end": 40, "type": "IP"}]},
    {"text": "the badge KX-7731-Zulu is lost", "spans": [{"start": 10, "end": 22, "type": "BADGE"}]},
)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS[:2]))
    return file


@pytest.fixture
def badges(tmp_path: Path) -> Path:
    file = tmp_path / "badges.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS[1:]))
    return file


@pytest.fixture
def badge_map(tmp_path: Path) -> Path:
    file = tmp_path / "map.yaml"
    file.write_text("BADGE: BADGE_NUMBER\n")
    return file


def test_figures_for_programs(rows: Path) -> None:
    said = run_command("eval", "privacy", str(rows), "--json")
    assert said.code == 0, said.err
    data = json.loads(said.out)
    assert "CREDIT_CARD" not in data["looked_for"]
    ours = data["gateway"]
    assert ours["rows"] == 2
    assert ours["spans"] == 4
    assert ours["types"]["IBAN_CODE"]["strict"]["f1"] == 1.0
    assert ours["types"]["IP_ADDRESS"]["leaked"] == 0
    # What the set does not label is not looked for, and so not wrong.
    assert ours["words"]["wrong"] == 0
    assert ours["cost"]["cpu_ms_per_kb"] > 0
    assert ours["direct"]["spans"] == 4
    assert data["failed"] == []
    assert "jane" not in said.out.lower()


def test_a_table_for_people_that_shows_no_text(rows: Path) -> None:
    said = run_command("eval", "privacy", str(rows))
    assert said.code == 0, said.err
    assert "by word, any type" in said.out
    assert "direct identifiers: " in said.out
    assert "ms/KB of one processor" in said.out
    heads = next(line for line in said.out.splitlines() if line.startswith("type "))
    assert heads.split()[-2:] == ["leaked", "untouched"]
    assert not {"jane", "roe", "gb29"} & set(said.out.lower().replace(",", " ").split())


def test_what_leaked_is_shown_only_when_asked_for(badges: Path, badge_map: Path) -> None:
    words = ("eval", "privacy", str(badges), "--map", str(badge_map))
    quiet, loud = run_command(*words), run_command(*words, "--show")
    assert "no recognizer finds it: BADGE_NUMBER" in quiet.out
    assert "KX-7731" not in quiet.out
    assert "BADGE_NUMBER: 'KX-7731-Zulu'" in loud.out
    told = json.loads(run_command(*words, "--json", "--show").out)
    assert told["gateway"]["leaked_texts"] == {"BADGE_NUMBER": ["KX-7731-Zulu"]}


def test_a_policy_is_used_as_it_stands(badges: Path, badge_map: Path, tmp_path: Path) -> None:
    policy = tmp_path / "privacy.yaml"
    policy.write_text(
        "entities: [CREDIT_CARD, BADGE_NUMBER]\n"
        "recognizers:\n"
        "  - name: badges\n"
        "    type: BADGE_NUMBER\n"
        "    patterns: [{regex: 'KX-\\d{4}-[A-Z][a-z]+', score: 0.9}]\n"
    )
    said = run_command("eval", "privacy", str(badges), "--map", str(badge_map), "--policy", str(policy), "--json")
    assert said.code == 0, said.err
    types = json.loads(said.out)["gateway"]["types"]
    assert types["BADGE_NUMBER"]["strict"]["f1"] == 1.0
    assert types["IP_ADDRESS"]["leaked"] == 1
    assert types["CREDIT_CARD"]["strict"]["wrong"] == 1


def test_the_stock_engine_beside_in_the_same_run(rows: Path) -> None:
    said = run_command("eval", "privacy", str(rows), "--stock", "--json")
    assert said.code == 0, said.err
    stock = json.loads(said.out)["stock"]
    assert stock["engine"].startswith("presidio-analyzer 2.")
    assert stock["types"]["EMAIL_ADDRESS"]["strict"]["f1"] == 1.0
    # It looks for everything; what the set has no label for is not held against it.
    assert stock["words"]["wrong"] == 0


def test_the_gate(rows: Path, badges: Path, badge_map: Path) -> None:
    assert run_command("eval", "privacy", str(rows), "--min-recall", "0.3", "--min-f2", "0.3").code == 0
    # A badge that nobody finds: two of three words leak.
    said = run_command("eval", "privacy", str(badges), "--map", str(badge_map), "--min-recall", "0.9")
    assert said.code == 1
    assert "failed: recall by word is 0." in said.err
    assert "0.900 is asked for" in said.err
    assert "by word, any type" in said.out


def test_the_gate_fails_where_there_is_nothing_to_measure(tmp_path: Path) -> None:
    file = tmp_path / "clean.jsonl"
    file.write_text('{"text": "nothing here", "spans": []}\n')
    said = run_command("eval", "privacy", str(file), "--min-f2", "0.5")
    assert said.code == 1
    assert "F2 by word is -" in said.err


def test_a_limit(rows: Path) -> None:
    said = run_command("eval", "privacy", str(rows), "--limit", "1", "--json")
    assert json.loads(said.out)["gateway"]["rows"] == 1


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "holds no text"),
        ('{"text": "x", "spans": []}\n{"text": 3}\n', "line 2 of"),
        ('{"text": "x", "spans": [{"start": 0, "end": 1, "type": "FLAVOUR"}]}\n', "without a known meaning: FLAVOUR"),
    ],
)
def test_a_file_that_must_be_mended(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(text)
    said = run_command("eval", "privacy", str(file))
    assert said.code == 2
    assert what in said.err


def test_a_policy_that_must_be_mended(rows: Path, tmp_path: Path) -> None:
    policy = tmp_path / "privacy.yaml"
    policy.write_text("entity: [PERSON]\n")
    said = run_command("eval", "privacy", str(rows), "--policy", str(policy))
    assert said.code == 2
    assert "privacy.yaml:1" in said.err
