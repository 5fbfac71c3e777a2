"""The last look: every form an original may leave in."""

from __future__ import annotations

import json
from urllib.parse import quote, quote_plus

import pytest

from gateway.redaction.egress import find_originals
from gateway.redaction.nouns import Original

JANE = {"[PERSON_00000000000a]": Original("Jané Roe-Smith", "PERSON")}
ROE = {"[PERSON_00000000000b]": Original("Roe", "PERSON")}
PIN = {"[PIN_00000000000c]": Original("12", "PIN")}


def body(text: str) -> bytes:
    return json.dumps({"messages": [{"role": "user", "content": text}]}).encode()


@pytest.mark.parametrize(
    "leaving",
    [
        body("I am Jané Roe-Smith."),
        json.dumps({"content": "jané roe-smith"}, ensure_ascii=False).encode(),
        body("JANÉ ROE-SMITH"),
        body("xJané Roe-Smithx"),
        body("Jané\nRoe-Smith"),
        body(json.dumps({"arguments": json.dumps({"who": "Jané Roe-Smith"})})),
        body("https://a.example/?q=" + quote("Jané Roe-Smith")),
        body("https://a.example/?q=" + quote_plus("Jané Roe-Smith")),
        json.dumps({"Jané Roe-Smith": 1}).encode(),
        "not json: Jané Roe-Smith".encode(),
        b"\xff\xfe Jan\xc3\xa9 Roe-Smith",
    ],
)
def test_an_original_is_found_in_every_form(leaving: bytes) -> None:
    assert find_originals(leaving, JANE) == ["PERSON"]


def test_nothing_is_found_where_nothing_stands() -> None:
    assert find_originals(body("[PERSON_00000000000a] and Jane Smith"), JANE) == []
    assert find_originals(b"", JANE) == []
    assert find_originals(body("anything"), {}) == []


def test_short_values_count_as_whole_words_in_their_own_case_and_tiny_ones_not_at_all() -> None:
    assert find_originals(body("ask Roe."), ROE) == ["PERSON"]
    assert find_originals(body("line\nRoe\n"), ROE) == ["PERSON"]
    assert find_originals(body("a heroe, roe, Roebuck"), ROE) == []
    assert find_originals(body("12"), PIN) == []


def test_one_type_for_each_value_found() -> None:
    both = {**JANE, **ROE, "[US_SSN_00000000000d]": Original("536-90-4399", "US_SSN")}
    assert find_originals(body("Jané Roe-Smith 536-90-4399"), both) == ["PERSON", "PERSON", "US_SSN"]
    assert find_originals(
        json.dumps({"n": 4155552672}).encode(), {"[P_00000000000e]": Original("4155552672", "P")}
    ) == ["P"]


@pytest.mark.parametrize("value", ["IBAN", "CODE", "IBAN_CODE"])
def test_the_words_of_a_token_are_no_value(value: str) -> None:
    found = {"[IBAN_CODE_00000000000f]": Original("GB33BUKB20201555555555", "IBAN_CODE")}
    found["[PERSON_00000000000a]"] = Original(value, "PERSON")
    assert find_originals(body("Is [IBAN_CODE_00000000000f] a [PERSON_00000000000a]?"), found) == []
    assert find_originals(body("Is [IBAN_CODE] or IBAN_CODE-0123456789ab a [PERSON]?"), found) == []
    assert find_originals(body(f"Is [IBAN_CODE_00000000000f] a {value}?"), found) == ["PERSON"]
    assert find_originals(f"not json: [IBAN_CODE_00000000000f] a {value}".encode(), found) == ["PERSON"]


def test_what_only_looks_like_a_token_covers_nothing() -> None:
    roe = {"[PERSON_00000000000b]": Original("ROE", "PERSON")}
    assert find_originals(body("[JANÉ_00000000000a] [ROE_00000000000b]"), roe) == ["PERSON"]
    assert find_originals(body("[ROE] and ROE-0123456789ab"), roe) == ["PERSON"]
    assert find_originals(body("[PERSON_0000Roe00000]"), {"[P_00000000000e]": Original("0000Roe00000", "P")}) == ["P"]
