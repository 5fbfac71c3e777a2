"""What witnesses say when they are asked, and what is made of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from gateway.audit import Report
from gateway.audit.sealer import Sealer
from gateway.audit.verdicts import Verdict, Vouched, Vouching
from gateway.audit.vouching import ask, vouched
from gateway.audit.witness import Witness
from gateway.audit.witnesses.command import CommandWitness
from gateway.audit.witnesses.database import DatabaseWitness
from gateway.audit.witnesses.file import FileWitness
from gateway.audit.witnesses.http import HttpWitness
from gateway.crypto import KeyRing
from gateway.store import Store
from tests.audit.support import now
from tests.audit.test_sealer import once, write
from tests.simulators.witness import WitnessServer

AWAY = "postgresql:///postgres?host=/nowhere"


async def said(store: Store, ring: KeyRing, *witnesses: Witness) -> list[tuple[Vouching, int | None]]:
    key = Sealer(store, ring, now).key
    return [(one.what, one.size) for one in await vouched(store, key, await ask(witnesses, key.name))]


async def test_each_kind(database: Store, ring: KeyRing, tmp_path: Path) -> None:
    simulator = WitnessServer(Sealer(database, ring, now).key)
    async with TestServer(simulator.app()) as server:
        kept, new = FileWitness(tmp_path / "kept"), FileWitness(tmp_path / "new")
        http, command = HttpWitness(str(server.make_url("/w")), simulator.key), CommandWitness(["true"])
        away = DatabaseWitness(AWAY, timeout_s=0.5)
        assert await said(database, ring, http, command, kept) == [
            (Vouching.SILENT, None),
            (Vouching.MUTE, None),
            (Vouching.EMPTY, None),
        ]
        await write(database, ring, 3)
        await once(database, ring, kept, http, command)
        assert await said(database, ring, kept, http, new, away) == [
            (Vouching.AGREES, 4),
            (Vouching.COSIGNED, 4),
            (Vouching.EMPTY, None),
            (Vouching.SILENT, None),
        ]


async def test_a_log_that_was_put_back_is_refused(database: Store, ring: KeyRing, tmp_path: Path) -> None:
    witness = FileWitness(tmp_path / "checkpoint")
    await write(database, ring, 3)
    await once(database, ring, witness)
    for table in ("audit_runs", "audit_tiles", "audit_ends", "audit_checkpoints"):
        await database.execute(f"DELETE FROM {table}")
    assert await said(database, ring, witness) == [(Vouching.REFUSED, 4)]
    (tmp_path / "checkpoint").write_bytes(b"no checkpoint at all")
    assert await said(database, ring, witness) == [(Vouching.REFUSED, None)]


@pytest.mark.parametrize(
    ("what", "faults"),
    [
        ((Vouching.AGREES,), 0),
        ((Vouching.COSIGNED, Vouching.MUTE), 0),
        ((Vouching.AGREES, Vouching.SILENT, Vouching.EMPTY), 2),
        ((Vouching.MUTE,), 1),
        ((), 1),
    ],
)
def test_who_insists_wants_every_witness_that_can_be_asked_and_one_at_least(
    what: tuple[Vouching, ...], faults: int
) -> None:
    bare = Report((), (), 0, (), 0, 0, with_keys=True, witnesses=tuple(Vouched("w", one) for one in what))
    assert bare.ok
    insisted = bare.witnessed()
    assert (insisted.faults_total, len(insisted.faults)) == (faults, faults)
    assert {fault.verdict for fault in insisted.faults} <= {Verdict.WITNESS}
    assert [one["what"] for one in insisted.as_dict()["witnesses"]] == [str(one) for one in what]
