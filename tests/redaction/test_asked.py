"""What is said in answer to a question for a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gateway.redaction import asked
from gateway.redaction.asked import answers


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in answers(text)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("agent: hi, can i get your account number\ncustomer: 7781 2093 4456", "7781 2093 4456"),
        ("Could you tell me your policy number?\n\nIt's AX7731902.", "AX7731902"),
        ("[10:02] Bo: What is the booking code please?\n[10:03] ana: sure, it is QX-55-81T", "QX-55-81T"),
        ("Wie ist Ihre Kundennummer?\nKunde: 400 812 771", "400 812 771"),
        ("> and your member id\n< 88-2210-7", "88-2210-7"),
    ],
)
def test_an_answer_is_found(text: str, value: str) -> None:
    assert found(text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "can i get your account number\ncustomer: which one do you mean? i have 3",
        "The account number is on page 2.\nSection 14 explains more.",
        "the line number\n120934 entries were read",
        "your account number?\n12:30:45 is when i will look",
        "the account number was wrong\nVERSION and README follow",
    ],
)
def test_what_is_no_answer_is_left(text: str) -> None:
    assert found(text) == []


def test_a_long_text_of_near_misses_is_read_in_linear_time() -> None:
    text = "account number \n" * 20_000
    assert found(text) == []


@pytest.mark.parametrize(
    ("find", "text", "value"),
    [
        (asked.names, "Agent: And the name on the order?\nCustomer: svetlana roe", "svetlana roe"),
        (asked.names, "May I know who I am chatting with?\nVisitor 8841: Declan", "Declan"),
        (asked.names, "And your surname?\nVisitor 8841: Mac Giolla\nok", "Mac Giolla"),
        (asked.names, "Please type your full name.\nIt's Thandiwe Roe.", "Thandiwe Roe"),
        (asked.names, "Wie ist Ihr Name?\nKunde: ich hei\u00dfe J\u00f6rn Roe, Konto 1", "J\u00f6rn Roe"),
        (asked.users, "agent: username on the account\ncustomer: marlow_77\nok", "marlow_77"),
        (asked.users, "your gamertag?\n> sure, roebuck", "roebuck"),
        (asked.names, "your full name?\nCustomer: will smith", "will smith"),
        (asked.places, "your address please?\nCustomer: 9 birchfield close, B70 7LT", "9 birchfield close, B70 7LT"),
        (asked.places, "What is the supply address?\nVisitor: Apt 5 The Maltings\n", "Apt 5 The Maltings"),
        (answers, "can i have your order number?\nCustomer: its ORD-5519203\n", "ORD-5519203"),
        (answers, "ik heb uw bsn nodig\n123456782\ndank u", "123456782"),
    ],
)
def test_other_answers_are_found(find: Callable[[str], Iterator[tuple[int, int]]], text: str, value: str) -> None:
    assert [text[start:end] for start, end in find(text)] == [value]


@pytest.mark.parametrize(
    ("find", "text"),
    [
        (asked.names, "What is your name?\nCustomer: why do you ask"),
        (asked.names, "First name\nLast name\nEmail"),
        (asked.names, "the last name is read\nfrom the file"),
        (asked.users, "the username is\nrequired"),
        (asked.places, "your address?\nI moved 3 weeks ago"),
        (asked.places, "your address?\n3 weeks ago it was another"),
    ],
)
def test_no_answer_is_none(find: Callable[[str], Iterator[tuple[int, int]]], text: str) -> None:
    assert list(find(text)) == []


def test_a_telephone_number_of_any_form() -> None:
    text = "Agent: And a contact number?\nCaller: sure, 01483 496 0177"
    assert [text[a:b] for a, b in asked.phones(text)] == ["01483 496 0177"]
    assert list(asked.phones("your phone number?\nCaller: which of the 3?")) == []
