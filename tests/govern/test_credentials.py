"""Keys in the hands of who may: every attempt has an outcome on record, and no record holds a secret."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from gateway.cli.root import OPERATOR
from gateway.crypto import Secret
from gateway.errors import Conflict, GatewayError, Invalid, NotFound, NotPermitted
from gateway.identity import KeyInfo
from gateway.model import Principal
from tests.world import World


def make(world: World, name: str, roles: list[str] | None = None, request: str = "test") -> tuple[KeyInfo, Secret]:
    return world.run(world.house.credentials.create(request, OPERATOR, name, roles or [], [], None))


def kinds(world: World, request: str) -> list[tuple[str, str, Any]]:
    return [(r["kind"], r["action"], r["detail"].get("error")) for r in world.records(request)]


def unique() -> str:
    return f"key-{secrets.token_hex(4)}"


def test_a_key_is_made_and_the_record_tells_whose_roles_are_whose(world: World) -> None:
    name, request = unique(), unique()
    info, secret = make(world, name, ["employee"], request)
    assert kinds(world, request) == [("intent", "key.create", None), ("outcome", "key.create", None)]
    detail = world.records(request)[1]["detail"]
    assert (detail["name"], detail["roles"]) == ("operator", ["admin"])
    assert (detail["key_roles"], detail["id"]) == (["employee"], info.id)
    assert secret.reveal() not in str(world.records(request))


@pytest.mark.parametrize("act", ["revoke", "rotate"])
def test_an_act_on_an_unknown_key_has_its_outcome(world: World, act: str) -> None:
    request = unique()
    with pytest.raises(NotFound):
        world.run(getattr(world.house.credentials, act)(request, OPERATOR, "no-such-key"))
    assert kinds(world, request) == [("intent", f"key.{act}", None), ("outcome", f"key.{act}", "not_found")]


def test_a_name_that_is_taken_has_its_outcome(world: World) -> None:
    name, request = unique(), unique()
    make(world, name)
    with pytest.raises(Conflict):
        make(world, name, request=request)
    assert kinds(world, request) == [("intent", "key.create", None), ("outcome", "key.create", "conflict")]


def test_a_fault_has_its_outcome(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("Jane Roe")

    request = unique()
    with monkeypatch.context() as patch:
        patch.setattr(type(world.house.keys), "revoke", broken)
        with pytest.raises(RuntimeError):
            world.run(world.house.credentials.revoke(request, OPERATOR, "x"))
    assert kinds(world, request) == [("intent", "key.revoke", None), ("outcome", "key.revoke", "internal_error")]
    assert "Jane" not in str(world.records(request))


@pytest.mark.parametrize("act", ["revoke", "rotate"])
def test_a_whole_key_pasted_counts_as_its_id_and_is_not_on_record(world: World, act: str) -> None:
    info, secret = make(world, unique())
    request = unique()
    world.run(getattr(world.house.credentials, act)(request, OPERATOR, secret.reveal()))
    records = world.records(request)
    assert [r["content"]["key"] for r in records] == [info.id, info.id]
    assert secret.reveal()[12:] not in str(records)


def test_a_key_given_as_a_name_is_refused_and_not_on_record(world: World) -> None:
    info, secret = make(world, unique())
    request = unique()
    with pytest.raises(Invalid):
        make(world, secret.reveal(), request=request)
    assert kinds(world, request) == [("intent", "key.create", None), ("outcome", "key.create", "invalid_request")]
    assert world.records(request)[0]["content"]["key"] == info.id
    assert secret.reveal()[12:] not in str(world.records(request))


def test_a_role_must_be_in_the_policy(world: World) -> None:
    request = unique()
    with pytest.raises(Invalid, match="no role named emploee") as caught:
        make(world, unique(), ["hr", "emploee"], request)
    assert "employee" in caught.value.hint
    with pytest.raises(GatewayError, match="no record"):
        world.records(request)


def test_listing_is_on_record_and_refused_to_who_may_not(world: World) -> None:
    request = unique()
    infos = world.run(world.house.credentials.all(request, OPERATOR))
    [record] = world.records(request)
    assert (record["kind"], record["action"], record["detail"]["keys"]) == ("event", "key.list", len(infos))
    nobody, refused = Principal("x", "x"), unique()
    with pytest.raises(NotPermitted):
        world.run(world.house.credentials.all(refused, nobody))
    assert [kind for kind, _, _ in kinds(world, refused)] == ["refusal"]
