"""The checks on what a caller asks of an ingest."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.errors import Invalid
from gateway.ingest.values import NAME_LENGTH, Rights, checked_name, marks, read_until

LABELS = ("public", "internal", "confidential")


def test_rights() -> None:
    Rights("internal", ("*", "user:amy", "user:Zoë O'Neil+1@example.org"), ("group:hr", "role:legal-2:x_y")).check(
        LABELS
    )
    Rights(None, None, None).check(LABELS)
    with pytest.raises(Invalid) as refused:
        Rights("confidental", None, None).check(LABELS)
    assert refused.value.hint == "did you mean confidential?"
    assert "confidental" not in refused.value.message


@pytest.mark.parametrize(
    "mark",
    ["", "amy", "user:", "user: ", "team:hr", "**", "user:a\0b", "user:a\n", "role:a/b", "user:" + "a" * 201, "*\n"],
)
def test_marks_that_nobody_carries(mark: str) -> None:
    with pytest.raises(Invalid):
        Rights(None, (mark,), None).check(LABELS)
    with pytest.raises(Invalid):
        Rights(None, None, (mark,)).check(LABELS)


def test_marks_once_each() -> None:
    assert marks(["*", "user:amy", "*"]) == ("*", "user:amy")
    assert marks([]) == ()
    assert marks(None) is None


@pytest.mark.parametrize("name", ["", " ", "a\0b", "a\nb", "x" * (NAME_LENGTH + 1)])
def test_names(name: str) -> None:
    assert checked_name("Verträge/2026 März.pdf") == "Verträge/2026 März.pdf"
    with pytest.raises(Invalid):
        checked_name(name)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (None, "keep"),
        ("never", None),
        ("2027-01-31", datetime(2027, 1, 31, tzinfo=UTC)),
        ("2027-01-31T12:00:00Z", datetime(2027, 1, 31, 12, tzinfo=UTC)),
        ("2027-01-31T12:00:00+02:00", datetime(2027, 1, 31, 10, tzinfo=UTC)),
    ],
)
def test_an_expiry_as_people_write_it(text: str | None, meant: object) -> None:
    assert read_until(text) == meant


@pytest.mark.parametrize("text", ["", "tomorrow", "keep", "2027-13-01", "0001-01-01T00:00:00+23:59"])
def test_what_is_no_expiry(text: str) -> None:
    with pytest.raises(Invalid):
        read_until(text)
