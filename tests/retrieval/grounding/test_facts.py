"""The same fact in other clothes is the same fact."""

from __future__ import annotations

import pytest

from gateway.retrieval.grounding.facts import facts_of, without_marks


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1,000 EUR", "1000 euros"),
        ("€1.000", "1 000 EUR"),
        ("2.5 million metres", "2,500,000 m"),
        ("25 %", "25 percent"),
        ("two weeks", "2 weeks"),
        ("a 40km road", "40 km"),
    ],
)
def test_numbers_that_agree(one: str, other: str) -> None:
    (first,), (second,) = facts_of(one).numbers, facts_of(other).numbers
    assert first.agrees(second)


@pytest.mark.parametrize(("one", "other"), [("29 days", "29 weeks"), ("1.5 kg", "15 kg"), ("100 EUR", "100 USD")])
def test_numbers_that_do_not(one: str, other: str) -> None:
    (first,), (second,) = facts_of(one).numbers, facts_of(other).numbers
    assert not first.agrees(second)


@pytest.mark.parametrize("text", ["12 March 2024", "12.03.2024", "2024-03-12", "March 12th, 2024", "12. März 2024"])
def test_one_date(text: str) -> None:
    (found,), (plain,) = facts_of(text).dates, facts_of("12.03.").dates
    assert found.days == {(12, 3)}
    assert found.year == 2024
    assert found.agrees(plain)
    assert not facts_of(text).numbers


def test_a_date_with_slashes_may_be_read_both_ways() -> None:
    assert facts_of("03/12/2024").dates[0].days == {(3, 12), (12, 3)}


def test_tokens_masks_codes_and_names() -> None:
    found = facts_of("Ask [PERSON_k3f9a2c17qzx_ab12] or [PERSON] at help@example.org about KX-77 in New Orlen.")
    assert found.tokens == {"[PERSON_k3f9a2c17qzx]"}
    assert found.masks == {"PERSON"}
    assert found.codes == {"help@example.org", "kx-77"}
    assert ("new", "orlen") in found.names


def test_citations_and_bullets_are_no_facts() -> None:
    assert without_marks("- Leave is paid [1][2, 3].") == "Leave is paid."
    assert not facts_of(without_marks("1. Leave is paid [1].")).numbers
