"""Nouns that hold values do not show them."""

from __future__ import annotations

from gateway.model import Redacted
from gateway.redaction.nouns import Original, Redaction, VaultEntry


def test_no_representation_shows_a_value() -> None:
    original = Original("Jane Roe", "PERSON")
    shown = repr([original, Redaction(Redacted("x"), {"t": original}), VaultEntry("Jane Roe", "PERSON")])
    assert "Jane" not in shown
    assert "PERSON" in shown
