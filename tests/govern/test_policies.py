"""Policies on their way into force: what is on record, and when; and reading them without holding the loop up."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any

import pytest

from gateway.cli.root import OPERATOR
from gateway.errors import BadPolicy, Invalid, StoreUnavailable
from gateway.model import Principal
from tests.world import World


def unique() -> str:
    return f"policy-{secrets.token_hex(4)}"


def changed(world: World) -> dict[str, bytes]:
    files = dict(world.house.current.bundle.files)
    files["access.csv"] += f"# {unique()}\n".encode()
    return files


def kinds(world: World, request: str) -> list[tuple[str, str]]:
    return [(record["kind"], record["action"]) for record in world.records(request)]


def test_the_first_policy_is_the_gateways_own_act_and_is_not_repeated(world: World) -> None:
    versions = world.run(world.house.policies.history(unique(), OPERATOR))
    assert (versions[-1].number, versions[-1].author) == (1, "gateway")
    assert world.run(world.house.policies.first(unique(), {})) is None


def test_activation_is_on_record_before_anything_is_stored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def down(*_: object, **__: object) -> None:
        raise StoreUnavailable("the database does not answer")

    request, files = unique(), changed(world)
    with monkeypatch.context() as patch:
        patch.setattr("gateway.policy.Versions.submit", down)
        with pytest.raises(StoreUnavailable):
            world.run(world.house.policies.activate(request, OPERATOR, files, "why"))
    assert kinds(world, request) == [("intent", "policy.activate"), ("outcome", "policy.activate")]
    intent, outcome = (record["detail"] for record in world.records(request))
    assert intent["from"] == world.house.current.bundle.digest
    assert (outcome["to"], outcome["error"]) == (intent["to"], "database_unavailable")


def test_what_is_activated_is_what_the_intent_named(world: World) -> None:
    request = unique()
    before = world.house.current.bundle.digest
    done = world.run(world.house.policies.activate(request, OPERATOR, changed(world), "why"))
    try:
        intent, outcome = (record["detail"] for record in world.records(request))
        assert intent["to"] == outcome["to"] == done.digest == world.house.current.bundle.digest
        assert (outcome["acknowledged"], outcome["missing"]) == (list(done.acknowledged), [])
        assert done.acknowledged
    finally:
        back = unique()
        world.run(world.house.policies.rollback(back, OPERATOR, before))
    assert kinds(world, back) == [("intent", "policy.rollback"), ("outcome", "policy.rollback")]
    assert world.house.current.bundle.digest == before


def test_a_policy_with_a_mistake_is_refused_on_record_and_stored_nowhere(world: World) -> None:
    request, files = unique(), changed(world)
    files["access.csv"] += b"p, nobody-declared, model:*, use, allow\n"
    versions = len(world.run(world.house.policies.history(unique(), OPERATOR)))
    with pytest.raises(BadPolicy):
        world.run(world.house.policies.activate(request, OPERATOR, files, ""))
    assert kinds(world, request) == [("refusal", "policy.activate")]
    assert len(world.run(world.house.policies.history(unique(), OPERATOR))) == versions


@pytest.mark.parametrize("note", ["x" * 501, "a\nb", "a\0b", "\x1b[2J", "\u202egnp"])
def test_a_note_is_one_printable_line(world: World, note: str) -> None:
    with pytest.raises(Invalid) as caught:
        world.run(world.house.policies.activate(unique(), OPERATOR, changed(world), note))
    assert caught.value.param == "note"


def test_reading_is_on_record(world: World) -> None:
    policies = world.house.policies
    asked = Principal("explain", "", frozenset({"hr"}))
    for action, work in (
        ("policy.read", lambda request: policies.active(request, OPERATOR)),
        ("policy.history", lambda request: policies.history(request, OPERATOR)),
        ("policy.explain", lambda request: policies.explain(request, OPERATOR, asked, "collection:hr", "read")),
    ):
        request = unique()
        world.run(work(request))
        assert kinds(world, request) == [("event", action)]
    detail = world.records(request)[0]["detail"]
    assert (detail["object"], detail["object_action"], detail["asked_roles"]) == ("collection:hr", "read", ["hr"])
    assert detail["allowed"] is True
    assert detail["roles"] == ["admin"]


async def turns(work: Any) -> int:
    """Times that a neighbour on the same loop had its turn while `work` ran."""
    count = 0

    async def tick() -> None:
        nonlocal count
        while True:
            await asyncio.sleep(0.001)
            count += 1

    neighbour = asyncio.ensure_future(tick())
    await work
    neighbour.cancel()
    return count


def test_checking_does_not_hold_the_loop_up(world: World) -> None:
    files = changed(world)
    files["privacy_test.yaml"] = b"cases:\n" + b"- {a: [1, 2, 3], b: {c: d}}\n" * 2000
    few = world.run(turns(world.house.policies.check(unique(), OPERATOR, changed(world))))
    many = world.run(turns(world.house.policies.check(unique(), OPERATOR, files)))
    # Two thousand cases held up nobody: a check that keeps the loop gives a neighbour no more turns for them.
    assert many > 10 * (few + 1)


@pytest.mark.parametrize(
    "deep",
    [b"[" * 20_000, b"a: " + b"{b: " * 5_000, b"- " * 3_000, b"[" * 51 + b"]" * 51],
    ids=["lists", "mappings", "dashes", "just"],
)
def test_deep_nesting_is_refused_quickly_with_its_line(world: World, deep: bytes) -> None:
    files = {**changed(world), "routing.yaml": b"# a comment\n" + deep}
    began = time.process_time()
    findings = world.run(world.house.policies.check(unique(), OPERATOR, files))
    assert time.process_time() - began < 10
    [found] = [finding for finding in findings if "nested deeper than 50 levels" in finding.message]
    assert found.where == "routing.yaml:2"


def test_a_large_file_is_refused_unread(world: World) -> None:
    files = {**changed(world), "routing.yaml": b"# x\n" * 250_001}
    findings = world.run(world.house.policies.check(unique(), OPERATOR, files))
    assert [f.message for f in findings if f.where.startswith("routing.yaml")] == [
        "file-too-large: larger than 1000000 bytes"
    ]
