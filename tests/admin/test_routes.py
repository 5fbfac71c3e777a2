"""The administrators' doors over HTTP: what they let through, and how they answer what makes no sense."""

from __future__ import annotations

import secrets
from typing import Any

import httpx
import pytest

from tests.world import World


def ask(world: World, method: str, path: str, body: Any = None, who: str = "root") -> httpx.Response:
    return httpx.request(
        method, f"{world.url}{path}", json=body, headers={**world.headers(who), "connection": "close"}, timeout=30
    )


def invalid(answer: httpx.Response, status: int = 400) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    error: dict[str, Any] = answer.json()["error"]
    return error


def test_the_life_of_a_key(world: World) -> None:
    name = f"robot-{secrets.token_hex(4)}"
    made = ask(
        world,
        "POST",
        "/admin/api/keys",
        {"name": name, "roles": ["employee"], "expires_at": "2099-01-01T00:00:00+02:00"},
    )
    assert made.status_code == 201
    assert made.json()["expires_at"].startswith("2098-12-31T22:00:00")
    assert made.headers["cache-control"] == "no-store"
    listed = ask(world, "GET", "/admin/api/keys")
    assert name in {key["name"] for key in listed.json()["keys"]}
    assert made.json()["secret"] not in listed.text
    assert ask(world, "DELETE", f"/admin/api/keys/{name}").status_code == 200
    assert invalid(ask(world, "DELETE", f"/admin/api/keys/{name}"), 404)["code"] == "not_found"


def test_a_whole_key_in_the_path_ends_that_key_and_is_not_on_record(world: World) -> None:
    made = ask(world, "POST", "/admin/api/keys", {"name": f"robot-{secrets.token_hex(4)}"}).json()
    ended = ask(world, "DELETE", f"/admin/api/keys/{made['secret']}")
    assert (ended.status_code, ended.json()["id"]) == (200, made["id"])
    records = world.records(ended.headers["x-gateway-request-id"])
    assert len(records) == 2
    assert made["secret"][12:] not in str(records)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/admin/api/keys/%00", None),
        ("GET", "/admin/api/audit/%00", None),
        ("GET", "/v1/collections/handbook/documents?after=%00", None),
        ("POST", "/admin/api/policy/rollback", {"to": "\0"}),
        ("POST", "/admin/api/policy/rollback", {"to": 2**70}),
        ("POST", "/admin/api/keys", {"name": "a\0b"}),
        ("POST", "/admin/api/keys", {"name": "x", "groups": ["a\0b"]}),
        ("POST", "/admin/api/keys", {"name": "x", "roles": ["a\0b"]}),
        ("POST", "/admin/api/policy/activate", {"files": {"\0": "\0"}}),
        ("POST", "/admin/api/policy/activate", {"files": {}, "note": 5}),
    ],
)
def test_characters_and_numbers_that_cannot_be_stored_are_the_senders_mistake(
    world: World, method: str, path: str, body: Any
) -> None:
    answer = ask(world, method, path, body)
    assert answer.status_code in {400, 404}, answer.text
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("note", ["\0", "a\nb", "x" * 501])
def test_a_note_that_is_no_line(world: World, note: str) -> None:
    files = ask(world, "GET", "/admin/api/policy").json()["files"]
    error = invalid(ask(world, "POST", "/admin/api/policy/activate", {"files": files, "note": note}))
    assert error["param"] == "note"


@pytest.mark.parametrize(
    "when",
    ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2020-01-01T00:00:00Z", "2099-01-01T00:00:00", "x"],
)
def test_an_expiry_date_that_cannot_be(world: World, when: str) -> None:
    error = invalid(ask(world, "POST", "/admin/api/keys", {"name": "late", "expires_at": when}))
    assert error["param"] == "expires_at"


def test_a_role_that_is_not_in_the_policy(world: World) -> None:
    error = invalid(ask(world, "POST", "/admin/api/keys", {"name": "late", "roles": ["emploee"]}))
    assert error["param"] == "roles"


def test_deep_bodies_are_refused(world: World) -> None:
    deep: Any = 1
    for _ in range(80):
        deep = [deep]
    assert "nested deeper" in invalid(ask(world, "POST", "/admin/api/policy/check", {"files": deep}))["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/admin/api/policy"),
        ("GET", "/admin/api/policy/history"),
        ("GET", "/admin/api/keys"),
        ("GET", "/admin/api/audit"),
        ("POST", "/admin/api/policy/check"),
        ("POST", "/admin/api/policy/explain"),
        ("POST", "/admin/api/policy/rollback"),
        ("DELETE", "/admin/api/keys/x"),
    ],
)
def test_without_the_right_nothing_is_told(world: World, method: str, path: str) -> None:
    body = {"files": {}, "object": "model:auto", "action": "use"} if method == "POST" else None
    answer = ask(world, method, path, body, who="emil")
    assert invalid(answer, 403)["code"] == "permission_denied"
    [record] = world.records(answer.headers["x-gateway-request-id"])
    assert record["kind"] == "refusal"
