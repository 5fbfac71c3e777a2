"""Backups of the database and erasure: one made since holds nothing of it, one from before gives no key back."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.app.house import open_house
from gateway.audit import Reader, check
from gateway.audit.subjects import Subjects
from gateway.audit.verdicts import Verdict
from gateway.cli.root import OPERATOR
from gateway.store import Store, open_store
from gateway.store.embedded import EmbeddedServer
from tests.apart import run_apart, run_sql
from tests.govern.sweep import dump, holding, restore, tables
from tests.govern.test_erasure import NAME, OTHERS, SECRET, fill
from tests.world import World

SOUGHT = (NAME, *OTHERS, SECRET)
FORMS = ("plain", "custom")


async def database_of(house_store: Store) -> str:
    name = await house_store.fetchval("SELECT current_database()")
    assert isinstance(name, str)
    return name


@contextmanager
def restored(server: EmbeddedServer, file: Path, form: str) -> Iterator[str]:
    name = f"restored_{secrets.token_hex(6)}"
    run_apart(run_sql(server.url("postgres"), f"CREATE DATABASE {name} TEMPLATE template0"))
    try:
        restore(server, name, file, form)
        yield name
    finally:
        run_apart(run_sql(server.url("postgres"), f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


def test_a_backup_made_since_holds_nothing_of_it_and_one_from_before_shows_as_older(
    own_world: World, server: EmbeddedServer, tmp_path: Path
) -> None:
    world, house = own_world, own_world.house
    fill(world)
    hana = world.run(house.keys.authenticate(world.keys["hana"]))
    name = world.run(database_of(house.store))
    folder = tmp_path / "backups"
    folder.mkdir()
    # What is looked for afterwards is found before, in each file and in what is restored from it.
    for form in FORMS:
        data = dump(server, name, folder / f"before.{form}", form)
        assert holding({form: data}, NAME) == {form}
    world.run(house.erasure.erase("erase1", OPERATOR, "ticket 15", subject="hana", values=[NAME, *OTHERS]))
    latest = world.run(house.log.checkpoint())
    assert latest is not None

    async def look(database: str) -> tuple[set[str], bool, set[Verdict], int, set[bool]]:
        store = await open_store(server.url(database), Path("unused"))
        try:
            found = holding(await tables(store, house.ring), *SOUGHT)
            alone = await check(store, house.ring, key=house.log.key)
            against = await check(store, house.ring, key=house.log.key, known=[latest])
            subjects = Subjects(store, house.ring)
            keys = await subjects.living([subjects.digest(hana.id)])
            page = await Reader(store, house.ring).recent(1000)
        finally:
            await store.close()
        erased = {one["erased"] for one in page["records"] if one.get("action") == "redact"}
        return found, alone.ok, {fault.verdict for fault in against.faults}, keys, erased

    for form in FORMS:
        data = dump(server, name, folder / f"after.{form}", form)
        assert holding({form: data}, *SOUGHT, "Vogel") == set()
        with restored(server, folder / f"after.{form}", form) as database:
            assert run_apart(look(database)) == (set(), True, set(), 0, {True})
    with restored(server, folder / "before.custom", "custom") as database:
        found, alone, against, keys, erased = run_apart(look(database))
    assert {"vault", "originals", "kept values", "audit log"} <= found
    assert (alone, against, keys, erased) == (True, {Verdict.ROLLED_BACK}, 1, {False})


def test_a_table_of_keys_from_before_is_destroyed_again_by_the_next_process(
    own_world: World, server: EmbeddedServer, tmp_path: Path
) -> None:
    world, house = own_world, own_world.house
    fill(world)
    hana = world.run(house.keys.authenticate(world.keys["hana"]))
    subjects = house.audit.subjects
    name = world.run(database_of(house.store))
    file = tmp_path / "subjects.sql"
    dump(server, name, file, "plain", "--data-only", "--table=audit_subjects")
    world.run(house.erasure.erase("erase1", OPERATOR, "ticket 15", subject="hana"))
    assert world.run(subjects.living([subjects.digest(hana.id)])) == 0

    world.run(house.store.execute("TRUNCATE audit_subjects"))
    restore(server, name, file, "plain")
    assert world.run(subjects.living([subjects.digest(hana.id)])) == 1
    assert "audit log" in holding(world.run(tables(house.store, house.ring)), SECRET), "as before the erasure"

    async def start() -> None:
        async with open_house(house.settings, warm=False):
            pass

    run_apart(start())
    assert world.run(subjects.living([subjects.digest(hana.id)])) == 0
    assert holding(world.run(tables(house.store, house.ring)), SECRET) == set()
    page = world.run(house.log.recent("look", OPERATOR, 1000, reason="a test"))
    assert "audit.erase.again" in {one.get("action") for one in page["records"]}
    report = world.run(house.log.verify("v", OPERATOR))
    assert report.ok, report.faults
