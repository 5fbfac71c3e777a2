"""Times read and answers written at the administrators' doors."""

from __future__ import annotations

import pytest

from gateway.admin.shape import answer, time_of
from gateway.errors import Invalid


def test_times_have_a_zone_and_come_as_utc() -> None:
    at = time_of({"since": "2026-01-31T12:00:00+02:00"}, "since")
    assert at is not None
    assert at.isoformat() == "2026-01-31T10:00:00+00:00"
    assert time_of({}, "since") is None


@pytest.mark.parametrize("text", ["yesterday", "2026-01-31T12:00:00", 5, "0001-01-01T00:00:00+05:00"])
def test_other_times_are_the_senders_mistake(text: object) -> None:
    with pytest.raises(Invalid) as error:
        time_of({"since": text}, "since")
    assert error.value.param == "since"


def test_answers_are_json_that_nobody_keeps() -> None:
    made = answer({"roles": frozenset({"b", "a"}), "bytes": b"x"}, status=201)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    assert bytes(made.body) == b'{"roles":["a","b"],"bytes":"b\'x\'"}'
