"""Labels of the name model."""

from __future__ import annotations

from gateway.redaction.ner.labels import LABELS, OUTSIDE, TYPES, begin, inside


def test_every_label_has_one_meaning() -> None:
    numbers = [OUTSIDE, *(f(n) for n in range(len(TYPES)) for f in (begin, inside))]
    assert sorted(numbers) == list(range(LABELS))
