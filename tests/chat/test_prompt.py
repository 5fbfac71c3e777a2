"""The gateway's own words in a request, and the look at what leaves."""

from __future__ import annotations

import orjson
import pytest

from gateway.chat.prompt import CITE, RULES, with_passages, without_own_words
from gateway.model import Passage
from gateway.redaction import Original, find_originals

PASSAGE = Passage(
    "d.0", "d", "Rota", "rota.md", "handbook", "internal", "default", ("*",), (), 0, None, 0, 9, "On a wall.", 1.0
)


def sent(question: str) -> bytes:
    return orjson.dumps(with_passages({"messages": [{"role": "user", "content": question}]}, [PASSAGE], cite=True))


def test_our_own_sentences_are_what_json_leaves_as_they_are() -> None:
    assert RULES.encode() in sent("hello")
    assert CITE.encode() in sent("hello")
    assert b"Answer" not in without_own_words(sent("hello"))


@pytest.mark.parametrize("name", ["Answer", "Text", "Ion", "Tatio", "Jane Roe"])
def test_a_name_is_looked_for_everywhere_but_in_them(name: str) -> None:
    """Also one whose letters stand inside our words, such as Ion in quotations."""
    known = {"[PERSON_5vxgthc6w4xf]": Original(name, "PERSON")}
    assert find_originals(without_own_words(sent("hello")), known) == []
    assert find_originals(without_own_words(sent(f"ask {name} today")), known) == ["PERSON"]
