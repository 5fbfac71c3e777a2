"""Tokens as models write them: every way by hand, thousands composed, in any split; and never one for another."""

from __future__ import annotations

import codecs
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.crypto.secret import SecretBytes
from gateway.redaction.known_ids import ALPHABET, ID_LENGTH
from gateway.redaction.restore import Restorer, restore
from gateway.redaction.tokens import Minter, Written
from gateway.redaction.written import MOST
from tests.redaction import mangling

MINTER = Minter(SecretBytes(b"k" * 32))
JANE = MINTER.token("PERSON", "Jane Roe")
ROE = MINTER.form(JANE, "Roe")
JOHN = MINTER.token("PERSON", "John Doe")
MAIL = MINTER.token("EMAIL_ADDRESS", "jane@acme.example")
CODE = MINTER.token("PROJECT_CODE", "one of two")
VALUES = {JANE: "Jane Roe", ROE: "Roe", JOHN: "John Doe", MAIL: "jane@acme.example", CODE: "one of two"}
TOKENS = [
    ("PERSON", JANE[8:-1], "Jane Roe"),
    ("PERSON", ROE[8:-1], "Roe"),
    ("EMAIL_ADDRESS", MAIL[15:-1], "jane@acme.example"),
    ("PROJECT_CODE", CODE[14:-1], "one of two"),
]
BY_HAND = [(type_, *case) for type_, identity, value in TOKENS for case in mangling.cases(type_, identity, value)]


def fed(pieces: list[str]) -> str:
    restorer = Restorer(VALUES)
    return "".join(map(restorer.feed, pieces)) + restorer.flush()


@pytest.mark.parametrize(
    ("type_", "name", "written", "expected"), BY_HAND, ids=lambda value: value if len(value) < 50 else ""
)
def test_a_mangled_token_comes_back(type_: str, name: str, written: str, expected: str) -> None:
    assert restore(written, VALUES) == expected
    assert all(fed([written[:cut], written[cut:]]) == expected for cut in range(1, len(written), 3))
    assert fed(list(written)) == expected


def test_there_are_many_cases() -> None:
    assert len(mangling.cases("T", "0" * 12, "x")) >= 60


def test_manglings_put_together_come_back() -> None:
    for type_, identity, value in TOKENS:
        for written, expected in mangling.composed(7, 1500, type_, identity, value):
            assert restore(written, VALUES) == expected


pieces_of_text = st.sampled_from(
    [written for _, _, written, _ in BY_HAND]
    + [
        "Dear ",
        " and ",
        ". ",
        "\n",
        "[",
        "]",
        "\\",
        "&",
        "%",
        "<",
        "_",
        "**",
        "[see",
        "THE ",
        "A",
        "person",
        "[[",
        "&#",
        "%5",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(pieces_of_text, min_size=1, max_size=6).map("".join), st.data())
def test_any_split_of_mangled_tokens_gives_what_the_whole_gives(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    split = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert fed(split) == fed(list(text)) == restore(text, VALUES)


@settings(max_examples=150, deadline=None)
@given(st.lists(pieces_of_text, min_size=1, max_size=4).map("".join), st.data())
def test_any_split_of_the_bytes_gives_what_the_whole_gives(text: str, data: st.DataObject) -> None:
    raw = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    decoder = codecs.getincrementaldecoder("utf-8")()
    split = [decoder.decode(raw[a:b]) for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert fed(split) == restore(text, VALUES)


def test_no_corrupted_id_is_taken_for_another() -> None:
    chance = random.Random(11)
    known = [MINTER.token("PERSON", f"Person {number}") for number in range(300)]
    values = dict.fromkeys(known, "WRONG")
    written = Written(known)
    for _ in range(20_000):
        token = chance.choice(known)
        identity = token[8:-1]
        at = chance.randrange(ID_LENGTH)
        kind = chance.randrange(4)
        new = chance.choice([c for c in ALPHABET if c != identity[at]])
        if kind == 0:
            broken = identity[:at] + new + identity[at + 1 :]
        elif kind == 1:
            broken = identity[:at] + identity[at + 1 :]
        elif kind == 2:
            broken = identity[:at] + new + identity[at:]
        else:
            broken = identity[:at] + identity[at + 1 : at + 2] + identity[at] + identity[at + 2 :]
        if broken not in (identity, identity + "s"):
            text = f"[PERSON_{broken}] said"
            assert list(written.find(text)) == []
            assert restore(text, values) == text


@pytest.mark.parametrize("cut", range(1, len(ROE)))
def test_cut_at_the_end_nothing_wrong_comes_back(cut: int) -> None:
    shown = restore(f"it was {ROE[:cut]}", VALUES)
    whole = len(JANE) - 1
    assert shown == f"it was {ROE[:cut]}" if cut < whole else shown.strip("[").startswith("it was ")
    assert "John" not in shown
    if cut >= whole:
        assert shown.removeprefix("it was [").rstrip("_") in ("Jane Roe", "Roe")


def test_a_lost_or_wrong_form_names_the_value_itself() -> None:
    assert restore(JANE, VALUES) == "Jane Roe"
    assert restore(ROE, VALUES) == "Roe"
    assert restore(ROE[:-2] + "!]", VALUES) == f"[Jane Roe{ROE[-6:-2]}!]"
    assert restore(ROE[:-5] + ("zzzz" if ROE[-5:-1] != "zzzz" else "yyyy") + "]", VALUES) == "Jane Roe"
    assert restore(JANE, {ROE: "Roe"}) == "Roe"


def test_one_id_of_two_types_needs_the_type() -> None:
    one, two = "[PERSON_00000000000a]", "[CITY_00000000000a]"
    known = {one: "Jane Roe", two: "Paris"}
    assert restore(f"{one} {two} [NAME_00000000000a]", known) == "Jane Roe Paris [NAME_00000000000a]"


def test_what_is_held_is_short() -> None:
    worst = 0
    for _, _, text, _ in BY_HAND:
        restorer, inside = Restorer(VALUES), 0
        for character in f"so {text}. Then ":
            out = restorer.feed(character)
            inside = inside + 1 - len(out) if not out else 0
            worst = max(worst, inside)
    assert worst < 90
    text = "[" + "A_" * 200
    assert len(text) - Written(VALUES).held(text) <= MOST


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit", ["[", "\\", "[[PERSON_", "PERSON_", "A_", "A ", "&#9", "%5", "<b", "_", "\u200b", JANE[8:13], "[a "]
)
def test_no_text_costs_more_than_its_length(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    began = time.process_time()
    assert restore(text, VALUES) == text
    assert time.process_time() - began < 4
