"""Public sets in BEIR's form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.errors import Invalid
from gateway.evaluate.retrieval_convert import convert, main
from gateway.evaluate.retrieval_data import read_set


def test_cranfield_counts_questions_by_their_place(tmp_path: Path) -> None:
    (tmp_path / "cran.all.1400.xml").write_text(
        "<doc><docno>1</docno>\n<title>on flow &lt;slow&gt;</title>\n<text>on flow &lt;slow&gt; it flows .</text></doc>"
        "<doc><docno>2</docno><title>heat</title><text>it warms .</text></doc>"
    )
    (tmp_path / "cran.qry.xml").write_text(
        "<top><num> 1</num><title>\nwhat flows\n</title></top><top><num> 7</num><title>what warms</title></top>"
    )
    (tmp_path / "cranqrel.trec.txt").write_text("1 0 1 1\n2 0 2 1\n2 0 1 0\n")
    assert main(["cranfield", str(tmp_path), str(tmp_path / "out")]) == 0
    judged = read_set(tmp_path / "out")
    assert [(one.title, one.text) for one in judged.documents] == [
        ("on flow <slow>", "it flows ."),
        ("heat", "it warms ."),
    ]
    assert [(one.text, one.grades) for one in judged.questions] == [("what flows", {"1": 1}), ("what warms", {"2": 1})]


def test_squad_asks_for_the_paragraph(tmp_path: Path) -> None:
    asked = [{"id": "a", "question": "Who?", "answers": []}]
    data = {"data": [{"title": "Old_Town", "paragraphs": [{"context": "The mayor.", "qas": asked}]}]}
    (tmp_path / "set.json").write_text(json.dumps(data))
    convert("squad", tmp_path / "set.json", tmp_path / "out")
    judged = read_set(tmp_path / "out")
    assert (judged.documents[0].title, judged.documents[0].text) == ("Old Town", "The mayor.")
    assert judged.questions[0].grades == {judged.documents[0].id: 1}


def test_halueval_keeps_equal_knowledge_once(tmp_path: Path) -> None:
    rows = [
        {"knowledge": "A.", "question": "1?"},
        {"knowledge": "B.", "question": "2?"},
        {"knowledge": "A.", "question": "3?"},
    ]
    (tmp_path / "set.json").write_text("\n".join(map(json.dumps, rows)))
    convert("halueval", tmp_path / "set.json", tmp_path / "out")
    judged = read_set(tmp_path / "out")
    assert [one.text for one in judged.documents] == ["A.", "B."]
    assert judged.questions[0].grades == judged.questions[2].grades


def test_what_is_no_such_set_is_refused(tmp_path: Path) -> None:
    (tmp_path / "set.json").write_text("{}")
    with pytest.raises(Invalid, match="is not a squad set"):
        convert("squad", tmp_path / "set.json", tmp_path / "out")
    with pytest.raises(Invalid, match="cannot read"):
        convert("cranfield", tmp_path, tmp_path / "out")
