"""Names and dates of birth by what stands around them."""

from __future__ import annotations

import pytest

from gateway.redaction.dates import births
from gateway.redaction.names import columns, people


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr Jane Roe met Mr. O'Brien's team. The end", ["Jane Roe", "O'Brien"]),
        ("Herr Dr. med. Max Muster", ["Max Muster"]),
        ("Prof. Dr. Anna-Lena Müller said", ["Anna-Lena Müller"]),
        ("Ms van den Berg, Mrs J. R. Roe", ["van den Berg", "J. R. Roe"]),
        ("Name: Jane Roe\nEmployee: Max von der Heide, Finance", ["Jane Roe", "Max von der Heide"]),
        ("From: Jane Roe <jane@acme.example>\nTo: HR Team", ["Jane Roe"]),
        ("Roe Jane <jane@acme.example>", ["Roe Jane"]),
        ("**Full name:** JANE ROE\n| Manager | Jane Roe |", ["JANE ROE", "Jane Roe"]),
        ('{"name": "Jane Roe", "full_name":"Al Bo"}', ["Jane Roe", "Al Bo"]),
        ("Dear Ms Roe,\n\nhello\n\nKind regards,\nJohn Smith\nHead", ["Roe", "John Smith"]),
        ("my name is Jane Roe and I", ["Jane Roe"]),
        ("Yours sincerely\nDr Ffion Roe\nGMC", ["Ffion Roe"]),
        ("signed in 2019?\n\nTks\nOB", ["OB"]),
        ("Met vriendelijke groet,\n\nTine Roe\n", ["Tine Roe"]),
        ("Employee's name: Tom\n- Line manager: Ada Byron", ["Tom", "Ada Byron"]),
        ("Name: 山田 or Имя; Name: Иван Петров", ["Иван Петров"]),
        ("Company name: Acme Corp. Owner: Finance. Contact: Support Team. Name: n/a", []),
        ("The doctor said Jane should rest; see Drive 4 and Missing Parts.", []),
        ("Mr The, Ms From", []),
    ],
)
def test_names(text: str, expected: list[str]) -> None:
    assert sorted({text[a:b] for a, b in people(text)}) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Born 12 March 1984", ["12 March 1984"]),
        ("Date of birth: 1984-03-12. DOB 12/03/84", ["1984-03-12", "12/03/84"]),
        ("born on March 3, 1990 | DOB: | 1.2.1990", ["March 3, 1990", "1.2.1990"]),
        ('geboren am 1. Mai 1970; {"date_of_birth": "1970-05-01"}', ["1. Mai 1970", "1970-05-01"]),
        ("The contract of 12 March 1984 was born in pain.", []),
    ],
)
def test_dates_of_birth(text: str, expected: list[str]) -> None:
    assert [text[a:b] for a, b in births(text)] == expected


def test_columns_of_tables() -> None:
    csv = 'name,email,dob\nJane Roe,j@x,1990-01-01\n"Roe, John",y,1991-02-03\n\nOther, words\n'
    assert [(csv[a:b], kind) for a, b, kind in columns(csv)] == [
        ("Jane Roe", "PERSON"),
        ("1990-01-01", "DATE_OF_BIRTH"),
        ("Roe, John", "PERSON"),
        ("1991-02-03", "DATE_OF_BIRTH"),
    ]
    markdown = "text\n\n| Name | Age |\n|:--|--:|\n| Jane Roe | 40 |\n| Total | 1 |\n"
    assert ("Jane Roe", "PERSON") in [(markdown[a:b], kind) for a, b, kind in columns(markdown)]
    assert list(columns("| Manager | Jane Roe |\n| Start date | May |\n")) == []
    assert list(columns("We hired an owner, a manager\nand, later, a clerk.\n")) == []


def test_columns_of_numbers() -> None:
    text = "emp_no,full_name,dob\n10442,Jane Roe,1979-04-02\n10447,Ann Doe,1988-06-21\n"
    assert [text[a:b] for a, b, kind in columns(text) if kind == "ID_NUMBER"] == ["10442", "10447"]
