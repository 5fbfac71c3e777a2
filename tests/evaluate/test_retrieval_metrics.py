"""The figures against cases worked out by hand after trec_eval's definitions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evaluate.retrieval_metrics import DEPTH, interval, measures, ranked


def test_gains_are_linear_and_discounted() -> None:
    """Grades 3, 0, 2 found of 3, 2, 1: DCG 3/log2(2) + 2/log2(4), ideal 3/log2(2) + 2/log2(3) + 1/log2(4)."""
    found = measures(["a", "x", "b"], {"a": 3, "b": 2, "c": 1})
    assert found["ndcg@10"] == pytest.approx(4.0 / (3.0 + 2.0 / math.log2(3) + 0.5))


def test_precision_reciprocal_rank_and_recall() -> None:
    """Relevant at places 2 and 4, a third not found: AP (1/2 + 2/4) / 3."""
    found = measures(["x", "a", "y", "b"], {"a": 1, "b": 2, "c": 1, "x": 0})
    assert found["map"] == pytest.approx((0.5 + 0.5) / 3)
    assert found["mrr@10"] == 0.5
    assert found["recall@100"] == pytest.approx(2 / 3)


def test_only_ten_places_count_where_ten_are_meant() -> None:
    found = measures([*"abcdefghij", "right"], {"right": 1})
    assert found == {"ndcg@10": 0.0, "mrr@10": 0.0, "recall@100": 1.0, "map": pytest.approx(1 / 11)}
    many = {str(number): 1 for number in range(20)}
    assert measures([str(number) for number in range(10)], many)["ndcg@10"] == pytest.approx(1.0)


def test_a_negative_grade_is_no_gain() -> None:
    assert measures(["bad", "good"], {"bad": -1, "good": 1})["ndcg@10"] == pytest.approx(1 / math.log2(3))


def test_nothing_found() -> None:
    assert set(measures([], {"a": 1}).values()) == {0.0}


def test_equal_scores_go_by_id_the_greater_first() -> None:
    assert ranked({"a": 1.0, "c": 1.0, "b": 2.0}) == ["b", "c", "a"]


def test_a_question_s_own_document_is_left_out() -> None:
    assert ranked({"q": 9.0, "a": 1.0}, "q") == ["a"]
    assert len(ranked({str(number): float(number) for number in range(200)})) == DEPTH


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30).filter(any), st.randoms())
def test_the_ideal_order_is_worth_one_and_no_other_more(grades: list[int], draw: object) -> None:
    judged = {str(at): grade for at, grade in enumerate(grades)}
    ideal = sorted(judged, key=lambda document: -judged[document])
    assert measures(ideal, judged)["ndcg@10"] == pytest.approx(1.0)
    other = list(judged)
    draw.shuffle(other)  # type: ignore[attr-defined]
    assert all(0.0 <= value <= 1.0 + 1e-9 for value in measures(other, judged).values())


def test_interval_holds_the_mean_and_repeats() -> None:
    values = [0.0, 1.0] * 50
    found = interval(values)
    assert found == interval(values)
    assert found.low < found.mean == 0.5 < found.high
    # 100 even coins: a standard error of 0.05, so about 0.1 to each side.
    assert 0.06 < found.mean - found.low < 0.14
    assert interval([0.25]) == interval([0.25, 0.25, 0.25])
