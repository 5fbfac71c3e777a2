"""Encodings, and characters nobody sees."""

# ruff: noqa: RUF001

from __future__ import annotations

from collections import Counter

import pytest

from gateway.retrieval.readers.text import decode, tidy
from tests.retrieval.readers.reading import read

WORDS = "Größe, naïve café: 100 €"


@pytest.mark.parametrize("name", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_marked_encodings(name: str) -> None:
    assert tidy(decode(WORDS.encode(name))) == WORDS


@pytest.mark.parametrize(("name", "words"), [("cp1252", WORDS), ("cp1251", "Насос"), ("shift_jis", "ポンプ")])
def test_declared_encodings(name: str, words: str) -> None:
    page = f'<html><head><meta charset="{name}"></head><body><p>{words}</p></body></html>'.encode(name)
    assert read(page, "html").text.strip() == words


def test_unknown_declared_encoding_is_guessed() -> None:
    assert decode("Größe und Stärke".encode("cp1252"), "no-such-codec")


@pytest.mark.parametrize(
    ("text", "clean", "counts"),
    [
        ("a\u200bb\u2060c", "abc", {"zero_width": 2}),
        ("ab\u202edc\u2066e", "abdce", {"bidi": 2}),
        ("x\U000e0049\U000e0067", "x", {"tag": 2}),
        ("x\ufe00\ufe01\ufe02y\u2764\ufe0f", "xy\u2764\ufe0f", {"zero_width": 1}),
        ("na\u200dme می\u200cخواهم", "name می\u200cخواهم", {"zero_width": 1}),
        ("soft\u00adhyphen", "softhyphen", {}),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469", {}),
    ],
)
def test_unseen_characters(text: str, clean: str, counts: dict[str, int]) -> None:
    found: Counter[str] = Counter()
    assert tidy(text, found) == clean
    assert dict(found) == counts


def test_tags_spell_something() -> None:
    secret: list[str] = []
    tidy("x" + "".join(chr(0xE0000 + ord(mark)) for mark in "obey"), Counter(), secret)
    assert secret == ["obey"]
