"""Reading lines and texts of any size, and lines out that lose nothing of what came in."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli import lines
from gateway.cli.lines import Line, answered, batches, failed, parse, text_blocks
from gateway.errors import Invalid


def read(data: bytes, size: int = 1000) -> list[Line]:
    return [line for batch in batches(io.BytesIO(data), lambda _: None, size=size) for line in batch.lines]


def test_lines_end_at_a_line_feed_and_nowhere_else() -> None:
    found = read('\ufeff{"text":"a\u2028b\x85c"}\r\n\n  \n{"text":"d"}'.encode())
    assert [line.number for line in found] == [1, 4]
    assert parse(found[0]).text == "a\u2028b\x85c"
    assert parse(found[1]).text == "d"


@given(st.lists(st.binary(max_size=40).filter(lambda b: b"\n" not in b), max_size=30), st.integers(1, 100))
def test_every_line_comes_once_in_order_however_batched(parts: list[bytes], size: int) -> None:
    found = read(b"\n".join([b"#", *parts]), size)
    assert [line.raw for line in found] == [raw.strip() for raw in (b"#", *parts) if raw.strip()]
    assert [line.number for line in found] == sorted({line.number for line in found})


def test_the_bytes_read_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BLOCK", 7)
    told: list[int] = []
    data = b'{"text":"x"}\n' * 5
    assert len(list(batches(io.BytesIO(data), told.append, size=30))) > 1
    assert sum(told) == len(data)


def test_a_line_too_long_is_passed_over_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE", 50)
    monkeypatch.setattr(lines, "BLOCK", 8)
    found = read(b'{"text":"a"}\n{"text":"' + b"x" * 100 + b'"}\n{"text":"b"}\n' + b"y" * 51)
    assert [line.raw is None for line in found] == [False, True, False, True]
    row = parse(found[1])
    assert json.loads(failed(row, row.error)) == {"line": 2, "error": "longer than 50 bytes"}


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"nonsense", "not JSON"),
        (b'{"text": "\\ud800"}', "not JSON"),
        (b"\xff", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b"{}", '"text" is missing or is no text'),
        (b'{"text": 3}', '"text" is missing or is no text'),
    ],
)
def test_what_is_wrong_with_a_line(raw: bytes, error: str) -> None:
    row = parse(Line(3, raw))
    assert row.error == error
    assert json.loads(failed(row, row.error)) == {"line": 3, "error": error}


def test_a_failed_line_keeps_its_id() -> None:
    row = parse(Line(3, b'{"id": null}'))
    assert json.loads(failed(row, row.error)) == {"id": None, "line": 3, "error": '"text" is missing or is no text'}


def test_a_line_comes_out_as_it_came_with_the_results_behind() -> None:
    raw = b'{ "id":12345678901234567890123, "text" : "x", "note":1.0 }'
    assert answered(parse(Line(1, raw)), {"redacted": "y"}) == (
        b'{ "id":12345678901234567890123, "text" : "x", "note":1.0,"redacted":"y"}\n'
    )


def test_results_replace_keys_of_the_same_name() -> None:
    out = answered(parse(Line(1, b'{"text":"x","spans":"old","id":4}')), {"redacted": "y", "spans": []})
    assert json.loads(out) == {"text": "x", "spans": [], "id": 4, "redacted": "y"}
    assert out.count(b'"spans"') == 1


KEYS = st.text(max_size=5).filter(lambda key: key not in {"text", "redacted"})
VALUES = st.one_of(st.integers(-(2**63), 2**63), st.text(max_size=9), st.none(), st.floats(allow_nan=False, width=32))


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.text(max_size=20), st.booleans())
def test_any_object_keeps_all_it_held(more: dict[str, Any], text: str, spaced: bool) -> None:
    given_row = {**more, "text": text}
    raw = json.dumps(given_row, indent=1 if spaced else None).replace("\n", " ").encode()
    row = parse(Line(1, raw))
    if not row.error:
        assert json.loads(answered(row, {"redacted": "r"})) == {**given_row, "redacted": "r"}


def test_text_comes_whole_over_any_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Zoë 😀 paid\r\n€5"
    for size in range(1, 9):
        monkeypatch.setattr(lines, "BLOCK", size)
        assert "".join(text_blocks(io.BytesIO(text.encode()), lambda _: None)) == text


@pytest.mark.parametrize("data", [b"\xff", b"abc\xe2\x82"])
def test_what_is_not_utf8_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid, match="not UTF-8"):
        list(text_blocks(io.BytesIO(data), lambda _: None))
