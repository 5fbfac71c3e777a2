"""Which class a record is of, and when a class is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.audit.classes import CLASSES, class_of, expired

AT = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("chat", "requests"),
        ("restore", "requests"),
        ("document.delete", "documents"),
        ("ingest", "documents"),
        ("audit.prune", "administration"),
        ("key.create", "administration"),
        ("something.new", "administration"),
    ],
)
def test_an_action_has_a_class(action: str, name: str) -> None:
    assert class_of(action) == name
    assert name in CLASSES


def test_a_class_without_a_time_is_never_over() -> None:
    assert expired(dict.fromkeys(CLASSES), AT) == {}
    assert expired({"requests": 30, "documents": None, "administration": 10}, AT) == {
        "requests": AT - timedelta(days=30),
        "administration": AT - timedelta(days=10),
    }


def test_records_from_before_classes_are_kept_as_the_longest() -> None:
    assert expired({"requests": 30, "documents": 90, "administration": 10}, AT)[""] == AT - timedelta(days=90)
