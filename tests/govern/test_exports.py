"""Exports as a journey: rights, reasons, and what is on record of them."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from gateway.audit import passphrase_lock
from gateway.cli.root import OPERATOR
from gateway.errors import Invalid, NotPermitted
from gateway.model import Principal
from tests.world import World

EMIL = Principal("user:emil", "emil", frozenset({"employee"}))


async def lines(world: World, request: str, principal: Principal, **more: Any) -> list[dict[str, Any]]:
    found = world.house.log.exports.lines(request, principal, reason="for the SIEM", **more)
    return [json.loads(line) for part in [some async for some in found] for line in part.splitlines()]


def test_lines_are_masked_until_revealed_and_both_are_on_record(world: World) -> None:
    masked = world.run(lines(world, "export-1", OPERATOR))
    assert {told.get("principal", "•••") for told in masked} == {"•••"}
    shown = world.run(lines(world, "export-2", OPERATOR, reveal=True))
    assert "local" in {told.get("principal") for told in shown}
    for request, revealed in (("export-1", False), ("export-2", True)):
        begun, ended = world.records(request)
        assert (begun["action"], ended["action"]) == ("audit.export", "audit.exported")
        assert begun["detail"]["revealed"] is revealed
        assert ended["detail"]["records"] == len(masked if request == "export-1" else shown)
        assert begun["content"]["reason"] == "for the SIEM"
    with pytest.raises(Invalid, match="unknown format"):
        world.run(lines(world, "export-3", OPERATOR, format_="xml"))


def test_who_may_not_takes_nothing_along(world: World) -> None:
    exports = world.house.log.exports
    file = io.BytesIO()
    with pytest.raises(NotPermitted):
        world.run(lines(world, "export-4", EMIL))
    with pytest.raises(NotPermitted):
        world.run(exports.bundle("export-4", EMIL, file, reason="curious"))
    with pytest.raises(Invalid, match="needs a reason"):
        world.run(exports.bundle("export-4", OPERATOR, file, reason=" "))
    assert file.getvalue() == b""
    assert [record["kind"] for record in world.records("export-4")] == ["refusal"] * 3


def test_a_bundle_is_on_record_with_its_digest(world: World) -> None:
    file = io.BytesIO()
    lock = passphrase_lock("umbrella")
    done = world.run(world.house.log.exports.bundle("export-5", OPERATOR, file, reason="kept", lock=lock))
    assert done.bytes == len(file.getvalue())
    begun, ended = world.records("export-5")
    assert begun["detail"]["keys"] == "all"
    assert (ended["detail"]["digest"], ended["detail"]["records"]) == (done.sha256, done.rows)
