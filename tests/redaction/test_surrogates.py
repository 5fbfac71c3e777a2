"""What a zone receives for tokens, and the way back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.crypto.secret import SecretBytes
from gateway.errors import ContentRefused
from gateway.model import CustomRecognizer, PrivacyPolicy, Zone
from gateway.redaction.checksums import CHECKSUMS
from gateway.redaction.nouns import Original
from gateway.redaction.occurrences import needle, standing
from gateway.redaction.surrogates import Renderer, Rendering
from gateway.redaction.tokens import Minter

MINTER = Minter(SecretBytes(b"t" * 32))
RENDERER = Renderer(SecretBytes(b"r" * 32), MINTER)
FIRST = [
    "Jane",
    "John",
    "Petra",
    "Anton",
    "Lucía",
    "Giulia",
    "Pierre",
    "Zoë",
    "Xenthe",
    "Mary",
    "Sinéad",
    "Анна",
    "太郎",
]
LAST = [
    "Roe",
    "Doe",
    "Vogel",
    "Weiß",
    "García",
    "O'Neil",
    "van der Berg",
    "Quill",
    "Müller",
    "Иванова",
    "Abbott",
    "鈴木",
]

names = st.builds(lambda first, last: f"{first} {last}", st.sampled_from(FIRST), st.sampled_from(LAST))
values = st.one_of(
    names.map(lambda name: ("PERSON", name)),
    st.sampled_from(FIRST + LAST).map(lambda name: ("PERSON", name)),
    st.builds(
        lambda first, last, host: ("EMAIL_ADDRESS", f"{first}.{last}@{host}.example".lower()),
        st.sampled_from(["jane", "anton", "info", "j"]),
        st.sampled_from(["roe", "vogel", "x1"]),
        st.sampled_from(["acme", "corp"]),
    ),
    st.from_regex(r"\A\+44 20 7946 0[0-9]{3}\Z").map(lambda text: ("PHONE_NUMBER", text)),
    st.from_regex(r"\A\+1 \(415\) 555-[2-9][0-9]{3}\Z").map(lambda text: ("PHONE_NUMBER", text)),
    st.from_regex(r"\A4[0-9]{3}( [0-9]{4}){3}\Z").map(lambda text: ("CREDIT_CARD", text)),
    st.from_regex(r"\A[1-8][0-9]{2}-[0-9]{2}-[0-9]{4}\Z").map(lambda text: ("US_SSN", text)),
    st.dates().map(lambda day: ("DATE_OF_BIRTH", day.isoformat())),
    st.sampled_from(["Acme Optics Ltd", "Bank of Springfield", "Kestrel GmbH"]).map(
        lambda text: ("ORGANIZATION", text)
    ),
    st.sampled_from(["Springfield", "Bad Tölz", "Germany", "Portland, OR"]).map(lambda text: ("LOCATION", text)),
    st.sampled_from(["12 Main Street, Springfield, IL 62701", "Hauptstraße 4, 10115 Berlin"]).map(
        lambda text: ("STREET_ADDRESS", text)
    ),
    st.from_regex(r"\AEMP-[0-9]{5}\Z").map(lambda text: ("EMPLOYEE_ID", text)),
)
several = st.lists(values, min_size=1, max_size=12)


def originals_of(found: Iterable[tuple[str, str]]) -> dict[str, Original]:
    made: dict[str, Original] = {}
    for kind, value in found:
        made.setdefault(MINTER.token(kind, value), Original(value, kind))
    return made


def policy(**methods: str | Mapping[str, str]) -> PrivacyPolicy:
    given = {
        kind.replace("ANY", "*"): {"*": method} if isinstance(method, str) else method
        for kind, method in methods.items()
    }
    return PrivacyPolicy(methods=given)


def rendering(originals: Mapping[str, Original], around: str = "About {} now.", **methods: str) -> Rendering:
    texts = [around.format(token) for token in originals]
    made = RENDERER.rendering(texts, originals, policy(**(methods or {"ANY": "surrogate"})), Zone.EXTERNAL)
    assert made is not None
    return made


@given(several)
@settings(max_examples=60)
def test_no_two_values_share_a_surrogate_and_none_equals_a_real_one(found: list[tuple[str, str]]) -> None:
    originals = originals_of(found)
    made = rendering(originals)
    shown = {token: made.render(token) for token in originals}
    assert len({re.sub(r"[\W_]", "", text).casefold() for text in shown.values()}) == len(originals)
    needles = [one for original in originals.values() if (one := needle(original.value))]
    for token, text in shown.items():
        if text != token:
            assert list(standing(text, needles)) == []
            assert text.casefold() not in {original.value.casefold() for original in originals.values()}


@given(several, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_what_is_sent_and_said_back_returns(found: list[tuple[str, str]], random: object) -> None:
    originals = originals_of(found)
    made = rendering(originals)
    tokens = list(originals)
    random.shuffle(tokens)  # type: ignore[attr-defined]
    text = " and ".join(f"({token})" for token in tokens) + f". For {tokens[0]}'s sake."
    assert made.back(made.render(text)) == text
    source = json.dumps({"a": text, "b": [text]})
    assert json.loads(made.back(made.render(source), json=True)) == {"a": text, "b": [text]}
    escaped = json.dumps({"a": made.render(text)}, ensure_ascii=True)
    assert json.loads(made.back(escaped, json=True)) == {"a": text}


@given(several)
@settings(max_examples=30)
def test_a_surrogate_does_not_depend_on_order_or_process(found: list[tuple[str, str]]) -> None:
    originals = originals_of(found)
    again = Renderer(SecretBytes(b"r" * 32), Minter(SecretBytes(b"t" * 32)))
    turned = dict(reversed(originals.items()))
    other = again.rendering([" ".join(turned)], turned, policy(ANY="surrogate"), Zone.EXTERNAL)
    assert other is not None
    made = rendering(originals, "{}")
    assert {token: made.render(token) for token in originals} == {token: other.render(token) for token in originals}


def test_a_surrogate_stays_through_turns_and_documents() -> None:
    jane = originals_of([("PERSON", "Jane Roe")])
    more = jane | originals_of([("PERSON", "Anton Weiss"), ("ORGANIZATION", "Acme Ltd")])
    token = next(iter(jane))
    assert rendering(jane).render(token) == rendering(more).render(token)
    other = Renderer(SecretBytes(b"x" * 32), MINTER).rendering([token], jane, policy(ANY="surrogate"), Zone.LOCAL)
    assert other is not None
    assert other.render(token) != rendering(jane).render(token), "another tenant's is another"


def test_what_stands_in_the_request_is_never_a_surrogate() -> None:
    jane = originals_of([("PERSON", "Jane Roe")])
    token = next(iter(jane))
    first = rendering(jane).render(token)
    word = first.split()[1]
    second = rendering(jane, f"{word.upper()} knows {{}}").render(token)
    assert word.casefold() not in second.casefold()
    assert second != token


def test_parts_of_a_name_fit_together() -> None:
    found = [("PERSON", "Jane Roe"), ("PERSON", "Roe, John"), ("EMAIL_ADDRESS", "jane.roe@acme.example")]
    originals = originals_of(found)
    alone = MINTER.form(next(iter(originals)), "Roe")
    loud = MINTER.form(next(iter(originals)), "JANE ROE")
    originals |= {alone: Original("Roe", "PERSON"), loud: Original("JANE ROE", "PERSON")}
    jane, john, mail, roe, shouted = (rendering(originals).render(token) for token in originals)
    first, last = jane.split()
    assert john.startswith(f"{last}, ")
    assert mail.startswith(f"{first}.{last}@".lower())
    assert roe == last
    assert shouted == jane.upper()


def test_a_model_may_shorten_a_name() -> None:
    originals = originals_of([("PERSON", "Jane Roe")])
    made = rendering(originals)
    token = next(iter(originals))
    first, last = made.render(token).split()
    back = made.back(f"Dear {first}, Ms {last.upper()}'s letter and {first} {last}.")
    found = re.fullmatch(r"Dear (\S+), Ms (\S+)'s letter and (\S+)\.", back)
    assert found
    assert found[3] == token
    assert {made.parts[found[1]].value, made.parts[found[2]].value} == {"Jane", "Roe"}
    assert made.parts[found[1]].tokens == frozenset((token,))


@pytest.mark.parametrize(
    ("value", "women"), [("Jane Roe", True), ("Petra Vogel", True), ("John Roe", False), ("Anton Weiss", False)]
)
def test_gender_is_kept(value: str, women: bool) -> None:
    from gateway.redaction.fake_lists import names as listed  # noqa: PLC0415

    made = rendering(originals_of([("PERSON", value)]))
    first = next(iter(made.stands.values()))
    assert first is not None
    known = [listed(language) for language in ("en", "de")]
    assert any(first.split()[0] in (one.female if women else one.male) for one in known)


@pytest.mark.parametrize(
    ("value", "script"),
    [
        ("\u0410\u043d\u043d\u0430 Иванова", r"[\u0410-\u0451]+ [\u0410-\u0451]+"),
        ("Νίκος Παπαδόπουλος", "[Ά-ώ]+ [Ά-ώ]+"),
        ("山田太郎", "[一-龯ぁ-ん]+"),
    ],
)
def test_a_name_keeps_its_script(value: str, script: str) -> None:
    made = rendering(originals_of([("PERSON", value)]))
    assert re.fullmatch(script, str(next(iter(made.stands.values()))))


# --- the other methods -----------------------------------------------------------------------------------------------


def test_tokens_are_left_where_nothing_else_is_said() -> None:
    originals = originals_of([("PERSON", "Jane Roe")])
    assert RENDERER.rendering(list(originals), originals, PrivacyPolicy(), Zone.LOCAL) is None
    only = policy(PERSON={"external": "mask"})
    assert RENDERER.rendering(list(originals), originals, only, Zone.LOCAL) is None


def test_mask_hash_and_block() -> None:
    originals = originals_of([("PERSON", "Jane Roe"), ("UK_NHS", "943 476 5919")])
    person, number = originals
    made = rendering(originals, PERSON="mask", UK_NHS="hash")
    assert made.render(person) == "[PERSON]"
    assert re.fullmatch(r"UK_NHS-[0-9a-f]{12}", made.render(number))
    assert made.render(number) == rendering(originals, UK_NHS="hash").render(number)
    assert made.back(made.render(f"{person} {number}")) == made.render(f"{person} {number}")
    assert made.used == {"PERSON": {"mask": 1}, "UK_NHS": {"hash": 1}}
    with pytest.raises(ContentRefused) as refused:
        rendering(originals, PERSON="block")
    assert "PERSON" in refused.value.message
    assert "Roe" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Write to {}, please.", "Write to, please."),
        ("Write to {} please.", "Write to please."),
        ("{} wrote.", "wrote."),
        ("From {}", "From"),
        ("Jane ({}) wrote", "Jane wrote"),
        ("To: Jane <{}>\nHi", "To: Jane\nHi"),
        ("a{}b", "a b"),
        ("- {}\n- x", "-\n- x"),
        ("{}", ""),
        ("{} {}", ""),
        ("f({}, 1)", "f(, 1)"),
    ],
)
def test_what_is_dropped_leaves_no_gap(text: str, left: str) -> None:
    originals = originals_of([("EMAIL_ADDRESS", "jane@acme.example")])
    made = rendering(originals, EMAIL_ADDRESS="drop")
    assert made.render(text.replace("{}", next(iter(originals)))) == left


@given(st.lists(st.sampled_from(["x", " ", "TOKEN", "(", ")", ".", "\n", "\t", "[", "]", "é"]), max_size=30))
def test_dropping_loses_nothing_but_the_value(pieces: list[str]) -> None:
    originals = originals_of([("EMAIL_ADDRESS", "jane@acme.example")])
    text = "".join(pieces).replace("TOKEN", next(iter(originals)))
    kept = rendering(originals, EMAIL_ADDRESS="drop").render(text)
    assert re.sub(r"[\s()\[\]]", "", kept) == re.sub(r"[\s()\[\]]", "", text.replace(next(iter(originals)), ""))


def test_a_token_that_stands_for_nothing_here() -> None:
    """Typed by somebody who saw it in a log: masked and dropped like any other, and never imitated."""
    strange = MINTER.token("PERSON", "Somebody Else")
    assert RENDERER.rendering([strange], {}, policy(ANY="surrogate"), Zone.LOCAL).render(strange) == strange  # type: ignore[union-attr]
    assert RENDERER.rendering([strange], {}, policy(ANY="mask"), Zone.LOCAL).render(strange) == "[PERSON]"  # type: ignore[union-attr]
    assert RENDERER.rendering([strange], {}, policy(ANY="block"), Zone.LOCAL).render(strange) == "[PERSON]"  # type: ignore[union-attr]
    unknown = "[NOTHING_KNOWN_0123456789ab]"
    assert RENDERER.rendering([unknown], {}, policy(ANY="drop"), Zone.LOCAL) is None


def test_a_custom_type_is_imitated_by_form() -> None:
    originals = originals_of([("EMPLOYEE_ID", "EMP-10423")])
    rules = PrivacyPolicy(
        methods={"*": {"*": "format"}}, recognizers=(CustomRecognizer("staff", "EMPLOYEE_ID", ((r"EMP-\d{5}", 0.9),)),)
    )
    made = RENDERER.rendering(list(originals), originals, rules, Zone.EXTERNAL)
    assert made is not None
    assert re.fullmatch(r"EMP-\d{5}", made.render(next(iter(originals))))


def test_a_custom_type_keeps_its_checksum() -> None:
    originals = originals_of([("BADGE", "4539 1488 0343 6467")])
    rule = CustomRecognizer("badge", "BADGE", ((r"\d{4} \d{4} \d{4} \d{4}", 0.9),), checksum="luhn")
    rules = PrivacyPolicy(methods={"*": {"*": "format"}}, recognizers=(rule,))
    made = RENDERER.rendering(list(originals), originals, rules, Zone.EXTERNAL)
    assert made is not None
    assert CHECKSUMS["luhn"](made.render(next(iter(originals))))


@pytest.mark.parametrize(("kind", "value"), [("API_KEY", "sk-12345678abcdef"), ("AGE", "47"), ("NRP", "German")])
def test_what_cannot_be_imitated_stays_a_token(kind: str, value: str) -> None:
    originals = originals_of([(kind, value)])
    made = rendering(originals)
    assert made.render(next(iter(originals))) == next(iter(originals))
    assert made.used == {kind: {"token": 1}}


def test_nothing_shows_in_representations() -> None:
    made = rendering(originals_of([("PERSON", "Jane Roe")]))
    assert "Roe" not in repr(made)
    assert str(next(iter(made.stands.values()))) not in repr(made)
