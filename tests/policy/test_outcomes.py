from __future__ import annotations

import pytest

from gateway.errors import BadPolicy
from gateway.model import Span
from gateway.policy import build, run_tests
from gateway.redaction.detect import Detector
from tests.policy.samples import files, shipped

ACCESS_TEST = """\
callers:
  ann: {roles: [staff]}
  bob: {groups: [board]}
cases:
  - [ann, model:auto, use, allow]
  - [ann, label:secret, read, allow]
  - [bob, label:secret, read, allow]
  - [bob, collection:vault, read, deny]
"""
ROUTING_TEST = """\
cases:
  - {labels: [public], zones: [external, local]}
  - {labels: [public, secret], zones: [local, external]}
"""
PRIVACY_TEST = """\
cases:
  - {text: "call 555", types: [PHONE_NUMBER]}
  - {text: nothing here, types: []}
"""


PHONE = [Span(0, 4, "DATE_TIME", 1.0), Span(5, 8, "PHONE_NUMBER", 1.0)]


def test_every_shipped_row_passes() -> None:
    detector = Detector(build(shipped()).privacy)
    outcomes = run_tests(shipped(), detector.find)
    assert [outcome for outcome in outcomes if outcome.status != "passed"] == []
    assert sum(outcome.where.startswith("access_test.yaml") for outcome in outcomes) > 40


def test_rows_pass_or_fail_with_what_came_out_and_why() -> None:
    made = files(access_test=ACCESS_TEST, routing_test=ROUTING_TEST, privacy_test=PRIVACY_TEST)
    outcomes = run_tests(made, lambda text: PHONE if "555" in text else [])
    by_where = {outcome.where: outcome for outcome in outcomes}
    assert {where: outcome.status for where, outcome in by_where.items()} == {
        "access_test.yaml:5": "passed",
        "access_test.yaml:6": "failed",
        "access_test.yaml:7": "passed",
        "access_test.yaml:8": "passed",
        "routing_test.yaml:2": "passed",
        "routing_test.yaml:3": "failed",
        "privacy_test.yaml:2": "failed",
        "privacy_test.yaml:3": "passed",
    }
    failed = by_where["access_test.yaml:6"]
    assert (failed.name, failed.expected, failed.got) == ("ann: read label:secret", "allow", "deny")
    assert by_where["access_test.yaml:8"].reason.endswith("(access.csv:8)")
    assert by_where["routing_test.yaml:3"].got == "local"
    assert by_where["privacy_test.yaml:2"].got == "DATE_TIME, PHONE_NUMBER"


def test_without_a_detector_privacy_rows_are_skipped_not_passed() -> None:
    outcomes = run_tests(files(privacy_test=PRIVACY_TEST))
    assert [outcome.status for outcome in outcomes] == ["skipped", "skipped"]


VALUES_TEST = """\
cases:
  - {text: call 555 now 555, find: {PHONE_NUMBER: ["555"]}}
  - {text: call 555 now 555, find: {PHONE_NUMBER: ["555"], DATE_TIME: [call]}, keep: [now]}
  - {text: call 555 now 555, types: [DATE_TIME, PHONE_NUMBER], keep: ["ll 5", "555", w]}
  - {text: nothing, find: {}}
"""


def test_rows_may_state_values_and_what_is_left_alone() -> None:
    outcomes = run_tests(files(privacy_test=VALUES_TEST), lambda text: PHONE if "555" in text else [])
    assert [(o.where.partition(":")[2], o.status, o.expected, o.got) for o in outcomes] == [
        ("2", "failed", "PHONE_NUMBER 555", "DATE_TIME call, PHONE_NUMBER 555"),
        ("3", "passed", "DATE_TIME call, PHONE_NUMBER 555", "DATE_TIME call, PHONE_NUMBER 555"),
        ("3", "passed", "none", "none"),
        ("4", "passed", "DATE_TIME, PHONE_NUMBER", "DATE_TIME, PHONE_NUMBER"),
        ("4", "failed", "none", "DATE_TIME, PHONE_NUMBER"),
        ("4", "failed", "none", "PHONE_NUMBER"),
        ("4", "passed", "none", "none"),
        ("5", "passed", "none", "none"),
    ]


def test_files_that_do_not_build_are_refused() -> None:
    with pytest.raises(BadPolicy):
        run_tests(files(access="nonsense\n"))
