"""The room's values."""

from __future__ import annotations

import dataclasses

import pytest

from gateway.retrieval import Heading, Parsed


def test_page_at() -> None:
    found = Parsed("x" * 30, "", "pdf", ((1, 0, 10), (2, 12, 20), (3, 22, 30)), (), ())
    assert [found.page_at(offset) for offset in (0, 9, 11, 12, 29)] == [1, 1, 1, 2, 3]
    assert Parsed("x", "", "text", (), (), ()).page_at(0) is None


def test_nouns_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Heading(0, 1, 1).level = 2  # type: ignore[misc]
