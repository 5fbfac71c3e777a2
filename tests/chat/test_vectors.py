"""Which questions go to an embedder's server, and what is on record of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from gateway.audit import AuditLog
from gateway.chat.vectors import Asking, Vectors
from gateway.model import Filter, Json, Principal, Record, Zone
from gateway.policy import build, load_files
from gateway.retrieval import Collection, Index, Terms
from gateway.retrieval.methods.elser import Elser
from gateway.retrieval.methods.remote import Remote, RemoteEmbedder
from tests.ingest.bench import POLICIES
from tests.simulators.embedding import Answer, EmbeddingSimulator, Wrong

NOW = datetime(2026, 1, 2, tzinfo=UTC)
BUNDLE = build(load_files(POLICIES))
SCOPE = Filter("default", ("handbook",), ("internal",), ("*",), "d")
ASKING = Asking("r", Principal("k", "hana"), BUNDLE, "who is Jane Roe?", "who is [PERSON_k3f9a2c17qzx]?")


@dataclass
class Kept:
    """An audit log and an index as far as they are asked here."""

    labels: dict[str, str] = field(default_factory=lambda: {"handbook": "internal", "hr": "confidential"})
    records: list[Record] = field(default_factory=list)

    async def append(self, record: Record) -> None:
        self.records.append(record)

    async def collection(self, tenant: str, name: str) -> Collection:
        return Collection(tenant, name, self.labels[name], "redacted", NOW, "test")


@pytest.fixture
async def embeddings() -> AsyncIterator[EmbeddingSimulator]:
    async with EmbeddingSimulator() as simulator:
        yield simulator


@pytest.fixture
async def made(embeddings: EmbeddingSimulator) -> AsyncIterator[tuple[Vectors, Kept]]:
    kept = Kept()
    embedder = RemoteEmbedder(Remote("openai", embeddings.url, "m1", Zone.EXTERNAL, timeout_s=2.0))
    elser = Elser(embeddings.root, "e1", zone=Zone.PRIVATE, timeout_s=2.0)
    yield (
        Vectors(embedder, Terms(elser, words=False), cast("Index", kept), cast("AuditLog", kept), lambda: NOW),
        kept,
    )
    await embedder.aclose()
    await elser.aclose()


async def test_type_words_leave_and_nothing_before_its_intent(
    made: tuple[Vectors, Kept], embeddings: EmbeddingSimulator
) -> None:
    vectors, kept = made
    left: list[Json] = []
    vector, terms, notes = await vectors.of(replace(ASKING, left=left), SCOPE, ["part"])
    # What its request's receipt shows.
    assert [(one["for"], one["zone"]) for one in left] == [("vectors", "external"), ("terms", "private")]
    assert [one["sha256"] for one in left] == [record.detail["sent"][0]["sha256"] for record in kept.records[1::2]]
    assert vector is not None
    assert len(vector) == 8
    assert notes == ()
    # The token and the part of a name by words, four learned ones.
    assert sum(term < 900_000_000 for term in terms) == 2
    assert sum(term >= 900_000_000 for term in terms) == 3
    assert [body["input"] for body in embeddings.bodies] == [["who is PERSON?"]] * 2
    assert [(record.kind, record.action, record.request) for record in kept.records] == [
        ("intent", "embed", "r"),
        ("outcome", "embed", "r"),
    ] * 2
    assert kept.records[0].content == {"sent": "who is PERSON?"}
    assert kept.records[0].detail["egress"]["characters"] == len("who is PERSON?")
    assert [record.detail["sent"][0]["zone"] for record in kept.records[1::2]] == ["external", "private"]
    assert [record.detail["error"] for record in kept.records[1::2]] == [None, None]


@pytest.mark.parametrize(
    ("changes", "collections", "notes"),
    [
        ({"labels": frozenset({"confidential"})}, ("handbook",), ("vectors_zone",)),
        ({"labels": frozenset({"restricted"})}, ("handbook",), ("vectors_zone", "terms_zone")),
        ({}, ("handbook", "hr"), ("vectors_zone",)),
        ({"entities": frozenset({"IBAN_CODE"})}, ("handbook",), ("vectors_zone", "terms_zone")),
    ],
)
async def test_what_may_not_reach_a_zone_is_not_sent_there(
    made: tuple[Vectors, Kept],
    embeddings: EmbeddingSimulator,
    changes: dict[str, Any],
    collections: tuple[str, ...],
    notes: tuple[str, ...],
) -> None:
    vectors, kept = made
    files = load_files(POLICIES)
    files["routing.yaml"] = files["routing.yaml"].replace(b"entity_zones: {}", b"entity_zones: {IBAN_CODE: [local]}")
    asking = replace(ASKING, bundle=build(files), **changes)
    vector, terms, left_out = await vectors.of(asking, replace(SCOPE, collections=collections), [])
    assert left_out == notes
    assert vector is None
    assert len(embeddings.requests) == 2 - len(notes)
    assert len(kept.records) == 2 * len(embeddings.requests)
    assert any(term >= 900_000_000 for term in terms) == ("terms_zone" not in notes)


@pytest.mark.parametrize("answer", [Answer(status=401), Answer(status=400), Answer(wrong=Wrong.NO_JSON)])
async def test_a_server_that_fails_is_done_without_and_on_record(
    made: tuple[Vectors, Kept], embeddings: EmbeddingSimulator, answer: Answer
) -> None:
    vectors, kept = made
    embeddings.default = answer
    vector, _, notes = await vectors.of(ASKING, SCOPE, [])
    assert vector is None
    assert notes == ("vectors_failed", "terms_failed")
    assert all(record.detail["error"].startswith("upstream_") for record in kept.records[1::2])
