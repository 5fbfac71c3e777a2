"""What is shown of a record that nobody revealed: what happened, and nothing of anybody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.audit.masking import DOTS, masked

TOLD: dict[str, Any] = {
    "stream": "0199",
    "seq": 4,
    "at": "2026-01-01T00:00:00+00:00",
    "kind": "intent",
    "request": "req-1",
    "retention": "",
    "hash": "00",
    "problem": None,
    "erased": False,
    "principal": "user:hana.ito@example.org",
    "action": "chat",
    "policy": "sha256:00",
    "statement": "{}",
    "salt": "00",
    "content": {"sent": "Petra Vogel called", "answer": "yes"},
    "detail": {
        "name": "Hana Ito",
        "client": "198.51.100.7",
        "roles": ["people department", "hr"],
        "decisions": [{"object": "entity:PERSON@hr", "action": "reveal", "allowed": False, "rule": "access.csv:12"}],
        "detected": {"PERSON": 2},
        "egress": {
            "model": "cloud",
            "zone": "external",
            "bytes": 12,
            "sha256": "ab",
            "methods": {"PERSON": {"token": 1}},
        },
        "reason": "no key named Petra Vogel",
        "key": "petra",
        "key_roles": ["hr"],
        "model_asked": "tell me of Petra Vogel",
        "cost_usd": 0.25,
        "stages_ms": {"redact": 1.5},
        "allow": ["user:Petra Vogel"],
        "source": "contracts/petra-vogel.pdf",
        "Petra Vogel": 5,
        "passages": ["0192ab.4"],
    },
}


def test_of_people_and_texts_nothing_is_left() -> None:
    shown = masked(TOLD)
    told = json.dumps(shown, ensure_ascii=False)
    for word in ("Petra", "petra", "Hana", "hana", "198.51", "yes", "salt", "statement"):
        assert word not in told
    assert shown["masked"] is True
    assert shown["principal"] == shown["detail"]["name"] == shown["content"]["sent"] == DOTS
    assert shown["detail"]["model_asked"] == DOTS


def test_what_happened_is_there() -> None:
    detail = masked(TOLD)["detail"]
    assert detail["decisions"] == TOLD["detail"]["decisions"]
    assert detail["roles"] == ["people department", "hr"]
    assert detail["egress"] == TOLD["detail"]["egress"]
    assert (detail["cost_usd"], detail["stages_ms"], detail["passages"]) == (0.25, {"redact": 1.5}, ["0192ab.4"])
    assert {"action", "policy", "kind", "request", "hash", "at"} <= masked(TOLD).keys()


def test_a_field_that_nobody_thought_of_is_hidden() -> None:
    told = {**TOLD, "detail": {"new": "Petra Vogel", "deep": [{"new": ["x"]}]}, "more": "Petra Vogel"}
    shown = masked(told)
    assert shown["detail"] == {"new": DOTS, "deep": [{"new": [DOTS]}]}
    assert "more" not in shown


@pytest.mark.parametrize(
    "told",
    [
        {"stream": "a", "seq": 1, "kind": "", "problem": "missing"},
        {"kind": "end", "detail": {"records": 5}},
        {"principal": None, "content": None, "detail": None, "erased": True},
    ],
)
def test_records_that_hold_less(told: dict[str, Any]) -> None:
    shown = masked(told)
    assert shown == {**told, "masked": True}
