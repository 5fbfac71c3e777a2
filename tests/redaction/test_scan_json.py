"""JSON that a model writes is masked string by string, and stays JSON, however it is cut."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.redaction.test_scan_text import PIECES, rule

VALUES = st.recursive(
    st.one_of(
        PIECES, st.integers(0, 10**13), st.booleans(), st.none(), st.floats(allow_nan=False, allow_infinity=False)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(PIECES, inner, max_size=3)),
    max_leaves=6,
)


@settings(max_examples=150)
@given(st.data())
def test_any_split_gives_the_whole_and_valid_json(data: st.DataObject) -> None:
    value = data.draw(VALUES)
    text = json.dumps(value, ensure_ascii=data.draw(st.booleans()), indent=data.draw(st.sampled_from([None, 1])))
    places = sorted(set(data.draw(st.lists(st.integers(0, len(text)), max_size=40))))
    at_once, in_pieces = rule(), rule()
    scan = in_pieces.scan(json=True)
    said = "".join(scan.feed(text[a:b]) for a, b in pairwise([0, *places, len(text)])) + scan.flush()
    assert said == at_once.whole(text, json=True)
    assert in_pieces.masked == at_once.masked
    json.loads(said)
    if not at_once.masked:
        assert said == text


def masked(text: str) -> Any:
    return json.loads(rule().whole(text, json=True))


def test_strings_numbers_keys_and_escapes() -> None:
    assert masked('{"to": "jane.roe@acme.example", "n": 7}') == {"to": "[EMAIL_ADDRESS]", "n": 7}
    assert masked('{"to": "jane\\u002eroe\\u0040acme.example \\"x\\" \\n"}') == {"to": '[EMAIL_ADDRESS] "x" \n'}
    assert masked('{"card": 4111111111111111}') == {"card": "[CREDIT_CARD]"}
    assert masked('{"jane.roe@acme.example": true}') == {"[EMAIL_ADDRESS]": True}


def test_a_key_is_read_with_its_value() -> None:
    assert masked('{"passport": "912345678"}') == {"passport": "[US_PASSPORT]"}


def test_what_is_not_masked_keeps_its_bytes() -> None:
    text = '{ "a" : "caf\\u00e9 \\ud83d\\ude00 \\/", "b":[1.50,-2e3 , null] }'
    assert rule().whole(text, json=True) == text


def test_arguments_that_are_no_json_are_looked_at_all_the_same() -> None:
    assert "jane.roe" not in rule().whole("mail jane.roe@acme.example now", json=True)
    assert "jane.roe" not in rule().whole('{"to": "jane.roe@acme.example', json=True)
    assert rule().whole('{"to": "a\\u00', json=True) == '{"to": "a\\u00'
