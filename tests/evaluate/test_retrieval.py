"""A small set through the whole way: passages, vectors, PostgreSQL, fusion."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from gateway.app.files import shipped
from gateway.crypto.keyring import KeyRing, fresh_ring
from gateway.errors import Broken
from gateway.evaluate import people
from gateway.evaluate.policy import policy_at
from gateway.evaluate.retrieval import by_document, measure
from gateway.evaluate.retrieval_data import Entry, Judged, Question
from gateway.evaluate.retrieval_index import ARMS, RANKED, Asked, Means, Text, open_apart
from gateway.evaluate.retrieval_metrics import METRICS
from gateway.model import Redacted
from gateway.redaction import Redactor
from gateway.retrieval import Embedder, Ranking, Terms
from gateway.retrieval.methods.cross import CrossEncoder
from gateway.retrieval.methods.onnx import OnnxEmbedder
from gateway.retrieval.methods.splade import Splade
from tests.ingest.bench import now
from tests.retrieval.methods.folders import classifier, encoder, masked_model
from tests.retrieval.models import model_dir

SET = Judged(
    (
        Entry("leave", "Parental leave", "A parent may stay at home for up to thirty-six months."),
        Entry("travel", "Business trips", "Journeys by rail are booked in second class."),
        Entry("empty", "Canteen prices", ""),
        Entry("nothing", "", ""),
        Entry("long", "Server room", "The cooling runs day and night. " * 60 + "Visitors sign the purple ledger."),
    ),
    (
        Question("q1", "How long can a mother care for her child?", {"leave": 2, "travel": 0}),
        Question("q2", "purple ledger", {"long": 1}),
        Question("q3", "canteen prices", {"empty": 1}),
    ),
)


@pytest.fixture
async def embedder() -> AsyncIterator[Embedder]:
    found = Embedder(model_dir())
    yield found
    found.close()


async def test_a_set_is_indexed_and_asked(embedder: Embedder) -> None:
    steps: list[int] = []
    report = await measure(SET, Means(embedder), ablate=True, advance=steps.append)
    assert sum(steps) == len(SET.documents) + len(SET.questions)
    assert report.documents == 5
    # The long document has several passages, the one without any text none.
    assert report.passages > 4
    assert set(report.values) == set(ARMS)
    assert report.values["fused"]["ndcg@10"] == [1.0, 1.0, 1.0]
    # By words alone nothing says that a mother is a parent.
    assert report.values["sparse"]["ndcg@10"][0] < 1.0
    assert report.values["dense"]["ndcg@10"][0] == 1.0
    data = report.data()
    assert data["ndcg@10"] == 1.0
    assert set(data["arms"]) == set(ARMS)
    assert data["arms"]["fused"].keys() == set(METRICS)
    assert data["ms_per_query"] > 0


async def test_a_name_that_is_only_a_part_is_found_in_the_redacted_index(embedder: Embedder) -> None:
    """Every kind of question by name; redaction costs at most two points of nDCG over all."""
    redactor = Redactor(KeyRing.parse(fresh_ring(now()), "test"), timeout_s=120)
    try:
        cost = await people.measure(embedder, redactor, policy_at(shipped("policies")), documents=20)
    finally:
        redactor.close()
    assert cost.replaced > 30
    assert cost.loss(people.ALL).mean <= 0.02
    assert cost.mean("surname", people.REDACTED) >= 0.97
    assert cost.data()["kinds"]["surname"]["questions"] == len(cost.values["surname"][people.PLAINLY]["ndcg@10"])


async def test_collections_lie_apart_and_a_document_is_as_good_as_its_best_passage(embedder: Embedder) -> None:
    async with open_apart(Means(embedder), 200, 40) as index:
        for name, text in (("one", "The garden is open."), ("two", "The garden is closed.")):
            await index.collection(name)
            assert await index.put(name, [Text(name, text, Redacted(text), Redacted(""))]) == 1
        await index.settle()
        found = await index.ask("one", Asked("garden"))
        assert [passage.source for passage in found] == ["one"]
        assert by_document(found) == {"one": found[0].score}


async def test_other_methods_are_measured_as_they_search(tmp_path: Path) -> None:
    """Vectors of another length, learned terms and a reranker, from small models made here."""
    own = OnnxEmbedder(encoder(tmp_path / "embedder"))
    splade, cross = Splade(masked_model(tmp_path / "splade")), CrossEncoder(classifier(tmp_path / "cross"))
    try:
        for one in (own, splade, cross):
            await one.start()
        ranking = Ranking(cross, top_n=50, timeout_s=60)
        report = await measure(SET, Means(own, Terms(splade), ranking), ablate=True)
        assert own.dimension != 384
        assert report.embedder == own.id
        assert set(report.values) == {*ARMS, RANKED}
        # Every question's answer is among the few passages, wherever these models rank it.
        assert report.figure("recall@100", RANKED).mean == 1.0
        async with open_apart(Means(own, Terms(splade), ranking), 200, 40) as index:
            await index.collection("c")
            await index.put("c", [_text("a", "red apple"), _text("b", "cold water"), _text("c", "warm fire")])
            found = await index.ask("c", Asked("red apple"), RANKED)
            wanted = await cross.scores("red apple", [passage.text for passage in found], 60)
            assert wanted == sorted(wanted, reverse=True)
    finally:
        for one in (own, splade, cross):
            one.close()


async def test_a_reranker_that_fails_is_not_measured_as_none(embedder: Embedder) -> None:
    class Failing:
        id = "failing"

        async def start(self) -> None: ...

        async def scores(self, query: str, texts: Sequence[str], timeout_s: float) -> list[float]:
            raise TimeoutError

        def close(self) -> None: ...

    with pytest.raises(Broken, match="reranker_timeout"):
        await measure(SET, Means(embedder, ranking=Ranking(Failing(), 10, 1.0)))


def _text(name: str, body: str) -> Text:
    return Text(name, body, Redacted(body), Redacted(""))
