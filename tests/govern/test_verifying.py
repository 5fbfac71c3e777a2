"""`verify` over an open gateway asks the witnesses too, so that a log put back shows without anybody's help."""

from __future__ import annotations

import pytest

from gateway.cli.root import OPERATOR
from tests.world import World


def test_what_witnesses_keep_must_be_continued(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    log = world.house.log
    note = world.run(log.checkpoint())
    assert note is not None
    body, signature = note.split(b"\n\n", 1)
    lines = body.split(b"\n")
    changed = b"\n".join([lines[0], str(int(lines[1]) + 1).encode(), *lines[2:]])
    notes = [note]

    async def kept() -> list[bytes]:
        return notes

    monkeypatch.setattr(log, "_kept", kept)
    assert world.run(log.verify("v", OPERATOR)).ok
    notes.append(changed + b"\n\n" + signature)
    report = world.run(log.verify("v", OPERATOR))
    assert [fault.verdict.value for fault in report.faults] == ["wrong key"]


def test_the_file_beside_the_data_is_one(world: World) -> None:
    async def kept() -> list[bytes]:
        asked = world.house.log._kept
        assert asked is not None
        return await asked()

    assert world.run(kept())
    assert world.run(world.house.log.verify("v", OPERATOR)).ok
