"""A whole house whose vectors lie in Qdrant: it finds, it forgets, and it says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr

from gateway.app.house import House, open_database
from gateway.app.reembedding import reembedding
from gateway.cli import doctor
from gateway.cli.root import OPERATOR
from gateway.errors import BadSettings, IndexUnavailable
from gateway.settings import Loaded, QdrantCluster, Settings
from tests.app.test_methods import BIKES, house_of, search, settings_of
from tests.govern.sweep import everything, holding
from tests.retrieval.qdrant.server import Server, serving

NAME = "Petra Vogel"
PLAIN = f"# Roster\n\nDuty this week: {NAME}, room 4.\n".encode()


def with_qdrant(settings: Settings, server: Server) -> Settings:
    cluster = QdrantCluster(urls=(server.url,), api_key=SecretStr("a key"), timeout_s=5.0)
    return settings.model_copy(update={"index": "qdrant", "qdrant": cluster})


async def told_of(settings: Settings) -> tuple[str, str]:
    check = await doctor._index(Loaded(settings, {}, None))
    return check.state, check.found


async def paid(house: House) -> None:
    await house.placed.settle("default")
    assert await house.store.fetchval("SELECT count(*) FROM points") == 0


async def test_a_house_over_qdrant(tmp_path: Path, database_url: str) -> None:
    inside = settings_of(tmp_path, database_url)
    async with serving("a key", tmp_path / "qdrant") as server:
        settings = with_qdrant(inside, server)
        async with house_of(settings, warm=False) as house:
            await house.ingest.ingest(OPERATOR, BIKES, name="b.md", collection="handbook", label="internal")
            await house.ingest.ingest(
                OPERATOR, PLAIN, name="r.md", collection="rosters", label="internal", mode="plain"
            )
            before = await search(house, "bicycles")
            await paid(house)
            after = await search(house, "bicycles")
            assert [one["text"] for one in before["results"]] == [one["text"] for one in after["results"]]
            assert after["results"]
            assert "notes" not in await house.ready()
            await swept(house)
            await down(house, server)
            done = await reembedding(house).run("r1", OPERATOR, again=True)
            assert (done.status, done.passages, done.left) == ("swapped", 2, ())
            anew = await search(house, "bicycles")
            assert [one["text"] for one in anew["results"]] == [one["text"] for one in after["results"]]
            await paid(house)
            assert (await search(house, "bicycles"))["results"] == anew["results"]
        assert await told_of(settings) == (
            "ok",
            "qdrant 1.20.0, 2 points; 0 documents are on their way there",
        )
        assert (await told_of(inside))[0] == "problem"
        with pytest.raises(BadSettings, match="lie in qdrant"):
            async with house_of(inside, warm=False):
                pass
    store = await open_database(inside)
    await store.execute("DELETE FROM points_home")
    await store.close()
    assert await told_of(inside) == ("ok", "vectors and terms lie in the database")


async def swept(house: House) -> None:
    """A value that is erased is nowhere, Qdrant's files included, and Qdrant has the document as it is now."""
    before = await everything(house)
    files = "file storage.sqlite"
    document = await house.store.fetchval("SELECT id FROM documents WHERE collection = 'rosters'")
    assert document.encode() in before[files], "the sweep looks into Qdrant's files"
    assert "originals" in holding(before, NAME)
    seq = await house.store.fetchval("SELECT last_value FROM points_seq")
    done = await house.erasure.erase("erase1", OPERATOR, "ticket 12", values=[NAME])
    assert done.certificate is not None
    assert await house.store.fetchval("SELECT count(*) FROM points_owed") == 0
    assert await house.store.fetchval("SELECT last_value FROM points_seq") > seq
    assert holding(await everything(house), NAME, "Vogel") == set()


async def down(house: House, server: Server) -> None:
    """Search is refused with a name, `/readyz` stays ready and says why; an erasure gives no certificate."""
    server.fault = lambda _: web.json_response({}, status=503)
    with pytest.raises(IndexUnavailable):
        await search(house, "bicycles")
    told = await house.ready()
    assert told["ready"] is True
    assert told["notes"] == {"index": "qdrant answered with status 503"}
    server.fault = None
