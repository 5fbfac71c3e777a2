"""JSON told from the text itself: valid JSON is never taken for none, and stays JSON with any value put into it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.redaction.json_source import JsonSource
from gateway.redaction.restore import Restorer, restore

TOKEN = "[PERSON_00000000000a]"
MAIL = "[EMAIL_ADDRESS_00000000000b]"
AWKWARD = 'Jane "J" \\ Roe\n\t/\u2028'
VALUES = {TOKEN: AWKWARD, MAIL: "jane@acme.example"}

said = st.sampled_from([TOKEN, f"Dear {TOKEN}, {MAIL}", "", 'a "b" \\ c', "https:", "[x]"])
numbers: st.SearchStrategy[object] = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
leaves: st.SearchStrategy[object] = st.one_of(st.none(), st.booleans(), numbers, said, st.text(max_size=4))
documents = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", TOKEN, "c d"]) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def restored(value: object) -> object:
    if isinstance(value, str):
        return value.replace(TOKEN, AWKWARD).replace(MAIL, VALUES[MAIL])
    if isinstance(value, list):
        return [restored(item) for item in value]
    if isinstance(value, dict):
        return {restored(key): restored(item) for key, item in value.items()}
    return value


@settings(max_examples=250, deadline=None)
@given(documents, st.sampled_from([None, 2]), st.booleans(), st.data())
def test_an_answer_that_is_json_stays_json(
    document: object, indent: int | None, ascii_: bool, data: st.DataObject
) -> None:
    source = json.dumps(document, indent=indent, ensure_ascii=ascii_)
    if not isinstance(document, dict | list):
        return
    whole = restore(source, VALUES)
    assert json.loads(whole) == json.loads(restore(source, VALUES, json=True)) == restored(document)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(source)), max_size=6)))
    restorer = Restorer(VALUES)
    pieces = [source[a:b] for a, b in zip([0, *cuts], [*cuts, len(source)], strict=True)]
    assert "".join(map(restorer.feed, pieces)) + restorer.flush() == whole


@settings(max_examples=200, deadline=None)
@given(documents, st.integers(0, 60))
def test_inside_a_string_is_told_wherever_json_is_cut(document: object, at: int) -> None:
    source = json.dumps([document], ensure_ascii=False)[: at + 1]
    reader = JsonSource()
    for character in source:
        reader.read(character)
    other = JsonSource()
    other.read(source)
    try:
        json.JSONDecoder().raw_decode(source)
        open_string = False
    except json.JSONDecodeError as error:
        open_string = "Unterminated string" in error.msg or "escape" in error.msg
    assert reader.in_string == other.in_string == open_string


@pytest.mark.parametrize(
    "text",
    [
        f"Dear {TOKEN}",
        f"{TOKEN} said",
        f'He said "{TOKEN}',
        f'[1] "{TOKEN}"',
        f'{{x: "{TOKEN}"}}',
        f'{{"a" "{TOKEN}"}}',
        f'"{TOKEN}" is {TOKEN}',
        f'{{"a": 01x, "b": "{TOKEN}"}}',
        f'{{"a": 1}} and "{TOKEN}"',
        f'{{"a": "line\nbreak {TOKEN}"}}',
        f'```python\nx = {{"a": "{TOKEN}"}}\n```',
    ],
)
def test_text_that_is_no_json_is_restored_as_text(text: str) -> None:
    assert restore(text, VALUES) == text.replace(TOKEN, AWKWARD)


def test_a_fence_that_says_json_holds_json() -> None:
    text = f'Here you are, {TOKEN}:\n```json\n{{"who": "{TOKEN}"}}\n```\nSigned "{TOKEN}"'
    whole = restore(text, VALUES)
    inside = whole.partition("```json\n")[2].partition("\n```")[0]
    assert json.loads(inside) == {"who": AWKWARD}
    assert whole.startswith(f"Here you are, {AWKWARD}:")
    assert whole.endswith(f'Signed "{AWKWARD}"')
    restorer = Restorer(VALUES)
    assert "".join(map(restorer.feed, text)) + restorer.flush() == whole
    assert json.loads(restore(f'```json\n{{"who": "{TOKEN}"}}\n```', VALUES).split("\n")[1]) == {"who": AWKWARD}
