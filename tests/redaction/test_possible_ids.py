"""Whatever a token's reader finds with its id in one piece, a lookup by these ids has asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.redaction.possible_ids import ids_in
from gateway.redaction.tokens import Written, id_of

TOKENS = st.from_regex(r"\[(PERSON|EMAIL_ADDRESS|US_SSN)_[0-9a-hjkmnp-tv-z]{12}\]", fullmatch=True)
MANGLE = st.sampled_from(
    [
        str.lower,
        str.upper,
        lambda token: token.strip("[]"),
        lambda token: token.replace("_", "-"),
        lambda token: token.replace("_", " "),
        lambda token: token.replace("_", "\\_"),
        lambda token: f"**{token}**",
        lambda token: token.replace("0", "O").replace("1", "l"),
        lambda token: token.replace("_", "&#95;"),
    ]
)


@given(TOKENS, MANGLE, st.sampled_from(["", "see ", "1. ", "\u201c"]), st.sampled_from(["", ".", " too", "\n"]))
def test_what_is_found_as_written_was_asked_for(token: str, mangle: object, before: str, after: str) -> None:
    assert callable(mangle)
    text = before + mangle(token) + after
    if any(Written([token]).find(text)):
        assert id_of(token) in ids_in(text)


@given(st.lists(TOKENS, max_size=5))
def test_rightly_spelled_ones_always_are(tokens: list[str]) -> None:
    assert {id_of(token) for token in tokens} <= ids_in(" ".join(tokens)).keys()


@pytest.mark.parametrize("text", ["", "a short text", "eleven12345", "uuuuuuuuuuuu"])
def test_other_texts_hold_none(text: str) -> None:
    assert not ids_in(text)


def test_an_id_glued_to_a_word() -> None:
    assert "p2x0a1b2c3d4" in ids_in("PERSONp2x0a1b2c3d4")
