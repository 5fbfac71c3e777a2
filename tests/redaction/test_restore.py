"""Restoring: whole, in any pieces, as JSON, by choice; never wrongly, never into a link."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.crypto.secret import SecretBytes
from gateway.redaction.normalise import fold
from gateway.redaction.restore import Restorer, Restorers, mask, restore
from gateway.redaction.tokens import Minter
from gateway.redaction.written import MOST

MINTER = Minter(SecretBytes(b"k" * 32))
JANE = MINTER.token("PERSON", "Jane Roe")
MAIL = MINTER.token("EMAIL_ADDRESS", "jane@acme.example")
SSN = MINTER.token("US_SSN", "536-90-4399")
STRANGER = MINTER.token("PERSON", "Somebody Else")
VALUES = {JANE: "Jane Roe", MAIL: 'jane "J" \\ roe\n@acme.example'}
MASKS = {SSN: "[US_SSN]"}


def split_restore(pieces: list[str], *, json: bool = False) -> str:
    restorer = Restorer(VALUES, MASKS, json=json)
    return "".join(restorer.feed(piece) for piece in pieces) + restorer.flush()


fragment = st.sampled_from(
    [
        JANE,
        MAIL,
        SSN,
        STRANGER,
        JANE.lower(),
        JANE.strip("[]"),
        MAIL.replace("_", r"\_"),
        JANE.replace("_", " "),
        JANE[:9],
        MAIL[:-1],
        "[",
        "]",
        "\\",
        "_",
        " ",
        "\n",
        "PERSON",
        "person_",
        "[PERSON_",
        "**",
        "(",
        ")",
        "](",
        "![x](",
        "https://a.example/?q=",
        "www.",
        '<a href="',
        '">',
        "<b ",
        "=",
        "[r]: ",
        "a",
        "_x",
        "'s",
        "é",
        "\u200b",
        "😀",
        "{",
        '"',
        "//h/",
        "mailto:",
    ]
)
texts = st.lists(fragment | st.text(max_size=3), max_size=14).map("".join)


@settings(max_examples=400, deadline=None)
@given(texts, st.data(), st.booleans())
def test_any_split_gives_what_the_whole_gives(text: str, data: st.DataObject, as_json: bool) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = restore(text, VALUES, MASKS, json=as_json)
    assert split_restore(pieces, json=as_json) == whole
    assert split_restore(list(text), json=as_json) == whole


@settings(max_examples=300, deadline=None)
@given(texts)
def test_only_what_can_become_a_known_token_is_held_back(text: str) -> None:
    tokens = (JANE, MAIL, SSN)
    restorer = Restorer({token: token for token in tokens})
    out = restorer.feed(text)
    held = restorer.flush()
    assert out + held == restore(text, {token: token for token in tokens})
    assert len(held) <= MOST + 64 + len(MAIL)
    # Without emphasis in HTML, and without an escape that the end cuts.
    untagged = re.sub(r"</?[a-z]*\s?/?>?|[&%\\][#\w]*\Z", "", held)
    bare = "".join(c for c in fold(untagged).text if c not in "\\[]{}_ -*~`").lower()
    spellings = [t.strip("[]").replace("_", "").lower() for t in tokens]
    begun = any(s.startswith(bare) or s[-12:].startswith(bare) for s in spellings)
    # A word in capitals may be a type's in another language; it begins with a letter.
    may_begin = held[:1] in ("[", "\\", "&", "%") or re.match(r"[A-Z][A-Z0-9]{0,39}(?![a-z0-9])", held)
    assert held == "" or begun or may_begin or bare.startswith((*spellings, "person", "emailaddress", "usssn"))


def test_only_known_tokens_change() -> None:
    assert restore(f"{JANE}, {SSN}, {STRANGER}", VALUES, MASKS) == f"Jane Roe, [US_SSN], {STRANGER}"


def test_a_token_in_a_restored_value_is_not_restored() -> None:
    assert restore(f"{MAIL}", {MAIL: f"x {JANE} y", JANE: "Jane Roe"}) == f"x {JANE} y"


def test_a_restored_value_completes_no_token() -> None:
    # Behind its first character an id is not whole any more; before it, the answer holds the whole id by itself.
    for cut in range(MAIL.rindex("_") + 2, len(MAIL)):
        halves = {JANE: MAIL[:cut], MAIL: "wrong"}
        assert restore(JANE + MAIL[cut:], halves) == MAIL
        restorer = Restorer(halves)
        assert "".join(map(restorer.feed, JANE + MAIL[cut:])) + restorer.flush() == MAIL


def test_text_without_brackets_flows_through_at_once() -> None:
    restorer = Restorer(VALUES, MASKS)
    assert restorer.feed("All is well, ") == "All is well, "
    assert restorer.feed("see [1] and list[0] ") == "see [1] and list[0] "


def test_an_empty_map_holds_nothing() -> None:
    restorer = Restorer({})
    assert restorer.feed("x [PERSON_") == "x [PERSON_"
    assert restorer.flush() == ""


def test_a_token_cut_at_the_end_of_the_answer_comes_out_as_it_is() -> None:
    assert split_restore(["so ", JANE[:12]]) == "so " + JANE[:12]


def test_json_mode_escapes_the_value() -> None:
    source = json.dumps({"to": MAIL, "who": JANE})
    restored = split_restore([source[:12], source[12:20], source[20:]], json=True)
    assert json.loads(restored) == {"to": VALUES[MAIL], "who": "Jane Roe"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("https://evil.example/?q=", ""),
        ("![x](https://evil.example/", ")"),
        ("![x](//evil.example/", ")"),
        ("[click](/relative/", ")"),
        ("[ref]: evil.example/", "\n"),
        ('<img src="https://evil.example/', '">'),
        ("<a title='", "'>"),
        ("www.evil.example/", ""),
        ("mailto:", ""),
        ("data:text/plain,", ""),
    ],
)
def test_no_value_goes_into_a_link_or_an_attribute(before: str, after: str) -> None:
    text = f"{before}{JANE}{after} and {JANE}"
    assert restore(text, VALUES) == f"{before}[PERSON]{after} and Jane Roe"
    assert split_restore(list(text)) == f"{before}[PERSON]{after} and Jane Roe"


@pytest.mark.parametrize(
    "path", ["/home/{}/notes.txt", "`/Users/{}/x`", "cp /var/{} /tmp/{}", "(/home/{})", "/home/{}"]
)
def test_a_path_of_a_disk_is_restored(path: str) -> None:
    text = path.replace("{}", JANE)
    assert restore(text, {JANE: "jane.roe"}) == path.replace("{}", "jane.roe")
    assert split_restore(list(text)) == path.replace("{}", "Jane Roe")


@pytest.mark.parametrize(
    "place",
    [
        "[a](/home/{}/x)",
        '<a href="/home/{}/">',
        "file:///home/{}/x",
        "/home/x?d={}",
        "/home/x#{}",
        "../home/{}/",
        "/home.evil.example/{}",
        "//home/{}/x",
        "/x/{}/",
        "/home/%2f/{}",
    ],
)
def test_what_only_looks_like_one_is_not(place: str) -> None:
    assert restore(place.replace("{}", JANE), VALUES) == place.replace("{}", "[PERSON]")


def test_a_restored_url_does_not_open_a_way_out_for_the_next_value() -> None:
    url = MINTER.token("URL", "https://evil.example/?q=")
    assert restore(url + JANE, {url: "https://evil.example/?q=", **VALUES}) == "https://evil.example/?q=[PERSON]"


def test_an_address_in_angle_brackets_is_restored() -> None:
    assert restore(f"Jane <{JANE}>", VALUES) == "Jane <Jane Roe>"


def test_choices_and_tool_calls_do_not_mix() -> None:
    open_ = Restorers(VALUES, MASKS)
    assert open_.feed((0, "content"), "a " + JANE[:9]) == "a "
    assert open_.feed((1, "content"), JANE[9:] + "!") == JANE[9:] + "!"
    assert open_.feed((0, "tool", 1), f'{{"a":"{MAIL[:5]}', json=True) == '{"a":"'
    assert open_.feed((0, "tool", 1), f'{MAIL[5:]}"}}', json=True) == json.dumps(VALUES[MAIL])[1:-1] + '"}'
    assert open_.feed((0, "content"), JANE[9:] + ",") == "Jane Roe,"
    assert open_.feed((2, "content"), "x [PERSON") == "x "
    assert list(open_.flush_all()) == [((2, "content"), "[PERSON")]
    assert open_.places() == ()


def test_a_mask_shows_the_type_only() -> None:
    assert mask(f"{JANE} has {MAIL}; {STRANGER}", VALUES) == f"[PERSON] has [EMAIL_ADDRESS]; {STRANGER}"


def test_a_name_inside_a_longer_token_is_not_taken_for_it() -> None:
    one, ten = "[PERSON_00000000000a]", "[PERSON_00000000000ab]"
    assert restore(ten, {one: "wrong"}) == ten
