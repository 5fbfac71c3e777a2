"""The invented people: the same every time, and right about which documents answer."""

from __future__ import annotations

from gateway.evaluate.people_data import KINDS, people_set

JUDGED, OF_KIND = people_set(150)


def test_the_same_seed_makes_the_same_set() -> None:
    assert people_set(150) == (JUDGED, OF_KIND)
    assert people_set(150, seed=2)[0] != JUDGED


def test_every_kind_of_question_is_there_and_answered() -> None:
    assert set(OF_KIND.values()) == set(KINDS)
    assert all(question.grades for question in JUDGED.questions)


def test_documents_that_answer_hold_what_was_asked_for_and_no_others_do() -> None:
    texts = {entry.id: entry.text.replace("\n", " ") for entry in JUDGED.documents}
    for question in JUDGED.questions:
        if OF_KIND[question.id] == "full name":
            surname = question.text.split()[-1]
            assert {key for key, text in texts.items() if surname in text} == set(question.grades)
        if OF_KIND[question.id] == "e-mail":
            mail = question.text.split()[-1]
            assert {key for key, text in texts.items() if mail in text} == set(question.grades)
        if OF_KIND[question.id] == "no name":
            firm = question.text.removeprefix("Which papers of ").split(" are about")[0]
            assert all(firm in texts[key] for key in question.grades)
            assert not any(person in question.text for person in ("Jane", "Roe"))
