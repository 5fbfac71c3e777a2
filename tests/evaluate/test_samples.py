"""The texts of our own: the same every time, and right where they say what is in them."""

from __future__ import annotations

import json
import re

from gateway.evaluate.privacy import Task
from gateway.evaluate.samples import samples

TEXTS = samples()


def values(label: str) -> list[str]:
    return [text.text[mark.start : mark.end] for text in TEXTS for mark in text.marks if mark.label == label]


def test_the_same_seed_makes_the_same_texts() -> None:
    assert samples(50) == TEXTS[:50]
    assert samples(50, seed=2) != TEXTS[:50]


def test_every_slot_is_filled_and_every_mark_stands_on_a_value() -> None:
    assert not [text.text for text in TEXTS if re.search(r"<[A-Z_]+>", text.text)]
    for text in TEXTS:
        ends = [0, *(mark.end for mark in text.marks)]
        assert all(mark.start >= end for mark, end in zip(text.marks, ends, strict=False))
        assert all(text.text[mark.start : mark.end].strip() for mark in text.marks)


def test_numbers_have_right_checksums() -> None:
    for card in values("CREDIT_CARD"):
        digits = [int(digit) for digit in re.sub(r"\D", "", card)]
        assert len(digits) == 16
        assert sum(sum(divmod(2 * d, 10)) if n % 2 == 0 else d for n, d in enumerate(digits)) % 10 == 0
    for iban in values("IBAN_CODE"):
        plain = iban.replace(" ", "").upper()
        assert int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def test_there_are_lower_case_capitals_json_and_clean_texts() -> None:
    assert any(text.text.islower() for text in TEXTS)
    assert any(text.text.isupper() for text in TEXTS)
    assert any(not text.marks for text in TEXTS)
    assert all(json.loads(text.text)["items"] == 3 for text in TEXTS if text.text.startswith("{"))


def test_their_labels_are_known() -> None:
    assert len(Task.of(TEXTS).rows) == len(TEXTS)
