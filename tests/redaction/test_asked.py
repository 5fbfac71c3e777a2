"""What is said in answer to a question for a number."""

from __future__ import annotations

import pytest

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
