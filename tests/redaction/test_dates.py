"""Dates, dates of birth and ages in the forms people use."""

from __future__ import annotations

import pytest

from gateway.redaction.dates import ages, births, moments

WHOLE = [
    *("1978-06-21", "21 June 1978", "June 21st", "13/02/1999 10:44", "3/23/1940", "1993-01-04 14:56:41", "12-JAN-2001"),
    *("Monday, 21st of June 1978 at 10:30 am", "21. Juni 1978", "1er juin 1978", "21 de junio de 1978", "3 juni 1978"),
    *(
        "21 giugno 1978",
        "2024-01-02T10:20:30Z",
        "May 2001",
        "31/10/96",
        "01.02.1990",
        "2024/01/02",
        "15 May",
        "Aug 2009",
    ),
    *("sunday", "03/2019", "10.30 p.m.", "08/Feb/2024:13:55:36 +0100", "8th day of July, 2021", "17.25 Uhr"),
]


@pytest.mark.parametrize("value", WHOLE)
def test_a_date_is_found_whole(value: str) -> None:
    text = f"it was ({value}) then"
    spans = [(start, end) for start, end, _ in moments(text)]
    assert max(spans, key=lambda span: span[1] - span[0]) == (8, 8 + len(value))
    assert all(start >= 8 and end <= 8 + len(value) for start, end in spans)


@pytest.mark.parametrize(
    "text", ["10.20.30.40", "a total of 2003 words", "$12.50/13.2", "version 1.2.3", "2:1 odds of 7"]
)
def test_other_numbers_are_no_dates(text: str) -> None:
    assert list(moments(text)) == []


def test_the_stop_of_a_sentence_is_no_part_of_a_time() -> None:
    text = "It went off at 9.20 pm. Later, on 1 May at 10am. He left."
    assert {text[start:end] for start, end, _ in moments(text)} >= {"9.20 pm", "1 May at 10am"}


def test_a_year_needs_a_word() -> None:
    text = "since 1998 we made 1998 boxes"
    assert [text[a:b] for a, b, _ in moments(text)] == ["1998"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("DOB: 12/03/1984", "12/03/1984"),
        ("birthday 12 05 1991. sort code", "12 05 1991"),
        ("Der am 9. Juni 1951 geborene Kl\u00e4ger", "9. Juni 1951"),
        ("geboren te Mechelen op 11 februari 1948, wonende", "11 februari 1948"),
        ("nacido en Cluj el d\u00eda 2 de febrero de 1988, hijo", "2 de febrero de 1988"),
        ("and your date of birth pls?\ncustomer: its 3 nov 1977", "3 nov 1977"),
        ("Und das Geburtsdatum bitte noch?\nKundin: 7.8.69", "7.8.69"),
        ("Date of birth on the right-to-work form: 19/08/1991, NI", "19/08/1991"),
        ("born on 21 June 1978 in", "21 June 1978"),
        ("née le 3 mars 1980", "3 mars 1980"),
        ("geb. 01.02.1990", "01.02.1990"),
        ("| Date of birth | 1978-06-21 |", "1978-06-21"),
        ("nacido el 3 de mayo de 1970", "3 de mayo de 1970"),
        ("geboren op 3 mei 1970", "3 mei 1970"),
        ("nata il 3 maggio 1970", "3 maggio 1970"),
        ('"date_of_birth": "1980-01-02"', "1980-01-02"),
    ],
)
def test_a_date_of_birth_follows_its_label(text: str, value: str) -> None:
    assert [text[a:b] for a, b in births(text)] == [value]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "34 years old",
            "aged 34",
            "age: 34",
            "a 34-year-old",
            "34 Jahre alt",
            "ein 34-jähriger",
            "34 ans",
            "34 años",
        ),
        *("edad: 34", "34 anni", "34 jaar oud", "Age 34, starts", "im Alter von 34", "âgée de 34 ans"),
    ],
)
def test_ages(text: str) -> None:
    assert {text[a:b] for a, b in ages(text)} == {"34"}


@pytest.mark.parametrize(
    "text",
    [
        "i'm 34, from leeds",
        "Ann Roe was 34. She",
        "My son Bo is 34 and",
        "you are 34 and old enough",
        "who is 34!",
        "Sooo I (34F) met",
        "a man of 34 (see below)",
        "she was 34 when it began",
    ],
)
def test_ages_that_nothing_calls_one(text: str) -> None:
    assert [text[start:end] for start, end in ages(text)] == ["34"]


@pytest.mark.parametrize(
    "text",
    ["the answer is 34.", "it was 34 and sunny", "chapter (34) and", "he is 34% done", "Version is 34.", "was 34.5"],
)
def test_other_numbers_behind_a_verb_are_no_ages(text: str) -> None:
    assert not list(ages(text))


@pytest.mark.parametrize("text", ["age of 30 days", "cache age: 30s", "page 34", "messages 34", "34 years of data"])
def test_ages_of_things_are_none(text: str) -> None:
    assert list(ages(text)) == []


def test_dates_of_birth_of_several_people() -> None:
    text = "were born in 1958, 1979 and 1981 respectively and live"
    assert [text[a:b] for a, b in births(text)] == ["1958", "1979", "1981"]
    assert [text[a:b] for a, b in births(text.replace(" respectively", ""))] == [text[13:17]]


def test_the_start_of_a_job_is_no_date_of_birth() -> None:
    text = "dob: 1996-12-01\n  start: 2024-09-16\n"
    assert [text[a:b] for a, b in births(text)] == ["1996-12-01"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on 7, 8 and 9 March 2022", "7, 8 and 9 March 2022"),
        ("dates: 12-14 June 2018", "12-14 June 2018"),
        ("has lived here since March.", "March"),
        ("me mud\u00e9 en enero.", "enero"),
        ("moved there in april, working", "april"),
    ],
)
def test_days_in_a_row_and_months_alone(text: str, value: str) -> None:
    spans = [(start, end) for start, end, _ in moments(text)]
    assert text[slice(*max(spans, key=lambda span: span[1] - span[0]))] == value


@pytest.mark.parametrize("text", ["in may be so", "until march past", "as May said", "by set theory"])
def test_words_that_are_months_too_need_a_capital(text: str) -> None:
    assert list(moments(text)) == []
