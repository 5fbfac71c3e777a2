"""Faults and reports as people and programs read them."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from gateway.audit import Report, State, StreamReport, Unfinished, Verdict
from gateway.audit import verdicts as module
from gateway.audit.verdicts import Fault, Faults

STREAM = UUID(int=1)


def test_faults_read_as_sentences() -> None:
    assert str(Fault(Verdict.TORN, STREAM, 3, 3, "cut")) == f"torn: stream {STREAM}, row 3: cut"
    assert str(Fault(Verdict.MISSING, STREAM, 3, 5, "gone")) == f"missing: stream {STREAM}, rows 3 to 5: gone"
    assert str(Fault(Verdict.WRONG_KEY, STREAM, None, None, "no")) == f"wrong key: stream {STREAM}, header: no"


def test_the_verdicts_have_the_names_that_people_rely_on() -> None:
    of_rows = {"torn", "duplicate", "missing", "modified", "reordered", "wrong key"}
    assert {v.value for v in Verdict} == of_rows | {"rolled back", "checkpoint missing", "not witnessed"}


def test_a_fault_is_listed_once_and_headers_come_first() -> None:
    faults = Faults()
    faults.add(Verdict.MODIFIED, STREAM, 3, "first")
    faults.add(Verdict.MODIFIED, STREAM, 3, "second")
    faults.add(Verdict.MODIFIED, STREAM, None, "header")
    faults.add(Verdict.DUPLICATE, STREAM, 3, "other")
    assert [(f.seq, f.note) for f in faults.sorted()] == [(None, "header"), (3, "other"), (3, "first")]
    assert faults.at(STREAM, 3)
    assert not faults.at(STREAM, 4)


def test_faults_beyond_the_bound_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    faults = Faults()
    for seq in range(5):
        faults.add(Verdict.MODIFIED, STREAM, seq, "")
    assert len(faults) == 5
    assert len(faults.sorted()) == 2


def test_a_report_as_a_dictionary() -> None:
    stream = StreamReport(STREAM, State.CUT, 0, 3, 2, "ab", None)
    report = Report((stream,), (), 0, (Unfinished("r1", STREAM, 1, 1 << 62),), 1, 3, False)
    assert report
    plain = report.as_dict()
    assert plain["streams"] == [
        {
            "stream": str(STREAM),
            "state": "cut",
            "opened": "1970-01-01T00:00:00+00:00",
            "records": 3,
            "last": 2,
            "head": "ab",
            "opens": None,
        }
    ]
    assert plain["unfinished"][0]["at"] is None
    assert not Report((), (), 1, (), 0, 0, False)


def test_every_verdict_and_state_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
    for value in (*Verdict, *(state for state in State if state is not State.OPEN)):
        assert f"\n| `{value}` | " in page, value
