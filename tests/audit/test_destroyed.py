"""A table of subjects' keys that is put back from a backup gives nobody back whom the log says was forgotten."""

from __future__ import annotations

from dataclasses import replace

from gateway.audit import AuditLog, Reader
from gateway.audit.destroyed import destroy_again, destroyed
from gateway.audit.subjects import Name
from gateway.crypto import KeyRing
from gateway.store import Store
from tests.audit.support import now, record


async def test_what_was_put_back_is_destroyed_again(database: Store, ring: KeyRing) -> None:
    log = AuditLog(database, ring, now)
    await log.start()
    await log.append(replace(record(1, text="a word of ada's"), principal="user:ada"))
    await log.append(replace(record(2), principal="user:ben"))
    backup = await database.fetch("SELECT * FROM audit_subjects")
    gone = await log.subjects.destroy([log.subjects.digest("user:ada")])
    assert gone == [Name(log.subjects.digest("user:ada"), 1)]
    said = {"subjects": [log.subjects.digest("user:ada").hex()], "keys": [str(name) for name in gone]}
    erased = replace(record(3, "outcome"), action="audit.erase", principal="local", detail=said)
    await log.append(erased)
    # An erasure that was not carried out, and one that says it of others' keys in another kind of record.
    ben = f"{log.subjects.digest('user:ben').hex()}.1"
    await log.append(replace(erased, kind="intent", request="r4", detail={"keys": [ben]}))
    await log.append(replace(erased, request="r5", action="audit.erase.dry_run", detail={"keys": [ben]}))
    await log.append(replace(erased, request="r6", detail={"keys": "all", "error": "on_hold"}))
    assert await destroyed(database, ring, log.terms) == set(gone)
    assert await destroy_again(database, ring, log.terms, log.subjects) == []
    # She comes back with another key, and then the table is put back as it was.
    await log.append(replace(record(7, text="a later word"), principal="user:ada"))
    for row in backup:
        await database.execute(
            "UPDATE audit_subjects SET wrapped = $3 WHERE (subject, generation) = ($1, $2)",
            *(row["subject"], row["generation"], row["wrapped"]),
        )
    reader = Reader(database, ring)
    assert (await reader.by_request("r1"))["records"][0]["content"] == {"prompt": "a word of ada's"}
    assert await destroy_again(database, ring, log.terms, log.subjects) == gone
    first, later = [(await reader.by_request(one))["records"][0] for one in ("r1", "r7")]
    assert (first["erased"], first["content"]) == (True, None)
    assert later["content"] == {"prompt": "a later word"}
    assert (await reader.by_request("r2"))["records"][0]["erased"] is False
    await log.close()
