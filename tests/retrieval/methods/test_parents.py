"""Merging: parents in the place of enough of their children, in order of score; and what overlaps is left out."""

from __future__ import annotations

from gateway.model import Passage
from gateway.retrieval.methods.parents import Held, distinct, merge


def leaf(ordinal: int, score: float, document: str = "d", start: int | None = None, end: int | None = None) -> Passage:
    return Passage(
        id=f"{document}.{ordinal}",
        document=document,
        title="t",
        source="s",
        collection="c",
        label="internal",
        tenant="default",
        allow=("*",),
        deny=(),
        ordinal=ordinal,
        page=None,
        start=ordinal * 10 if start is None else start,
        end=ordinal * 10 + 10 if end is None else end,
        text=f"leaf {ordinal}",
        score=score,
    )


def parent(number: int, level: int, first: int, last: int) -> Held:
    return Held(number, level, first, last, 3, first * 10, last * 10 + 10, "above", f"parent {first}-{last}")


PARENTS = [parent(0, 2, 0, 7), parent(1, 1, 0, 3), parent(2, 1, 4, 7)]


def merged(*leaves: Passage, parents: list[Held] = PARENTS, ratio: float = 0.5) -> list[tuple[str, float]]:
    return [(one.text, one.score) for one in merge(leaves, {"d": parents}, ratio)]


def test_more_than_the_ratio_brings_the_parent_with_the_best_score() -> None:
    assert merged(leaf(1, 0.9), leaf(6, 0.8), leaf(0, 0.7), leaf(2, 0.1)) == [("parent 0-3", 0.9), ("leaf 6", 0.8)]


def test_the_ratio_itself_is_not_enough() -> None:
    assert merged(leaf(1, 0.9), leaf(0, 0.7)) == [("leaf 1", 0.9), ("leaf 0", 0.7)]
    assert merged(leaf(1, 0.9), leaf(0, 0.7), parents=PARENTS[1:], ratio=0.4) == [("parent 0-3", 0.9)]


def test_parents_merge_into_theirs() -> None:
    leaves = [leaf(at, 1.0 - at / 10) for at in (0, 1, 2, 4, 5, 6)]
    assert merged(*leaves) == [("parent 0-7", 1.0)]
    # One of two whole is no more than half; leaves of the other do not count as its part.
    assert merged(*leaves[:4]) == [("parent 0-3", 1.0), ("leaf 4", 0.6)]


def test_leaves_directly_under_a_higher_level_count_as_its_children() -> None:
    parents = [parent(0, 2, 0, 4), parent(1, 1, 0, 3)]
    assert merged(*(leaf(at, 0.5) for at in (0, 1, 2, 4)), parents=parents) == [("parent 0-4", 0.5)]


def test_what_a_parent_is_cited_with() -> None:
    (found,) = merge([leaf(1, 0.9), leaf(0, 0.7), leaf(2, 0.1)], {"d": PARENTS}, 0.5)
    assert (found.id, found.ordinal, found.page, found.start, found.end, found.heading) == (
        "d.p1",
        0,
        3,
        0,
        40,
        "above",
    )
    assert (found.document, found.collection, found.label, found.allow) == ("d", "c", "internal", ("*",))


def test_documents_are_apart_and_without_parents_nothing_changes() -> None:
    leaves = [leaf(0, 0.9), leaf(1, 0.8, "e"), leaf(2, 0.7), leaf(3, 0.6, "e")]
    assert merge(leaves, {"e": [parent(0, 1, 0, 3)]}, 0.5) == leaves
    assert merge(leaves, {}, 0.5) == leaves
    assert merge([], {"d": PARENTS}, 0.5) == []


def test_windows_that_lie_in_better_ones_are_left_out() -> None:
    best, other = leaf(3, 0.9, start=0, end=100), leaf(4, 0.8, start=40, end=140)
    third, last = leaf(5, 0.7, start=80, end=180), leaf(4, 0.6, "e", start=0, end=100)
    assert distinct([best, other, third, last]) == [best, third, last]
    assert distinct([best, other], share=0.7) == [best, other]
    assert distinct([]) == []
