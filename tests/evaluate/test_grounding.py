"""The figures, by hand, and the check on a few invented answers."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from gateway.errors import Invalid
from gateway.evaluate.grounding import Judged, Row, auroc, measure, read, report


def test_auroc_by_hand() -> None:
    assert auroc([(True, 0.9), (True, 0.4), (False, 0.4), (False, 0.1)]) == pytest.approx(3.5 / 4)
    assert auroc([(True, 0.9)]) is None


def test_within_length_nothing_is_won_by_length() -> None:
    done = [Judged(True, 2, 0.5, "supported"), Judged(False, 9, 0.1, "unsupported"), Judged(False, 2, 0.5, "partly")]
    told = report(done)
    assert told["auroc"] == pytest.approx(0.75)
    assert told["auroc_by_length"] == pytest.approx(0.75)
    assert told["auroc_within_length"] == pytest.approx(0.5)
    assert told["f1"] == 1.0
    assert told["verdicts"]["invented"] == {"unsupported": 1, "partly": 1}


async def test_it_judges_like_the_gateway() -> None:
    context = "The mill employs 340 people. It was founded by Tilda Marsh."
    rows = [
        Row(context, "It employs 340 people. Shall I go on?", True),
        Row(context, "The mill employs 430 people.", False),
    ]
    done = await measure(rows, None)
    assert [one.verdict for one in done] == ["supported", "unsupported"]


def test_rows_are_checked(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    good = {"context": "a", "question": "b", "answer": "c", "label": 1}
    file.write_bytes(orjson.dumps(good) + b"\n\n" + orjson.dumps({**good, "label": "yes"}))
    assert read(file, 1) == [Row("a", "c", True)]
    with pytest.raises(Invalid, match="line 3"):
        read(file)
