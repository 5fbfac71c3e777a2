"""A log that was written before there were content keys, commitments in headers and pruning, brought up as it lies."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

from gateway.audit import Pruner, Rewrapping, check, expired, rewrap
from gateway.audit.link import INSERT_ONE
from gateway.audit.record import END, Entry, Header, encode, genesis, header_bytes, moment
from gateway.audit.sealer import Sealer
from gateway.audit.stream import KEY_BYTES, PURPOSE, Stream
from gateway.audit.subjects import Subjects
from gateway.crypto import KeyRing, SecretBytes
from gateway.crypto import Sealer as Counted
from gateway.crypto.ringfile import RingFile, rewritten
from gateway.store import Store, migrate
from tests.audit.rotation import VAULT, Process, rotate
from tests.audit.support import now, record

BEFORE = "0012"
ROWS = 5


def old_stream(ring: KeyRing) -> Stream:
    """Its data key lies wrapped in the header, as streams had it then."""
    stream, key = Stream(ring, now()), SecretBytes(os.urandom(KEY_BYTES))
    bare: Header = replace(stream.header, wrapped=b"", key=b"")
    stream.header = replace(bare, wrapped=ring.wrap(PURPOSE, key.reveal(), header_bytes(bare)))
    stream._sealer, stream.prev = Counted(key), genesis(stream.header)
    return stream


async def write(store: Store, ring: KeyRing) -> None:
    """What a gateway of then leaves: a closed stream of two people's records, and something in the vault."""
    stream, subjects = old_stream(ring), Subjects(store, ring)
    header = stream.header
    await store.execute(
        "INSERT INTO audit_streams (stream, schema, opened_at, key_id, wrapped_key) VALUES ($1, $2, $3, $4, $5)",
        *(header.stream, header.schema, moment(header.opened), header.key_id, header.wrapped),
    )
    entries: list[Entry] = []
    for number in range(ROWS):
        one = replace(record(number, "event"), principal=f"user:{number % 2}", at=now() - timedelta(days=9))
        entry = encode(one, await subjects.key(one.principal), max_bytes=9999)
        entries.append(entry._replace(retention=""))  # there were no classes
    entries.append(Entry(now(), END, "", b"{}"))
    for row in map(stream.add, entries):
        values = (row.stream, row.seq, moment(row.at), row.kind, row.request, row.prev, row.sealed, row.hash)
        await store.execute(INSERT_ONE, *values, row.retention, row.facts, [])
    await store.execute("UPDATE audit_streams SET closed_seq = $1, closed_hash = $2", stream.seq - 1, stream.prev)
    await store.execute(VAULT, "[0]", ring.seal("vault", b"Jane Roe", b"0"))


async def test_a_log_of_an_older_gateway_verifies_rotates_and_is_pruned(database: Store, ring_file: RingFile) -> None:
    ring = KeyRing.parse(ring_file.read(), "it")
    await database.execute(migrate.script(migrate.SCHEMA_REVISION, BEFORE, down=True))
    # The gateway of then said when.
    await database.execute("ALTER TABLE audit_subjects ALTER COLUMN created_at SET DEFAULT now()")
    await write(database, ring)
    async with database.acquire() as connection:
        await connection.execute(migrate.script(BEFORE, migrate.SCHEMA_REVISION))
    sealer = Sealer(database, ring, now)
    process = Process(database, ring_file, "a")
    await process.table.start()
    try:
        connection = await database.connect()
        assert await sealer.once(connection)
        await connection.close()
        report = await check(database, process.ring, key=sealer.key)
        assert (report.ok, report.records, [one.opens for one in report.streams]) == (True, ROWS + 1, [True])
        await rotate(ring_file, database, process)
        assert (await Rewrapping(database, process.ring).run(now())).unopened == 0
        await process.table.sync()
        assert await rewrap.retire(database, now()) == ["k1"]
        ring_file.write(rewritten(ring_file.read(), current="k2", gone={"k1"}))
        await process.table.sync()
        assert await process.readable() == 1
        report = await check(database, process.ring, key=sealer.key)
        assert (report.ok, [one.opens for one in report.streams]) == (True, [True])
        over = expired(dict.fromkeys(("requests", "documents", "administration"), 1), now())
        done = await Pruner(database, process.ring, sealer.key).run("p", over, now)
        assert (done.records.total(), done.kept) == (ROWS, 0)
        report = await check(database, process.ring, key=sealer.key)
        assert (report.ok, report.records, report.pruned) == (True, 1, ROWS)
    finally:
        await process.table.close()
