from __future__ import annotations

import pytest

from tests.policy.samples import codes, found
from tests.policy.test_outcomes import ACCESS_TEST, PRIVACY_TEST, ROUTING_TEST


def test_good_tables_have_no_findings() -> None:
    assert codes(access_test=ACCESS_TEST, routing_test=ROUTING_TEST, privacy_test=PRIVACY_TEST) == []


@pytest.mark.parametrize(
    ("before", "after", "code", "line", "hint"),
    [
        ("[ann, model:auto", "[anm, model:auto", "bad-value", 5, "did you mean ann?"),
        ("model:auto", "modle:auto", "unknown-object", 5, "did you mean model?"),
        ("model:auto", "'model:*'", "unknown-object", 5, None),
        ("auto, use, allow", "auto, used, allow", "unknown-action", 5, "did you mean use?"),
        ("auto, use, allow", "auto, use, alow", "unknown-effect", 5, "did you mean allow?"),
        ("auto, use, allow", "auto, use", "bad-value", 5, None),
        ("roles: [staff]", "roles: [staf]", "unknown-role", 2, "did you mean staff?"),
        ("roles:", "role:", "unknown-key", 2, "did you mean roles?"),
        ("cases:", "caces:", "unknown-key", 4, "did you mean cases?"),
    ],
)
def test_mistakes_in_access_tests(before: str, after: str, code: str, line: int, hint: str | None) -> None:
    assert before in ACCESS_TEST
    findings = found(access_test=ACCESS_TEST.replace(before, after))
    matching = [f for f in findings if f.where == f"access_test.yaml:{line}" and f.message.startswith(f"{code}:")]
    assert matching
    assert hint is None or matching[0].hint == hint


def test_mistakes_in_routing_and_privacy_tests() -> None:
    row = "{labels: [pubic], entities: [PERSN], unscannable: [imagge], zones: [locl]}"
    wrong = f"cases:\n  - {row}\n  - {{labels: [public]}}\n"
    assert sorted(codes(routing_test=wrong)) == [
        ("bad-value", "routing_test.yaml:2"),
        ("missing-key", "routing_test.yaml:3"),
        ("unknown-entity", "routing_test.yaml:2"),
        ("unknown-label", "routing_test.yaml:2"),
        ("unknown-zone", "routing_test.yaml:2"),
    ]
    assert sorted(codes(privacy_test="cases:\n  - {text: '', types: [PERSN]}\n  - {txt: a, types: []}\n")) == [
        ("bad-value", "privacy_test.yaml:2"),
        ("missing-key", "privacy_test.yaml:3"),
        ("unknown-entity", "privacy_test.yaml:2"),
        ("unknown-key", "privacy_test.yaml:3"),
    ]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("{text: a b}", "missing-key"),
        ("{text: a b, keep: [c]}", "bad-value"),
        ("{text: a b, find: {PERSON: [c]}}", "bad-value"),
        ("{text: a b, find: {PERSN: [a]}}", "unknown-entity"),
        ("{text: a b, find: [a]}", "bad-value"),
        ("{text: a b, finds: {}}", "unknown-key"),
    ],
)
def test_mistakes_in_what_is_found_and_kept(row: str, code: str) -> None:
    assert (code, "privacy_test.yaml:2") in codes(privacy_test=f"cases:\n  - {row}\n")


def test_a_row_may_state_only_what_is_kept() -> None:
    assert codes(privacy_test="cases:\n  - {text: a b, keep: [a, b]}\n") == []
