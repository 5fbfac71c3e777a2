"""Partial names: linked to the whole one where it can be no other's, covered where it could."""

from __future__ import annotations

import time

import pytest

from gateway.redaction.people import People

JANE = People(["Jane Roe"])


def mentioned(people: People, text: str) -> list[str]:
    return [text[one.start : one.end] + ("" if one.linked else "?") for one in longest(people, text)]


def longest(people: People, text: str):  # type: ignore[no-untyped-def]
    found = list(people.mentions(text))
    return [one for one in found if not any(o != one and o.start <= one.start and one.end <= o.end for o in found)]


@pytest.mark.parametrize(
    "value",
    [
        *(
            "Roe",
            "Jane",
            "J. Roe",
            "J Roe",
            "JANE ROE",
            "ROE",
            "Roe, Jane",
            "Roe, J.",
            "Jane R.",
            "Jane M. Roe",
            "Ms Roe",
        ),
        *("Jane Mary Roe", "Dr. Jane Roe", "jane roe", "Jane Roe Jr.", "ROE, JANE", "Jané Roe", "Roe's"),
        *("jane.roe", "jane_roe", "jane-roe", "JaneRoe", "janeroe", "roe.jane", "@janeroe", "j.roe", "jroe", "janer"),
        "janeroe84",
    ],
)
def test_a_part_of_a_name_stands_for_the_whole(value: str) -> None:
    assert JANE.whole(value) == "Jane Roe"


@pytest.mark.parametrize(
    "value",
    [
        "John Roe",
        "Jane Doe",
        "Roebuck",
        "K. Roe",
        "Jane S.",
        "Roe, John",
        "",
        "7",
        "J.",
        "J. R.",
        "roe.john",
        "janedoe",
        "kroe",
    ],
)
def test_what_is_not_a_part_of_it_does_not(value: str) -> None:
    assert JANE.whole(value) is None


@pytest.mark.parametrize("value", ["Roe", "ROE", "Roe,", "Ms Roe"])
def test_two_people_of_one_name_are_neither(value: str) -> None:
    both = People(["Jane Roe", "John Roe"])
    assert both.whole(value) is None
    assert both.whole("Jane") == both.whole("jane.roe") == "Jane Roe"
    assert both.whole("J. Roe") is None
    assert mentioned(both, "Ms Roe met Roe, John") == ["Roe", "Roe, John"]


def test_a_first_name_that_is_another_s_last_name_is_neither() -> None:
    assert People(["Grant Roe", "Mary Grant"]).whole("Grant") is None


def test_middle_names_tell_two_people_apart() -> None:
    two = People(["Jane Roe", "Jane M. Roe", "Jane K. Roe"])
    assert two.whole("Jane M. Roe") == "Jane M. Roe"
    assert two.whole("Jane Mary Roe") == "Jane M. Roe"
    assert two.whole("Jane K. Roe") == "Jane K. Roe"
    assert two.whole("Jane Roe") == "Jane Roe"
    assert two.whole("Roe") is None
    one = People(["Jane Roe", "Jane M. Roe"])
    assert one.whole("Jane M. Roe") == one.whole("Jane Mary Roe") == one.whole("Roe") == "Jane Roe"


def test_the_whole_name_is_the_one_written_first() -> None:
    assert People(["Jane M. Roe", "Jane Roe"]).whole("Jane Roe") == "Jane M. Roe"
    assert People(["Roe, Jane", "Jane Roe"]).whole("Jane") == "Roe, Jane"
    assert not People(["Roe", "J. Roe", "", "12"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Then Roe said so.", ["Roe"]),
        ("Roe said so. Jane left.", ["Roe", "Jane"]),
        ("Ms Roe, J. Roe and J.M. Roe", ["Roe", "J. Roe", "J.M. Roe"]),
        ("Jane M. Roe; Jane Mary Roe; JANE ROE", ["Jane M. Roe", "Jane Mary Roe", "JANE ROE"]),
        ("ROE, JANE | Roe, Jane | Roe, J.", ["ROE, JANE", "Roe, Jane", "Roe, J."]),
        ("Jane R. called", ["Jane R."]),
        ("Roe's car, the Roe-led group, Roe\u2019s", ["Roe", "Roe", "Roe"]),
        (
            "by jane.roe, jane_roe, JaneRoe, janeroe84 and @jroe",
            ["jane.roe", "jane_roe", "JaneRoe", "janeroe84", "jroe"],
        ),
        ("/home/jane.roe/x ~jroe C:\\Users\\jroe", ["jane.roe", "jroe", "jroe"]),
        ("contractJaneRoe.docx", ["JaneRoe"]),
        ("acme.jane.roe.notes", ["jane.roe"]),
        ("a roe deer, roebuck, Roebuck, jane, jroe, heroes", []),
        ("Peter Roe and Jane Smith", ["Roe?", "Jane?"]),
        ("Roe-Smith, Smith-Roe", ["Roe?", "Roe?"]),
        ("In Roe v. Wade", ["Roe"]),
    ],
)
def test_where_parts_of_a_name_stand(text: str, expected: list[str]) -> None:
    assert mentioned(JANE, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Will Smith came. Will you tell Will? I will.", ["Will Smith", "Will"]),
        ("Tell Mr Smith. Smith wrote.", ["Smith"]),
        ("- Will it work\nWill it", []),
        ("WILL AND TESTAMENT", []),
        ("We met Will Smith and Will.", ["Will Smith", "Will"]),
    ],
)
def test_a_common_word_is_a_name_only_where_it_is_sure(text: str, expected: list[str]) -> None:
    assert mentioned(People(["Will Smith"]), text) == expected


def test_other_alphabets_and_accents() -> None:
    people = People(["José García", "Анна Петрова", "Ludwig van der Berg", "Sinéad O'Neil"])
    assert people.whole("Jose Garcia") == people.whole("GARCÍA") == "José García"
    assert people.whole("Петрова") == "Анна Петрова"
    assert people.whole("L. van der Berg") == "Ludwig van der Berg"
    assert mentioned(people, "O'Neil and García, then Петрова") == ["O'Neil", "García", "Петрова"]


@pytest.mark.timeout(60)
def test_long_texts_and_many_people_cost_no_more_than_their_length() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    surnames = ["R" + a + b + c for a in letters[:20] for b in "aeiou" for c in letters]
    people = People([f"Jane {surname}" for surname in surnames])
    text = "".join(f"Then Ms {surname} met Jane, who went. " for surname in surnames) * 4
    began = time.process_time()
    found = list(people.mentions(text))
    assert len(found) >= 8 * len(surnames)
    assert time.process_time() - began < 8
