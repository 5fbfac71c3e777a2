"""Detection: every entity found, gates that change nothing, tokens left alone, pieces that lose nothing."""

from __future__ import annotations

import base64
import contextlib
import logging
import subprocess
import sys
import textwrap
import time
import tracemalloc
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model import PrivacyPolicy, Span
from gateway.redaction.detect import OVERLAP, PIECE, Detector
from gateway.redaction.entities import BY_TYPE
from gateway.redaction.ner.labels import TYPES
from gateway.redaction.normalise import fold
from gateway.redaction.presidio import load, nlp_engine
from gateway.redaction.spans import resolve
from gateway.redaction.views import views

DETECTOR = Detector(PrivacyPolicy())

EXAMPLES = {
    "PERSON": ("the report of Dr Jane Roe is late", "Jane Roe"),
    "DATE_OF_BIRTH": ("DOB: 12/03/1984", "12/03/1984"),
    "EMAIL_ADDRESS": ("write to jane.roe@acme.internal soon", "jane.roe@acme.internal"),
    "PHONE_NUMBER": ("call +44 20 7946 0327 now", "+44 20 7946 0327"),
    "IBAN_CODE": ("pay to DE89 3704 0044 0532 0130 00 today", "DE89 3704 0044 0532 0130 00"),
    "CREDIT_CARD": ("card 4111 1111 1111 1111 expires", "4111 1111 1111 1111"),
    "IP_ADDRESS": ("from 10.20.30.40 at noon", "10.20.30.40"),
    "MAC_ADDRESS": ("host 00:1A:2B:3C:4D:5E joined", "00:1A:2B:3C:4D:5E"),
    "CRYPTO": ("wallet 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2 holds", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"),
    "US_SSN": ("ssn 536-90-4399 on file", "536-90-4399"),
    "US_ITIN": ("taxpayer 912-74-5678 filed", "912-74-5678"),
    "US_PASSPORT": ("passport 912345678 issued", "912345678"),
    "US_DRIVER_LICENSE": ("driver license D1234567 seen", "D1234567"),
    "US_BANK_NUMBER": ("account 945456787654 closed", "945456787654"),
    "US_MBI": ("medicare 1EG4-TE5-MK73 card", "1EG4-TE5-MK73"),
    "MEDICAL_LICENSE": ("licence BB1388568 seen", "BB1388568"),
    "UK_NHS": ("NHS 943 476 5919 record", "943 476 5919"),
    "UK_NINO": ("nino AB 12 34 56 C given", "AB 12 34 56 C"),
    "UK_PASSPORT": ("passport AB1234567 issued", "AB1234567"),
    "UK_DRIVING_LICENCE": ("licence MORGA657054SM9IJ seen", "MORGA657054SM9IJ"),
    "DE_TAX_ID": ("Steuer-ID 86095742719 steht", "86095742719"),
    "DE_SOCIAL_SECURITY": ("Nummer 65070803A019 steht", "65070803A019"),
    "DE_HEALTH_INSURANCE": ("KVNR A123456780 steht", "A123456780"),
    "DE_VAT_ID": ("USt DE136695976 steht", "DE136695976"),
    "STREET_ADDRESS": ("lives at 12 Elm Street, Springfield, IL 62704 now", "12 Elm Street, Springfield, IL 62704"),
    "FR_NIR": ("NIR 1 25 08 75 333 931 69 connu", "1 25 08 75 333 931 69"),
    "NL_BSN": ("BSN 473621083 staat", "473621083"),
    "API_KEY": ("key sk-ant-api03-Zx9fK2mQ7wLp4Tn8Rv1 leaked", "sk-ant-api03-Zx9fK2mQ7wLp4Tn8Rv1"),
    "PASSWORD": ("the password: Tr0ub4dor works", "Tr0ub4dor"),
    "ID_NUMBER": ("patient number: 00412377 came", "00412377"),
    "CASE_NUMBER": ("an application (no. 36244/06) against", "36244/06"),
}


def found(text: str, policy: PrivacyPolicy | None = None) -> list[tuple[str, str]]:
    detector = DETECTOR if policy is None else Detector(policy)
    return [(span.type, text[span.start : span.end]) for span in detector.find(text)]


@pytest.mark.parametrize("type_", sorted(EXAMPLES))
def test_each_entity_is_found(type_: str) -> None:
    text, value = EXAMPLES[type_]
    assert (type_, value) in found(text) or (type_, value) in found(text, PrivacyPolicy(entities=(type_,)))


def test_every_entity_has_a_recognizer_that_can_be_built() -> None:
    detector = Detector(PrivacyPolicy(entities=tuple(BY_TYPE)))
    assert {g.recognizer.supported_entities[0] for g in detector.gated} | set(TYPES) == set(BY_TYPE)
    assert detector.known_types == set(BY_TYPE)


def test_ordinary_text_holds_nothing() -> None:
    assert (
        found("The budget of 40500 EUR for 2026 was approved on 3 May; see section 4.2, table 7 and file a_b-c.txt.")
        == []
    )


# ------------------------------------------------------------------ equal to Presidio's own engine

fragments = st.sampled_from(
    [text for text, _ in EXAMPLES.values()]
    + [value for _, value in EXAMPLES.values()]
    + [
        "Name: ",
        "account ",
        "passport ",
        "licence ",
        "call ",
        "ssn",
        "é",
        "\u0663\u0664",
        "\u017f",
        "\u212a",
        ".",
        "-",
        ":",
        "::",
        "@",
        "/",
        " ",
        "\n",
        "+",
        "(",
        ")",
    ]
    + [
        "12",
        "345",
        "6789",
        "2024-01-02",
        "555-0123",
        "(415) 555-2671 ext. 12",
        "+49 30 23125 417",
        "fe80::1",
        "CA98",
        "x",
        "AB",
        "1.2.3",
        "01.02.1990",
    ]
)
texts = st.lists(fragments | st.text(max_size=4), max_size=10).map("".join)


YIELDING = ("ID_NUMBER", "CASE_NUMBER", "LICENSE_PLATE", "USERNAME", "DOMAIN_NAME")
"""Types whose rule yields to what others find in the same place, which Presidio's engine has no notion of."""


def stock(text: str, policy: PrivacyPolicy, detector: Detector) -> list[Span]:
    """The same recognizers in Presidio's AnalyzerEngine: no gates, its own context enhancer and thresholds."""
    presidio = load()
    registry = presidio.RecognizerRegistry(
        recognizers=[g.recognizer for g in detector.gated], supported_languages=["en"]
    )
    engine = presidio.AnalyzerEngine(
        registry=registry,
        nlp_engine=nlp_engine(),
        supported_languages=["en"],
        context_aware_enhancer=presidio.LemmaContextAwareEnhancer(context_matching_mode="whole_word"),
    )
    results = engine.analyze(text, "en", score_threshold=policy.threshold)
    return resolve(text, [Span(r.start, r.end, r.entity_type, round(float(r.score), 6)) for r in results])


@settings(max_examples=150, deadline=None)
@given(texts, st.sampled_from([0.0, 0.4, 0.6]), st.sampled_from([(), ("all",)]))
def test_gates_and_shortcuts_change_nothing(text: str, threshold: float, entities: tuple[str, ...]) -> None:
    policy = PrivacyPolicy(entities=entities, threshold=threshold, without=YIELDING)
    detector = Detector(policy)
    detector._named = ()  # what the name model adds, Presidio's engine here does not have
    veiled = text.replace("[", "(")  # tokens, which only we leave alone, are another test's
    veiled = fold(veiled).text  # nor are characters that only we see through
    if not veiled.strip() or len(list(views(veiled))) > 1:
        return
    ours = [Span(s.start, s.end, s.type, round(s.score, 6)) for s in detector.find(veiled)]
    if max(veiled) < "\u2010":
        assert ours == stock(veiled, policy, detector)


def test_results_equal_those_with_spacys_own_tokenizer() -> None:
    script = """
        import sys, spacy
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry, LemmaContextAwareEnhancer
        from presidio_analyzer.nlp_engine import NlpArtifacts, SpacyNlpEngine
        class Blank(SpacyNlpEngine):
            def __init__(self):
                super().__init__()
                self.nlp = {"en": spacy.blank("en")}
            def process_text(self, text, language):
                # A blank pipeline has no lemmatizer: words are their own lemmas.
                doc = self.nlp[language](text)
                return NlpArtifacts([], doc, [t.idx for t in doc], [t.text for t in doc], self, language)
        import gateway.redaction.presidio as ours
        assert ours.load().AnalyzerEngine is AnalyzerEngine
        from gateway.model import PrivacyPolicy, Span
        from gateway.redaction.detect import Detector
        from gateway.redaction.spans import resolve
        without = ("ID_NUMBER", "CASE_NUMBER", "LICENSE_PLATE")
        detector = Detector(PrivacyPolicy(without=without))
        detector._named = ()
        engine = AnalyzerEngine(
            registry=RecognizerRegistry(recognizers=[g.recognizer for g in detector.gated], supported_languages=["en"]),
            nlp_engine=Blank(), supported_languages=["en"],
            context_aware_enhancer=LemmaContextAwareEnhancer(context_matching_mode="whole_word"),
        )
        for text in sys.stdin.read().split("\\0"):
            theirs = engine.analyze(text, "en", score_threshold=0.4)
            spans = resolve(text, [Span(r.start, r.end, r.entity_type, round(float(r.score), 6)) for r in theirs])
            mine = [Span(s.start, s.end, s.type, round(s.score, 6)) for s in detector.find(text)]
            assert mine == spans, (text, mine, spans)
            print(len(mine))
    """
    corpus = [text for text, _ in EXAMPLES.values()]
    corpus += [
        "My passport, which I renewed in May, has the number 912345678 and the bank account is 945456787654.",
        "The passport of a friend who lives far from here and travels a lot was renewed lately: 912345678.",
        "Please call me on (415) 555-2671. My driver license is D1234567, I think; the permit X99 is older.",
        "Social security: 536904399. Account 12345678 at the bank. The individual tax number 912-74-5678.",
        "Rechnung DE136695976, Reisepass C01X00T41, Ausweis T22000129; Krankenkasse A123456780.",
    ]
    done = run(script, "\0".join(corpus))
    assert sum(int(n) for n in done.split()) > 25


def run(script: str, given_: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(script)],
        input=given_,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# ------------------------------------------------------------------ what the gateway adds


def test_tokens_in_a_text_are_not_redacted_again() -> None:
    text = "Name: [PERSON_k3f9a2c17qzx] and ssn [US_SSN_536904399abc]; mail [EMAIL_ADDRESS_0123456789ab]"
    assert found(text) == []


def test_what_only_looks_like_a_token_is_scanned() -> None:
    assert found("[NOTES_4155552671ab]: call 415-555-2672") == [("PHONE_NUMBER", "415-555-2672")]
    assert ("EMAIL_ADDRESS", "PERSON_a@acme.example") in found("[PERSON_a@acme.example]")


def test_a_value_around_a_token_keeps_the_token() -> None:
    assert found("x[PERSON_k3f9a2c17qzx]@acme.example jane@acme.example") == [("EMAIL_ADDRESS", "jane@acme.example")]


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("ja\u200bne@ac\u00adme.example", "EMAIL_ADDRESS"),
        ("4111\u00a01111\u20111111\u20141111", "CREDIT_CARD"),
        ("\uff14\uff11\uff11\uff11 1111 1111 1111", "CREDIT_CARD"),
        ("5\u202e36-90-4399", "US_SSN"),
        ("DE89\u202f3704\u202f0044\u202f0532\u202f0130\u202f00", "IBAN_CODE"),
    ],
)
def test_evasion_by_characters_that_look_alike_or_like_nothing(text: str, type_: str) -> None:
    around = f"see {text} there"
    assert found(around) == [(type_, text)]


def test_a_long_text_is_scanned_in_pieces_that_lose_nothing() -> None:
    unit = "Dr Jane Roe, jane.roe@acme.example, +44 20 7946 0327; "
    for text in (unit * 800, (unit * 800).replace(" ", "\u2003")[: PIECE * 3]):
        got = DETECTOR.find(text)
        whole = text.count("jane.roe@acme.example")
        assert sum(1 for span in got if span.type == "EMAIL_ADDRESS" and span.end - span.start == 21) == whole
        assert all(a.end <= b.start for a, b in pairwise(got))
    filler = "x" * (PIECE - 10)
    assert found(f"{filler} jane.roe@acme.example")[-1] == ("EMAIL_ADDRESS", "jane.roe@acme.example")
    assert OVERLAP > 100


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "hostile",
    ["a" * 50_000 + "@", "1-" * 25_000, "Dr " + "A" * 50_000, "Name:" * 10_000, "a.b@" * 12_000, "::" * 25_000],
)
def test_hostile_input_ends(hostile: str) -> None:
    began = time.monotonic()

    def check() -> None:
        if time.monotonic() - began > 10:
            raise TimeoutError

    with contextlib.suppress(TimeoutError):
        DETECTOR.find(hostile, check)
    assert time.monotonic() - began < 40


def test_memory_grows_with_the_findings_and_no_faster_than_the_text() -> None:
    detector = Detector(PrivacyPolicy(entities=("EMAIL_ADDRESS", "PHONE_NUMBER", "US_SSN", "PASSWORD", "ID_NUMBER")))
    unit = (
        "nothing of note was said in this sentence about the plan " * 40
        + "write to jane.roe@acme.example, ssn 536-90-4399\n"
    )
    peaks = []
    for times in (50, 200):
        text = unit * times
        tracemalloc.start()
        assert len(detector.find(text)) == 2 * times
        peaks.append(tracemalloc.get_traced_memory()[1] / len(text))
        tracemalloc.stop()
    assert peaks[1] < max(1.3 * peaks[0], 40)


def test_auto_tells_the_language_and_runs_what_belongs_to_it() -> None:
    policy = PrivacyPolicy(languages=("auto",), regions=("us",), without=("ID_NUMBER",))
    german = "Die Nummer des Kunden steht auf der Rechnung, die wir Ihnen geschickt haben: 181/815/08155."
    english = "The number of the part is on the invoice that we have sent to you with it: 181/815/08155."
    assert ("DE_TAX_NUMBER", "181/815/08155") in found(german, policy)
    assert "DE_TAX_NUMBER" not in [type_ for type_, _ in found(english, policy)]


def test_allow_list_threshold_and_chosen_entities() -> None:
    text = "Dr Jane Roe, jane@acme.example, 10.20.30.40"
    assert found(text, PrivacyPolicy(allow_list=("10.20.30.40",), entities=("IP_ADDRESS",))) == []
    assert found(text, PrivacyPolicy(entities=("IP_ADDRESS",))) == [("IP_ADDRESS", "10.20.30.40")]
    sure = PrivacyPolicy(threshold=0.9, without=("PERSON",))
    assert found(text, sure) == [("EMAIL_ADDRESS", "jane@acme.example")]
    italian = Detector(PrivacyPolicy(languages=("en", "it")))
    assert any(g.recognizer.supported_entities == ["IT_FISCAL_CODE"] for g in italian.gated)
    assert not any(g.recognizer.supported_entities == ["URL"] for g in DETECTOR.gated)
    assert found("see https://acme.com/x", PrivacyPolicy(entities=("URL",))) == [("URL", "https://acme.com/x")]


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Any:
    yield
    assert not [r for r in caplog.records if r.levelno >= logging.INFO and "presidio" in r.name]


def test_texts_looked_at_together_are_those_looked_at_one_by_one() -> None:
    disguised = "J\u0430ne R\u03bfe, c&#97;ll +44 20 7946 0327"
    texts = [*(text for text, _ in EXAMPLES.values()), "", disguised, "[[PERSON:abc]] and Tom", disguised]
    assert DETECTOR.find_all(texts) == [DETECTOR.find(text) for text in texts]
    assert sum(map(bool, DETECTOR.find_all(texts))) > len(EXAMPLES) // 2
    assert DETECTOR.find_all([]) == []


def test_an_allowed_value_is_allowed_whatever_it_is_encoded_in() -> None:
    policy = PrivacyPolicy(allow_list=("desk@acme.example",), entities=("EMAIL_ADDRESS",))
    hidden = base64.b64encode(b"desk@acme.example").decode()
    assert found(f"see {hidden} or desk%40acme.example", policy) == []
    other = base64.b64encode(b"jane@acme.example").decode()
    assert [value for _, value in found(f"see {other}", policy)] == [other]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Her employee number is 40021873 today", [("40021873", "ID_NUMBER")]),
        ("Case number: 1804417/2021", [("1804417/2021", "CASE_NUMBER")]),
        ("Case No: WV21C00417", [("WV21C00417", "CASE_NUMBER")]),
        ("Agent: number?\nCustomer: 07490 118 265", [("07490 118 265", "PHONE_NUMBER")]),
    ],
)
def test_a_label_says_more_of_a_number_than_its_form(text: str, expected: list[tuple[str, str]]) -> None:
    detector = Detector(PrivacyPolicy(entities=("PHONE_NUMBER", "ID_NUMBER", "CASE_NUMBER")), names=None)
    assert [(text[s.start : s.end], s.type) for s in detector.find(text)] == expected
