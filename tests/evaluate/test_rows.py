"""Every form in which annotated texts come, and every way in which one can be wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.errors import Invalid
from gateway.evaluate.rows import Mark, meanings, read, understood

ROW = {"text": "Jane Roe, Leeds", "spans": [{"start": 0, "end": 8, "type": "PERSON"}]}


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, "utf-8")
    return file


@pytest.mark.parametrize(
    "row",
    [
        ROW,
        {"text": ROW["text"], "entities": [{"start": 0, "end": 8, "label": "PERSON", "text": "Jane Roe"}], "id": 1},
        {"full_text": ROW["text"], "spans": [{"entity_type": "PERSON", "start_position": 0, "end_position": 8}]},
        {"source_text": ROW["text"], "privacy_mask": [{"label": "PERSON", "start": 0, "end": 8, "value": "Jane Roe"}]},
        {"text": ROW["text"], "label": [[0, 8, "PERSON"]]},
    ],
)
def test_the_names_that_others_give_are_read(tmp_path: Path, row: object) -> None:
    for name, text in (("a.jsonl", json.dumps(row) + "\n\n"), ("a.json", json.dumps([row]))):
        (one,) = read(write(tmp_path, name, text))
        assert one.text == ROW["text"]
        assert one.marks == (Mark(0, 8, "PERSON"),)


def test_of_several_annotators_the_first_by_name_counts(tmp_path: Path) -> None:
    mention = {"entity_type": "CODE", "start_offset": 0, "end_offset": 8, "identifier_type": "NO_MASK"}
    row = {"text": ROW["text"], "annotations": {"b": {"entity_mentions": []}, "a": {"entity_mentions": [mention]}}}
    (one,) = read(write(tmp_path, "tab.json", json.dumps([row])))
    assert one.marks == (Mark(0, 8, "CODE", direct=False),)
    with pytest.raises(Invalid, match=r'item 1 of .* has no "spans"'):
        read(write(tmp_path, "none.json", json.dumps([{"text": "x", "annotations": {}}])))


def test_offsets_are_code_points_and_lines_end_where_json_says(tmp_path: Path) -> None:
    row = {"text": "\U0001f600\u2028Jane", "spans": [{"start": 2, "end": 6, "type": "PERSON"}]}
    (one,) = read(write(tmp_path, "a.jsonl", "\ufeff" + json.dumps(row, ensure_ascii=False)))
    assert one.text[2:6] == "Jane"


def test_a_limit_reads_no_further(tmp_path: Path) -> None:
    file = write(tmp_path, "a.jsonl", json.dumps(ROW) + "\nbroken\n")
    assert len(read(file, 1)) == 1
    with pytest.raises(Invalid, match="line 2 of"):
        read(file)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("not json", "line 2 of .* is not JSON"),
        ("[1]", "line 2 of .* is not a JSON object"),
        ('{"spans": []}', 'line 2 of .* has no "text"'),
        ('{"text": "x"}', 'line 2 of .* has no "spans"'),
        ('{"text": "x", "spans": [3]}', "a span is not an object"),
        ('{"text": "x", "spans": [{"start": 0, "end": 1}]}', "or no type"),
        ('{"text": "x", "spans": [{"start": true, "end": 1, "type": "A"}]}', "no whole numbers"),
        ('{"text": "x", "spans": [{"start": 0, "end": 2, "type": "A"}]}', "0 to 2 in a text of 1"),
        ('{"text": "x", "spans": [{"start": 0, "end": 0, "type": "A"}]}', "0 to 0 in a text of 1"),
    ],
)
def test_a_wrong_line_is_named_and_never_quoted(tmp_path: Path, line: str, what: str) -> None:
    file = write(tmp_path, "a.jsonl", json.dumps(ROW) + "\n" + line + "\n")
    with pytest.raises(Invalid, match=what) as caught:
        read(file)
    assert "line 2" in caught.value.message
    assert caught.value.hint


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="none of"):
        read(write(tmp_path, "a.csv", ""))
    with pytest.raises(Invalid, match="cannot read"):
        read(tmp_path / "absent.jsonl")
    with pytest.raises(Invalid, match="not an array"):
        read(write(tmp_path, "a.json", "{}"))
    with pytest.raises(Invalid, match="is not JSON"):
        read(write(tmp_path, "b.json", "["))
    (tmp_path / "c.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(Invalid, match="not UTF-8"):
        read(tmp_path / "c.jsonl")


def test_columns_become_sentences_and_a_line_without_tag_is_named(tmp_path: Path) -> None:
    (one,) = read(write(tmp_path, "a.conll", "Jane\tB-PER\nRoe\tI-PER\nleft\tO\n.\tO\n\n"))
    assert (one.text, one.marks) == ("Jane Roe left.", (Mark(0, 8, "PER"),))
    with pytest.raises(Invalid, match=r"line 2 of .* has no tag"):
        read(write(tmp_path, "b.conll", "Jane B-PER\nRoe\n"))


def test_labels_without_meaning_are_named_unless_they_may_be_content(tmp_path: Path) -> None:
    spans = [{"start": 0, "end": 4, "type": kind} for kind in ("FLAVOUR", "Jane Roe <jane@example.com>")]
    texts = read(write(tmp_path, "a.jsonl", json.dumps({"text": "Jane", "spans": spans})))
    with pytest.raises(Invalid, match="FLAVOUR") as caught:
        meanings(texts)
    assert "jane@" not in caught.value.message
    assert "--map" in caught.value.hint


def test_rows_are_understood(tmp_path: Path) -> None:
    spans = [
        {"start": 0, "end": 4, "type": "FIRSTNAME"},
        {"start": 5, "end": 8, "type": "SURNAME"},
        {"start": 10, "end": 15, "type": "MISC"},
        {"start": 16, "end": 18, "type": "song"},
    ]
    texts = read(write(tmp_path, "a.jsonl", json.dumps({"text": "Jane Roe, Leeds ok", "spans": spans})))
    (row,) = understood(texts)
    assert [(truth.start, truth.end, truth.type) for truth in row.truths] == [(0, 8, "PERSON")]
    assert row.aside == ((10, 15),)


def test_the_set_may_say_itself_what_is_direct(tmp_path: Path) -> None:
    spans = [{"start": 0, "end": 4, "type": "PERSON", "identifier_type": "QUASI"}]
    (row,) = understood(read(write(tmp_path, "a.jsonl", json.dumps({"text": "Jane", "spans": spans}))))
    assert not row.truths[0].direct
