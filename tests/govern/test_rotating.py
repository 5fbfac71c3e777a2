"""Another key for the ring: decided, on record, and taken up again wherever a step was cut off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.audit import KeyTable, Reader, rewrap
from gateway.crypto import KeyRing
from gateway.crypto.ringfile import RingCommand, RingFile, RingSource, with_key
from gateway.errors import BadKeyRing, Conflict, NotPermitted
from gateway.govern import Guard, Rotation
from gateway.store import Store
from tests.audit.support import now
from tests.govern.test_reembedding import EMIL, ROOT, guarded


@dataclass
class Room:
    """One process with everything that rotates."""

    store: Store
    ring: KeyRing
    table: KeyTable
    guard: Guard
    file: RingFile

    def rotation(self, source: RingSource | None = None) -> Rotation:
        return Rotation(
            store=self.store,
            ring=self.ring,
            table=self.table,
            source=source or self.file,
            guard=self.guard,
            now=now,
            wait_s=0.0,
        )

    def kept(self) -> list[str]:
        return sorted(KeyRing.parse(self.file.read(), "it").keys)

    async def said(self, request: str) -> list[tuple[str, str, dict[str, Any]]]:
        page = await Reader(self.store, self.ring).by_request(request)
        keys = ("ring_key", "ring_key_before", "ring_keys", "wrapped", "unopened", "error", "code")
        return [
            (one["kind"], one["action"], {key: one["detail"][key] for key in keys if key in one["detail"]})
            for one in page["records"]
        ]


@pytest.fixture
async def room(database: Store, tmp_path: Path) -> AsyncIterator[Room]:
    file = RingFile(tmp_path / "keys" / "keyring.json")
    ring = KeyRing.parse(file.create(now()), "it")
    table = KeyTable(database, ring, lambda: KeyRing.parse(file.read(), "it"), "here", now)
    await table.start()
    async with guarded(database, ring) as (_, guard):
        yield Room(database, ring, table, guard, file)
    await table.close()


async def test_every_step_is_on_record_by_ids_alone(room: Room) -> None:
    rotation = room.rotation()
    report = await rotation.start("r1", ROOT)
    assert (report.current, report.next, report.keys, report.sealed_by) == (
        "k1",
        "k2",
        {"k1": "current", "k2": "next"},
        "file",
    )
    assert report.waiting == []
    report = await rotation.finish("r2", ROOT)
    assert (report.current, report.previous, report.content) == ("k2", "k1", "content-2")
    with pytest.raises(Conflict, match="is not over"):
        await rotation.start("r3", ROOT)
    with pytest.raises(Conflict, match="still under another key"):
        await rotation.retire("r4", ROOT)
    done = await rotation.rewrap("r5", ROOT)
    assert done.wrapped > 0
    report = await rotation.retire("r6", ROOT)
    assert (report.keys, report.problem, room.kept()) == ({"k1": "retired", "k2": "current"}, "", ["k2"])
    assert list(room.ring.keys) == ["k2"]
    action = "key.rotate"
    assert await room.said("r1") == [
        ("intent", f"{action}.start", {}),
        ("outcome", f"{action}.start", {"ring_key": "k2"}),
    ]
    after = {"ring_key": "k2", "ring_key_before": "k1"}
    assert (await room.said("r2"))[1] == ("outcome", f"{action}.finish", after)
    assert (await room.said("r3"))[1] == ("outcome", f"{action}.start", {"error": "conflict"})
    assert (await room.said("r5"))[1][2] == {"ring_key": "k2", "wrapped": done.wrapped, "unopened": 0}
    assert (await room.said("r6"))[1][2] == {"ring_key": "k2", "ring_keys": ["k1"]}


async def test_only_who_may(room: Room) -> None:
    rotation = room.rotation()
    for step in (rotation.start, rotation.finish, rotation.rollback, rotation.rewrap, rotation.retire, rotation.status):
        with pytest.raises(NotPermitted):
            await step("r1", EMIL)
    assert room.kept() == ["k1"]
    assert [kind for kind, _, _ in await room.said("r1")] == ["refusal"] * 6


async def test_cut_off_after_the_file_was_written(room: Room) -> None:
    """The key stands in the ring and nobody knows of it: the next start takes that one."""
    room.file.write(with_key(room.file.read(), "mine", now()))
    assert (await room.rotation().status("r1", ROOT)).keys == {"k1": "current", "mine": "new"}
    report = await room.rotation().start("r2", ROOT)
    assert (report.next, room.kept()) == ("mine", ["k1", "mine"])


async def test_cut_off_before_the_file_was_written(room: Room) -> None:
    """The database has given the key up, the ring holds it: it is not used, and the step run again takes it out."""
    rotation = room.rotation()
    await rotation.start("r1", ROOT)
    await rewrap.back(room.store, now())
    await room.table.sync()
    report = await rotation.status("r2", ROOT)
    assert "retired key k2" in report.problem
    assert list(room.ring.keys) == ["k1"]
    assert (await rotation.start("r3", ROOT)).next == "k3"
    await rotation.rollback("r4", ROOT)
    report = await rotation.retire("r5", ROOT)
    assert (report.problem, room.kept()) == ("", ["k1"])


async def test_a_ring_that_a_command_prints_is_changed_where_it_is_kept(room: Room) -> None:
    source = RingCommand(("cat", str(room.file.path)))
    with pytest.raises(BadKeyRing, match="none is set that keeps it"):
        await room.rotation(source).start("r1", ROOT)
    assert (await room.rotation(source).status("r2", ROOT)).next is None
    room.file.write(with_key(room.file.read(), "k7", now()))
    rotation = room.rotation(source)
    assert (await rotation.start("r3", ROOT)).next == "k7"
    await rotation.finish("r4", ROOT)
    await rotation.rewrap("r5", ROOT)
    report = await rotation.retire("r6", ROOT)
    assert (report.sealed_by, room.kept()) == ("command", ["k1", "k7"])
    assert "retired key k1" in report.problem


async def test_a_process_that_does_not_follow_is_named(room: Room) -> None:
    await room.store.execute(
        "INSERT INTO ring_holders VALUES ('far', 'elsewhere', 7, 1, '{k1}', '{content-1}', now() + interval '1 hour')"
    )
    rotation = room.rotation()
    report = await rotation.start("r1", ROOT)
    assert report.waiting == ["elsewhere:7"]
    with pytest.raises(Conflict, match="elsewhere:7"):
        await rotation.finish("r2", ROOT)
    report = await rotation.rollback("r3", ROOT)
    assert (report.next, room.kept()) == (None, ["k1"])


async def test_two_who_rotate_at_once_take_turns(room: Room) -> None:
    """Each would add a key of the same id, and the ring keep the one and the database the other."""
    async with room.rotation()._turn():
        for step in (room.rotation().start, room.rotation().finish, room.rotation().rollback, room.rotation().retire):
            with pytest.raises(Conflict, match="somebody else"):
                await step("r1", ROOT)
    with room.file.alone(), pytest.raises(Conflict, match="changing the key ring"):
        await room.rotation().start("r2", ROOT)
    assert room.kept() == ["k1"]
    assert (await room.rotation().start("r3", ROOT)).next == "k2"


async def test_a_key_that_is_not_kept_is_told_to_nobody(room: Room) -> None:
    source = RingCommand(("cat", str(room.file.path)), ("true",))
    with pytest.raises(BadKeyRing, match="read back without it"):
        await room.rotation(source).start("r1", ROOT)
    report = await room.rotation().status("r2", ROOT)
    assert (report.next, report.keys) == (None, {"k1": "current"})


async def test_an_older_ring_put_back_before_the_change_over_is_rolled_back(room: Room) -> None:
    old = room.file.read()
    await room.rotation().start("r1", ROOT)
    room.file.write(old)
    assert "holds no key k2" in (await room.rotation().status("r2", ROOT)).problem
    ring = KeyRing.parse(room.file.read(), "it")
    table = KeyTable(room.store, ring, lambda: KeyRing.parse(room.file.read(), "it"), "again", now)
    await table.start()
    after = Room(room.store, ring, table, room.guard, room.file)
    try:
        with pytest.raises(Conflict, match="not every process"):
            await after.rotation().finish("r3", ROOT)
        report = await after.rotation().rollback("r4", ROOT)
        assert (report.current, report.next, report.problem) == ("k1", None, "")
    finally:
        await table.close()


async def test_the_ring_keeps_the_key_in_force_whatever_a_process_last_heard(room: Room) -> None:
    rotation = room.rotation()
    await rotation.start("r1", ROOT)
    await rotation.finish("r2", ROOT)
    await rewrap.back(room.store, now())
    await rotation._remove({"k2"})
    assert KeyRing.parse(room.file.read(), "it").current == "k1"
    assert room.kept() == ["k1"]
