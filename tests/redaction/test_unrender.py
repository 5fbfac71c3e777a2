"""Invented values back to tokens in what a model writes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.redaction.restore import restore
from gateway.redaction.unrender import Surface, Surfaces, Unrender

NAME = "[PERSON_0123456789ab]"
LAST = "[PERSON_0123456789ab_wxyz]"
LOUD = "[PERSON_0123456789ab_zzzz]"
MAIL = "[EMAIL_ADDRESS_0123456789ab]"
CARD = "[CREDIT_CARD_0123456789ab]"
PHONE = "[PHONE_NUMBER_0123456789ab]"
DAY = "[DATE_OF_BIRTH_0123456789ab]"
ADDRESS = "[IP_ADDRESS_0123456789ab]"
HAN = "[PERSON_ba9876543210]"
SURFACES = Surfaces(
    (
        Surface("Mary Quill", NAME),
        Surface("MARY QUILL", LOUD),
        Surface("Quill", LAST, part=True),
        Surface("mary.quill@mill.example", MAIL),
        Surface("4000 0012 3456 7899", CARD, loose=True),
        Surface("+1 (501) 555-0153", PHONE, loose=True),
        Surface("1984-05-06", DAY),
        Surface("May 6, 1984", DAY),
        Surface("192.0.2.17", ADDRESS),
        Surface("松田桃子", HAN),
    )
)


def whole(text: str, *, json: bool = False) -> str:
    way = Unrender(SURFACES, json=json)
    return way.feed(text) + way.flush()


@pytest.mark.parametrize(
    ("text", "back"),
    [
        ("Mary Quill wrote.", f"{NAME} wrote."),
        ("Mary  \n  Quill wrote.", f"{NAME} wrote."),
        ("Mary\u00a0Quill's", f"{NAME}'s"),
        ("mary quill", NAME),
        ("MARY QUILL", LOUD),
        ("Mary Quills Vertrag", f"{NAME}s Vertrag"),
        ("**Mary Quill**", f"**{NAME}**"),
        ("Ms Quill, QUILL and Quill\u2019s", f"Ms {LAST}, {LAST} and {LAST}\u2019s"),
        ("[Mary Quill](https://x.example)", f"[{NAME}](https://x.example)"),
        ("Mary Quill.Next", f"{NAME}.Next"),
        ("mail MARY.Quill@Mill.Example.", f"mail {MAIL}."),
        ("4000001234567899", CARD),
        ("4000-0012-3456-7899.", f"{CARD}."),
        ("call +1 501 555 0153 or (501) 555-0153", f"call {PHONE} or (501) 555-0153"),
        ("+1 (501) 555-0153", PHONE),
        ("born 1984-05-06, that is May 6, 1984.", f"born {DAY}, that is {DAY}."),
        ("from 192.0.2.17.", f"from {ADDRESS}."),
        ("\u677e\u7530\u6843\u5b50さん", f"{HAN}さん"),
        ("Mary Quill Mary", f"{NAME} Mary"),
        ("Mary Mary Quill", f"Mary {NAME}"),
    ],
)
def test_a_surface_is_found_as_a_model_writes_it(text: str, back: str) -> None:
    assert whole(text) == back


@pytest.mark.parametrize(
    "text",
    [
        *("Mary Quillson", "Rosemary Quill2", "Quills", "quill", "a quill pen", "O'Quill", "Quillmary", "Maryquill"),
        *("x.quill@mill.example", "tom.mary.quill@mill.example", "mary.quill@mill.example.com", "Quill@mill.example"),
        *("mary.quill@mill.example2", "www.Quill.example", "mary.quill@mill.examples"),
        *("14000001234567899", "40000012345678990", "4000 0012 3456 789", "x4000001234567899"),
        *("1984-05-067", "11984-05-06", "192.0.2.171", "1.192.0.2.17", "192.0.2.17.5", "1984-05-06-2"),
        "",
    ],
)
def test_nothing_is_found_inside_another_word(text: str) -> None:
    assert whole(text).replace(LAST, "Quill") == text
    if "Quill " not in text and not text.endswith("Quill2"):
        assert "[" not in whole(text)


def test_in_json_letters_may_be_escaped() -> None:
    source = json.dumps({"to": "\n\u677e\u7530\u6843\u5b50", "cc": "Mary Quill\tQuill", "p": "\\"}, ensure_ascii=True)
    assert json.loads(whole(source, json=True)) == {"to": f"\n{HAN}", "cc": f"{NAME}\t{LAST}", "p": "\\"}


def test_nothing_is_looked_for_without_surfaces() -> None:
    way = Unrender(Surfaces(()))
    assert way.feed("Mary Quill") == "Mary Quill"
    assert way.flush() == ""


def test_only_the_beginning_of_a_surface_is_held_back() -> None:
    way = Unrender(SURFACES)
    assert way.feed("Hello there ") == "Hello there "
    assert way.feed("Ma") == ""
    assert way.feed("ry Qu") == ""
    assert way.feed("een ") == "Mary Queen "
    assert way.feed("Mary Quill") == ""
    assert way.feed("!") == f"{NAME}!"
    assert way.feed("40000") == ""
    assert way.feed("x") == "40000x"
    assert way.flush() == ""


def test_after_a_flush_a_new_text_begins() -> None:
    way = Unrender(SURFACES)
    assert way.feed("see x") == "see x"
    assert way.flush() == ""
    assert way.feed("Quill ") == f"{LAST} "


PIECES = [
    *(
        "Mary",
        "Quill",
        "Mary Quill",
        "MARY QUILL",
        "mary.quill@mill.example",
        "4000 0012 3456 7899",
        "+1 (501) 555-0153",
    ),
    *(
        "1984-05-06",
        "May 6, 1984",
        "192.0.2.17",
        "\u677e\u7530\u6843\u5b50",
        "\\u677e\\u7530",
        "\\n",
        "\\",
        "\\\\u0041",
    ),
    *(" ", "  ", "\n", ".", "@", "-", "'", "s", "x", "4000", "\u00a0", "(", "+", "[", "]", "1", "Ma", "é", "\u0130"),
]
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


@given(texts, st.lists(st.integers(0, 80), max_size=8), st.booleans())
@settings(max_examples=400)
def test_any_split_gives_what_the_whole_gives(text: str, cuts: list[int], source: bool) -> None:
    way = Unrender(SURFACES, json=source)
    at = 0
    out = ""
    for cut in [*sorted(min(cut, len(text)) for cut in cuts), len(text)]:
        out += way.feed(text[at:cut])
        at = cut
    assert out + way.flush() == whole(text, json=source)


@given(texts)
@settings(max_examples=200)
def test_letter_by_letter_too_and_nothing_else_is_touched(text: str) -> None:
    way = Unrender(SURFACES)
    done = "".join(map(way.feed, text)) + way.flush()
    assert done == whole(text)
    shown = {NAME: "", LAST: "", LOUD: "", MAIL: "", CARD: "", PHONE: "", DAY: "", ADDRESS: "", HAN: ""}
    for token in shown:
        done = done.replace(token, "\0")
    rest = iter(text)
    assert all(character in rest for character in done.replace("\0", ""))


def test_the_places_where_no_value_goes_hold_afterwards() -> None:
    back = whole("See https://evil.example/?q=Mary Quill and ![Mary Quill](https://x.example/Quill) for Mary Quill")
    shown = restore(back, {NAME: "Jane Roe", LAST: "Roe"})
    assert shown == "See https://evil.example/?q=[PERSON] and ![[PERSON]](https://x.example/[PERSON]) for Jane Roe"
