"""Reading a set in BEIR's form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.errors import Invalid
from gateway.evaluate.retrieval_data import Question, read_set

CORPUS = [{"_id": "d1", "title": "Leave", "text": "Thirty days."}, {"_id": "d2", "text": "A line\u2028and another."}]
QUERIES = [{"_id": "q1", "text": "how many days"}, {"_id": "q2", "text": "unanswered"}, {"_id": "q3", "text": "lines"}]
GRADES = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq2\td1\t0\nq3\td2\t1\n"


def write(folder: Path, **changes: str) -> Path:
    texts = {
        "corpus.jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in CORPUS),
        "queries.jsonl": "".join(json.dumps(row) + "\n" for row in QUERIES),
        "qrels/test.tsv": GRADES,
        **{name.replace("__", "/").replace("_", "."): text for name, text in changes.items()},
    }
    (folder / "qrels").mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def test_documents_questions_and_grades(tmp_path: Path) -> None:
    judged = read_set(write(tmp_path))
    assert [(one.id, one.title) for one in judged.documents] == [("d1", "Leave"), ("d2", "")]
    assert judged.documents[1].text == "A line\u2028and another."
    # Nothing answers q2.
    assert judged.questions == (Question("q1", "how many days", {"d1": 2, "d2": 0}), Question("q3", "lines", {"d2": 1}))
    assert [one.id for one in read_set(tmp_path, 1).questions] == ["q1"]


def test_grades_without_headings(tmp_path: Path) -> None:
    assert len(read_set(write(tmp_path, qrels__test_tsv="q1\td1\t1\n")).questions) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"corpus_jsonl": '{"_id": "d1"}\n{"text": "x"}\n'}, "line 2: no _id"),
        ({"corpus_jsonl": '{"_id": "d1"}\n{"_id": "d1"}\n'}, "line 2: this _id is there twice"),
        ({"corpus_jsonl": "[1]\n"}, "line 1: not a JSON object"),
        ({"queries_jsonl": '{"_id": "q1"}\n'}, "line 1: no text"),
        ({"queries_jsonl": "{\n"}, "line 1: not a JSON object"),
        ({"qrels__test_tsv": "q1\td1\t1\nq1\td1\n"}, "line 2: not a judgement"),
        ({"qrels__test_tsv": "q2\td1\t0\n"}, "no question"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        read_set(write(tmp_path, **changes))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"cannot read .*corpus\.jsonl") as caught:
        read_set(tmp_path)
    assert "qrels/test.tsv" in caught.value.hint
