"""What a value to be erased is found by, and what of it is kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import Invalid
from gateway.redaction import Kept, Original, Vault
from gateway.redaction.erasing import Sought, Values, joined
from gateway.redaction.tokens import Minter, id_of
from gateway.store import Store

NAME = "Jane Roe"


def at_noon() -> datetime:
    return datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Jane Roe came", ["Jane Roe"]),
        ("JANE ROE, jane roe", ["JANE ROE", "jane roe"]),
        ("Jane\n  Roe", ["Jane\n  Roe"]),
        ("Jane Roebuck", []),
        ("Roe, Jane", []),
        ("", []),
    ],
)
def test_where_a_name_stands(text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in Sought((NAME,), frozenset()).places(text)] == found


def test_where_a_short_value_stands() -> None:
    sought = Sought(("Roe",), frozenset())
    assert sought.places("Roe and Roebuck, roe") == [(0, 3), (17, 20)]


def test_several_values_are_found_in_one_look_and_those_that_overlap_once() -> None:
    sought = Sought((NAME, "Roe", "Ann Jane"), frozenset())
    assert sought.places("Ann Jane Roe, and Roe") == [(0, 12), (18, 21)]


def test_places_that_overlap_become_one() -> None:
    assert joined([(3, 5), (0, 2), (4, 9), (2, 3)]) == [(0, 2), (2, 3), (3, 9)]


@pytest.mark.parametrize("value", ["", "  ", "ab", "--", "a\nbcd", "a.b"])
async def test_what_is_too_short_to_mean_something_is_refused(database: Store, ring: KeyRing, value: str) -> None:
    with pytest.raises(Invalid):
        await Values(database, ring).sought("default", [value], [])


async def test_every_form_of_it_goes_and_nothing_else(database: Store, ring: KeyRing) -> None:
    minter = Minter(ring.stable("token", b"default"))
    whole, other, mail = (
        minter.token("PERSON", NAME),
        minter.token("PERSON", "John Doe"),
        minter.token("EMAIL_ADDRESS", "jane.roe@example.org"),
    )
    middle = minter.token("PERSON", "Jane Ann Roe")
    vault, kept = Vault(database, ring), Kept(database, ring, at_noon, hours=1)
    originals = {
        whole: Original(NAME, "PERSON"),
        minter.form(whole, "Roe"): Original("Roe", "PERSON"),
        # Another whole, one of whose forms is the value.
        minter.form(middle, NAME): Original(NAME, "PERSON"),
        middle: Original("Jane Ann Roe", "PERSON"),
        other: Original("John Doe", "PERSON"),
        mail: Original("jane.roe@example.org", "EMAIL_ADDRESS"),
    }
    await vault.keep("default", "hr", originals, "d1")
    await vault.keep("elsewhere", "hr", {whole: Original(NAME, "PERSON")}, "d2")
    await kept.keep("default", "key1", {whole: Original(NAME, "PERSON"), other: Original("John Doe", "PERSON")})
    values = Values(database, ring)
    sought = await values.sought("default", [NAME], [])
    held = await values.holdings("default", sought)
    assert (held.vault, held.kept) == (3, 1)
    # The other whole lives on under its id; of a name that holds the value nothing does.
    assert held.ids == sought.ids
    part = await values.sought("default", ["Ann"], [])
    assert (await values.holdings("default", part)).ids == part.ids
    first = await values.sought("default", ["John"], [])
    assert (await values.holdings("default", first)).ids == first.ids | {id_of(other)}
    spared = await values.holdings("default", sought, without=["key1"])
    assert (spared.tokens, spared.vault, spared.kept) == (held.tokens, 3, 0)
    both = await values.sought("default", [NAME, " John Doe ", NAME], [])
    assert both.values == (NAME, "John Doe")
    assert both.ids > sought.ids
    assert (await values.holdings("default", both)).kept == 2
    own = await values.sought("default", [NAME], [], ["STAFF_NUMBER"])
    assert own.ids - sought.ids == {id_of(minter.token("STAFF_NUMBER", NAME))}
    async with database.transaction() as conn:
        gone = await values.drop(conn, "default", sought, held.tokens)
    assert gone == {"places": 3, "vault": 3, "kept": 1}
    left = await vault.look_up("default", originals)
    assert set(left) == {middle, other, mail}
    assert set(await vault.look_up("elsewhere", [whole])) == {whole}
    assert await values.holdings("default", sought) == type(held)((), sought.ids, 0, 0)
    assert await values.kept_of(["key1"], drop=True) == 1
