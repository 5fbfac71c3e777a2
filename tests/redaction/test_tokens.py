"""One grammar for tokens: made, found, and found again after a model rewrote them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.crypto.secret import SecretBytes
from gateway.redaction.tokens import (
    LONGEST,
    TOKEN,
    Minter,
    Written,
    find_tokens,
    mask_of,
    token_spans,
    type_of,
    whole_of,
)

MINTER = Minter(SecretBytes(b"k" * 32))
OTHER = Minter(SecretBytes(b"o" * 32))
JANE = MINTER.token("PERSON", "Jane Roe")
STRANGER = OTHER.token("PERSON", "Jane Roe")
MAIL = MINTER.token("EMAIL_ADDRESS", "jane.roe@acme.example")


def spelled(text: str) -> list[str]:
    return [token for _, _, token in Written([JANE, MAIL]).find(text)]


def test_a_token_carries_its_type_and_sixty_bits() -> None:
    assert re.fullmatch(r"\[PERSON_[0-9a-hjkmnp-tv-z]{12}\]", JANE)
    assert type_of(MAIL) == "EMAIL_ADDRESS"
    assert mask_of(MAIL) == "[EMAIL_ADDRESS]"
    assert len(MINTER.form(MINTER.token("T" * 40, "x"), "y")) == LONGEST


def test_a_form_of_a_value_has_the_value_s_id_and_more() -> None:
    roe = MINTER.form(JANE, "Roe")
    assert re.fullmatch(re.escape(JANE[:-1]) + r"_[0-9a-hjkmnp-tv-z]{4}\]", roe)
    assert whole_of(roe) == whole_of(JANE) == JANE
    assert type_of(roe) == "PERSON"
    assert mask_of(roe) == "[PERSON]"
    assert len({roe, *(MINTER.form(JANE, form) for form in ("ROE", "Jane", "J. Roe"))}) == 4
    assert OTHER.form(STRANGER, "Roe")[-6:] != roe[-6:]
    assert list(find_tokens(f"{roe} and {JANE}")) == [roe, JANE]


def test_equal_values_have_equal_tokens_and_only_within_one_key() -> None:
    assert MINTER.token("PERSON", "JANE  roe") == JANE
    assert MINTER.token("PERSON", "Jane Row") != JANE
    assert OTHER.token("PERSON", "Jane Roe") != JANE
    assert MINTER.token("EMPLOYEE", "Jane Roe")[-13:] != JANE[-13:]


@given(st.text(), st.text())
def test_different_values_have_different_tokens(one: str, two: str) -> None:
    a, b = MINTER.token("CUSTOM", one), MINTER.token("CUSTOM", two)
    assert TOKEN.fullmatch(a)
    if one.casefold().split() != two.casefold().split() and (one + two).isascii() and (one + two).isprintable():
        assert a != b


def test_tokens_are_found_and_filtered_by_type() -> None:
    text = f"{JANE} wrote to {MAIL}, not [PERSON_short] nor [person_k3f9a2c17qzx]"
    assert list(find_tokens(text)) == [JANE, MAIL]
    assert [token for *_, token in token_spans(text, {"PERSON"})] == [JANE]


@pytest.mark.parametrize(
    "written",
    [
        JANE,
        JANE.lower(),
        JANE.upper(),
        JANE.replace("_", r"\_"),
        JANE.replace("_", " "),
        JANE.replace("[", r"\[").replace("]", r"\]"),
        JANE.strip("[]"),
        f"**{JANE}**",
        f"{JANE.strip('[]')}'s",
        f"({JANE.strip('[]')})",
        f"[[{JANE.strip('[]')}]]",
    ],
)
def test_cheap_manglings_are_recognised(written: str) -> None:
    assert spelled(written) == [JANE]


@pytest.mark.parametrize(
    "written",
    [
        JANE[:-2] + "]",
        JANE[:-1] + "z]",
        JANE[:8] + "z" + JANE[8:],
        JANE[:-2] + ("0" if JANE[-2] != "0" else "1") + "]",
        JANE[:14] + ", " + JANE[14:],
        JANE[:14] + '", "' + JANE[14:],
        JANE.strip("[]") + "x",
        JANE.strip("[]") + "sx",
        "X" + JANE[8:],
        "[PERSON]",
    ],
)
def test_what_does_not_hold_the_whole_id_is_left(written: str) -> None:
    assert spelled(written) == []


@pytest.mark.parametrize(
    "written",
    [
        JANE[:-1],
        "X" + JANE.strip("[]"),
        JANE.strip("[]") + "_2",
        "MY_" + JANE.strip("[]"),
        JANE.replace("PERSON", "PERSO"),
        JANE.replace("PERSON", "EMAIL_ADDRESS"),
    ],
)
def test_whatever_holds_the_whole_id_is_recognised(written: str) -> None:
    assert spelled(written) == [JANE]


def test_only_tokens_of_the_set_are_recognised() -> None:
    assert spelled(f"{STRANGER} {STRANGER.strip('[]')} [PERSON_000000000000]") == []


def test_held_is_the_longest_suffix_that_can_still_become_a_token() -> None:
    known = Written([JANE])
    for cut in range(1, len(JANE)):
        assert known.held("seen " + JANE[:cut], 0) == 5
    assert known.held("seen " + JANE, 0) == len("seen " + JANE)
    assert known.held("array[", 0) == 5
    assert known.held("array[3", 0) == 7
    assert known.held("[see ", 0) == 5
    assert known.held("[NOM_PROPRE ", 0) == 0
    assert known.held("the person ", 0) == len("the person ")
    assert known.held("a < b", 0) == 5
    assert known.held("one " + STRANGER[:-4], 0) == 4
    assert known.held("one " + STRANGER[:-4] + ",", 0) == len(STRANGER) + 1


def test_name_parts_are_keyed_and_not_tokens() -> None:
    roe = MINTER.parts("Roe")
    assert MINTER.parts("Dr. Jane van Roé's")[-1] == roe[0]
    assert OTHER.parts("Roe") != roe
    assert MINTER.token("PERSON", "Roe")[8:-1] != roe[0]
    assert MINTER.parts("4 x !") == ()


@pytest.mark.timeout(20)
def test_a_long_run_of_words_and_underscores_costs_no_more_than_its_length() -> None:
    assert spelled("a_" * 40_000) == []
    assert spelled("[" * 40_000 + "PERSON_" * 10_000) == []
