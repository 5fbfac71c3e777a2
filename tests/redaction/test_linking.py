"""Linking: over texts, messages and turns; the same id for the same person, and back exactly what was written."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.crypto.secret import SecretBytes
from gateway.model import PrivacyPolicy, Span
from gateway.redaction import Redaction, Redactor, find_originals, restore
from gateway.redaction.linking import NO_LINKS, link
from gateway.redaction.redactor import redactions
from gateway.redaction.tokens import Minter, whole_of

POLICY = PrivacyPolicy(entities=("PERSON", "EMAIL_ADDRESS"))
MINTER = Minter(SecretBytes(b"k" * 32))


@pytest.fixture
def redactor(ring: KeyRing) -> Iterator[Redactor]:
    made = Redactor(ring, timeout_s=60)
    yield made
    made.close()


def restored(done: Sequence[Redaction]) -> list[str]:
    values = {token: original.value for one in done for token, original in one.originals.items()}
    return [restore(one.redacted.text, values) for one in done]


def marked(text: str, *values: str) -> tuple[list[str], list[list[Span]]]:
    """One text with these values as findings."""
    spans = [Span(text.index(value), text.index(value) + len(value), "PERSON", 0.9) for value in values]
    return [text], [spans]


def made(text: str, *values: str) -> list[tuple[str, str]]:
    """(what was replaced, by which token) with these values as findings."""
    texts, found = marked(text, *values)
    links = link(texts, found, {"PERSON"}, lambda: None)
    (done,) = redactions(texts, found, MINTER, links)
    assert restored([done]) == texts
    assert find_originals(done.redacted.text.encode(), done.originals) == []
    return [(text[span.start : span.end], span.token) for span in done.redacted.spans]


async def test_parts_of_a_name_share_its_id_over_messages_and_return_as_written(redactor: Redactor) -> None:
    texts = [
        "Ask Dr Jane Roe. Roe knows.",
        "Ms Roe came. J. Roe, JANE ROE, Roe, Jane and Jane R.",
        "jane.roe@acme.example by jane_roe in ~jane.roe for @janeroe, JaneRoe",
        "what did jane roe say? Jane left.",
    ]
    done = await redactor.redact(texts, POLICY, "default")
    people = [span.token for one in done for span in one.redacted.spans if span.type == "PERSON"]
    assert len({whole_of(token) for token in people}) == 1
    assert len(people) == 13
    assert not any(word in one.redacted.text.lower() for one in done for word in ("jane", "roe"))
    assert restored(done) == texts
    (whole,) = {whole_of(token) for token in people}
    assert done[0].originals[whole].value == "Jane Roe"


async def test_a_part_alone_has_a_token_of_its_own(redactor: Redactor) -> None:
    (alone,) = await redactor.redact(["Dear Ms Roe,"], POLICY, "default")
    together = await redactor.redact(["Dear Ms Roe,", "From: Dr Jane Roe"], POLICY, "default")
    assert whole_of(*alone.originals) == next(iter(alone.originals))
    assert whole_of(*together[0].originals) == next(iter(together[1].originals))
    assert set(redactor.part_tokens("roe", "default")) <= set(together[0].redacted.spans[0].parts)


async def test_texts_apart_do_not_link(redactor: Redactor) -> None:
    texts = ["Dr Jane Roe; Roe", "Ms Roe"]
    for options in ({"linked": False}, {"apart": True}):
        done = await redactor.redact(texts, POLICY, "default", **options)
        assert whole_of(*done[1].originals) == next(iter(done[1].originals))
        assert restored(done) == texts


def test_two_people_named_roe_are_never_confused() -> None:
    found = made("Jane Roe and John Roe. Roe, Jane. John. Mr Roe.", "Jane Roe", "John Roe")
    jane, john = MINTER.token("PERSON", "Jane Roe"), MINTER.token("PERSON", "John Roe")
    assert [(value, whole_of(token)) for value, token in found] == [
        ("Jane Roe", jane),
        ("John Roe", john),
        ("Roe, Jane", jane),
        ("John", john),
        ("Roe", MINTER.token("PERSON", "Roe")),
    ]


def test_another_person_of_the_same_last_name_gets_a_token_of_its_own() -> None:
    found = dict(made("Jane Roe met Peter Roe", "Jane Roe"))
    assert found == {"Jane Roe": MINTER.token("PERSON", "Jane Roe"), "Roe": MINTER.token("PERSON", "Roe")}


def test_a_common_word_is_covered_where_it_is_a_name_and_nowhere_else() -> None:
    found = made("We met Will Smith. Will you tell Will that I will?", "Will Smith")
    assert [value for value, _ in found] == ["Will Smith", "Will"]
    assert len({whole_of(token) for _, token in found}) == 1


def test_a_second_spelling_is_another_form_of_the_same_token() -> None:
    found = made("jane roe wrote; Jane Roe, JANE ROE.", "Jane Roe")
    assert [value for value, _ in found] == ["jane roe", "Jane Roe", "JANE ROE"]
    whole = MINTER.token("PERSON", "Jane Roe")
    assert [token == whole for _, token in found] == [False, True, False]
    assert {whole_of(token) for _, token in found} == {whole}
    assert len({token for _, token in found}) == 3


def test_an_allowed_value_is_not_covered_as_a_part() -> None:
    texts, found = marked("Jane Roe at Roe", "Jane Roe")
    links = link(texts, found, {"PERSON"}, lambda: None, frozenset({"Roe"}))
    assert [texts[0][span.start : span.end] for span in found[0]] == ["Jane Roe"]
    assert links.whole(0, found[0][0], "Jane Roe") == "Jane Roe"


def test_a_token_in_the_text_is_left_alone() -> None:
    jane = MINTER.token("PERSON", "Jane Roe")
    text = f"{jane} Jane Roe {MINTER.form(jane, 'Roe')} Roe"
    texts, found = marked(text, "Jane Roe")
    link(texts, found, {"PERSON"}, lambda: None)
    assert [text[span.start : span.end] for span in found[0]] == ["Jane Roe", "Roe"]


def test_linking_can_be_stopped() -> None:
    def stop() -> None:
        raise TimeoutError

    texts, found = marked("Jane Roe", "Jane Roe")
    with pytest.raises(TimeoutError):
        link(texts, found, {"PERSON"}, stop)
    assert NO_LINKS.whole(0, found[0][0], "Jane Roe") is None


@pytest.mark.timeout(120)
def test_linking_costs_no_more_than_the_texts_are_long() -> None:
    def cost(windows: int) -> float:
        texts, found = [], []
        for window in range(windows):
            rows = [f"Jane{chr(97 + row)} Roe{chr(97 + window % 26)}{chr(97 + window // 26)}" for row in range(20)]
            text = "; ".join(f"{name} said that {name.split()[1]} left the hall early" for name in rows)
            texts.append(text)
            found.append([Span(at := text.index(name), at + len(name), "PERSON", 0.9) for name in rows])
        began = time.process_time()
        links = link(texts, found, {"PERSON"}, lambda: None)
        redactions(texts, found, MINTER, links)
        return time.process_time() - began

    cost(4)
    few, many = cost(25), cost(200)
    assert many < 8 * few * 3
