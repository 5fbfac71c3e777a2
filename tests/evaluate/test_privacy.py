"""A set made ready, run over, and told."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.errors import Invalid
from gateway.evaluate.engines import Engine
from gateway.evaluate.privacy import Report, Task, gateway_engine, measure
from gateway.evaluate.rows import Annotated, Mark, read
from gateway.model import Span

TEXTS = (
    Annotated("Jane Roe, jane@example.com", (Mark(0, 8, "PERSON"), Mark(10, 26, "EMAIL"))),
    Annotated("nothing here", ()),
    Annotated("ask Sam of Leeds", (Mark(4, 7, "NAME"), Mark(11, 16, "CITY"))),
)


class Scripted(Engine):
    """A detector that knows its answers."""

    def __init__(self, answers: dict[str, list[Span]]) -> None:
        super().__init__("gateway")
        self.answers = answers
        self.batches: list[int] = []

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        self.batches.append(len(texts))
        return [self.answers.get(text, []) for text in texts]


@pytest.fixture
def engine() -> Scripted:
    return Scripted(
        {
            TEXTS[0].text: [Span(0, 8, "PERSON", 1.0), Span(10, 26, "EMAIL_ADDRESS", 1.0), Span(15, 26, "URL", 0.5)],
            TEXTS[2].text: [Span(11, 16, "LOCATION", 1.0)],
        }
    )


def test_only_what_the_set_labels_is_looked_for() -> None:
    task = Task.of(TEXTS)
    assert set(task.entities) | set(task.blind) == {"PERSON", "EMAIL_ADDRESS", "LOCATION"}
    assert "URL" not in task.accepted


def test_a_report_tells_counts_and_no_text(engine: Scripted) -> None:
    report = measure(Task.of(TEXTS), engine, only_accepted=True)
    data = report.data()
    assert data["spans"] == 4
    assert data["strict"] == {"precision": 1.0, "recall": 0.75, "f1": 0.8571, "right": 3, "wrong": 0, "missed": 1}
    assert data["words"]["missed"] == 1
    assert data["direct"] == {"spans": 3, "leaked": 1, "untouched": 1, "recall": 0.6667}
    assert data["types"]["PERSON"]["leaked"] == 1
    assert list(data["types"]) == report.names == ["PERSON", "EMAIL_ADDRESS", "LOCATION"]
    assert "Sam" not in str(data)
    assert "Sam" not in repr(report)
    assert "Sam" not in repr(report.tally.leaks)
    assert report.data(texts=True)["leaked_texts"] == {"PERSON": ["Sam"]}


def test_findings_of_other_types_count_unless_they_are_left_out(engine: Scripted) -> None:
    report = measure(Task.of(TEXTS), engine)
    assert report.data()["strict"]["wrong"] == 1
    assert report.names[-1] == "URL"


def test_rows_go_in_batches_and_are_counted(engine: Scripted) -> None:
    task = Task.of(TEXTS * 50 + (Annotated("x" * 70_000, ()),) * 2)
    done: list[int] = []
    measure(task, engine, advance=done.append)
    assert sum(done) == sum(engine.batches) == 152
    assert max(engine.batches) == 64
    assert engine.batches[-2:] == [23, 1]


def test_labels_nobody_knows_are_refused() -> None:
    with pytest.raises(Invalid, match="FLAVOUR"):
        Task.of([Annotated("x", (Mark(0, 1, "FLAVOUR"),))])


def test_our_detector_is_asked_for_the_set(tmp_path: Path) -> None:
    task = Task.of(TEXTS[:1])
    with gateway_engine(task) as engine:
        report = measure(task, engine)
    assert isinstance(report, Report)
    assert report.data()["types"]["EMAIL_ADDRESS"]["strict"]["f1"] == 1.0


DATA = os.environ.get("GATEWAY_DATA", "")


@pytest.mark.skipif(not DATA or not Path(DATA).is_dir(), reason="GATEWAY_DATA names no folder of annotated sets")
@pytest.mark.parametrize(
    ("file", "spans"),
    [("pii/kiji_samples.jsonl", 2215), ("pii/generated_large.json", 4042), ("ner/wnut17/test.conll", 810)],
)
def test_public_sets_are_understood_whole(file: str, spans: int) -> None:
    assert sum(len(row.truths) for row in Task.of(read(Path(DATA, file))).rows) == spans
