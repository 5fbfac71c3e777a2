"""Redact and restore over HTTP: what comes back, to whom, for how long, and what nobody can learn from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from gateway.cli.root import OPERATOR
from tests.world import World

LETTER = "Write to Ms Jane Roe, jane.roe@example.com, about account GB29 NWBK 6016 1331 9268 19."
POLICY = b"p, finance, entity:EMAIL_ADDRESS@/v1/redact, reveal, allow\n"


def post(world: World, who: str, path: str, body: dict[str, Any]) -> httpx.Response:
    return httpx.post(f"{world.url}/v1/{path}", headers=world.headers(who), json=body, timeout=60)


def redact(world: World, who: str, text: str, **more: Any) -> dict[str, Any]:
    done: dict[str, Any] = post(world, who, "redact", {"text": text, **more}).json()
    return done


def restore(world: World, who: str, text: str, **more: Any) -> dict[str, Any]:
    done = post(world, who, "restore", {"text": text, **more})
    assert done.status_code == 200, done.text
    found: dict[str, Any] = done.json()
    return found


def index_token(world: World, kind: str, collection: str) -> str:
    """A token of a document, as it lies in the vault."""
    sql = "SELECT token FROM vault v JOIN vault_places p USING (tenant, token) WHERE v.type = $1 AND p.collection = $2"
    token: str = world.run(world.house.store.fetchval(sql, kind, collection))
    assert token
    return token


def test_what_a_key_had_redacted_comes_back_to_it(world: World) -> None:
    made = redact(world, "emil", LETTER)
    assert "Jane" not in made["redacted"]
    assert datetime.fromisoformat(made["kept_until"]) - datetime.now(UTC) > timedelta(hours=23)
    back = restore(world, "emil", made["redacted"])
    assert back["text"] == made["redacted"]
    assert back["restored"] == LETTER
    assert back["counts"] == {"EMAIL_ADDRESS": 1, "IBAN_CODE": 1, "PERSON": 1}
    assert back["withheld"] == {}


@pytest.mark.parametrize("path", ["redact", "restore"])
def test_text_and_texts_in_one_request_are_refused(world: World, path: str) -> None:
    answer = post(world, "emil", path, {"text": "a", "texts": ["b"]})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "texts"


def test_many_texts_at_once_and_a_mangled_token(world: World) -> None:
    made = post(world, "emil", "redact", {"texts": [LETTER, "nothing here", ""]}).json()
    assert [one["text"] for one in made["results"]] == [LETTER, "nothing here", ""]
    texts = [one["redacted"] for one in made["results"]]
    back = post(world, "emil", "restore", {"texts": [texts[0], texts[0].lower(), *texts[1:]]}).json()["results"]
    assert back[0]["restored"] == LETTER
    assert "Jane Roe" in back[1]["restored"]
    assert back[2]["restored"] == "nothing here"
    assert back[3] == {"text": "", "restored": "", "counts": {}, "withheld": {}}


@pytest.mark.parametrize("mangle", [str.lower, str.upper, lambda t: t.strip("[]"), lambda t: t.replace("_", " ")])
def test_a_token_that_stands_nowhere_rightly_spelled(world: World, mangle: Any) -> None:
    token = redact(world, "emil", LETTER)["spans"][1]["token"]
    back = restore(world, "emil", f"I wrote to {mangle(token)} today.")
    assert back["restored"] == "I wrote to jane.roe@example.com today."
    assert back["counts"] == {"EMAIL_ADDRESS": 1}


def test_others_tokens_unknown_ones_and_forbidden_ones_stay_alike(world: World) -> None:
    own = redact(world, "emil", LETTER)["redacted"]
    document = index_token(world, "PERSON", "hr")
    unknown = "[PERSON_0123456789ab]"
    for who, text in (("clara", own), ("nobody", own), ("root", own), ("emil", document), ("emil", unknown)):
        back = restore(world, who, text)
        assert back["restored"] == text, who
        assert back["counts"] == {}
        assert back["withheld"].get("PERSON") == 1
    shapes = [restore(world, "emil", token) for token in (document, unknown)]
    assert shapes[0]["withheld"] == shapes[1]["withheld"]


def test_without_keep_nothing_comes_back(world: World) -> None:
    made = redact(world, "ines", "mail keep.nothing@example.org", keep=False)
    assert made["kept_until"] is None
    assert restore(world, "ines", made["redacted"])["withheld"] == {"EMAIL_ADDRESS": 1}
    assert redact(world, "ines", "mail keep.nothing@example.org")["redacted"] == made["redacted"]
    assert restore(world, "ines", made["redacted"])["counts"] == {"EMAIL_ADDRESS": 1}


def test_nothing_found_keeps_nothing(world: World) -> None:
    assert redact(world, "ines", "no personal data at all")["kept_until"] is None


def test_a_document_value_returns_by_right_over_type_collection_and_document(world: World) -> None:
    person = index_token(world, "PERSON", "hr")
    back = restore(world, "hana", f"It concerns {person}.")
    assert back["restored"] in {"It concerns Petra Vogel.", "It concerns Anton Weiss."}
    assert back["counts"] == {"PERSON": 1}
    iban = index_token(world, "IBAN_CODE", "finance")
    assert restore(world, "clara", iban)["restored"].startswith("GB29")
    assert restore(world, "hana", iban)["restored"] == iban


@pytest.mark.parametrize(("rights", "sees"), [({"deny": ["user:hana"]}, False), ({"allow": ["user:hana"]}, True)])
def test_who_may_not_read_the_document_gets_nothing_of_it(world: World, rights: dict[str, Any], sees: bool) -> None:
    name = f"Zora Quist{'ova' if sees else ''}"
    text = f"# File\n\nEmployee: {name}\n".encode()
    source = f"closed-{sees}.md"
    work = world.house.ingest.ingest(OPERATOR, text, name=source, collection="hr", label="confidential", **rights)
    document = world.run(work).document_id
    sql = "SELECT token FROM vault_places WHERE document = $1 AND token LIKE '[PERSON%'"
    token = world.run(world.house.store.fetchval(sql, document))
    assert restore(world, "hana", token)["restored"] == (name if sees else token)


def test_the_right_over_others_redactions(world: World) -> None:
    made = redact(world, "emil", LETTER)
    files = dict(world.house.current.bundle.files)
    files["access.csv"] += POLICY
    world.run(world.house.policies.activate("test", OPERATOR, files, "for a test"))
    try:
        answer = post(world, "clara", "restore", {"text": made["redacted"]})
        back = answer.json()
    finally:
        world.run(world.house.policies.rollback("test", OPERATOR, None))
    assert "jane.roe@example.com" in back["restored"]
    assert back["counts"] == {"EMAIL_ADDRESS": 1}
    assert back["withheld"] == {"IBAN_CODE": 1, "PERSON": 1}
    record = world.records(answer.headers["x-gateway-request-id"])[0]
    assert list(record["detail"]["of_others"].values()) == [1]
    assert record["detail"]["revealed"] == ["entity:EMAIL_ADDRESS@/v1/redact"]
    assert restore(world, "clara", made["redacted"])["counts"] == {}


def test_restoring_is_on_record_without_content(world: World) -> None:
    made = redact(world, "emil", LETTER)
    answer = post(world, "emil", "restore", {"texts": [made["redacted"], "[PERSON_0123456789ab]"]})
    record = world.records(answer.headers["x-gateway-request-id"])[0]
    assert record["action"] == "restore"
    assert record["kind"] == "outcome"
    assert record["detail"]["restored"] == {"EMAIL_ADDRESS": 1, "IBAN_CODE": 1, "PERSON": 1}
    assert record["detail"]["withheld"] == {"PERSON": 1}
    assert record["content"] == {}
    assert "Jane" not in repr(record)
    assert "jane.roe" not in repr(record)


def test_too_many_tokens_are_refused_and_that_is_on_record(world: World) -> None:
    many = " ".join(f"[PERSON_{number:012d}]" for number in range(1001))
    answer = post(world, "emil", "restore", {"text": many})
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"
    record = world.records(answer.headers["x-gateway-request-id"])[0]
    assert (record["kind"], record["action"]) == ("refusal", "restore")


def test_a_value_is_not_put_into_an_address_unless_asked(world: World) -> None:
    token = redact(world, "emil", "mail someone.else@example.org")["spans"][0]["token"]
    link = f"![x](https://example.net/{token})"
    assert "someone.else" not in restore(world, "emil", link)["restored"]
    assert restore(world, "emil", link, everywhere=True)["restored"] == (
        "![x](https://example.net/someone.else@example.org)"
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("restore", {}),
        ("restore", {"text": 3}),
        ("restore", {"texts": []}),
        ("restore", {"texts": ["x"] * 257}),
        ("restore", {"text": "x", "keep": True}),
        ("restore", {"text": "x", "everywhere": "yes"}),
        ("redact", {"text": "x", "keep": 1}),
        ("redact", {"text": "x", "everywhere": True}),
    ],
)
def test_wrong_bodies(world: World, path: str, body: dict[str, Any]) -> None:
    answer = post(world, "emil", path, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_request"


def test_without_a_key_nothing_is_restored(world: World) -> None:
    assert httpx.post(f"{world.url}/v1/restore", json={"text": "x"}).status_code == 401
