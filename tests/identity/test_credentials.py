from __future__ import annotations

import re
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Unauthenticated
from gateway.identity.credentials import BASE62, PREFIX, checksum, from_headers, id_of, make, recordable


def test_the_written_form() -> None:
    key_id, secret = make()
    text = secret.reveal()
    assert re.fullmatch(r"gw_[0-9a-z]{8}_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}", text)
    assert id_of(text) == key_id
    assert text not in f"{secret} {secret!r}"
    assert len({make()[1].reveal() for _ in range(500)}) == 500


def test_every_single_typo_is_caught_without_a_look_up() -> None:
    text = make()[1].reveal()
    for at in range(len(text)):
        for char in ("0", "z", "_", " "):
            if text[at] != char:
                with pytest.raises(Unauthenticated):
                    id_of(text[:at] + char + text[at + 1 :])
    for wrong in (text[:-1], text + "0", text + "\n", text.upper(), text.swapcase(), text[1:] + text[0]):
        with pytest.raises(Unauthenticated):
            id_of(wrong)


def test_the_checksum_fits_any_crc() -> None:
    assert all(len(checksum(secrets.token_hex(4))) == 6 for _ in range(100))
    assert set(checksum("x")) <= set(BASE62)


@given(st.text(max_size=70))
def test_junk_is_refused_always_in_the_same_words(text: str) -> None:
    with pytest.raises(Unauthenticated) as caught:
        id_of(text)
    assert caught.value.message == "invalid API key"


@pytest.mark.parametrize(
    ("authorization", "x_api_key", "expected"),
    [
        ("Bearer gw_a", None, "gw_a"),
        ("bearer   gw_a ", None, "gw_a"),
        (None, " gw_b ", "gw_b"),
        ("Bearer gw_a", "gw_b", "gw_a"),
        ("Bearer sk-other", "gw_b", "gw_b"),
        ("Bearer sk-other", None, "sk-other"),
        ("Basic dXNlcg==", "gw_b", "gw_b"),
    ],
)
def test_a_credential_is_found(authorization: str | None, x_api_key: str | None, expected: str) -> None:
    assert from_headers(authorization, x_api_key) == expected


@pytest.mark.parametrize(
    ("authorization", "x_api_key"), [(None, None), ("", ""), ("Bearer", None), ("Basic dXNlcg==", " ")]
)
def test_no_credential_is_its_own_refusal(authorization: str | None, x_api_key: str | None) -> None:
    with pytest.raises(Unauthenticated, match="no API key"):
        from_headers(authorization, x_api_key)


def test_of_a_pasted_key_only_the_id_is_written_down() -> None:
    key_id, secret = make()
    text = secret.reveal()
    for pasted in (text, f" {text}\n", f"Bearer {text}", text[:-3], text[:21], text[:11], f"x-api-key: {text}"):
        assert recordable(pasted) == key_id
    assert recordable(text.upper()) == PREFIX
    assert recordable("gw_" + text[20:]) == PREFIX


def test_names_and_ids_are_written_down_as_they_are() -> None:
    for name in ("robot", "old-gw_bot", "k3x9q2ab", "Jo Roe 2", ""):
        assert recordable(name) == name
    assert recordable("x" * 500) == "x" * 64
