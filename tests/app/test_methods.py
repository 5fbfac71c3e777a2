"""Search methods chosen by configuration, in a whole house: what is found, what leaves, and what is on record."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from gateway.api.metrics import Served, render
from gateway.app.house import House, open_house
from gateway.app.methods import embedder_of, reranker_of, terms_of
from gateway.chat import Answer as Whole
from gateway.chat import split
from gateway.cli.root import OPERATOR
from gateway.crypto import KeyRing
from gateway.errors import BadSettings, Conflict, NoRoute
from gateway.model import Json, Principal, Zone
from gateway.settings import (
    Database,
    ElserEndpoint,
    Ollama,
    Redaction,
    RerankerModel,
    Retrieval,
    Settings,
    SpladeModel,
    TextEmbedding,
)
from tests.retrieval.methods.folders import classifier, encoder, masked_model
from tests.simulators.embedding import Answer, EmbeddingSimulator

HANA = Principal("k1", "hana", frozenset({"employee", "hr"}))
LEAVE = b"# Leave\n\nEvery employee has 29 days of paid annual leave.\n"
BIKES = b"# Bicycles\n\nBicycles stand in the yard behind the house.\n"
CONTACT = b"# Contacts\n\nThe emergency contact of Ms Petra Vogel is Mr Anton Weiss, anton.weiss@example.org.\n"


def settings_of(folder: Path, database_url: str, **retrieval: Any) -> Settings:
    return Settings(
        data_dir=folder,
        database=Database(url=SecretStr(database_url)),
        ollama=Ollama(discover=False),
        redaction=Redaction(timeout_s=60),
        retrieval=Retrieval(**retrieval),
    )


@asynccontextmanager
async def house_of(settings: Settings, *, warm: bool = True) -> AsyncIterator[House]:
    ring = settings.path(settings.keys.file)
    if not ring.exists():
        ring.parent.mkdir(parents=True, exist_ok=True)
        KeyRing.create(ring)
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(open_house(settings, warm=warm))


async def search(house: House, query: str, *collections: str, request: str = "s1") -> Json:
    return await house.texts.search(request, HANA, query, collections or ("handbook",), 5)


async def records(house: House, request: str) -> list[Json]:
    page = await house.log.about("test", OPERATOR, request, reason="a test", reveal=True)
    found: list[Json] = page["records"]
    return found


@pytest.fixture
async def embeddings() -> AsyncIterator[EmbeddingSimulator]:
    async with EmbeddingSimulator(dimensions=12) as simulator:
        yield simulator


def remote(embeddings: EmbeddingSimulator, zone: Zone = Zone.EXTERNAL) -> TextEmbedding:
    return TextEmbedding(kind="openai", url=embeddings.url, model="m1", zone=zone, timeout_s=2.0)


# --- an embedder behind a server --------------------------------------------------------------------------------------


async def test_a_remote_embedder_gets_tokens_only_and_every_body_is_on_record(
    tmp_path: Path, database_url: str, embeddings: EmbeddingSimulator
) -> None:
    settings = settings_of(tmp_path, database_url, embedder=remote(embeddings, Zone.PRIVATE))
    async with house_of(settings) as house:
        embeddings.requests.clear()
        await house.ingest.ingest(OPERATOR, CONTACT, name="c.md", collection="hr", label="confidential", request="i1")
        found = await search(house, "who is the contact of Petra Vogel?", "hr")
        sent = b"\n".join(request.body for request in embeddings.requests)
        ingest, embed = await records(house, "i1"), await records(house, "s1")
        wide = await house.store.fetchval("SELECT vector_dims(embedding) FROM points LIMIT 1")
    assert "Anton Weiss" in found["results"][0]["text"]
    assert "left_out" not in found
    assert b"Vogel" not in sent
    assert b"anton.weiss" not in sent
    assert b"PERSON" in sent
    assert wide == 12
    intent, outcome = ingest
    assert intent["detail"]["egress"][0] | {"characters": 0} == {
        "id": "openai/m1/own/plain",
        "zone": "private",
        "endpoint": f"{embeddings.url}/embeddings",
        "texts": 1,
        "characters": 0,
    }
    assert outcome["detail"]["sent"][0]["bytes"] == len(embeddings.requests[0].body)
    assert [(record["kind"], record["action"]) for record in embed] == [
        ("intent", "embed"),
        ("outcome", "embed"),
        ("outcome", "search"),
    ]
    assert embed[1]["detail"]["sent"][0]["bytes"] == len(embeddings.requests[1].body)
    assert "Vogel" not in str(embed[0])


async def test_what_its_label_keeps_from_the_zone_is_not_ingested_and_not_searched_through_it(
    tmp_path: Path, database_url: str, embeddings: EmbeddingSimulator
) -> None:
    settings = settings_of(tmp_path, database_url, embedder=remote(embeddings))
    async with house_of(settings) as house:
        await house.ingest.ingest(OPERATOR, LEAVE, name="l.md", collection="handbook", label="internal")
        embeddings.requests.clear()
        with pytest.raises(NoRoute, match=r"what is labelled confidential.*zone external"):
            await house.ingest.ingest(OPERATOR, CONTACT, name="c.md", collection="hr", label="confidential")
        with pytest.raises(NoRoute, match="a plain collection's text"):
            await house.ingest.ingest(OPERATOR, BIKES, name="b.md", collection="bikes", label="public", mode="plain")
        assert embeddings.requests == []
        # A collection that was there before with such a label: its searches stay in the house.
        await house.index.create_collection("default", "hr", label="confidential", by="test")
        found = await search(house, "days of annual leave", "handbook", "hr", request="both")
        assert embeddings.requests == []
        assert found["left_out"] == ["vectors_zone"]
        assert "29 days" in found["results"][0]["text"]
        kept = await records(house, "both")
        found = await search(house, "days of annual leave", request="one")
        measures = house.measures()["search_left_out"]
    assert len(embeddings.requests) == 1
    assert "left_out" not in found
    assert [record["action"] for record in kept] == ["search"]
    assert kept[0]["detail"]["left_out"] == ["vectors_zone"]
    assert measures == {"vectors_zone": 1}


async def test_without_its_server_a_house_opens_and_searches_by_words(
    tmp_path: Path, database_url: str, embeddings: EmbeddingSimulator
) -> None:
    settings = settings_of(tmp_path, database_url, embedder=remote(embeddings))
    async with house_of(settings) as house:
        await house.ingest.ingest(OPERATOR, LEAVE, name="l.md", collection="handbook", label="internal")
    embeddings.default = Answer(status=500)
    async with house_of(settings) as house:
        found = await search(house, "days of annual leave")
        told = await records(house, "s1")
    assert "29 days" in found["results"][0]["text"]
    assert found["left_out"] == ["vectors_failed"]
    assert told[1]["detail"]["error"] == "upstream_error"


async def test_another_embedder_than_the_indexs_searches_by_words_and_takes_nothing_in(
    tmp_path: Path, database_url: str, embeddings: EmbeddingSimulator
) -> None:
    async with house_of(settings_of(tmp_path, database_url)) as house:
        await house.ingest.ingest(OPERATOR, LEAVE, name="l.md", collection="handbook", label="internal")
        assert (await house.ready())["ready"]
        assert "notes" not in await house.ready()
        first = house.embedder.id
    async with house_of(settings_of(tmp_path, database_url, embedder=remote(embeddings))) as house:
        told = await house.ready()
        found = await search(house, "days of annual leave")
        with pytest.raises(Conflict, match=f"made with the embedder {first}") as refused:
            await house.ingest.ingest(OPERATOR, BIKES, name="b.md", collection="handbook", label="internal")
    assert told["ready"]
    assert first in told["notes"]["vectors"]
    assert "29 days" in found["results"][0]["text"]
    assert "gateway reembed" in refused.value.hint


async def test_learned_terms_from_an_endpoint_find_and_follow_the_same_rule(
    tmp_path: Path, database_url: str, embeddings: EmbeddingSimulator
) -> None:
    elser = ElserEndpoint(url=embeddings.root, inference_id="e1", zone=Zone.EXTERNAL, timeout_s=2.0)
    settings = settings_of(tmp_path, database_url, sparse="elser", elser=elser)
    async with house_of(settings) as house:
        for name, text in (("l.md", LEAVE), ("b.md", BIKES)):
            await house.ingest.ingest(OPERATOR, text, name=name, collection="handbook", label="internal")
        found = await search(house, "yard")
        recipe = await house.store.fetchval("SELECT recipe FROM documents LIMIT 1")
        sparse = await house.store.fetch("SELECT term_ids FROM points")
        with pytest.raises(NoRoute):
            await house.ingest.ingest(OPERATOR, CONTACT, name="c.md", collection="hr", label="confidential")
        embeddings.default = Answer(status=500)
        degraded = await search(house, "yard", request="s2")
    assert "yard" in found["results"][0]["text"]
    assert " elser/e1/256 " in recipe
    assert all(min(row["term_ids"]) >= 900_000_000 for row in sparse)
    assert degraded["left_out"] == ["terms_failed"]
    assert degraded["results"]


# --- models in local folders ------------------------------------------------------------------------------------------


async def test_an_onnx_embedder_splade_and_a_cross_encoder_together(tmp_path: Path, database_url: str) -> None:
    """All from folders; every score is of the small models, so only the way through is checked, and the dimension."""
    encoder(tmp_path / "models" / "e")
    masked_model(tmp_path / "models" / "s")
    classifier(tmp_path / "models" / "r")
    settings = settings_of(
        tmp_path,
        database_url,
        embedder=TextEmbedding(kind="onnx", path=Path("models/e")),
        sparse="bm25+splade",
        splade=SpladeModel(path=Path("models/s")),
        reranker=RerankerModel(kind="cross-encoder", path=Path("models/r"), timeout_s=30),
    )
    async with house_of(settings) as house:
        for number, text in enumerate((b"red apple stone", b"cold water", b"warm fire")):
            await house.ingest.ingest(OPERATOR, text, name=f"{number}.txt", collection="handbook", label="internal")
        found = await search(house, "red apple")
        texts = [one["text"] for one in found["results"]]
        reranker = reranker_of(settings)
        assert reranker is not None
        scores = await reranker.scores("red apple", [f"{number}\n{text}" for number, text in enumerate(texts)], 30)
        reranker.close()
        dimension = await house.store.fetchval("SELECT vector_dims(embedding) FROM points LIMIT 1")
        words = await house.store.fetchval(
            "SELECT min(t) < 900000000 AND max(t) >= 900000000 FROM points, unnest(term_ids) t"
        )
    assert dimension == 6
    assert words
    assert len(texts) == 3
    shown = [one["score"] for one in found["results"]]
    assert shown == sorted(shown, reverse=True)
    assert all(0 <= score <= 1 for score in shown)
    assert np.isfinite(scores).all()


async def test_a_reranker_that_is_too_slow_leaves_the_order_and_says_so(tmp_path: Path, database_url: str) -> None:
    classifier(tmp_path / "r")
    reranker = RerankerModel(kind="cross-encoder", path=Path("r"), timeout_s=1e-6)
    async with house_of(settings_of(tmp_path, database_url, reranker=reranker)) as house:
        await house.ingest.ingest(OPERATOR, LEAVE, name="l.md", collection="handbook", label="internal")
        found = await search(house, "days of annual leave")
        asked = {"model": "auto", "messages": [{"role": "user", "content": "How many days of annual leave?"}]}
        answer = await house.chat.ask("c1", HANA, *split({**asked, "gateway": {"collections": ["handbook"]}}, {}))
        page = render(Served(), house.measures(), worker="1")
    assert "29 days" in found["results"][0]["text"]
    assert found["left_out"] == ["reranker_timeout"]
    assert isinstance(answer, Whole)
    assert answer.body["gateway"]["left_out"] == ["reranker_timeout"]
    assert "29 days" in answer.body["choices"][0]["message"]["content"]
    assert 'gateway_search_left_out_total{what="reranker_timeout",worker="1"} 2\n' in page


@pytest.mark.parametrize(
    ("retrieval", "told"),
    [
        ({"embedder": {"kind": "onnx"}}, "retrieval.embedder.path is not set"),
        ({"embedder": {"kind": "onnx", "path": "nowhere"}}, "retrieval.embedder.path names no folder"),
        ({"embedder": {"kind": "openai", "model": "m"}}, "retrieval.embedder.url is not an address"),
        ({"embedder": {"kind": "ollama"}}, "retrieval.embedder.model is not set"),
        ({"embedder": {"kind": "llama_index"}}, "retrieval.embedder.class_path is not an import path"),
        ({"sparse": "splade"}, "retrieval.splade.path is not set"),
        ({"sparse": "bm25+splade", "splade": {"path": "nowhere"}}, "retrieval.splade.path names no folder"),
        ({"sparse": "elser"}, "retrieval.elser.inference_id is not set"),
        ({"sparse": "elser", "elser": {"inference_id": "e"}}, "retrieval.elser.url is not an address"),
        ({"reranker": {"kind": "colbert"}}, "retrieval.reranker.path is not set"),
        ({"reranker": {"kind": "cross-encoder", "path": "nowhere"}}, "retrieval.reranker.path names no folder"),
    ],
)
def test_what_is_chosen_but_not_there_stops_the_start(tmp_path: Path, retrieval: Json, told: str) -> None:
    settings = settings_of(tmp_path, "postgresql://unused", **retrieval)
    with pytest.raises(BadSettings, match=told.replace(".", r"\.")):
        _ = (embedder_of(settings), terms_of(settings), reranker_of(settings))


def test_ollama_is_where_the_ollama_settings_say_and_an_unknown_zone_is_external(tmp_path: Path) -> None:
    here = embedder_of(settings_of(tmp_path, "x", embedder=TextEmbedding(kind="ollama", model="m")))
    assert (here.zone, here.endpoint) == (Zone.LOCAL, "http://127.0.0.1:11434/api/embed")
    there = TextEmbedding(kind="ollama", model="m", url="http://other.example.org:11434")
    assert embedder_of(settings_of(tmp_path, "x", embedder=there)).zone is Zone.EXTERNAL


# --- other cuts -------------------------------------------------------------------------------------------------------

STORY = (
    b"# The harbour\n\n"
    + b"\n\n".join(
        f"Ms Petra Vogel saw ship number {at} come in at dawn. It carried {word}. Nobody on the quay had asked for it. "
        f"The crew slept on deck.".encode()
        for at, word in enumerate(["salt", "timber", "glass", "lamps", "wool", "copper", "tar", "rope"])
    )
    + b"\n"
)


async def test_a_sentence_is_found_and_what_is_around_it_returned(tmp_path: Path, database_url: str) -> None:
    settings = settings_of(tmp_path, database_url, chunking="window", window_sentences=1)
    async with house_of(settings) as house:
        done = await house.ingest.ingest(OPERATOR, STORY, name="s.md", collection="handbook", label="internal")
        found = (await search(house, "which ship carried copper?"))["results"]
        scope = house.current.bundle.plan(HANA, ["handbook"], ["handbook"])
        original = await house.index.original(done.document_id, scope)
    best = found[0]
    assert "It carried copper." in best["text"]
    assert "Nobody on the quay" in best["text"]
    assert "salt" not in best["text"]
    place = original[best["start"] : best["end"]]
    assert place.startswith("Ms Petra Vogel saw ship number 5")
    assert place.endswith("asked for it.")
    assert "Vogel" not in best["text"]
    # No two of them say the same again.
    for at, one in enumerate(found):
        for other in found[at + 1 :]:
            assert min(one["end"], other["end"]) - max(one["start"], other["start"]) <= 0.5 * (
                other["end"] - other["start"]
            )


async def test_enough_leaves_bring_the_longer_passage_and_its_offsets(tmp_path: Path, database_url: str) -> None:
    settings = settings_of(
        tmp_path, database_url, chunking="hierarchy", chunk_tokens=40, chunk_overlap=0, hierarchy=(400, 120)
    )
    async with house_of(settings) as house:
        done = await house.ingest.ingest(OPERATOR, STORY, name="s.md", collection="handbook", label="internal")
        found = (await search(house, "ships that Petra Vogel saw come in at dawn"))["results"]
        scope = house.current.bundle.plan(HANA, ["handbook"], ["handbook"])
        original = await house.index.original(done.document_id, scope)
        leaves = await house.store.fetchval("SELECT count(*) FROM chunks")
        merged = [one for one in found if ".p" in one["passage"]]
        # Whoever may no longer read the document gets nothing longer of it either.
        await house.ingest.ingest(OPERATOR, STORY, name="s.md", collection="handbook", allow=["user:nobody"])
        gone = (await search(house, "ships that Petra Vogel saw come in at dawn"))["results"]
        kept = await house.store.fetchval("SELECT count(*) FROM parents")
        await house.index.delete_document("default", "handbook", done.document_id)
        left = await house.store.fetchval("SELECT count(*) FROM parents")
    assert leaves >= 8
    assert merged
    assert gone == []
    assert (kept > 0, left) == (True, 0)
    for one in merged:
        place = original[one["start"] : one["end"]]
        assert place.count("dawn") == one["text"].count("dawn") > 1
        assert place.split()[-1] == one["text"].split()[-1]
        assert "Vogel" not in one["text"]
