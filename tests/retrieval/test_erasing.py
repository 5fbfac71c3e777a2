"""Writing over a value: as long as before, wherever it stands, and in everything made of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.retrieval.erasing import COVER, _id, cover


def test_places_are_written_over_at_their_length() -> None:
    assert cover("Jane Roe was here", [(0, 8)]) == COVER * 8 + " was here"
    assert cover("abcdef", [(1, 3), (2, 5), (4, 4)]) == "a" + COVER * 4 + "f"
    assert cover("abc", []) == "abc"


@given(st.text(max_size=40), st.lists(st.tuples(st.integers(0, 45), st.integers(0, 45)), max_size=6))
def test_a_text_keeps_its_length_and_everything_else(text: str, places: list[tuple[int, int]]) -> None:
    inside = [(min(a, b, len(text)), min(max(a, b), len(text))) for a, b in places]
    covered = {at for start, end in inside for at in range(start, end)}
    done = cover(text, inside)
    assert len(done) == len(text)
    for at, (old, new) in enumerate(zip(text, done, strict=True)):
        assert new == (COVER if at in covered else old)


@pytest.mark.parametrize(
    ("token", "found"),
    [
        ("[PERSON_0123456789ab]", "0123456789ab"),
        ("[EMAIL_ADDRESS_0123456789ab]", "0123456789ab"),
        ("[EMAIL_ADDRESS_0123456789ab_cdef]", "0123456789ab"),
    ],
)
def test_the_id_of_a_token(token: str, found: str) -> None:
    assert _id(token) == found
