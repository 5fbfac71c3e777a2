"""The ingest journey, every room real: what is indexed, what is recorded, and what a failure leaves behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.crypto.keyring import KeyRing
from gateway.errors import (
    AuditUnavailable,
    Conflict,
    Invalid,
    NotFound,
    NotPermitted,
    RedactionUnavailable,
    TooLarge,
    UnsupportedMedia,
)
from gateway.ingest import clean
from gateway.model import Principal
from gateway.store import Store
from tests.ingest.bench import EMIL, HANA, Bench, open_bench, paper
from tests.retrieval import files
from tests.retrieval.models import model_dir

CONTRACT = b"""# Contract of Dr Jane Roe

## Pay

Name: Jane Roe
E-mail: jane.roe@example.org

Dr Jane Roe earns 5,100 a month. Roe is paid to GB29 NWBK 6016 1331 9268 19.

## Leave

Thirty days a year.
"""
IVY = Principal("k3", "ivy", frozenset({"employee", "hr"}))
ROOT = Principal("k4", "root", frozenset({"admin"}))
VALUES = ("Jane", "jane.roe@example.org", "6016 1331")


@pytest.fixture
async def bench(database: Store, ring: KeyRing, tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_bench(database, ring, model_dir(), tmp_path / "work") as made:
        yield made


async def everything_stored(store: Store) -> str:
    """Every row of the index and the vault as PostgreSQL would print it."""
    text = ""
    for table in ("collections", "documents", "chunks", "vault", "audit_log"):
        text += "".join(str(row["t"]) for row in await store.fetch(f"SELECT {table}::text AS t FROM {table}"))
    return text


async def test_index_holds_no_personal_data_and_a_surname_still_finds(bench: Bench) -> None:
    done = await bench.ingest.ingest(HANA, CONTRACT, name="Contract Jane Roe.md", collection="hr", label="confidential")
    assert (done.status, done.version) == ("new", 1)
    assert done.chunks >= 2
    assert done.counts["PERSON"] >= 3
    stored = await everything_stored(bench.store)
    for value in VALUES:
        assert value not in stored
        assert value.encode().hex() not in stored
    by_surname = await bench.search("what does Roe earn?", HANA)
    assert "earns 5,100" in by_surname[0].text
    assert by_surname[0].sparse > 0
    assert "[PERSON_" in by_surname[0].heading
    by_name = await bench.search("Dr Jane Roe", HANA)
    assert by_name[0].document == done.document_id
    tokens = [token for token in by_name[0].text.split() if token.startswith("[PERSON_")]
    known = await bench.vault.look_up("default", tokens)
    assert {entry.value for entry in known.values()} & {"Jane Roe", "Dr Jane Roe"}
    assert {entry.collections for entry in known.values()} == {frozenset({"hr"})}
    assert await bench.search("what does Roe earn?", EMIL) == []


async def test_offsets_point_into_the_original(bench: Bench) -> None:
    done = await bench.ingest.ingest(HANA, CONTRACT, name="c.md", collection="hr", label="internal")
    original = await bench.index.original(done.document_id, bench.scope(HANA))
    assert original == CONTRACT.decode()
    for passage in await bench.search("leave", HANA, top_k=20):
        place = original[passage.start : passage.end]
        assert place.split()[0] == passage.text.split()[0]
        assert place.count("\n") == passage.text.count("\n")


async def test_what_is_recorded(bench: Bench) -> None:
    done = await bench.ingest.ingest(HANA, CONTRACT, name="c.md", collection="hr", request="r1")
    intent, outcome = await bench.records("r1")
    assert (intent[:2], outcome[:2]) == (("intent", "ingest"), ("outcome", "ingest"))
    assert outcome[2]["document"] == done.document_id
    assert outcome[2]["status"] == "new"
    assert outcome[2]["counts"] == done.counts
    for _, _, detail in (intent, outcome):
        assert "Roe" not in str(detail)
        assert "c.md" not in str(detail)


async def test_unchanged_permissions_updated(bench: Bench) -> None:
    first = await bench.ingest.ingest(HANA, CONTRACT, name="c.md", collection="hr", label="internal")
    vectors = await bench.store.fetch("SELECT chunk, embedding::text, terms::text FROM points ORDER BY chunk")
    again = await bench.ingest.ingest(HANA, CONTRACT, name="c.md", collection="hr", request="again")
    assert (again.status, again.document_id) == ("unchanged", first.document_id)
    assert [kind for kind, _, _ in await bench.records("again")] == ["outcome"]
    permitted = await bench.ingest.ingest(
        HANA, CONTRACT, name="c.md", collection="hr", allow=["group:board"], request="permit"
    )
    assert (permitted.status, permitted.version) == ("permissions", 1)
    assert await bench.store.fetch("SELECT chunk, embedding::text, terms::text FROM points ORDER BY chunk") == vectors
    assert await bench.search("leave", HANA) == []
    kinds = [(kind, action) for kind, action, _ in await bench.records("permit")]
    assert kinds == [("intent", "document.permissions"), ("outcome", "document.permissions")]
    board = replace(HANA, groups=frozenset({"board"}))
    kept = await bench.ingest.ingest(board, CONTRACT + b"\nMore.\n", name="c.md", collection="hr")
    assert (kept.status, kept.version, kept.document_id) == ("updated", 2, first.document_id)
    row = await bench.store.fetchrow("SELECT s.label, s.allow FROM documents d JOIN scopes s ON s.id = d.scope")
    assert row is not None
    assert (row["label"], row["allow"]) == ("internal", ["group:board"])


async def test_new_version_forgets_what_only_the_old_one_held(bench: Bench) -> None:
    await bench.ingest.ingest(HANA, b"Write to old@example.org or to Dr Jane Roe.", name="c.txt", collection="hr")
    await bench.ingest.ingest(HANA, b"Write to Dr Jane Roe.", name="c.txt", collection="hr")
    assert [row["type"] for row in await bench.store.fetch("SELECT type FROM vault")] == ["PERSON"]


async def test_other_privacy_rules_build_it_again(bench: Bench) -> None:
    text = b"The Kestrel project starts in May."
    await bench.ingest.ingest(HANA, text, name="c.txt", collection="hr")
    rule = b"recognizers:\n  - name: projects\n    type: PROJECT\n    deny_list: [Kestrel]\n"
    await bench.put_policy("privacy.yaml", (b"recognizers:\n", rule))
    again = await bench.ingest.ingest(HANA, text, name="c.txt", collection="hr")
    assert (again.status, again.counts) == ("updated", {"PROJECT": 1})


async def test_refusal_changes_nothing_and_is_recorded(bench: Bench) -> None:
    with pytest.raises(NotPermitted):
        await bench.ingest.ingest(EMIL, CONTRACT, name="c.md", collection="hr", request="r2")
    assert await bench.index.known_collections("default") == []
    assert await bench.store.fetchval("SELECT count(*) FROM vault") == 0
    ((kind, action, detail),) = await bench.records("r2")
    assert (kind, action, detail["code"]) == ("refusal", "ingest", "permission_denied")


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("c.pdf", b"a PDF that is not one", UnsupportedMedia),
        ("c.docx", files.bomb(60), TooLarge),
        ("c.txt", b"", Invalid),
        ("c.exe", b"x", UnsupportedMedia),
        ("", b"x", Invalid),
        ("a\nb.txt", b"x", Invalid),
    ],
)
async def test_bad_files(bench: Bench, name: str, data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        await bench.ingest.ingest(HANA, data, name=name, collection="hr", request="bad")
    assert await bench.index.known_collections("default") == []
    assert [kind for kind, _, _ in await bench.records("bad")] == ["refusal"]


async def test_broken_new_version_leaves_the_old_one(bench: Bench) -> None:
    await bench.ingest.ingest(HANA, files.pdf("Thirty days of leave."), name="c.pdf", collection="hr", label="internal")
    with pytest.raises(UnsupportedMedia):
        await bench.ingest.ingest(HANA, b"%PDF-1.7 broken", name="c.pdf", collection="hr")
    (passage,) = await bench.search("leave", HANA)
    assert (passage.text, passage.page) == ("Thirty days of leave.", 1)


@pytest.mark.parametrize(
    "asked",
    [{"label": "interal"}, {"allow": ["hr"]}, {"deny": ["user:"]}, {"mode": "secret"}, {"collection": "hr-"}],
)
async def test_what_was_asked_is_checked(bench: Bench, asked: dict[str, object]) -> None:
    with pytest.raises((Invalid, NotPermitted)) as refused:
        await bench.ingest.ingest(HANA, b"text", name="c.txt", **{"collection": "hr", **asked})  # type: ignore[arg-type]
    if asked.get("label"):
        assert "internal" in refused.value.hint


async def test_plain_collection(bench: Bench) -> None:
    await bench.ingest.ingest(HANA, CONTRACT, name="c.md", collection="hr", mode="plain", label="internal")
    passages = await bench.search("earns", HANA)
    assert any("Dr Jane Roe earns" in passage.text for passage in passages)
    assert await bench.store.fetchval("SELECT count(*) FROM vault") == 0
    with pytest.raises(Conflict):
        await bench.ingest.ingest(HANA, b"text", name="d.txt", collection="hr", mode="redacted")


async def test_value_of_the_first_page_is_replaced_on_the_last(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document longer than what the detector gets in one call is linked as a whole."""
    monkeypatch.setattr(clean, "GROUP", 10_000)
    filler = "\n\n".join(f"Paragraph {n} speaks of nothing in particular, at some length." for n in range(400))
    text = f"Signed by Dr Henrietta Quill.\n\n{filler}\n\nHenrietta Quill left in May.\n"
    await bench.ingest.ingest(HANA, text.encode(), name="long.txt", collection="hr", label="internal")
    stored = await everything_stored(bench.store)
    assert "Quill" not in stored
    passages = await bench.search("Who left in May?", HANA)
    assert "left in May" in passages[0].text


async def test_files_from_paths(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(files.CSV)
    done = await bench.ingest.ingest(HANA, path, name="tables/c.csv", collection="hr")
    assert done.status == "new"
    with pytest.raises(Invalid, match="cannot be read"):
        await bench.ingest.ingest(HANA, tmp_path / "missing.txt", name="missing.txt", collection="hr")


async def test_no_record_no_effect(bench: Bench) -> None:
    await bench.audit.close()
    with pytest.raises(AuditUnavailable):
        await bench.ingest.ingest(HANA, CONTRACT, name="c.md", collection="hr")
    assert await bench.index.known_collections("default") == []
    assert await bench.store.fetchval("SELECT count(*) FROM vault") == 0


async def test_detector_down_is_closed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def down(*_: object, **__: object) -> None:
        raise RedactionUnavailable("the detector failed")

    monkeypatch.setattr(bench.redactor, "redact", down)
    with pytest.raises(RedactionUnavailable):
        await bench.ingest.ingest(HANA, CONTRACT, name="c.md", collection="hr", request="down")
    assert await bench.store.fetchval("SELECT count(*) FROM documents") == 0
    assert [kind for kind, _, _ in await bench.records("down")] == ["refusal"]


async def test_failure_after_the_intent_is_an_outcome(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ValueError("Jane Roe")

    await bench.ingest.ingest(HANA, b"old words", name="c.txt", collection="hr", label="internal")
    monkeypatch.setattr(bench.vault, "keep", fail)
    with pytest.raises(Exception, match="failed on this document"):
        await bench.ingest.ingest(HANA, CONTRACT, name="c.txt", collection="hr", request="fail")
    records = await bench.records("fail")
    assert [kind for kind, _, _ in records] == ["intent", "outcome"]
    assert records[1][2]["error"] == "internal_error"
    assert "Roe" not in str(records)
    assert [passage.text for passage in await bench.search("words", HANA)] == ["old words"]


async def test_remove(bench: Bench) -> None:
    done = await bench.ingest.ingest(HANA, CONTRACT, name="c.md", collection="hr", label="internal")
    with pytest.raises(NotFound):
        await bench.ingest.remove_document(EMIL, done.document_id)
    with pytest.raises(NotPermitted):
        await bench.ingest.remove_collection(EMIL, "hr")
    await bench.put_policy("access.csv", (b"p, hr, collection:hr, write, allow", b"p, hr, collection:hr, *, allow"))
    await bench.ingest.remove_document(HANA, done.document_id, request="gone")
    assert [kind for kind, _, _ in await bench.records("gone")] == ["intent", "outcome"]
    assert await bench.store.fetchval("SELECT count(*) FROM chunks") == 0
    assert await bench.store.fetchval("SELECT count(*) FROM vault") == 0
    await bench.ingest.ingest(HANA, CONTRACT, name="c.md", collection="hr")
    assert await bench.ingest.remove_collection(HANA, "hr") == 1
    assert await bench.store.fetchval("SELECT count(*) FROM vault") == 0
    assert await bench.index.known_collections("default") == []


async def test_values_that_two_documents_share_survive_concurrent_updates(bench: Bench) -> None:
    """One document drops a person while others bring the same one in: whoever is still named can be restored."""
    named, unnamed = b"Closed by Dr Jane Roe.", b"Closed by nobody."
    for turn in range(6):
        await asyncio.gather(
            *(
                bench.ingest.ingest(
                    HANA,
                    (named if (turn + which) % 2 else unnamed) + b" %d" % turn,
                    name=f"{which}.txt",
                    collection="hr",
                )
                for which in range(4)
            )
        )
        assert await bench.store.fetchval("SELECT count(*) FROM vault") == 1
        assert await bench.store.fetchval("SELECT count(*) FROM vault_places") == 2


async def test_killed_between_documents_and_run_again(
    bench: Bench, database_url: str, tmp_path: Path, ring: KeyRing
) -> None:
    assert ring.current
    ring_file = tmp_path / "keys" / "ring.json"
    arguments = (database_url, str(ring_file), str(model_dir()), str(tmp_path / "work2"))
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.ingest.bench",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout is not None
    for _ in range(3):
        assert await asyncio.wait_for(child.stdout.readline(), 120)
    await asyncio.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    await child.wait()
    done = [await bench.ingest.ingest(HANA, paper(number), name=f"{number}.md", collection="hr") for number in range(6)]
    assert [one.status for one in done[:3]] == ["unchanged"] * 3
    assert {one.status for one in done[3:]} <= {"new", "unchanged"}
    assert done[-1].status == "new"
    assert await bench.store.fetchval("SELECT count(*) FROM documents") == 6
    assert await bench.store.fetchval("SELECT count(*) FROM chunks") == sum(one.chunks for one in done)
    exact = await bench.store.fetchval("SELECT sum(cardinality(term_ids)) FROM points")
    assert await bench.store.fetchval("SELECT sum(chunks) FROM term_counts WHERE term > 0") == exact


async def row(bench: Bench) -> tuple[object, ...]:
    found = await bench.store.fetchrow(
        "SELECT s.label, s.allow, s.deny, d.version FROM documents d JOIN scopes s ON s.id = d.scope"
    )
    assert found is not None
    return tuple(found)


@pytest.mark.parametrize("data", [CONTRACT, b"my own words"])
@pytest.mark.parametrize("asked", [{"allow": ["*"]}, {"label": "public"}, {"deny": []}, {}])
async def test_write_permission_does_not_override_document_permissions(
    bench: Bench, data: bytes, asked: dict[str, object]
) -> None:
    """Who may write a collection but not read a document in it neither replaces nor opens it, nor learns what it is."""
    await bench.ingest.ingest(
        HANA, CONTRACT, name="c.md", collection="hr", label="confidential", allow=["user:hana"], deny=["user:zoe"]
    )
    before = await row(bench)
    with pytest.raises(NotPermitted) as refused:
        await bench.ingest.ingest(IVY, data, name="c.md", collection="hr", request="ivy", **asked)  # type: ignore[arg-type]
    with pytest.raises(NotPermitted) as missing:
        await bench.ingest.remove_collection(IVY, "hr")
    assert (refused.value.message, refused.value.hint) == (missing.value.message, missing.value.hint)
    assert await row(bench) == before
    assert [kind for kind, _, _ in await bench.records("ivy")] == ["refusal"]
    opened = await bench.ingest.ingest(HANA, CONTRACT, name="c.md", collection="hr", allow=["*"])
    assert opened.status == "permissions"


async def test_whoever_may_delete_may_replace_what_he_may_not_read(bench: Bench) -> None:
    await bench.ingest.ingest(HANA, CONTRACT, name="c.md", collection="hr", label="confidential", allow=["user:hana"])
    done = await bench.ingest.ingest(ROOT, b"new words", name="c.md", collection="hr", label="internal")
    assert (done.status, done.version) == ("updated", 2)
    assert (await row(bench))[:2] == ("internal", ["user:hana"])


async def test_label_is_lowered_by_who_may_delete_only(bench: Bench) -> None:
    await bench.ingest.ingest(HANA, CONTRACT, name="c.md", collection="hr", label="internal")
    raised = await bench.ingest.ingest(IVY, CONTRACT, name="c.md", collection="hr", label="confidential")
    assert raised.status == "permissions"
    for data in (CONTRACT, b"other words"):
        with pytest.raises(NotPermitted, match="delete"):
            await bench.ingest.ingest(IVY, data, name="c.md", collection="hr", label="public")
    assert (await row(bench))[0] == "confidential"
    lowered = await bench.ingest.ingest(ROOT, CONTRACT, name="c.md", collection="hr", label="internal")
    assert lowered.status == "permissions"


async def test_document_that_came_while_the_file_was_read_is_not_replaced(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = bench.parser.parse

    async def slow(data: bytes, name: str) -> object:
        if data == b"of ivy":
            await bench.ingest.ingest(HANA, CONTRACT, name="c.md", collection="hr", allow=["user:hana"])
        return await parse(data, name)

    monkeypatch.setattr(bench.parser, "parse", slow)
    with pytest.raises(NotPermitted):
        await bench.ingest.ingest(IVY, b"of ivy", name="c.md", collection="hr", request="late")
    assert (await row(bench))[1:] == (["user:hana"], [], 1)
    assert [kind for kind, _, _ in await bench.records("late")] == ["intent", "outcome"]


async def test_permissions_changed_while_the_file_was_read_are_not_undone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.ingest.ingest(HANA, CONTRACT, name="c.md", collection="hr", label="internal")
    parse = bench.parser.parse

    async def slow(data: bytes, name: str) -> object:
        await bench.ingest.ingest(HANA, CONTRACT, name="c.md", collection="hr", deny=["user:zoe"])
        return await parse(data, name)

    monkeypatch.setattr(bench.parser, "parse", slow)
    with pytest.raises(Conflict, match="meanwhile"):
        await bench.ingest.ingest(IVY, b"of ivy", name="c.md", collection="hr")
    assert (await row(bench))[2:] == (["user:zoe"], 1)


async def test_title_truncation_leaves_no_head_of_a_value(bench: Bench) -> None:
    heading = "word " * 36 + "jane.roe.kowalski@example.org"
    text = f"# {heading}\n\nSome words.\n\n## Part\n\nMore words.\n"
    await bench.ingest.ingest(HANA, text.encode(), name="word " * 36 + "jane.roe@example.org.md", collection="hr")
    stored = await everything_stored(bench.store)
    assert "jane" not in stored
    assert "kowalski" not in stored
    documents = await bench.index.documents(bench.scope(HANA))
    assert documents[0].title.endswith("word")
    assert len(documents[0].title) <= 200


async def test_document_of_another_collection_is_not_found(bench: Bench) -> None:
    done = await bench.ingest.ingest(HANA, CONTRACT, name="c.md", collection="hr", label="internal")
    await bench.put_policy("access.csv", (b"p, hr, collection:hr, write, allow", b"p, hr, collection:hr, *, allow"))
    for collection, document in (("handbook", done.document_id), ("hr", "no\0such"), (None, "no\nsuch")):
        with pytest.raises(NotFound):
            await bench.ingest.remove_document(HANA, document, collection=collection, request="elsewhere")
    assert {kind for kind, _, _ in await bench.records("elsewhere")} == {"refusal"}
    await bench.ingest.remove_document(HANA, done.document_id, collection="hr")
    assert await bench.store.fetchval("SELECT count(*) FROM documents") == 0


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "c\0.txt"},
        {"label": "intern\0al"},
        {"allow": ["user:a\0b"]},
        {"deny": ["role:a\nb"]},
        {"mode": "pl\0ain"},
    ],
)
async def test_nul_and_control_characters_are_invalid(bench: Bench, asked: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        await bench.ingest.ingest(HANA, b"text", **{"name": "c.txt", "collection": "hr", **asked})  # type: ignore[arg-type]
    assert await bench.index.known_collections("default") == []
