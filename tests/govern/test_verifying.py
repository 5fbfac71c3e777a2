"""`verify` over an open gateway asks the witnesses too, so that a log put back shows without anybody's help."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.audit.verdicts import Vouching
from gateway.audit.witness import Heard
from gateway.audit.witnesses.file import FileWitness
from gateway.cli.root import OPERATOR
from tests.world import World

WITNESS = FileWitness(Path("unused"))


def test_what_witnesses_keep_must_be_continued(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    log = world.house.log
    note = world.run(log.checkpoint())
    assert note is not None
    body, signature = note.split(b"\n\n", 1)
    lines = body.split(b"\n")
    changed = b"\n".join([lines[0], str(int(lines[1]) + 1).encode(), *lines[2:]])
    heard = [Heard(WITNESS, note, reached=True), Heard(WITNESS, None, reached=False)]

    async def ask() -> list[Heard]:
        return heard

    monkeypatch.setattr(log, "_ask", ask)
    report = world.run(log.verify("v", OPERATOR))
    assert report.ok
    assert [one.what for one in report.witnesses] == [Vouching.AGREES, Vouching.SILENT]
    assert report.witnesses[0].size == int(lines[1])
    insisted = world.run(log.verify("v", OPERATOR, insist=True))
    assert [str(fault) for fault in insisted.faults] == ["not witnessed: tree: witness file unused: not reached"]
    heard.append(Heard(WITNESS, changed + b"\n\n" + signature, reached=True))
    report = world.run(log.verify("v", OPERATOR))
    assert [fault.verdict.value for fault in report.faults] == ["wrong key"]
    assert report.witnesses[2].what == Vouching.REFUSED


def test_the_file_beside_the_data_is_one(world: World) -> None:
    report = world.run(world.house.log.verify("v", OPERATOR, insist=True))
    assert report.ok
    assert [(one.name, one.what) for one in report.witnesses] == [("file checkpoint", Vouching.AGREES)]
