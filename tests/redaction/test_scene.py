"""What a piece of text knows about itself."""

from __future__ import annotations

from gateway.redaction.scene import Scene, inside, merged


def test_runs_of_digits_and_where_a_pattern_may_match() -> None:
    scene = Scene("a" * 100 + " 12-34 " + "b" * 200 + " 5678901 ")
    assert [count for _, _, count in scene.runs] == [4, 7]
    assert scene.digits == 7
    assert len(scene.around(4)) == 2
    ((start, end),) = scene.around(5)
    assert start <= scene.text.index("5678901") < end
    assert scene.around(8) == []
    assert Scene("").digits == 0


def test_a_context_word_reaches_five_words_that_count() -> None:
    scene = Scene("the passport, which I renewed in May, has pages of red, green, blue, white, black paper")
    ((start, end),) = scene.near(frozenset(("passport",)))
    assert scene.text[start : start + 8] == "passport"
    assert scene.text.index("white") not in range(start, end)
    assert inside(scene.text.index("May"), [(start, end)])
    assert scene.near(frozenset(("account",))) == []


def test_chunks_and_codes() -> None:
    scene = Scene("mail jane@acme.example and T22000129, short a1")
    assert [scene.text[a:b] for a, b in scene.chunks_where(lambda chunk: "@" in chunk)] == ["jane@acme.example"]
    assert [scene.text[a:b] for a, b in scene.codes] == ["T22000129"]
    assert merged([(0, 3), (2, 5), (7, 9)]) == [(0, 5), (7, 9)]
