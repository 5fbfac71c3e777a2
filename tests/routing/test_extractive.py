"""The built-in answerer quotes, cites, and admits what it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.routing import EXTRACTIVE
from gateway.routing.providers.extractive import INTRO, NO_MATCH, NO_PASSAGES, Extractive, answer, split
from tests.routing.helpers import PATIENT, call, noon, passage, text_of

HOLIDAYS = passage(
    "Northwind looks after its people. Full-time employees receive 28 days of paid holiday a year. "
    "Requests go to the manager, [PERSON_k3f9a2c17qzx], two weeks ahead.",
    1,
)
TRAVEL = passage("# Travel\n- Book rail tickets through the portal.\n- Hotels cost at most 120 EUR a night.", 2)


def test_the_sentence_that_answers_is_quoted_with_its_citation() -> None:
    text = answer("How many days of holiday do employees receive?", [HOLIDAYS, TRAVEL])
    assert text.startswith(INTRO)
    assert "Full-time employees receive 28 days of paid holiday a year. [1]" in text
    assert "rail" not in text
    hotel = answer("What may a hotel cost per night?", [HOLIDAYS, TRAVEL])
    assert "Hotels cost at most 120 EUR a night. [2]" in hotel


def test_tokens_stay_whole() -> None:
    assert "[PERSON_k3f9a2c17qzx]" in answer("Which manager do requests go to?", [TRAVEL, HOLIDAYS])


def test_it_says_when_it_has_nothing() -> None:
    assert answer("Anything?", []) == NO_PASSAGES
    assert answer("Quantum chromodynamics", [HOLIDAYS]) == NO_MATCH
    assert answer("", [HOLIDAYS]) == NO_MATCH


def test_markup_and_wrapped_lines_do_not_show() -> None:
    text = answer("What is the notice period?", [passage("# Leaving\n- The **notice period**\n  is `four` weeks.")])
    assert "- The notice period is four weeks. [1]" in text


def test_repeated_sentences_are_quoted_once() -> None:
    text = answer("paid holiday", [HOLIDAYS, passage(HOLIDAYS.text, 2)])
    assert text.count("28 days") == 1


async def test_whole_and_streamed_answers_are_the_same() -> None:
    provider = Extractive(noon)
    question = "How many days of holiday?"
    passages = (HOLIDAYS, TRAVEL)
    whole = await provider.complete(provider.prepare(EXTRACTIVE, call(text=question, passages=passages)), PATIENT)
    outgoing = provider.prepare(EXTRACTIVE, call(stream=True, text=question, passages=passages))
    chunks = [chunk async for chunk in provider.stream(outgoing, PATIENT)]
    text = whole["choices"][0]["message"]["content"]
    assert text_of(chunks) == text == answer(question, passages)
    assert chunks[-2]["choices"][0]["finish_reason"] == whole["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["usage"]["completion_tokens"] > 0
    assert whole["model"] == "extractive"
    assert whole["created"] == int(noon().timestamp())
    assert outgoing.endpoint == "built-in:extractive"
    assert HOLIDAYS.text.encode()[:40] in outgoing.body


@pytest.mark.parametrize("text", ["", "   \n\n ", "---\n***\n|||"])
def test_nothing_to_split(text: str) -> None:
    assert split(text) == []


@given(st.text(max_size=400), st.lists(st.text(max_size=400), max_size=4))
def test_any_text_gives_an_answer_made_of_the_passages(question: str, texts: list[str]) -> None:
    passages = [passage(text, number) for number, text in enumerate(texts, start=1)]
    text = answer(question, passages)
    assert text
    for line in text.split("\n")[1:]:
        quoted = re.fullmatch(r"- (.*) \[(\d+)\]", line)
        assert quoted
        source = re.sub(r"\*\*|__|`", "", " ".join(passages[int(quoted[2]) - 1].text.split()))
        assert quoted[1].removesuffix(" ...") in source
