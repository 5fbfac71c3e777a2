"""Ids: whole and in order, or none."""

from __future__ import annotations

import pytest

from gateway.redaction.known_ids import ID_LENGTH, Id, KnownIds, Look, MoreNeeded, form_at, read_form

ONE, TWO = "p2x0v8r5c4m9", "7hq3t1n6k0wz"
KNOWN = KnownIds([("[A_x]", "A_TYPE", ONE, ""), ("[A_y]", "A_TYPE", ONE, "k3f9"), ("[B_x]", "B", TWO, "")])


def at(text: str, *, final: bool = True, tight: int = 1) -> Id | None:
    return KNOWN.at(Look(text, len(text), final), 0, tight=tight)


@pytest.mark.parametrize(
    "text", [ONE, ONE.upper(), ONE.replace("0", "O"), " ".join(ONE), "p2x0-\n  v8r5c4m9", "p2**x0v8r5**c4m9"]
)
def test_the_whole_id_is_found_with_noise_in_it(text: str) -> None:
    found = at(text)
    assert found is not None
    assert found.end == len(text)
    assert found.token("atype") == "[A_x]"
    assert found.token("anything", "k3f9") == "[A_y]"
    assert found.token("atype", "zzzz") is None


@pytest.mark.parametrize(
    "text", [ONE[:-1], ONE[:-1] + "!", "q" + ONE[1:], ONE[:6] + "," + ONE[6:], "", ONE[:4] + " " * 30 + ONE[4:]]
)
def test_anything_less_is_none(text: str) -> None:
    assert at(text) is None


def test_more_text_is_asked_for_only_while_it_can_tell() -> None:
    for cut in range(ID_LENGTH):
        with pytest.raises(MoreNeeded):
            at(ONE[:cut], final=False)
    assert at("p3", final=False) is None
    assert at("p 2x0v8r5c4m9", tight=4) is None
    assert at("p2x0 v8r5c4m9", tight=4) is not None


def test_a_form_is_whole_or_cut_by_the_text_s_end() -> None:
    found = at(ONE)
    assert found is not None
    for text, expected in [("k3f9", "[A_y]"), ("K3\nF9.", "[A_y]"), ("k3f9s", "[A_y]"), ("k3", "[A_x]")]:
        form = form_at(Look(text, len(text), True), 0, found, "atype")
        assert form is not None
        assert form[0] == expected
    for text in ("k3f8", "k3f9x", "zz", ""):
        assert form_at(Look(text, len(text), True), 0, found, "atype") is None
    with pytest.raises(MoreNeeded):
        form_at(Look("k3", 2, False), 0, found, "atype")
    assert read_form("KoL!") == "k01?"


def test_types_are_known_by_their_beginnings() -> None:
    assert KNOWN.kind_begins("at")
    assert KNOWN.kind_begins("")
    assert not KNOWN.kind_begins("x")
    assert KNOWN.kinds == ["atype", "b"]
