"""Min-max fusion."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.retrieval.fuse import DENSE_WEIGHT, NAMED_WEIGHT, dense_weight, fuse, stretch

scores = st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=1, max_size=30)


def test_stretch() -> None:
    assert stretch([]) == []
    assert stretch([3.0, 3.0]) == [0.0, 0.0]
    assert stretch([1.0, 2.0, 3.0]) == [0.0, 0.5, 1.0]


def test_weighted_sum() -> None:
    assert fuse([0.0, 1.0], [1.0, 0.0], weight=0.25) == pytest.approx([0.75, 0.25])


def test_silent_arm_leaves_the_other_its_full_scale() -> None:
    assert fuse([0.1, 0.2, 0.3], [0.0, 0.0, 0.0]) == pytest.approx([0.0, 0.5, 1.0])
    assert fuse([0.5, 0.5], [1.0, 2.0]) == pytest.approx([0.0, 1.0])


def test_where_values_are_named_words_weigh_more() -> None:
    assert dense_weight("what did [PERSON_k3f9a2c17qzx] want") == NAMED_WEIGHT < DENSE_WEIGHT
    assert dense_weight("what did [PERSON] want") == DENSE_WEIGHT


@given(scores)
def test_scores_stay_in_range_and_better_in_both_is_never_worse(pairs: list[tuple[float, float]]) -> None:
    fused = fuse([d for d, _ in pairs], [s for _, s in pairs])
    assert all(0.0 <= score <= 1.0 for score in fused)
    for (d1, s1), f1 in zip(pairs, fused, strict=True):
        for (d2, s2), f2 in zip(pairs, fused, strict=True):
            if d1 >= d2 and s1 >= s2:
                assert f1 >= f2 - 1e-12
