"""Counts worked out by hand, and what must hold for any texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evaluate.scoring import Counted, Rate, Row, Tally, Truth, merged
from gateway.model import Span

TEXT = "Jane Roe lives in Leeds, call 555 0100 now"
PERSON = Truth(0, 8, "PERSON", frozenset({"PERSON"}), label="PERSON")
PLACE = Truth(18, 23, "LOCATION", frozenset({"LOCATION", "STREET_ADDRESS"}), direct=False, label="CITY")
PHONE = Truth(30, 38, "PHONE_NUMBER", frozenset({"PHONE_NUMBER"}), label="PHONE")
ROW = Row(TEXT, (PERSON, PLACE, PHONE))


def span(start: int, end: int, kind: str) -> Span:
    return Span(start, end, kind, 1.0)


def tally(row: Row, *found: Span, counted_as: dict[str, str] | None = None) -> Tally:
    counts = Tally(counted_as)
    counts.add(row, found)
    return counts


def test_words_and_characters_by_hand() -> None:
    counts = tally(ROW, span(5, 8, "PERSON"), span(9, 14, "PERSON"), span(18, 23, "PERSON"))
    # Right: Roe, Leeds. Wrong: lives. Missed: Jane, 555, 0100.
    assert counts.words == Rate(right=2, wrong=1, missed=3)
    assert counts.words.precision == pytest.approx(2 / 3)
    assert counts.words.recall == pytest.approx(2 / 5)
    assert counts.words.f(1) == pytest.approx(0.5)
    assert counts.words.f(2) == pytest.approx(5 * 2 / (5 * 2 + 4 * 3 + 1))
    # Blanks inside a span are no characters: 3 + 5 right, 5 wrong, 4 + 7 missed.
    assert counts.characters == Rate(right=8, wrong=5, missed=11)


def test_strict_needs_offsets_and_type_and_overlap_needs_one_shared_character() -> None:
    counts = tally(ROW, span(0, 8, "PERSON"), span(16, 23, "STREET_ADDRESS"), span(30, 38, "US_SSN"))
    assert counts.all.strict == Rate(right=1, wrong=2, missed=2)
    assert list(counts.all.overlap) == [pytest.approx(2 / 3)] * 3
    assert counts.types["LOCATION"].found == 1
    assert counts.types["US_SSN"] == Counted(Rate(wrong=1), found=1)
    assert counts.types["PHONE_NUMBER"].strict == Rate(missed=1)


def test_one_true_span_makes_one_finding_right() -> None:
    counts = tally(ROW, span(18, 23, "LOCATION"), span(18, 23, "STREET_ADDRESS"))
    assert counts.all.strict == Rate(right=1, wrong=1, missed=2)


def test_a_wrong_finding_is_counted_under_what_its_type_stands_for() -> None:
    counts = tally(ROW, span(9, 14, "US_PASSPORT"), counted_as={"US_PASSPORT": "ID"})
    assert counts.types["ID"] == Counted(Rate(wrong=1), found=1)


def test_what_leaks_is_what_is_not_covered_to_the_last_letter_of_whatever_type() -> None:
    counts = tally(ROW, span(0, 7, "PERSON"), span(30, 38, "US_SSN"))
    assert [(leak.type, leak.text, leak.touched) for leak in counts.leaks] == [
        ("PERSON", "Jane Roe", True),
        ("LOCATION", "Leeds", False),
    ]
    assert counts.leaked == {"PERSON": 1, "LOCATION": 1}
    assert counts.direct.kept == pytest.approx(1 / 2)
    assert counts.quasi.kept == 0
    assert counts.types["PERSON"].leaked == 1
    assert counts.types["PERSON"].untouched == 0
    assert counts.types["LOCATION"].untouched == 1


def test_small_words_neither_leak_nor_count_when_wrong() -> None:
    text = "the Bank of Roe, and more"
    truth = Truth(4, 15, "ORGANIZATION", frozenset({"ORGANIZATION"}))
    counts = tally(Row(text, (truth,)), span(0, 8, "ORGANIZATION"), span(12, 20, "ORGANIZATION"))
    assert counts.words == Rate(right=2)
    assert not counts.leaks


def test_a_name_made_of_small_words_leaks_all_the_same() -> None:
    row = Row("ask Will", (Truth(4, 8, "PERSON", frozenset({"PERSON"})),))
    assert tally(row).leaked == {"PERSON": 1}


def test_what_is_set_aside_counts_in_no_figure() -> None:
    row = Row("Prof. Roe smiles", (Truth(6, 9, "PERSON", frozenset({"PERSON"})),), aside=((0, 5),))
    assert tally(row, span(6, 9, "PERSON")).words == tally(row, span(0, 9, "PERSON")).words == Rate(right=1)
    assert tally(row, span(0, 5, "JOB_TITLE"), span(6, 9, "PERSON")).all.strict == Rate(right=1)


def test_nothing_to_measure_is_no_rate_at_all() -> None:
    counts = tally(Row("nothing here", ()))
    assert (counts.words.precision, counts.words.recall, counts.words.f(2)) == (None, None, None)
    assert counts.all.overlap == (None, None, None)
    assert counts.direct.kept is None


def test_parts_of_a_name_become_one_span_and_two_names_do_not() -> None:
    accepts = frozenset({"PERSON"})
    first, last = Truth(0, 4, "PERSON", accepts, label="FIRSTNAME"), Truth(5, 8, "PERSON", accepts, label="SURNAME")
    (whole,) = merged("Jane Roe", [last, first])
    assert (whole.start, whole.end, whole.label) == (0, 8, "FIRSTNAME+SURNAME")
    assert len(merged("Jane,Roe", [first, last])) == 2
    assert len(merged("Jane\nRoe", [first, last])) == 2
    twins = [first, Truth(5, 8, "PERSON", accepts, label="FIRSTNAME")]
    assert len(merged("Jane Roe", twins)) == 2
    town = Truth(5, 8, "LOCATION", frozenset({"LOCATION"}), label="CITY")
    assert len(merged("Jane Roe", [first, town])) == 2


KINDS = ("PERSON", "LOCATION", "PHONE_NUMBER")


@st.composite
def places(draw: st.DrawFn, length: int) -> list[tuple[int, int, str]]:
    cuts = sorted(draw(st.sets(st.integers(0, length), max_size=8)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    return [(start, end, draw(st.sampled_from(KINDS))) for start, end in pairs]


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Row, list[Span]]:
    text = draw(st.text(alphabet="abcR 0.,é", min_size=1, max_size=40))
    truths = tuple(Truth(start, end, kind, frozenset({kind})) for start, end, kind in draw(places(len(text))))
    return Row(text, truths), [span(*place) for place in draw(places(len(text)))]


def spans_of(row: Row) -> list[Span]:
    return [span(truth.start, truth.end, truth.type) for truth in row.truths]


@given(scenes())
def test_finding_what_is_there_is_perfect(scene: tuple[Row, list[Span]]) -> None:
    row, _ = scene
    counts = tally(row, *spans_of(row))
    for rate in (counts.words, counts.characters, counts.all.strict):
        assert (rate.wrong, rate.missed) == (0, 0)
        assert rate.f(1) in {1.0, None}
    assert set(counts.all.overlap) <= {1.0, None}
    assert not counts.leaks


@given(scenes())
def test_finding_nothing_recalls_nothing(scene: tuple[Row, list[Span]]) -> None:
    counts = tally(scene[0])
    for rate in (counts.words, counts.characters, counts.all.strict):
        assert rate.precision is None
        assert rate.recall in {0.0, None}


@given(scenes())
def test_truth_and_finding_exchanged_exchange_precision_and_recall(scene: tuple[Row, list[Span]]) -> None:
    row, found = scene
    other = Row(row.text, tuple(Truth(s.start, s.end, s.type, frozenset({s.type})) for s in found))
    there, back = tally(row, *found), tally(other, *spans_of(row))
    for one, two in (
        (there.words, back.words),
        (there.characters, back.characters),
        (there.all.strict, back.all.strict),
    ):
        assert one == Rate(two.right, two.missed, two.wrong)
    assert there.all.overlap[:2] == back.all.overlap[1::-1]


@given(scenes())
def test_one_more_finding_never_lowers_recall_nor_adds_a_leak(scene: tuple[Row, list[Span]]) -> None:
    row, found = scene
    less, more = tally(row, *found[1:]), tally(row, *found)
    assert more.characters.right >= less.characters.right
    assert more.words.right >= less.words.right
    assert more.all.strict.right >= less.all.strict.right
    assert more.all.true_hit >= less.all.true_hit
    assert len(more.leaks) <= len(less.leaks)


@given(scenes())
def test_the_parts_come_to_the_whole(scene: tuple[Row, list[Span]]) -> None:
    row, found = scene
    counts = tally(row, *found)
    everything = counts.all
    assert everything.strict.right + everything.strict.missed == everything.true == len(row.truths)
    assert everything.strict.right + everything.strict.wrong == everything.found == len(found)
    assert everything.leaked == len(counts.leaks) == counts.direct.leaked + counts.quasi.leaked
    assert everything.untouched <= everything.leaked


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_f_lies_between_precision_and_recall(right: int, wrong: int, missed: int) -> None:
    rate = Rate(right, wrong, missed)
    if rate.precision is not None and rate.recall is not None:
        for beta in (1, 2):
            f = rate.f(beta)
            assert f is not None
            assert min(rate.precision, rate.recall) - 1e-9 <= f <= max(rate.precision, rate.recall) + 1e-9


@given(scenes())
def test_merging_twice_is_merging_once(scene: tuple[Row, list[Span]]) -> None:
    row, _ = scene
    once = merged(row.text, row.truths)
    assert merged(row.text, once) == once
