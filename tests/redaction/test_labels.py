"""The word lists: clean, and apart from each other."""

from __future__ import annotations

from gateway.redaction.labels import LIKELY, NOT_NAMES, SURE


def test_labels_are_lower_case_with_single_blanks() -> None:
    assert all(label == " ".join(label.lower().split()) for label in SURE | LIKELY)
    assert not SURE & LIKELY
    assert {"name", "full name", "employee"} <= SURE
    assert {"from", "line manager"} <= LIKELY


def test_what_is_no_name_has_a_capital_and_no_blank() -> None:
    assert "" not in NOT_NAMES
    assert all(word[0].isupper() and " " not in word for word in NOT_NAMES)
