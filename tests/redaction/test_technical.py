"""Technical text without personal data: next to nothing may be found in it, and every finding is wrong."""

from __future__ import annotations

from pathlib import Path

from gateway.model import PrivacyPolicy
from gateway.redaction.detect import Detector

TEXTS = {path.name: path.read_text() for path in sorted((Path(__file__).parent / "technical").iterdir())}
WORDS_FOR_EACH = 2_000
"""One finding in so many words is borne."""


def test_the_corpus_is_large_and_varied() -> None:
    assert sum(len(text.split()) for text in TEXTS.values()) >= 6_000
    everything = " ".join(TEXTS.values())
    for sign in (
        "S3",
        "EKS",
        "C4 ",
        "EC2",
        "sha256:",
        "sha512-",
        "Traceback",
        "SELECT",
        "resource ",
        "kind: Deployment",
    ):
        assert sign in everything


def test_rules_and_patterns_find_nothing_at_all() -> None:
    detector = Detector(PrivacyPolicy(without=("PERSON", "STREET_ADDRESS")))
    assert [(name, span.type) for name, text in TEXTS.items() for span in detector.find(text)] == []


def test_one_finding_in_two_thousand_words_at_most() -> None:
    detector = Detector(PrivacyPolicy())
    wrong = [
        (name, span.type, text[span.start : span.end]) for name, text in TEXTS.items() for span in detector.find(text)
    ]
    assert len(wrong) <= sum(len(text.split()) for text in TEXTS.values()) // WORDS_FOR_EACH, wrong
