"""Weighted tokens from an Elasticsearch inference endpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.crypto import Secret
from gateway.errors import BadSettings, UpstreamFailed
from gateway.model import Zone
from gateway.retrieval.methods.base import Sent
from gateway.retrieval.methods.elser import Elser
from gateway.retrieval.sparse import DIMENSION, LEARNED
from tests.simulators.embedding import Answer, EmbeddingSimulator, Wrong


@pytest.fixture
async def server() -> AsyncIterator[EmbeddingSimulator]:
    async with EmbeddingSimulator(authorization="ApiKey aWQ6a2V5") as simulator:
        yield simulator


def elser(server: EmbeddingSimulator, **changes: object) -> Elser:
    values: dict[str, object] = {"zone": Zone.PRIVATE, "api_key": Secret("aWQ6a2V5"), "batch": 2}
    return Elser(server.root, "my elser", **{**values, **changes})  # type: ignore[arg-type]


async def test_weights_of_words_under_ids_of_their_own(server: EmbeddingSimulator) -> None:
    encoder = elser(server)
    ledger: list[Sent] = []
    one, other, third = await encoder.encode_documents(["cat doggy", "cat", "x"], ledger)
    query = await encoder.encode_query("doggy")
    await encoder.aclose()
    assert sorted(one.values()) == [3.0, 5.0]
    assert set(other) < set(one)
    assert query == dict.fromkeys(set(one) - set(other), 5.0)
    assert not set(third) & set(one)
    assert all(LEARNED <= at < DIMENSION for at in one)
    assert [body["input"] for body in server.bodies] == [["cat doggy", "cat"], ["x"], ["doggy"]]
    assert server.requests[0].path == "/_inference/sparse_embedding/my elser"
    assert [sent.texts for sent in ledger] == [2, 1]
    assert encoder.endpoint.endswith("/_inference/sparse_embedding/my%20elser")


async def test_the_heaviest_words_are_kept(server: EmbeddingSimulator) -> None:
    encoder = elser(server, document_terms=2, query_terms=1)
    (document,) = await encoder.encode_documents(["a bbbb cc ddddd"])
    query = await encoder.encode_query("a bbbb cc ddddd")
    await encoder.aclose()
    assert sorted(document.values()) == [4.0, 5.0]
    assert list(query.values()) == [5.0]


@pytest.mark.parametrize("wrong", [Wrong.NO_DATA, Wrong.FEWER, Wrong.NEGATIVE, Wrong.WORDS])
async def test_malformed_answers_are_told(server: EmbeddingSimulator, wrong: Wrong) -> None:
    encoder = elser(server)
    server.default = Answer(wrong=wrong)
    with pytest.raises(UpstreamFailed, match="holds no token weights"):
        await encoder.start()
    await encoder.aclose()


async def test_a_wrong_key_and_a_missing_name(server: EmbeddingSimulator) -> None:
    encoder = elser(server, api_key=Secret("other"))
    with pytest.raises(UpstreamFailed, match="refused the key"):
        await encoder.start()
    await encoder.aclose()
    with pytest.raises(BadSettings, match="inference_id is not set"):
        Elser(server.root, "", zone=Zone.LOCAL)
