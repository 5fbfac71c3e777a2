"""What is known of a text, and that nobody finds anything where it says that nothing can be found."""

from __future__ import annotations

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model import PrivacyPolicy
from gateway.redaction import layout
from gateway.redaction.detect import Detector
from gateway.redaction.facts import Facts, Needs
from gateway.redaction.scene import Scene

DETECTOR = Detector(PrivacyPolicy(entities=("all",), threshold=0.05), None)
PIECES: Final = (
    *(
        "Jane Roe",
        "MR JANE ROE",
        "Dear Dr Jane Roe,",
        "Kind regards,",
        "Regards",
        "mein Name",
        "my name is",
        "Richter am",
    ),
    *(
        "name,phone,dob",
        "a|b",
        "<jane@acme.example>",
        "jane [at] acme [dot] example",
        "j a n e @ a c m e . e x",
        "@",
        "=",
    ),
    *(
        "one two three four five six seven",
        "double",
        "4111 1111 1111 1111",
        "4111.1111.1111.1111",
        "DE89 3704 0044 0532",
    ),
    *(
        "0130 00",
        "de89370400440532013000",
        "D E 8 9",
        "+44 20 7946 0327",
        "(212) 555-0143",
        "212.555.0143",
        "00:1b:44:11:3a:b7",
    ),
    *(
        "10.0.0.1",
        "::1",
        "fe80::1",
        "123-45-6789",
        "AB123456C",
        "T22000129",
        "L01X00T471",
        "1HGCM82633A004352",
        "DE136695976",
    ),
    *(
        "M1234567",
        "passport",
        "account number",
        "ssn",
        "license plate",
        "B-MW 1234",
        "kennzeichen",
        "case no.",
        "36244/06",
    ),
    *(
        "sk-ant-api03-Zx9fK2mQ7wLp4Tn8Rv1",
        "AKIAIOSFODNN7EXAMPLQ",
        "token:",
        "password: Tr0ub4dor",
        "eyJhbGciOiJIUzI1NiJ9.e30.x",
    ),
    *(
        "postgres://app:s3cret@db.acme.example/app",
        "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
        "12 Elm Street, Springfield",
        "IL 62704",
    ),
    *(
        "Musterstra\u00dfe 5, 12345 Berlin",
        "Am Markt 3",
        "via Roma 12",
        "Via Roma 12",
        "12 rue de la Paix",
        "C/ Mayor 4, 2\u00ba",
    ),
    *(
        "PO Box 12",
        "aged 34",
        "born on 1 May 1970",
        "naam",
        "d\u0131r",
        "\u017f",
        "\u0130",
        "\u212a",
        "na\u017fme",
        "12 March 1984",
        "2 0 1",
    ),
    *("\n", "\n\n", ", ", ": ", "\t", ".", "_", "-", "+", "\\u0040", "%40", "ab", "x", "the", "of", "am", "im "),
)
texts = st.lists(st.sampled_from(PIECES), max_size=7).flatmap(
    lambda parts: st.sampled_from((" ", "", "\n", " and ", "_")).map(lambda glue: glue.join(parts))
)


def test_what_is_known_of_a_text() -> None:
    facts = Facts("Ab c3 d.e, 12 na\u00efve_x")
    assert facts.vocabulary == {"ab", "c3", "d", "e", "12", "na\u00efve", "x"}
    assert (facts.digits, facts.longest_word, facts.longest_code, facts.longest_chunk) == (3, 5, 2, 7)
    assert facts.has("@,")
    assert not facts.has("@;")
    assert facts.says(frozenset(("c3",)))
    assert not facts.says(frozenset(("naïve_x",)))


def test_letters_whose_case_is_odd_may_say_anything() -> None:
    assert Facts("ma\u017fter").says(frozenset(("master",)))
    assert Facts("\u0130x").longest_word > 1_000


def test_words_of_a_long_text_are_cut_nowhere() -> None:
    text = "word " * 20_000 + "w" * 70_000 + " last " * 20_000
    assert Facts(text).vocabulary == {"word", "w" * 70_000, "last"}


def test_needs() -> None:
    facts = Facts("code T22000129 @ home")
    assert Needs(digits=8, word=9, code=9, chunk=9, signs=frozenset("@")).met(facts, 8)
    for needs in (Needs(digits=9), Needs(word=10), Needs(code=10), Needs(chunk=10), Needs(signs=frozenset("#"))):
        assert not needs.met(facts, 8)


@settings(max_examples=120, deadline=None)
@given(texts)
def test_where_a_gate_says_no_nothing_is_found(text: str) -> None:
    facts = Facts(text)
    digits = Scene(text).digits
    for step in (*DETECTOR._by_digits[-1], *DETECTOR._whole):
        gated = step.gated
        here = facts.digits if gated.whole else digits
        if (here >= step.digits) and step.could(facts, DETECTOR._marks.of(facts), here):
            continue
        if gated.rule is not None:
            assert list(gated.rule.find(text)) == [], gated.recognizer.name
        elif gated.patterns is not None:
            assert list(gated.patterns.find(Scene(text), 0.0, hot=False)) == [], gated.type


@settings(max_examples=300, deadline=None)
@given(texts)
def test_where_a_layout_cannot_be_nothing_is_edited(text: str) -> None:
    facts = Facts(text)
    assert [find.__name__ for could, find in layout._FINDERS if not could(facts) and list(find(text))] == []
