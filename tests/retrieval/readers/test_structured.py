"""Records and tables."""

# ruff: noqa: E501

from __future__ import annotations

import pytest

from gateway.errors import TooLarge, UnsupportedMedia
from tests.retrieval.readers.reading import read


def test_json_records_are_paragraphs() -> None:
    data = b'{"title":"x","people":[{"name":"Ada","tags":["a","b"],"home":{"city":"Bonn"}},{"name":"Bob"}],"n":3,"no":null}'
    assert read(data, "json").text == (
        "title: x\nn: 3\n\npeople.name: Ada\npeople.tags: a, b\npeople.home.city: Bonn\n\npeople.name: Bob\n"
    )
    assert read(b'[["Name","City","Year"],["Ada","Bonn",1]]', "json").text == "Name: Ada\nCity: Bonn\nYear: 1\n"
    assert read(b'"one"', "json").text == "one\n"


def test_json_lines_tsv_and_yaml() -> None:
    assert read(b'{"a":1}\n\n{"a":2,"b":true}\n', "jsonl").text == "a: 1\n\na: 2\nb: true\n"
    assert read(b"a\tb\n1\t=HYPERLINK(x)\n", "tsv").text == "a: 1\nb: =HYPERLINK(x)\n"


def test_formulas_stay_text() -> None:
    assert read(b"name,note\nAda,=cmd|' /C calc'!A0\n", "csv").text == "name: Ada\nnote: =cmd|' /C calc'!A0\n"


@pytest.mark.parametrize(
    "data", [b"{", b"[1,]", b"{'a':1}", b"[" * 5000 + b"]" * 5000, b'{"a":' * 900 + b"1" + b"}" * 900]
)
def test_what_is_not_json(data: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        read(data, "json")


def test_json_that_grows_is_stopped() -> None:
    deep = b'{"' + b"k" * 2000 + b'":[' + b",".join([b'{"a":1,"b":2}'] * 5000) + b"]}"
    with pytest.raises(TooLarge):
        read(deep, "json")
