"""Probabilities into spans."""

from __future__ import annotations

import numpy as np

from gateway.redaction.ner.labels import LABELS, OUTSIDE, TYPES, begin, inside
from gateway.redaction.ner.spans import LEAST, spans
from gateway.redaction.ner.words import FLAGS, Reader, hashed

READER = Reader({"[UNK]": 0}, {})
PERSON, PLACE = TYPES.index("PERSON"), TYPES.index("LOCATION")


def found(
    text: str,
    labels: list[int],
    sure: float = 0.9,
    types: tuple[str, ...] = TYPES,
    texts: tuple[int, ...] = (0,),
) -> list[tuple[str, str]]:
    read = READER.read(text)
    assert len(labels) == len(read.starts)
    scores = np.full((len(labels), LABELS), (1 - sure) / (LABELS - 1), dtype=np.float32)
    scores[np.arange(len(labels)), labels] = sure
    return [(text[s.start : s.end], s.type) for s in spans(text, read, scores, types, texts)]


B, I, O = begin(PERSON), inside(PERSON), OUTSIDE  # noqa: E741


def test_words_that_belong_together_are_one_span() -> None:
    assert found("ask Jane van Roe today", [O, B, I, I, O]) == [("Jane van Roe", "PERSON")]


def test_a_beginning_begins_a_span() -> None:
    assert found("Jane Joe", [B, B]) == [("Jane", "PERSON"), ("Joe", "PERSON")]


def test_an_inside_without_a_beginning_counts() -> None:
    assert found("so Jane", [O, I]) == [("Jane", "PERSON")]


def test_titles_and_stops_stay_outside() -> None:
    assert found("Dr. Jane Roe.", [B, I, I, I, I]) == [("Jane Roe", "PERSON")]
    assert found("J. R. Roe", [B, I, I, I, I]) == [("J. R. Roe", "PERSON")]
    assert found('"Jane"', [B, I, I]) == [("Jane", "PERSON")]


def test_types_that_are_not_asked_for_are_not_given() -> None:
    assert found("Jane in Rome", [B, O, begin(PLACE)], types=("LOCATION",)) == [("Rome", "LOCATION")]


def test_a_word_may_be_a_name_though_another_label_is_likelier() -> None:
    read = READER.read("Jane")
    scores = np.zeros((1, LABELS), dtype=np.float32)
    scores[0, O], scores[0, B] = 0.55, 0.45
    assert LEAST["PERSON"] <= 0.45
    assert [s.type for s in spans("Jane", read, scores, TYPES)] == ["PERSON"]


def test_pronouns_and_marks_are_nobody() -> None:
    assert found("he . she", [B, B, B]) == []


def test_two_parts_of_a_name_that_a_mark_holds_together_are_one() -> None:
    for text in ("Ugo Dell'Acqua", "Ugo Dell\u2019Acqua", "Ann Smith-Jones"):
        assert found(text, [B, I, O, B]) == [(text, "PERSON")]
    assert found("Ann-Paris", [B, O, begin(PLACE)]) == [("Ann", "PERSON"), ("Paris", "LOCATION")]
    assert found("Jane - Joe", [B, O, B]) == [("Jane", "PERSON"), ("Joe", "PERSON")]


def test_a_name_takes_what_belongs_to_it() -> None:
    assert found("ask Jane Roe-Lund today", [O, B, I, O, O, O]) == [("Jane Roe-Lund", "PERSON")]
    assert found("ask Jane Roe - Lund", [O, B, I, O, O]) == [("Jane Roe", "PERSON")]
    text = "and Magomed Roe said"
    read = READER.read(text)
    scores = np.zeros((4, LABELS), dtype=np.float32)
    scores[:, OUTSIDE] = 1
    scores[1, OUTSIDE], scores[1, B] = 0.75, 0.25
    scores[2, OUTSIDE], scores[2, I] = 0.1, 0.9
    assert [text[s.start : s.end] for s in spans(text, read, scores, TYPES)] == ["Magomed Roe"]


def test_a_title_alone_is_nobody() -> None:
    assert found("told Trooper Roe", [O, B, B]) == [("Roe", "PERSON")]
    assert found("Liebe Frau, leider", [O, B, O, O]) == []
    assert found("Don, come", [B, O, O]) == [("Don", "PERSON")]


def test_small_letters_among_capitals_are_a_name_only_where_they_are_known_as_one() -> None:
    assert found("Dear Roe, leider ist Anna krank", [O, O, O, B, O, O, O], 0.6) == []
    assert found("hello devonte", [O, B], 0.6) == [("devonte", "PERSON")]


def test_an_address_ends_where_the_sentence_does() -> None:
    street = TYPES.index("STREET_ADDRESS")
    labels = [O, begin(street), *[inside(street)] * 5]
    assert found("at Weiherweg 3, Erlangen. Kostenfrei", labels) == [("Weiherweg 3, Erlangen", "STREET_ADDRESS")]
    assert found("Aktenzeichen 12 Berg", [begin(street), inside(street), inside(street)]) == []


def test_initials_and_second_halves_belong_to_a_name() -> None:
    assert found("to D. J. Roe", [O, O, O, O, O, B]) == [("D. J. Roe", "PERSON")]
    assert found("ask Jane Roe-de Wit now", [O, B, I, O, O, O, O]) == [("Jane Roe-de Wit", "PERSON")]
    assert found("i.A. Jane Roe", [O, O, B, I, I, I]) == [("Jane Roe", "PERSON")]


def test_whose_somebody_is_stays_outside() -> None:
    assert found("Mon frère Jean", [B, I, I]) == [("Jean", "PERSON")]
    assert found("Meine Schwiegermutter", [B, I]) == []


def test_a_day_before_a_date_is_nobody() -> None:
    assert found("Tue, 14 Nov", [B, O, O, O]) == []
    assert found("Tue is here", [B, O, O]) == [("Tue", "PERSON")]


def test_an_address_begins_with_its_number_and_ends_before_what_is_labelled() -> None:
    at = begin(TYPES.index("STREET_ADDRESS"))
    on = inside(TYPES.index("STREET_ADDRESS"))
    text = "au 4 allée Roe, 44300 Nantes, n 8503"
    assert found(text, [at, *[on] * 9]) == [("4 allée Roe, 44300 Nantes", "STREET_ADDRESS")]


def test_what_stands_before_an_address_is_none_of_it() -> None:
    street, on = begin(TYPES.index("STREET_ADDRESS")), inside(TYPES.index("STREET_ADDRESS"))
    text = "M: 07700 900 664\nBede House, 12 Quayside"
    labels = [O, O, O, street, on, on, on, on, on, on]
    assert ("Bede House, 12 Quayside", "STREET_ADDRESS") in found(text, labels)
    assert found("347 882 1054 oppure scrivi", [street, on, on, on, on]) == []


def test_somebody_who_lives_there_is_a_person() -> None:
    reader = Reader({"[UNK]": 0}, {hashed("yassine"): 1 << FLAGS.index("first")})
    text = "Roe Yassine, 27 rue Verte 69100 Villeurbanne"
    read = reader.read(text)
    street = TYPES.index("STREET_ADDRESS")
    scores = np.zeros((len(read.starts), LABELS), dtype=np.float32)
    scores[:, inside(street)] = 0.9
    assert [(text[s.start : s.end], s.type) for s in spans(text, read, scores, TYPES)] == [
        ("Roe Yassine", "PERSON"),
        ("27 rue Verte 69100 Villeurbanne", "STREET_ADDRESS"),
    ]


def test_a_body_without_a_name_is_none() -> None:
    body = begin(TYPES.index("ORGANIZATION"))
    assert found("the court said", [O, body, O]) == []


def test_a_word_in_small_letters_behind_a_name_is_no_part_of_it() -> None:
    assert found("bei Lorenz klingeln", [O, B, I]) == [("Lorenz", "PERSON")]


def test_dates_and_numbers_of_customers_are_no_addresses() -> None:
    street, on = begin(TYPES.index("STREET_ADDRESS")), inside(TYPES.index("STREET_ADDRESS"))
    assert found("to 9 May.", [O, street, on, O]) == []
    assert found("Kundennummer 8841", [street, on]) == []


def test_a_speaker_who_looks_like_a_place_is_one() -> None:
    reader = Reader({"[UNK]": 0}, {hashed("katarzyna"): 1 << FLAGS.index("first")})
    text = "Emil: hi all\nKatarzyna: welcome"
    read = reader.read(text)
    scores = np.zeros((len(read.starts), LABELS), dtype=np.float32)
    scores[:, O] = 1.0
    scores[0, [O, B]] = 0.0, 1.0
    place = read.starts.index(text.index("Katarzyna"))
    scores[place, [O, begin(PLACE)]] = 0.0, 1.0
    assert [(text[s.start : s.end], s.type) for s in spans(text, read, scores, TYPES)] == [
        ("Emil", "PERSON"),
        ("Katarzyna", "PERSON"),
    ]


def test_a_speaker_of_one_text_says_nothing_of_another() -> None:
    first, second = "Zork: hi\nso it is", "Zork: hm\nso it is"
    labels = [B, *[O] * 11]
    zork = ("Zork", "PERSON")
    assert found(f"{first}\n{second}", labels) == [zork, zork]
    assert found(f"{first}\n{second}", labels, texts=(0, len(first) + 1)) == [zork]
