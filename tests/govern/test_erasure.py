"""Erasure, looked for in everything that is kept: what was there before is nowhere after."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from gateway.app.house import House
from gateway.audit import Reader, open_certificate
from gateway.audit.tlog.check import NotProven, parse_note, signers
from gateway.cli.root import OPERATOR
from gateway.errors import Invalid, NotPermitted
from gateway.govern import Erased
from gateway.ingest.ledger import Ledger
from gateway.ingest.values import Delivery
from gateway.model import Principal
from gateway.retrieval import COVER
from tests.govern.sweep import everything, holding
from tests.world import World

NAME = "Petra Vogel"
NEGATIVE = "SELECT term FROM term_counts GROUP BY term HAVING sum(chunks) < 0"
POINTS = """
SELECT d.chunks, count(p.chunk) AS points FROM documents d JOIN chunks c ON c.document = d.id
LEFT JOIN points p ON p.chunk = c.id GROUP BY d.id
"""
ORPHANS = "SELECT count(*) FROM vault_places p LEFT JOIN documents d ON d.id = p.document WHERE d.id IS NULL"
SECRET = "the heron project of Quillmark is late"


def ask(world: World, who: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = httpx.post(f"{world.url}{path}", json=body, headers=world.headers(who), timeout=60)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def fill(world: World) -> None:
    """The value and the person wherever they can come in."""

    async def bring_in() -> None:
        house = world.house
        plain = f"# Roster\n\nDuty this week: {NAME}, room 4.\n\n" + "Nothing else happens.\n\n" * 40
        await house.ingest.ingest(
            OPERATOR, plain.encode(), name=f"{NAME} roster.md", collection="rosters", label="internal", mode="plain"
        )
        more = f"# Review\n\nEmployee: {NAME}\n\nMs Vogel was praised. So was Mr Anton Weiss.\n"
        await house.ingest.ingest(OPERATOR, more.encode(), name="review.md", collection="hr", label="confidential")
        ledger = Ledger(house.ring)
        waiting = Delivery(f"A letter to {NAME}.".encode(), f"letter to {NAME}.md", "hr")
        other = Delivery(b"A letter to nobody at all.", "other.md", "hr")
        rows = ledger.seal("default", "job1", [waiting, other])
        at = datetime.now(UTC)
        async with house.store.transaction() as conn:
            await ledger.add(conn, "job1", OPERATOR, "hr", rows, "r", at)
            # No worker takes it up meanwhile.
            await conn.execute("UPDATE ingest_jobs SET cancelled = true WHERE id = 'job1'")

    world.run(bring_in())
    question = f"{SECRET}. Who is the emergency contact of Ms {NAME}?"
    body = {"model": "house", "messages": [{"role": "user", "content": question}], "gateway": {"collections": ["hr"]}}
    ask(world, "hana", "/v1/chat/completions", body)
    ask(world, "hana", "/v1/search", {"query": f"{NAME}", "collections": ["hr"]})
    redacted = ask(world, "hana", "/v1/redact", {"text": f"{SECRET}, wrote Ms {NAME}."})
    ask(world, "hana", "/v1/restore", {"text": redacted["redacted"]})


async def records(house: House) -> list[dict[str, Any]]:
    page = await Reader(house.store, house.ring).recent(1000)
    found: list[dict[str, Any]] = page["records"]
    return found


def test_a_value_is_nowhere_after_it_was_erased(own_world: World) -> None:
    world, house = own_world, own_world.house
    fill(world)
    before = holding(world.run(everything(house)), NAME)
    assert {"vault", "kept values", "originals", "files in the queue", "names of files"} <= before
    assert {"table public.chunks", "table public.documents"} <= before

    told = world.run(house.erasure.value("dry", OPERATOR, NAME, "ticket 12", dry_run=True))
    assert told.dry_run
    assert told.certificate is None
    assert holding(world.run(everything(house)), NAME) == before, "a dry run changes nothing"

    done = world.run(house.erasure.value("erase1", OPERATOR, NAME, "asked by Mr Anton Weiss"))
    for name in ("documents", "queued_files", "index_texts", "places"):
        assert done.counts[name] == told.counts[name]
    assert done.counts["documents"] == 3
    assert done.counts["queued_files"] == 1

    after = world.run(everything(house))
    assert holding(after, NAME, "Vogel") == set()
    # What stood beside it is still there, at its place.
    originals = after["originals"].decode()
    assert f"Duty this week: {COVER * len(NAME)}, room 4." in originals
    assert f"Ms {COVER * 5} was praised. So was Mr Anton Weiss." in originals
    # Every passage has its point still, and the counts add up.
    assert world.run(house.store.fetch(NEGATIVE)) == []
    assert all(row["chunks"] == row["points"] for row in world.run(house.store.fetch(POINTS)))
    assert world.run(house.log.verify("v", OPERATOR)).ok
    certified(world, done)
    again = world.run(house.erasure.value("erase2", OPERATOR, NAME, "ticket 12"))
    assert set(again.counts.values()) == {0}


def certified(world: World, done: Erased) -> None:
    """The certificate says what was done, of the value nothing, and fits the record and the log's key."""
    assert done.certificate is not None
    assert done.covered
    key = world.house.log.key
    told = open_certificate(done.certificate, key)
    assert (told["erased"], told["request"]) == ("value", "erase1")
    assert int(told["checkpoint_size"]) > 0
    assert told["count.documents"] == str(done.counts["documents"])
    of_it = [one for one in world.run(records(world.house)) if one["request"] == "erase1"]
    assert told["record_hash"] in {one["hash"] for one in of_it}
    assert dict(done.counts) in [one["detail"].get("counts") for one in of_it]
    for text in (done.certificate.decode(), str(of_it)):
        assert "Vogel" not in text
        assert "Weiss" not in text
    assert key in signers(parse_note(done.certificate), [key])
    with pytest.raises(NotProven):
        open_certificate(done.certificate.replace(b"erased value", b"erased nothing"), key)


def test_a_person_is_nowhere_after_he_was_erased_and_documents_can_go_with_a_value(own_world: World) -> None:
    world, house = own_world, own_world.house
    fill(world)
    hana = world.run(house.keys.authenticate(world.keys["hana"]))
    before = world.run(everything(house))
    assert "audit log" in holding(before, SECRET)
    assert "audit log" in holding(before, hana.id)
    found = world.run(records(house))

    done = world.run(house.erasure.subject("erase1", OPERATOR, "hana", "ticket 13"))
    after = world.run(everything(house))
    assert holding(after, SECRET) == set()
    assert done.counts["subject_keys"] == 1
    assert done.counts["kept_values"] > 0
    # Every record is still there, and the log verifies.
    assert {one["hash"] for one in found} <= {one["hash"] for one in world.run(records(house))}
    assert world.run(house.log.verify("v", OPERATOR)).ok

    # Whoever comes back gets another key; what was destroyed stays so.
    ask(world, "hana", "/v1/redact", {"text": "a new text of hers"})
    newest = next(one for one in world.run(records(house)) if one["action"] == "redact")
    assert newest["principal"] == hana.id
    assert holding(world.run(everything(house)), SECRET) == set()

    done = world.run(house.erasure.subject("erase2", OPERATOR, "hana", "ticket 13", revoke=True))
    assert (done.counts["subject_keys"], done.counts["api_keys"]) == (1, 1)
    left = world.run(house.store.fetch("SELECT name FROM api_keys WHERE id = $1", hana.id))
    assert [row["name"] for row in left] == [""]
    assert httpx.get(f"{world.url}/v1/models", headers=world.headers("hana")).status_code == 401

    gone = world.run(house.erasure.value("erase3", OPERATOR, NAME, "ticket 14", documents="delete"))
    assert gone.counts["documents"] == 3
    sources = world.run(house.store.fetch("SELECT source FROM documents"))
    assert sorted(row["source"] for row in sources) == ["leave.md", "vendors.csv"]
    assert holding(world.run(everything(house)), NAME, "Vogel") == set()
    assert world.run(house.store.fetchval(ORPHANS)) == 0
    assert world.run(house.log.verify("v", OPERATOR)).ok


def test_who_may_and_what_is_refused(world: World) -> None:
    erasure = world.house.erasure
    nobody = Principal(id="x", name="x", roles=frozenset({"auditor"}))
    with pytest.raises(NotPermitted):
        world.run(erasure.value("r", nobody, NAME, "why"))
    with pytest.raises(NotPermitted):
        world.run(erasure.subject("r", nobody, "hana", "why"))
    for value, reason in ((NAME, ""), (NAME, f"for {NAME.lower()}"), ("ab", "why"), (NAME, "a\nb")):
        with pytest.raises(Invalid):
            world.run(erasure.value("r", OPERATOR, value, reason))
    with pytest.raises(Invalid):
        world.run(erasure.value("r", OPERATOR, NAME, "why", documents="burn"))
