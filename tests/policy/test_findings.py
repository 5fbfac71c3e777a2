from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.policy import names, privacy_file, routing_file
from gateway.policy.findings import CODES, Findings, shown
from gateway.policy.recognizer_keys import RECOGNIZER_KEYS
from gateway.policy.tests_file import PRIVACY_KEYS

ROOT = Path(__file__).resolve().parents[2]


def test_errors_come_first_and_lines_count_as_numbers() -> None:
    found = Findings()
    found.warn("duplicate-rule", "access.csv", 2, "one")
    found.error("bad-rule", "access.csv", 10, "two")
    found.error("bad-rule", "access.csv", 9, "three")
    found.error("bad-rule", "access.csv", 9, "three")
    assert [finding.where for finding in found.sorted()] == ["access.csv:9", "access.csv:10", "access.csv:2"]
    assert found.errors == 2


def test_an_unknown_code_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        Findings().error("nonsense", "access.csv", 1, "x")


def test_every_code_is_raised_somewhere_and_documented() -> None:
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "gateway" / "policy").glob("*.py")
        if path.name != "findings.py"
    )
    guide = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-z0-9-]+)` \|", guide.partition("## Check codes")[2], re.MULTILINE))
    assert {code for code in CODES if f'"{code}"' not in source} == set()
    assert documented == set(CODES)


def test_every_key_file_and_action_is_documented() -> None:
    guide = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    words = {*routing_file.KEYS, *routing_file.ASSISTANT_KEYS, *privacy_file.KEYS, *RECOGNIZER_KEYS, *PRIVACY_KEYS}
    words |= {*names.METHODS, *names.CHECKSUMS, *names.REGIONS, *names.ENTITY_GROUPS, names.AUTO}
    words |= {*names.FILES, *(action for actions in names.ACTIONS.values() for action in actions)}
    words |= {f"admin:{area}" for area in names.ADMIN_ACTIONS}
    assert {word for word in words if f"`{word}`" not in guide} == set()


def test_pieces_of_files_are_shown_short_and_printable() -> None:
    assert shown("a\x1b[31m\n") == "a?[31m?"
    assert len(shown("x" * 500)) < 80
