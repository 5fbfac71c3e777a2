"""Where names begin and end."""

from __future__ import annotations

import pytest

from gateway.model import Span
from gateway.redaction.ner.borders import turned, whole_name


@pytest.mark.parametrize(
    ("text", "seen", "name"),
    [
        ("before D'ANGELO J.", "ANGELO", "D'ANGELO"),
        ("Counsel: A J Strickett for", "Strickett", "A J Strickett"),
        ("and M Faleafa for the Crown", "Faleafa", "M Faleafa"),
        ("A Strickett is here", "Strickett", "Strickett"),
        ("said I Strickett", "Strickett", "Strickett"),
        ("to J. R. Roe today", "Roe", "J. R. Roe"),
        ("i.A. Roe", "A. Roe", "Roe"),
        ("Selwyn Gela NAWIA\nFILE", "Selwyn Gela", "Selwyn Gela NAWIA"),
        ("Jane Roe DOB 1990", "Jane Roe", "Jane Roe"),
        ("by Placide Narcisse, Jr., who", "Placide Narcisse", "Placide Narcisse, Jr."),
        ("by Vincent Roe III, of", "Vincent Roe", "Vincent Roe III"),
        ("for De Br\u00fan S.C., and", "De Br\u00fan S.C", "De Br\u00fan"),
        ("Trevanion J", "Trevanion J", "Trevanion"),
        ("Que M. Villedieu et Mme Roe", "Villedieu", "Villedieu"),
        ("by M. Villedieu, the engineer", "Villedieu", "M. Villedieu"),
    ],
)
def test_a_name_is_whole(text: str, seen: str, name: str) -> None:
    at = text.index(seen)
    start, end = whole_name(text, at, at + len(seen))
    assert text[start:end] == name


def names(text: str, *seen: str, kind: str = "PERSON") -> list[str]:
    spans, at = [], 0
    for one in seen:
        at = text.index(one, at)
        spans.append(Span(at, at + len(one), kind, 0.9))
        at += len(one)
    return [text[span.start : span.end] for span in turned(text, spans)]


@pytest.mark.parametrize(
    ("text", "seen", "name"),
    [
        ("OYEBANJI, Comfort Abimbola, of Ibadan", ("OYEBANJI", "Comfort Abimbola"), "OYEBANJI, Comfort Abimbola"),
        ("To: Vandermolen, Kurt; Roe", ("Vandermolen", "Kurt"), "Vandermolen, Kurt"),
        ("Name: Gutowski, Terrence J.\nSSN", ("Gutowski", "Terrence"), "Gutowski, Terrence J."),
        ("(Nowicki-Tran, Deborah)", ("Nowicki-Tran", "Deborah"), "Nowicki-Tran, Deborah"),
        ("asked Khalifa bin Rashid twice", ("Khalifa", "Rashid"), "Khalifa bin Rashid"),
    ],
)
def test_two_halves_are_one_name(text: str, seen: tuple[str, ...], name: str) -> None:
    assert names(text, *seen) == [name]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("founders: Kovalev, Lee and Phillips", ("Kovalev", "Lee")),
        ("met Kovalev, Lee (both)", ("Kovalev", "Lee")),
        ("Jane Roe and Doe", ("Jane Roe", "Doe")),
    ],
)
def test_two_people_are_two(text: str, seen: tuple[str, ...]) -> None:
    assert names(text, *seen) == list(seen)


def test_places_are_left() -> None:
    assert names("(Paris, Texas)", "Paris", "Texas", kind="LOCATION") == ["Paris", "Texas"]


@pytest.mark.parametrize(
    ("text", "seen", "name"),
    [
        ("i. A. Torsten Roe", "Torsten Roe", "Torsten Roe"),
        ("Ilmo. Sr. D. Anselmo Roe", "Anselmo Roe", "Anselmo Roe"),
        ("DESHAWN ROE, Plaintiff-Appellant", "DESHAWN ROE, Plaintiff-Appellant", "DESHAWN ROE"),
        ("(2) CAMILLA ROE Claimants", "CAMILLA ROE Claimants", "CAMILLA ROE"),
        ("me with bogdan AGAIN", "bogdan", "bogdan"),
    ],
)
def test_what_stands_around_a_name_stays_outside(text: str, seen: str, name: str) -> None:
    at = text.index(seen)
    start, end = whole_name(text, at, at + len(seen))
    assert text[start:end] == name
