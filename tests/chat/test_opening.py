"""What a citation points to opens for who may read it, as it is now, and nobody else learns that it is there."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gateway.cli.root import OPERATOR
from tests.world import World


def search(world: World, who: str, query: str, collection: str) -> dict[str, Any]:
    body = {"query": query, "collections": [collection]}
    done = httpx.post(f"{world.url}/v1/search", headers=world.headers(who), json=body, timeout=60)
    hit: dict[str, Any] = done.json()["results"][0]
    return hit


def put(world: World, name: str, data: bytes, allow: tuple[str, ...] = ("*",)) -> None:
    ingest = world.house.ingest.ingest
    world.run(ingest(OPERATOR, data, name=name, collection="handbook", label="internal", allow=allow))


def get(world: World, who: str, url: str) -> httpx.Response:
    return httpx.get(world.url + url, headers=world.headers(who), timeout=60)


def test_it_opens_with_its_values_by_right(world: World) -> None:
    hit = search(world, "hana", "emergency contact", "hr")
    done = get(world, "hana", hit["url"] + "&highlight=0-9")
    opened = done.json()
    assert opened["text"] == hit["text"]
    assert "Anton Weiss" in opened["text"]
    assert (opened["id"], opened["version"], opened["replaced"]) == (hit["passage"], hit["version"], False)
    assert {"page", "heading", "start", "end", "title"} <= opened.keys()
    parts = [opened["text"][one["start"] : one["end"]] for one in opened["highlights"]]
    assert any("anton.weiss@example.org" in part for part in parts), "places are those of the text shown"
    (record,) = world.records(done.headers["x-gateway-request-id"])
    assert (record["action"], record["detail"]["passages"]) == ("passages.read", [hit["passage"]])
    assert "Weiss" not in str(record)


def test_who_may_not_read_it_is_told_what_is_told_of_nothing(world: World) -> None:
    url = search(world, "hana", "emergency contact", "hr")["url"]
    refused, absent = get(world, "emil", url), get(world, "emil", "/v1/collections/hr/documents/none/passages/0")
    assert refused.status_code == absent.status_code == 404
    assert refused.json() == absent.json()
    (record,) = world.records(refused.headers["x-gateway-request-id"])
    assert (record["kind"], record["action"]) == ("refusal", "passages.read")


@pytest.mark.parametrize("name", ["9999", "p0", "x", "-1", "0x1", "99999999999"])
def test_no_such_passage(world: World, name: str) -> None:
    path = search(world, "emil", "annual leave", "handbook")["url"].partition("?")[0]
    assert get(world, "emil", path.rsplit("/", 1)[0] + "/" + name).status_code == 404


@pytest.mark.parametrize("query", ["highlight=x", "highlight=1-2-3", "version=x"])
def test_what_cannot_be_read_is_refused(world: World, query: str) -> None:
    path = search(world, "emil", "annual leave", "handbook")["url"].partition("?")[0]
    assert get(world, "emil", f"{path}?{query}").status_code == 400


def test_a_replaced_document_says_so_and_highlights_nothing(world: World) -> None:
    put(world, "garden.md", b"# Garden\n\nThe garden opens in April.\n")
    url = search(world, "emil", "When does the garden open?", "handbook")["url"] + "&highlight=0-9"
    before = get(world, "emil", url).json()
    put(world, "garden.md", b"# Garden\n\nThe garden opens in May.\n")
    after = get(world, "emil", url).json()
    assert (before["replaced"], after["replaced"]) == (False, True)
    assert (before["version"], after["version"]) == (1, 2)
    assert before["highlights"]
    assert after["highlights"] == []
    assert "May" in after["text"]


def test_a_right_taken_away_closes_it(world: World) -> None:
    put(world, "secret.md", b"# Cellar\n\nThe cellar is behind the mill.\n", allow=("user:emil",))
    url = search(world, "emil", "Where is the cellar?", "handbook")["url"]
    assert get(world, "emil", url).status_code == 200
    put(world, "secret.md", b"# Cellar\n\nThe cellar is behind the mill.\n", allow=("user:hana",))
    assert get(world, "emil", url).status_code == 404
