"""Records as OCSF events of class API Activity: what the class requires is there, masked or not."""

from __future__ import annotations

import pytest

from gateway.audit.masking import DOTS, masked
from gateway.audit.ocsf import ocsf
from tests.audit.test_masking import TOLD

REQUIRED = {
    *("activity_id", "category_uid", "class_uid", "type_uid", "time", "severity_id", "metadata", "actor", "api"),
    "src_endpoint",
}


def test_an_event_has_what_the_class_requires() -> None:
    event = ocsf(TOLD, "gateway/1")
    assert event.keys() >= REQUIRED
    assert (event["class_uid"], event["category_uid"], event["type_uid"]) == (6003, 6, 600399)
    assert event["time"] == 1767225600000
    assert event["metadata"]["uid"] == "0199/4"
    assert event["api"]["operation"] == "chat"
    assert event["actor"]["user"]["name"] == "Hana Ito"
    assert {"type": "document", "name": "0192ab"} in event["resources"]
    assert event["unmapped"]["decision"] == "deny"


def test_a_masked_record_makes_a_masked_event() -> None:
    event = ocsf(masked(TOLD), "gateway/1")
    assert event["actor"]["user"] | {"groups": 0} == {"uid": DOTS, "name": DOTS, "groups": 0}
    assert "Petra" not in str(event)
    assert "Hana" not in str(event)
    assert "198.51" not in str(event)


@pytest.mark.parametrize(
    ("action", "number"),
    [("key.create", 1), ("audit.search", 2), ("policy.rollback", 3), ("document.delete", 4), ("chat", 99), ("", 99)],
)
def test_what_was_done_has_its_number(action: str, number: int) -> None:
    event = ocsf({**TOLD, "action": action}, "x")
    assert (event["activity_id"], event["type_uid"]) == (number, 600300 + number)


def test_failures_say_so() -> None:
    failed = ocsf({**TOLD, "kind": "refusal", "detail": {"code": "no_model_allowed"}}, "x")
    assert (failed["status_id"], failed["status_code"]) == (2, "no_model_allowed")
    assert ocsf(TOLD, "x")["status_id"] == 1
    broken = ocsf({"stream": "a", "seq": 1, "at": None, "kind": "", "problem": "missing"}, "x")
    assert (broken["status_id"], broken["severity_id"]) == (2, 3)
