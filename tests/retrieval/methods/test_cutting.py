"""Sentence windows and hierarchies: offsets right, nothing lost, nothing over a heading."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.retrieval.methods.cutting import Cut, Way, cut

TEXT = (
    "# Storms\n\nThe first storm came early. It took the roof. Nobody was hurt. The harbour was closed! Was it over?"
    "\n\nIt was not. The first storm came early.\n\n# Calm\n\nA quiet month followed. Boats went out again. "
    "Nets were full. Prices fell. People sang.\n"
)
HEADINGS = [(2, 8, 1), (TEXT.index("Calm"), TEXT.index("Calm") + 4, 1)]


def count(text: str) -> Sequence[int]:
    """A word is a token."""
    return [0] * len(text.split())


def texts(ranges: Sequence[tuple[int, int]]) -> list[str]:
    return [TEXT[start:end] for start, end in ranges]


def windows(size: int = 1) -> Cut:
    return cut(TEXT, HEADINGS, [], Way("window", 30, 5, window=size), count)


def test_each_sentence_and_what_is_around_it() -> None:
    found = windows()
    sentences = texts(found.focus)
    assert sentences[1:3] == ["It took the roof.", "Nobody was hurt."]
    assert texts(found.chunks)[1].endswith("The first storm came early. It took the roof. Nobody was hurt.")
    assert len(found.chunks) == len(found.focus)
    assert found.parents == []
    for (start, end), (left, right) in zip(found.chunks, found.focus, strict=True):
        assert start <= left < right <= end


def test_a_sentence_that_comes_twice_keeps_its_places() -> None:
    found = windows()
    places = [start for start, end in found.focus if TEXT[start:end].endswith("The first storm came early.")]
    assert len(places) == 2
    assert places[0] < TEXT.index("It took") < places[1]


def test_no_window_reaches_over_a_heading_and_nothing_is_lost() -> None:
    found = windows(3)
    calm = TEXT.index("# Calm")
    assert all(end <= calm or start >= calm for start, end in found.chunks)
    covered = {at for start, end in found.focus for at in range(start, end)}
    assert not [TEXT[at] for at in range(len(TEXT)) if at not in covered and not TEXT[at].isspace()]


def test_a_sentence_that_is_too_long_is_divided() -> None:
    endless = " ".join(f"word{at}" for at in range(100))
    found = cut(endless, [], [], Way("window", 30, 5, window=1), count)
    assert all(len(count(endless[start:end])) <= 30 for start, end in found.focus)
    assert "".join(endless[start:end] for start, end in found.focus).replace(" ", "") == endless.replace(" ", "")


def test_pages_bound_windows_too() -> None:
    text = "One on this page. Two on this page. Three on the next. Four on the next."
    half = text.index("Three")
    found = cut(text, [], [(1, 0, half), (2, half, len(text))], Way("window", 30, 5, window=3), count)
    assert all(end <= half or start >= half for start, end in found.chunks)


def tree(sizes: tuple[int, ...] = (24, 12), leaf: int = 6) -> Cut:
    return cut(TEXT, HEADINGS, [], Way("hierarchy", leaf, 0, sizes=sizes), count)


def test_parents_hold_their_leaves_exactly() -> None:
    found = tree()
    assert {level for *_, level, _, _ in found.parents} == {1, 2}
    for start, end, _, first, last in found.parents:
        assert 0 <= first < last < len(found.chunks)
        assert (start, end) == (found.chunks[first][0], found.chunks[last][1])
    leaves = found.chunks
    assert leaves == sorted(leaves)
    assert all(len(count(TEXT[start:end])) <= 6 for start, end in leaves)


def test_levels_lie_inside_each_other_and_none_holds_a_single_part() -> None:
    found = tree()
    lower = [(first, last) for *_, level, first, last in found.parents if level == 1]
    upper = [(first, last) for *_, level, first, last in found.parents if level == 2]
    for first, last in lower:
        assert sum(a <= first and last <= b for a, b in upper) <= 1
        assert all(last < a or b < first or (a <= first and last <= b) for a, b in upper)
    assert len(set(lower + upper)) == len(lower + upper)


def test_no_parent_reaches_over_a_heading_and_every_character_is_in_a_leaf() -> None:
    found = tree()
    calm = TEXT.index("# Calm")
    assert all(end <= calm or start >= calm for start, end, *_ in found.parents)
    covered = {at for start, end in found.chunks for at in range(start, end)}
    assert not [TEXT[at] for at in range(len(TEXT)) if at not in covered and not TEXT[at].isspace()]


def test_leaves_may_overlap_inside_their_parent_only() -> None:
    found = cut(TEXT, HEADINGS, [], Way("hierarchy", 12, 6, sizes=(24,)), count)
    for start, end, _, first, last in found.parents:
        assert all(start <= left and right <= end for left, right in found.chunks[first : last + 1])


@pytest.mark.parametrize("kind", ["sentences", "window", "hierarchy"])
def test_an_empty_text_has_no_passage(kind: str) -> None:
    assert cut("  \n ", [], [], Way(kind, 30, 5, sizes=(60,)), count) == Cut([], [], [])


def test_the_way_names_what_decides() -> None:
    assert Way().id == "200/40"
    assert Way("window", window=2).id == "200/40/window/2"
    assert Way("hierarchy", sizes=(800, 400)).id == "200/40/hierarchy/800-400"
