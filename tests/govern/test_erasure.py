"""Erasure, looked for in everything that is kept: what was there before is nowhere after."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from gateway.app.house import House
from gateway.audit import Reader, open_certificate
from gateway.audit.destroyed import destroyed
from gateway.audit.subjects import Name
from gateway.audit.tlog.check import NotProven, parse_note, signers
from gateway.cli.root import OPERATOR
from gateway.errors import Invalid, NotPermitted
from gateway.govern import Erased, Filters
from gateway.ingest.ledger import Ledger
from gateway.ingest.values import Delivery
from gateway.model import Principal
from gateway.retrieval import COVER
from tests.govern.sweep import everything, holding
from tests.world import World

NAME = "Petra Vogel"
OTHERS = ["Anton Weiss", "anton.weiss@example.org"]
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
    other = {"model": "house", "messages": [{"role": "user", "content": f"When does Ms {NAME} start?"}]}
    ask(world, "emil", "/v1/chat/completions", other)


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

    told = world.run(house.erasure.erase("dry", OPERATOR, "ticket 12", values=[NAME], dry_run=True))
    assert told.dry_run
    assert told.certificate is None
    assert holding(world.run(everything(house)), NAME) == before, "a dry run changes nothing"

    done = world.run(house.erasure.erase("erase1", OPERATOR, "asked by Mr Anton Weiss", values=[NAME]))
    for name in ("documents", "queued_files", "index_texts", "places", "records_by_value"):
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
    again = world.run(house.erasure.erase("erase2", OPERATOR, "ticket 12", values=[NAME]))
    assert set(again.counts.values()) == {0}


def test_records_are_not_found_by_a_value_that_was_erased(own_world: World) -> None:
    world, house = own_world, own_world.house
    fill(world)

    def found(about: str) -> list[str]:
        page = world.run(house.log.search(about, OPERATOR, Filters(), reason="ticket 12", value=NAME))
        return [one["request"] for one in page["records"]]

    assert found("before")
    done = world.run(house.erasure.erase("erase1", OPERATOR, "ticket 12", values=[NAME]))
    assert done.counts["records_by_value"] >= len(found("nothing is found")) == 0
    assert world.run(house.log.compare(lambda _: None)).ok
    world.run(house.log.reindex("anew", OPERATOR, lambda _: None))
    assert found("after") == ["nothing is found"], "the search since then, which names it"
    ask(world, "hana", "/v1/search", {"query": NAME, "collections": ["hr"]})
    assert len(found("again")) > 2, "who names it again is on record again"
    assert world.run(house.log.compare(lambda _: None)).ok


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

    done = world.run(house.erasure.erase("erase1", OPERATOR, "ticket 13", subject="hana"))
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

    done = world.run(house.erasure.erase("erase2", OPERATOR, "ticket 13", subject="hana", revoke=True))
    assert (done.counts["subject_keys"], done.counts["api_keys"]) == (1, 1)
    left = world.run(house.store.fetch("SELECT name FROM api_keys WHERE id = $1", hana.id))
    assert [row["name"] for row in left] == [""]
    assert httpx.get(f"{world.url}/v1/models", headers=world.headers("hana")).status_code == 401

    gone = world.run(house.erasure.erase("erase3", OPERATOR, "ticket 14", values=[NAME], documents="delete"))
    assert gone.counts["documents"] == 3
    sources = world.run(house.store.fetch("SELECT source FROM documents"))
    assert sorted(row["source"] for row in sources) == ["leave.md", "vendors.csv"]
    assert holding(world.run(everything(house)), NAME, "Vogel") == set()
    assert world.run(house.store.fetchval(ORPHANS)) == 0
    assert world.run(house.log.verify("v", OPERATOR)).ok


def test_a_person_and_values_go_in_one_run_with_one_certificate(own_world: World) -> None:
    world, house = own_world, own_world.house
    fill(world)
    before = holding(world.run(everything(house)), NAME, *OTHERS, SECRET)
    values = [NAME, *OTHERS]
    told = world.run(
        house.erasure.erase("dry", OPERATOR, "ticket 15", subject="hana", values=values, revoke=True, dry_run=True)
    )
    assert holding(world.run(everything(house)), NAME, *OTHERS, SECRET) == before

    done = world.run(house.erasure.erase("erase1", OPERATOR, "ticket 15", subject="hana", values=values, revoke=True))
    assert holding(world.run(everything(house)), NAME, "Vogel", "Weiss", SECRET) == set()
    assert {name: done.counts[name] for name in told.counts} == told.counts, "each thing is counted once"
    assert done.counts["kept_values"] > 0, "hers, which hold the value too"
    assert done.counts["records_by_value"] > 0, "those of others"
    assert [(one["kind"], one["action"]) for one in world.records("erase1")] == [
        ("intent", "audit.erase"),
        ("outcome", "audit.erase"),
    ]
    assert done.certificate is not None
    certificate = open_certificate(done.certificate, house.log.key)
    assert certificate["erased"] == "subject,value"
    assert len(certificate["subjects"].split(",")) == 2, "her id and her name"
    assert len(set(certificate["values"].split(","))) == len(values)
    assert {f"count.{name}": str(number) for name, number in done.counts.items()}.items() <= certificate.items()
    assert world.run(house.log.verify("v", OPERATOR)).ok
    again = world.run(house.erasure.erase("erase2", OPERATOR, "ticket 15", subject="hana", values=values, revoke=True))
    assert set(again.counts.values()) == {0}


class Killed(BaseException):
    """No outcome is written after it, as after a kill."""


def killed_after(of: Any, step: str) -> tuple[Any, str, Any]:
    real = getattr(of, step)

    async def do(*args: Any, **more: Any) -> None:
        await real(*args, **more)
        raise Killed

    return of, step, do


def test_a_run_that_is_killed_is_finished_by_running_it_again(
    own_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, house = own_world, own_world.house
    fill(world)
    hana = world.run(house.keys.authenticate(world.keys["hana"]))
    subjects = house.audit.subjects
    (key,) = world.run(subjects.alive([Name(subjects.digest(hana.id), 1)]))
    people, values = house.erasure._people, house.erasure._values
    asked: dict[str, Any] = {"subject": "hana", "values": [NAME, *OTHERS], "revoke": True}
    steps = [
        *((values._queue, "holding"), (values._documents, "cover"), (values._documents, "settle")),
        *((people._forgetting, "destroy"), (people._jobs, "of"), (people, "unindex")),
        *((values._forgetting._erased, "add"), (values, "unindex"), (values, "drop")),
    ]
    for number, (of, step) in enumerate(steps):
        with monkeypatch.context() as patch:
            patch.setattr(*killed_after(of, step))
            with pytest.raises(Killed):
                world.run(house.erasure.erase(f"killed{number}", OPERATOR, "ticket 16", **asked))
        assert [one["kind"] for one in world.records(f"killed{number}")] == ["intent"]
    done = world.run(house.erasure.erase("whole", OPERATOR, "ticket 16", **asked))
    assert done.certificate is not None
    assert done.counts["subject_keys"] == 0, "it was gone before"
    assert holding(world.run(everything(house)), NAME, "Vogel", "Weiss", SECRET) == set()
    assert [
        row["name"] for row in world.run(house.store.fetch("SELECT name FROM api_keys WHERE id = $1", hana.id))
    ] == [""]
    found = world.run(house.log.search("look", OPERATOR, Filters(), reason="ticket 16", value=NAME))
    assert found["records"] == []
    assert world.run(house.log.compare(lambda _: None)).ok
    # The outcome names the key though another run destroyed it: a table that is put back is held against that.
    assert key in world.run(destroyed(house.store, house.ring, house.audit.terms))
    report = world.run(house.log.verify("v", OPERATOR))
    assert report.ok
    assert {f"killed{number}" for number in range(len(steps))} <= {one.request for one in report.unfinished}


def test_who_may_and_what_is_refused(world: World) -> None:
    erasure = world.house.erasure
    nobody = Principal(id="x", name="x", roles=frozenset({"auditor"}))
    with pytest.raises(NotPermitted):
        world.run(erasure.erase("r", nobody, "why", values=[NAME]))
    with pytest.raises(NotPermitted):
        world.run(erasure.erase("r", nobody, "why", subject="hana"))
    for value, reason in ((NAME, ""), (NAME, f"for {NAME.lower()}"), ("ab", "why"), (NAME, "a\nb")):
        with pytest.raises(Invalid):
            world.run(erasure.erase("r", OPERATOR, reason, values=[value]))
    with pytest.raises(Invalid):
        world.run(erasure.erase("r", OPERATOR, "why", values=[NAME], documents="burn"))
    with pytest.raises(Invalid, match="name a subject or a value"):
        world.run(erasure.erase("r", OPERATOR, "why"))
    with pytest.raises(Invalid, match="at most 1000"):
        world.run(erasure.erase("r", OPERATOR, "why", values=[f"value {n}" for n in range(1001)]))
