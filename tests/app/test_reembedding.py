"""A whole house that is given another embedder and embeds its index anew."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np

from gateway.app.methods import embedder_of, open_methods
from gateway.app.reembedding import reembedding
from gateway.cli.root import OPERATOR
from gateway.retrieval.methods.adapter import write
from gateway.settings import TextEmbedding
from tests.app.test_methods import BIKES, LEAVE, house_of, search, settings_of

OTHER = TextEmbedding(kind="llama_index", class_path="tests.retrieval.methods.embeddings:Blocking", zone="local")


async def test_after_it_the_house_searches_by_vectors_and_knows_its_documents(
    tmp_path: Path, database_url: str
) -> None:
    async with house_of(settings_of(tmp_path, database_url), warm=False) as house:
        await house.ingest.ingest(OPERATOR, LEAVE, name="l.md", collection="handbook", label="internal")
    async with house_of(settings_of(tmp_path, database_url, embedder=OTHER), warm=False) as house:
        assert "notes" in await house.ready()
        done = await reembedding(house).run("r1", OPERATOR)
        assert (done.status, done.passages, done.documents) == ("swapped", 1, 1)
        assert "notes" not in await house.ready()
        again = await house.ingest.ingest(OPERATOR, LEAVE, name="l.md", collection="handbook", label="internal")
        assert again.status == "unchanged"
        await house.ingest.ingest(OPERATOR, BIKES, name="b.md", collection="handbook", label="internal")
        found = await search(house, "days of annual leave")
        dense = await house.store.fetch("SELECT vector_dims(embedding) AS n FROM points")
    assert "29 days" in found["results"][0]["text"]
    assert [row["n"] for row in dense] == [4, 4]


async def test_an_adapter_of_the_settings_stands_over_the_embedder(tmp_path: Path, database_url: str) -> None:
    plain = embedder_of(settings_of(tmp_path, database_url, embedder=OTHER))
    file = tmp_path / "adapters" / "map.npz"
    file.parent.mkdir()
    file.write_bytes(write(np.eye(4, dtype=np.float32)[::-1], plain.id))
    given = OTHER.model_copy(update={"adapter": file})
    async with AsyncExitStack() as stack:
        methods = open_methods(settings_of(tmp_path, database_url, embedder=given), stack)
        await methods.start()
        assert methods.embedder.id.startswith(f"{plain.id}+")
        turned = await methods.embedder.embed_documents(["a text"])
        assert np.allclose(turned[:, ::-1], await plain.embed_documents(["a text"]), atol=1e-6)
    plain.close()
