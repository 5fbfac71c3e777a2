"""A reason is one line, names nobody, and stands there masked."""

from __future__ import annotations

import pytest

from gateway.cli.root import OPERATOR
from gateway.errors import Invalid
from gateway.govern.reasons import MAX_REASON, reason_of
from tests.world import World


def test_a_reason_is_masked(world: World) -> None:
    house = world.house
    privacy = house.current.bundle.privacy
    text = world.run(reason_of(house.redactor, privacy, OPERATOR, " asked by jo@example.org ", ["Petra"]))
    assert text.startswith("asked by ")
    assert "jo@example.org" not in text


@pytest.mark.parametrize(
    ("reason", "words"),
    [("", "one line"), ("x" * (MAX_REASON + 1), "one line"), ("a\nb", "one line"), ("about PETRA", "names whom")],
)
def test_what_is_no_reason_is_refused(world: World, reason: str, words: str) -> None:
    house = world.house
    with pytest.raises(Invalid, match=words):
        world.run(reason_of(house.redactor, house.current.bundle.privacy, OPERATOR, reason, ["Petra"]))
