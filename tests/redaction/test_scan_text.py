"""A model's text is masked while it comes: the same for any cut, at once where nothing can be personal data."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model import PrivacyPolicy
from gateway.redaction.scan_output import OutputRule, detector_of
from gateway.redaction.scan_text import HELD, KEPT, WORD
from gateway.redaction.tokens import Written

TOKEN = "[PERSON_5vxgthc6w4xf]"
PIECES = st.lists(
    st.sampled_from(
        [
            *("jane.roe@acme.example", "jane", ".roe", "@", "acme.example", "+44 20 7946 0327", "12", "(030) 901820"),
            *("4111 1111 1111 1111", "A", "AB 12 34 56 C", "DE89 3704 0044 0532 0130 00", "Dr Jane Roe", "passport "),
            *(
                " ",
                " ",
                " ",
                "\n",
                "\t",
                ",",
                ".",
                "word",
                "und ",
                TOKEN,
                "[person 5vx",
                "gthc6w4xf]",
                "é",
                "电",
                "\u2028",
            ),
            *("1" * 70, "x" * 30, "9 " * 90, "y" * 1100),
        ]
    ),
    max_size=30,
).map("".join)


def rule(*, words: bool = False, hidden: str = "", own: str = "", few: bool = False) -> OutputRule:
    find = detector_of(PrivacyPolicy()).find
    return OutputRule(
        find, lambda kind: kind != hidden, lambda value: value == own, Written([TOKEN]), words=words, few=lambda *_: few
    )


def cut(data: st.DataObject, text: str) -> list[str]:
    places = sorted(set(data.draw(st.lists(st.integers(0, len(text)), max_size=40))))
    return [text[a:b] for a, b in pairwise([0, *places, len(text)]) if a < b]


@settings(max_examples=150)
@given(st.data())
def test_any_split_of_any_stream_gives_the_whole(data: st.DataObject) -> None:
    text, words = data.draw(PIECES), data.draw(st.booleans())
    at_once, in_pieces = rule(words=words), rule(words=words)
    scan = in_pieces.scan()
    said = "".join([*(scan.feed(piece) for piece in cut(data, text)), scan.flush()])
    assert said == at_once.whole(text)
    assert in_pieces.masked == at_once.masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Write to jane.roe@acme.example, please", "Write to [EMAIL_ADDRESS], please"),
        ("call +44 20 7946 0327 now", "call [PHONE_NUMBER] now"),
        ("IBAN DE89 3704 0044 0532 0130 00.", "IBAN [IBAN_CODE]."),
        ("card 4111 1111 1111 1111\nnext", "card [CREDIT_CARD]\nnext"),
        ("NINO AB 12 34 56 C and on", "NINO [UK_NINO] and on"),
        ("the passport 912345678 of his", "the passport [US_PASSPORT] of his"),
        ("写信给 jane.roe@acme.example 吧", "写信给 [EMAIL_ADDRESS] 吧"),
        ("In 2024 Germany won 3 of 7 games, 29 days.", "In 2024 Germany won 3 of 7 games, 29 days."),
    ],
)
def test_what_is_masked_and_what_is_not(text: str, shown: str) -> None:
    assert rule().whole(text) == shown


def test_names_are_masked_where_policy_says_so() -> None:
    assert rule(words=True).whole("I asked Dr Jane Roe about it") == "I asked Dr [PERSON] about it"
    assert rule(words=True, hidden="PERSON").whole("I asked Dr Jane Roe about it") == "I asked Dr Jane Roe about it"


def test_a_token_stays_however_it_is_spelled() -> None:
    for token in (TOKEN, "[person 5vxgthc6w4xf]", "person_5vxgthc6w4xf"):
        assert rule(words=True, few=True).whole(f"to {token} and") == f"to {token} and"


def test_what_is_not_the_models_own_stays() -> None:
    assert rule(own="jane.roe@acme.example").whole("to jane.roe@acme.example or j@b.example") == (
        "to jane.roe@acme.example or [EMAIL_ADDRESS]"
    )


def test_plain_words_leave_as_soon_as_they_are_whole() -> None:
    scan = rule().scan()
    for word in ("Every ", "word ", "leaves ", "at ", "once, "):
        assert scan.feed(word) == word
    assert scan.feed("电话") == "电话"
    assert scan.feed("jane") == ""
    assert scan.feed(" ") == "jane "


def test_a_number_waits_for_one_word_and_no_longer() -> None:
    scan = rule().scan()
    assert scan.feed("in 2024") == "in "
    assert scan.feed(" it") == ""
    assert scan.feed(" was") == "2024 it "


def test_an_address_or_an_identifier_waits_for_its_own_end_alone() -> None:
    scan = rule().scan()
    assert scan.feed("see jane.roe@acme.example ") == "see [EMAIL_ADDRESS] "
    for number in range(9):
        assert scan.feed(f"word{number} ") == f"word{number} "
    assert scan.feed("on the 12th March ") == "on the "


def test_a_line_end_waits_for_nothing() -> None:
    scan = rule().scan()
    assert scan.feed("mail jane.roe@acme.example\n") == "mail [EMAIL_ADDRESS]\n"


@given(PIECES)
def test_no_more_is_held_than_a_candidate_and_a_word(text: str) -> None:
    scan = rule().scan()
    given_out = masks = 0
    for given_in, character in enumerate(text, 1):
        out = scan.feed(character)
        given_out += len(out)
        masks += out.count("[")
        # a mask may be shorter than what it stands for
        assert given_in - given_out <= HELD + KEPT + 2 * WORD + masks * 60


def test_a_long_row_of_numbers_is_neither_collected_nor_let_through() -> None:
    scan = rule().scan()
    row = "4111 1111 1111 1111, " * 200
    held = 0
    out = ""
    for character in row:
        out += scan.feed(character)
    held = len(row) - len(out)
    out += scan.flush()
    assert "1111 1111" not in out
    assert held > 0


def test_the_cost_of_a_token_is_small() -> None:
    scan = rule().scan()
    words = ("every employee has 29 days of paid leave, see section 4.2 of the handbook " * 200).split(" ")
    scan.feed("warm 4.2 up ")
    start = time.thread_time()
    for word in words:
        scan.feed(" " + word)
    assert (time.thread_time() - start) / len(words) < 0.002
