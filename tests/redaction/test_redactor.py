"""The redactor: round trips, linked texts, and closed whenever something goes wrong."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.crypto.keyring import KeyRing
from gateway.crypto.secret import SecretBytes
from gateway.errors import RedactionUnavailable
from gateway.model import CustomRecognizer, PrivacyPolicy, Span
from gateway.redaction import Original, Redactor, cover, find_originals, restore
from gateway.redaction.detect import Detector
from gateway.redaction.linking import link
from gateway.redaction.redactor import redactions
from gateway.redaction.spans import resolve
from gateway.redaction.tokens import Minter, whole_of

POLICY = PrivacyPolicy()
LETTER = "Dr Jane Roe (jane.roe@acme.example, +44 20 7946 0327) wrote. Later Jane Roe, that is JANE ROE, called."


def nap(seconds: float) -> Callable[..., list[Span]]:
    def find(*_: object) -> list[Span]:
        time.sleep(seconds)
        return []

    return find


@pytest.fixture
def redactor(ring: KeyRing) -> Iterator[Redactor]:
    made = Redactor(ring, threads=2, timeout_s=20, queue=4, cache_entries=100)
    yield made
    made.close()


async def test_loading_is_no_part_of_the_time_a_text_may_take(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Redactor._detector

    def slow(self: Redactor, policy: PrivacyPolicy) -> Detector:
        if policy == PrivacyPolicy():
            time.sleep(0.6)  # as loading the model takes on a busy machine
        return real(self, policy)

    monkeypatch.setattr(Redactor, "_detector", slow)
    own_policy = PrivacyPolicy(entities=("EMAIL_ADDRESS",))
    made = Redactor(ring, threads=1, timeout_s=0.5)
    try:
        (done,) = await made.redact(["roe@example.org"], own_policy, "default")
    finally:
        made.close()
    assert done.redacted.counts == {"EMAIL_ADDRESS": 1}


async def test_a_text_round_trips(redactor: Redactor) -> None:
    (done,) = await redactor.redact([LETTER], POLICY, "default")
    assert not any(secret in done.redacted.text for secret in ("Jane", "JANE", "roe@", "7946"))
    assert done.redacted.counts == {"PERSON": 3, "EMAIL_ADDRESS": 1, "PHONE_NUMBER": 1}
    for span in done.redacted.spans:
        assert done.redacted.text[span.token_start : span.token_start + len(span.token)] == span.token
    values = {token: original.value for token, original in done.originals.items()}
    assert restore(done.redacted.text, values) == LETTER
    jane = [span for span in done.redacted.spans if span.type == "PERSON"]
    assert len({whole_of(span.token) for span in jane}) == 1
    assert set(redactor.part_tokens("what did roe earn?", "default")) & set(jane[0].parts)


async def test_tokens_are_stable_over_messages_turns_and_redactors_but_not_tenants(ring: KeyRing) -> None:
    one, two = Redactor(ring), Redactor(ring)
    (a,) = await one.redact(["Name: Jane Roe"], POLICY, "default")
    (_, b) = await two.redact(["Name: Max Muster", "From: Dr Jane Roe"], POLICY, "default")
    (c,) = await two.redact(["Name: Jane Roe"], POLICY, "other")
    assert a.originals.keys() == b.originals.keys()
    assert not a.originals.keys() & c.originals.keys()
    one.close()
    two.close()


async def test_redacting_the_redacted_changes_nothing(redactor: Redactor) -> None:
    (once,) = await redactor.redact([LETTER], POLICY, "default")
    (twice,) = await redactor.redact([once.redacted.text], POLICY, "default")
    assert twice.redacted.text == once.redacted.text
    assert twice.originals == {}


async def test_a_value_found_in_one_text_is_replaced_in_all(redactor: Redactor) -> None:
    texts = ["what about jane roe?", "Dr Jane Roe", "x=Jane%20Roe&y", "Jane\n  Roe", "Mr Blank", "a Blank page, blank"]
    done = await redactor.redact(texts, POLICY, "default")
    token = next(iter(done[1].originals))
    assert [whole_of(span.token) for span in done[0].redacted.spans] == [token]
    assert "Jane" not in done[2].redacted.text + done[3].redacted.text
    assert done[5].redacted.text == f"a {next(iter(done[4].originals))} page, blank"
    alone = await redactor.redact(texts, POLICY, "default", linked=False)
    assert alone[5].redacted.text == texts[5]


words = st.sampled_from(
    [
        "Dr ",
        "Jane Roe",
        "jane roe",
        "Roe",
        "roe",
        "Name: ",
        "jane.roe@acme.example",
        "+44 20 7946 0327",
        "4111111111111111",
        "\n",
        " ",
        ", ",
        "Mr ",
        "O'Neil",
        "x",
        "%20",
        "DOB: ",
        "1.2.1990",
        "\u200b",
        "[PERSON_",
        "é",
    ]
)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.lists(words, max_size=8).map("".join), min_size=1, max_size=4))
def test_no_original_stands_in_what_leaves(texts: list[str]) -> None:
    minter, detector = Minter(SecretBytes(b"k" * 32)), Detector(POLICY)
    found = [list(detector.find(text)) for text in texts]
    links = link(texts, found, detector.known_types, lambda: None)
    done = redactions(texts, found, minter, links)
    originals = {token: original for one in done for token, original in one.originals.items()}
    body = json.dumps([one.redacted.text for one in done]).encode()
    assert find_originals(body, originals) == []
    for text, one in zip(texts, done, strict=True):
        at, parts = 0, []
        for span in one.redacted.spans:
            parts += [one.redacted.text[at : span.token_start], text[span.start : span.end]]
            at = span.token_start + len(span.token)
        assert "".join([*parts, one.redacted.text[at:]]) == text


def test_cover_puts_tokens_over_known_values() -> None:
    originals = {
        "[PERSON_00000000000a]": Original("Jane Roe", "PERSON"),
        "[PERSON_00000000000b]": Original("Al", "PERSON"),
    }
    text, used = cover("is jane roe with Al? [PERSON_00000000000a]", originals)
    assert text == "is [PERSON_00000000000a] with Al? [PERSON_00000000000a]"
    assert used == {"[PERSON_00000000000a]"}


async def test_disabled_policy_leaves_text(redactor: Redactor) -> None:
    (done,) = await redactor.redact([LETTER], PrivacyPolicy(enabled=False), "default")
    assert done.redacted.text == LETTER
    assert done.originals == {}
    assert redactor.spans_in(LETTER, PrivacyPolicy(enabled=False)) == []
    assert {span.type for span in redactor.spans_in(LETTER, POLICY)} == {"PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER"}


# ---------------------------------------------------------------- closed, and silent


async def test_a_detector_that_fails_closes_and_tells_nothing(
    redactor: Redactor,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)

    def broken(self: Detector, text: str, *_: object) -> list[Span]:
        raise ValueError(f"cannot read {text}")

    monkeypatch.setattr(Detector, "find", broken)
    with pytest.raises(RedactionUnavailable) as caught:
        await redactor.redact([LETTER], POLICY, "default")
    chain: list[BaseException] = []
    error: BaseException | None = caught.value
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    told = "".join(f"{e!r}{e}" for e in chain) + caplog.text + "".join(capfd.readouterr())
    assert "Jane" not in told
    assert "ValueError" in str(caught.value)
    with pytest.raises(RedactionUnavailable):
        redactor.spans_in(LETTER, POLICY)


async def test_a_recognizer_of_presidio_that_fails_closes(redactor: Redactor, monkeypatch: pytest.MonkeyPatch) -> None:
    detector = redactor._detector(POLICY)

    def broken(*_args: object, **_named: object) -> None:
        raise RuntimeError("Jane Roe")

    monkeypatch.setattr(type(detector.gated[0]), "find", broken)
    with pytest.raises(RedactionUnavailable, match=r"^the detector failed \(RuntimeError\)"):
        await redactor.redact(["a@acme.example"], POLICY, "default")


async def test_too_slow_closes(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Redactor(ring, threads=1, timeout_s=0.1, queue=1)
    monkeypatch.setattr(Detector, "find", nap(0.5))
    began = time.monotonic()
    with pytest.raises(RedactionUnavailable, match=r"did not finish within 0\.1 s"):
        await slow.redact(["x"], POLICY, "default")
    assert time.monotonic() - began < 5
    slow.close()


async def test_a_full_queue_closes_at_once_and_empties_again(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    busy = Redactor(ring, threads=1, timeout_s=20, queue=1)
    monkeypatch.setattr(Detector, "find", lambda *_: gate.wait() and [])
    waiting = [asyncio.create_task(busy.redact([f"x{n}"], POLICY, "default")) for n in range(2)]
    await asyncio.sleep(0.05)
    with pytest.raises(RedactionUnavailable, match="too many"):
        await busy.redact(["y"], POLICY, "default")
    gate.set()
    await asyncio.gather(*waiting)
    await asyncio.sleep(0.05)
    await busy.redact(["y"], POLICY, "default")
    busy.close()


async def test_the_event_loop_stays_free_while_text_is_scanned(
    redactor: Redactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Detector, "find", nap(0.3))
    task = asyncio.create_task(redactor.redact(["x"], POLICY, "default"))
    ticks = 0
    while not task.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks > 5


# ---------------------------------------------------------------- detect once


async def test_a_text_is_scanned_once_for_a_policy(redactor: Redactor, monkeypatch: pytest.MonkeyPatch) -> None:
    scanned: list[str] = []
    real = Detector.find

    def counting(self: Detector, text: str, *rest: object) -> list[Span]:
        scanned.append(text)
        return real(self, text)

    await redactor.start()
    monkeypatch.setattr(Detector, "find", counting)
    history = ["Dr Jane Roe", "hello"]
    first = await redactor.redact(history, POLICY, "default")
    again = await redactor.redact([*history, "more"], POLICY, "default")
    assert scanned == ["Dr Jane Roe", "hello", "more"]
    assert again[0] == first[0]
    stricter = PrivacyPolicy(entities=("EMAIL_ADDRESS",))
    assert (await redactor.redact(["Dr Jane Roe"], stricter, "default"))[0].originals == {}
    rule = CustomRecognizer("x", "GREETING", deny_list=("hello",))
    (done,) = await redactor.redact(["hello"], PrivacyPolicy(recognizers=(rule,)), "default")
    assert done.redacted.counts == {"GREETING": 1}


@pytest.mark.parametrize("together", [1, 40, 16_000])
async def test_texts_scanned_together_are_found_as_one_by_one(
    ring: KeyRing, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    texts = [LETTER, "", "Hi Tom", LETTER, "a@acme.example", f"{LETTER}\n{LETTER}", "Tom", "the log was rotated"]
    monkeypatch.setattr("gateway.redaction.redactor._SCANNED", together)
    at_once, one_by_one = Redactor(ring), Redactor(ring)
    found = await at_once.redact(texts, POLICY, "default", apart=True)
    assert found == [(await one_by_one.redact([text], POLICY, "default", apart=True))[0] for text in texts]
    assert sum(len(each.originals) for each in found) > 5
    at_once.close()
    one_by_one.close()


async def test_the_cache_is_bounded_and_holds_no_text(ring: KeyRing) -> None:
    small = Redactor(ring, cache_entries=3)
    for n in range(10):
        await small.redact([f"Dr Jane Roe {n}"], POLICY, "default")
    assert len(small._cache._kept) == 3
    assert "Jane" not in repr(small._cache._kept)
    small.close()


def test_an_original_does_not_print_its_value() -> None:
    assert "Jane" not in repr(Original("Jane", "PERSON"))
    assert resolve("", []) == []
