"""Embedders behind servers: what is asked, what is made of answers, and how each fault ends."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import numpy as np
import pytest

from gateway.crypto import Secret
from gateway.errors import BadSettings, GatewayError, RateLimited, UpstreamFailed, UpstreamRejected, UpstreamTimeout
from gateway.model import Zone
from gateway.retrieval.methods import wire
from gateway.retrieval.methods.base import Sent
from gateway.retrieval.methods.remote import Remote, RemoteEmbedder, batches
from tests.simulators.embedding import Answer, EmbeddingSimulator, Wrong, vector

TEXTS = [f"text number {at}" for at in range(7)]


@pytest.fixture
async def server() -> AsyncIterator[EmbeddingSimulator]:
    async with EmbeddingSimulator() as simulator:
        yield simulator


def remote(server: EmbeddingSimulator, **changes: object) -> RemoteEmbedder:
    values: dict[str, object] = {
        "kind": "openai",
        "url": server.url,
        "model": "m1",
        "zone": Zone.EXTERNAL,
        "batch": 3,
        "timeout_s": 5.0,
    }
    return RemoteEmbedder(Remote(**{**values, **changes}))  # type: ignore[arg-type]


def unit(texts: list[str], dimensions: int = 8) -> Any:
    rows = np.asarray([vector(text, dimensions) for text in texts], np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("encoding", ["float", "base64"])
async def test_openai_wire_in_batches_in_order_and_of_length_1(server: EmbeddingSimulator, encoding: str) -> None:
    embedder = remote(server, encoding=encoding)
    found = await embedder.embed_documents(TEXTS)
    await embedder.aclose()
    np.testing.assert_allclose(found, unit(TEXTS), atol=1e-6)
    assert [len(body["input"]) for body in server.bodies] == [3, 3, 1]
    assert server.bodies[0] == {"model": "m1", "input": TEXTS[:3], "encoding_format": encoding}
    assert embedder.dimension == 8


async def test_dimensions_prefixes_and_the_key(server: EmbeddingSimulator) -> None:
    server.authorization = "Bearer k-1"
    embedder = remote(server, dimensions=4, query_prefix="query: ", document_prefix="passage: ", api_key=Secret("k-1"))
    document = (await embedder.embed_documents(["one"]))[0]
    query = await embedder.embed_query("one")
    await embedder.aclose()
    np.testing.assert_allclose(np.vstack([document, query]), unit(["passage: one", "query: one"], 4), atol=1e-6)
    assert [body["dimensions"] for body in server.bodies] == [4, 4]
    assert "passage" not in embedder.id
    assert "k-1" not in embedder.id


async def test_ollama_wire(server: EmbeddingSimulator) -> None:
    embedder = remote(server, kind="ollama", url=server.root, zone=Zone.LOCAL)
    await embedder.start()
    found = await embedder.embed_documents(TEXTS)
    np.testing.assert_allclose(found, unit(TEXTS), atol=1e-6)
    assert server.bodies[1] == {"model": "m1", "input": TEXTS[:3], "truncate": True}
    server.next(Answer(wrong=Wrong.FEWER))
    with pytest.raises(UpstreamFailed, match="another number of vectors than texts"):
        await embedder.embed_documents(TEXTS[:2])
    await embedder.aclose()
    missing = remote(server, kind="ollama", url=server.root, model="m2")
    with pytest.raises(UpstreamFailed, match="knows no such model") as refused:
        await missing.start()
    await missing.aclose()
    assert "pull the model" in refused.value.hint


async def test_the_ledger_holds_the_digest_of_every_body_before_it_leaves(server: EmbeddingSimulator) -> None:
    embedder = remote(server)
    ledger: list[Sent] = []
    server.next(Answer(status=503, retry_after="0"), Answer())
    await embedder.embed_documents(TEXTS[:4], ledger)
    server.default = Answer(wrong=Wrong.NO_JSON)
    with pytest.raises(UpstreamFailed):
        await embedder.embed_query("one more", ledger)
    await embedder.aclose()
    digests = [hashlib.sha256(request.body).hexdigest() for request in server.requests]
    # The first body went twice, the same bytes.
    assert [sent.sha256 for sent in ledger] == [digests[0], digests[2], digests[3]]
    assert digests[0] == digests[1]
    assert ledger[0].fact() == {
        "endpoint": f"{server.url}/embeddings",
        "zone": "external",
        "texts": 3,
        "bytes": len(server.requests[0].body),
        "sha256": digests[0],
    }


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (Wrong.NO_JSON, "not JSON"),
        (Wrong.NO_DATA, "holds no embeddings"),
        (Wrong.FEWER, "holds no embeddings"),
        (Wrong.TWICE, "holds no embeddings"),
        (Wrong.UNEQUAL, "unequal length"),
        (Wrong.WORDS, "holds no embeddings"),
        (Wrong.BAD_BASE64, "holds no embeddings"),
        (Wrong.ZERO, "zero or not finite"),
        (Wrong.NOT_FINITE, "zero or not finite"),
    ],
)
async def test_malformed_answers_are_told_and_not_asked_for_again(
    server: EmbeddingSimulator, wrong: Wrong, told: str
) -> None:
    embedder = remote(server)
    server.default = Answer(wrong=wrong)
    with pytest.raises(UpstreamFailed, match=told) as refused:
        await embedder.embed_documents(TEXTS[:3])
    await embedder.aclose()
    assert len(server.requests) == 1
    assert "text number" not in f"{refused.value}{refused.value.hint}"


@pytest.mark.parametrize(
    ("status", "kind", "times"),
    [
        (400, UpstreamRejected, 1),
        (401, UpstreamFailed, 1),
        (404, UpstreamFailed, 1),
        (307, UpstreamFailed, 1),
        (429, RateLimited, 4),
        (500, UpstreamFailed, 4),
    ],
)
async def test_every_status_ends_in_its_error(
    server: EmbeddingSimulator, status: int, kind: type[GatewayError], times: int
) -> None:
    embedder = remote(server)
    server.default = Answer(status=status, retry_after="0.01")
    with pytest.raises(kind) as refused:
        await embedder.embed_query("a secret text")
    await embedder.aclose()
    assert len(server.requests) == times
    assert "secret" not in f"{refused.value}{refused.value.hint}"


async def test_an_overloaded_server_is_asked_again_when_it_wishes(server: EmbeddingSimulator) -> None:
    embedder = remote(server)
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    server.next(Answer(status=429, retry_after="0.2"), Answer(status=429, retry_after=soon))
    loop = asyncio.get_running_loop()
    began = loop.time()
    await embedder.embed_query("one")
    await embedder.aclose()
    assert len(server.requests) == 3
    assert loop.time() - began >= 0.2


async def test_a_wish_beyond_the_time_limit_is_not_waited_for(server: EmbeddingSimulator) -> None:
    embedder = remote(server)
    server.next(Answer(status=429, retry_after="3600"))
    with pytest.raises(RateLimited) as refused:
        await embedder.embed_query("one")
    await embedder.aclose()
    assert refused.value.retry_after_s == 3600
    assert len(server.requests) == 1


async def test_a_server_that_says_nothing_or_hangs_up_ends_in_time(server: EmbeddingSimulator) -> None:
    embedder = remote(server, timeout_s=0.2)
    server.next(Answer(wrong=Wrong.STALL))
    with pytest.raises(UpstreamTimeout, match=r"took longer than 0\.2 s"):
        await embedder.embed_query("one")
    await embedder.aclose()
    embedder = remote(server)
    server.next(Answer(wrong=Wrong.DROP))
    np.testing.assert_allclose(await embedder.embed_query("one"), unit(["one"])[0], atol=1e-6)
    server.default = Answer(wrong=Wrong.DROP)
    with pytest.raises(UpstreamFailed, match="cannot be reached, or broke off"):
        await embedder.embed_query("one")
    await embedder.aclose()


async def test_an_answer_without_end_is_left(server: EmbeddingSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_ANSWER", 3 << 20)
    embedder = remote(server)
    server.next(Answer(wrong=Wrong.ENDLESS))
    with pytest.raises(UpstreamFailed, match="without end"):
        await embedder.embed_query("one")
    await embedder.aclose()


async def test_another_dimension_than_before_is_told(server: EmbeddingSimulator) -> None:
    embedder = remote(server)
    await embedder.embed_query("one")
    server.dimensions = 6
    with pytest.raises(UpstreamFailed, match="gave 6 dimensions where 8 belong"):
        await embedder.embed_query("one")
    await embedder.aclose()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"url": ""}, "is not an address"),
        ({"url": "ftp://embeddings.example.org"}, "is not an address"),
        ({"url": "https://user:key@embeddings.example.org/v1"}, "holds more than an address"),
        ({"url": "https://embeddings.example.org/v1?key=1"}, "holds more than an address"),
        ({"model": ""}, "model is not set"),
        ({"dimensions": 5000}, "dimensions must be"),
        ({"api_key": Secret("line\nend")}, "no header may carry"),
    ],
)
async def test_what_cannot_work_is_refused_before_anything_is_sent(
    server: EmbeddingSimulator, changes: dict[str, object], told: str
) -> None:
    with pytest.raises(BadSettings, match=told) as refused:
        remote(server, **changes)
    assert "key@" not in str(refused.value)


def test_batches_keep_order_count_and_size() -> None:
    assert list(batches(["a" * 5, "b" * 5, "c" * 20, "d", "e", "f"], 2, 10)) == [
        ["a" * 5, "b" * 5],
        ["c" * 20],
        ["d", "e"],
        ["f"],
    ]
    assert list(batches([], 2, 10)) == []
