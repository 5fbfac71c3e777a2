"""Collections, documents, search and redact over HTTP, each under the caller's rights."""

from __future__ import annotations

import io
import zipfile

import httpx
import pytest

from tests.world import World


def test_collections_show_what_the_caller_may_read(world: World) -> None:
    def names(who: str) -> set[str]:
        answer = httpx.get(f"{world.url}/v1/collections", headers=world.headers(who))
        return {one["name"] for one in answer.json()["data"]}

    assert names("hana") >= {"handbook", "hr"}
    assert "hr" not in names("emil")
    assert names("nobody") == set()
    assert httpx.get(f"{world.url}/v1/collections/hr", headers=world.headers("emil")).status_code == 404


def test_search_restores_for_one_and_masks_for_another(world: World) -> None:
    query = {"query": "emergency contact of Petra Vogel", "collections": ["hr"]}
    hana = httpx.post(f"{world.url}/v1/search", headers=world.headers("hana"), json=query).json()
    assert "Anton Weiss" in hana["results"][0]["text"]
    emil = httpx.post(f"{world.url}/v1/search", headers=world.headers("emil"), json=query)
    assert emil.status_code == 403
    assert "Weiss" not in emil.text


def test_a_surname_alone_finds_the_document(world: World) -> None:
    found = httpx.post(
        f"{world.url}/v1/search", headers=world.headers("hana"), json={"query": "Vogel", "collections": ["hr"]}
    ).json()
    assert "Petra Vogel" in found["results"][0]["text"]


def test_the_index_holds_no_personal_data(world: World) -> None:
    rows = world.run(world.house.store.fetch("SELECT t.*::text AS row FROM chunks t"))
    everything = " ".join(row["row"] for row in rows)
    assert "PERSON_" in everything
    for value in ("Anton", "Weiss", "anton.weiss", "901820", "GB29"):
        assert value not in everything


def test_upload_list_show_and_delete(world: World) -> None:
    headers = world.headers("root")
    made = httpx.post(
        f"{world.url}/v1/collections/handbook/documents",
        headers=headers,
        files={"file": ("parking.md", b"# Parking\n\nThe car park opens at six.\n")},
        data={"label": "public"},
    )
    assert made.status_code == 201, made.text
    again = httpx.post(
        f"{world.url}/v1/collections/handbook/documents?name=parking.md&label=public",
        headers=headers,
        content=b"# Parking\n\nThe car park opens at six.\n",
    )
    assert again.json()["status"] == "unchanged"
    listed = httpx.get(f"{world.url}/v1/collections/handbook/documents", headers=world.headers("emil")).json()
    assert "parking.md" in {one["source"] for one in listed["data"]}
    place = f"{world.url}/v1/collections/handbook/documents/{made.json()['id']}"
    assert httpx.get(place, headers=world.headers("emil")).json()["label"] == "public"
    assert httpx.delete(place, headers=world.headers("emil")).status_code == 403
    assert httpx.get(place, headers=world.headers("emil")).status_code == 200


def test_who_may_not_write_is_refused(world: World) -> None:
    answer = httpx.post(
        f"{world.url}/v1/collections/handbook/documents?name=x.md", headers=world.headers("emil"), content=b"x"
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("not-a.pdf", b"this is no PDF", 415),
        ("program.exe", b"MZ", 415),
        ("empty.docx", b"PK\x03\x04broken", 415),
    ],
)
def test_files_that_are_not_what_they_say(world: World, name: str, data: bytes, status: int) -> None:
    answer = httpx.post(
        f"{world.url}/v1/collections/handbook/documents?name={name}", headers=world.headers("root"), content=data
    )
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["code"] == "unsupported_file"


def test_an_archive_bomb_is_refused_before_it_unpacks(world: World) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b"\0" * 300_000_000)
    answer = httpx.post(
        f"{world.url}/v1/collections/handbook/documents?name=bomb.docx",
        headers=world.headers("root"),
        content=bomb.getvalue(),
        timeout=30,
    )
    assert answer.status_code == 413, answer.text


def test_an_upload_over_the_limit(world: World) -> None:
    limit = world.house.settings.server.max_upload_bytes
    answer = httpx.post(
        f"{world.url}/v1/collections/handbook/documents?name=big.txt",
        headers=world.headers("root"),
        content=b"x" * (limit + 1),
        timeout=30,
    )
    assert answer.status_code == 413
    assert "server.max_upload_bytes" in answer.text


def test_redact_gives_tokens_and_offsets(world: World) -> None:
    text = "Mail jane.roe@example.com or call +49 30 901820."
    one = httpx.post(f"{world.url}/v1/redact", headers=world.headers("emil"), json={"text": text}).json()
    assert "jane.roe" not in one["redacted"]
    first = one["spans"][0]
    assert text[first["start"] : first["end"]] == "jane.roe@example.com"
    assert first["token"] in one["redacted"]
    many = httpx.post(f"{world.url}/v1/redact", headers=world.headers("emil"), json={"texts": [text, "plain"]}).json()
    assert many["results"][0]["redacted"] == one["redacted"]
    assert many["results"][1] == {"text": "plain", "redacted": "plain", "spans": []}


@pytest.mark.parametrize("body", [{}, {"text": 3}, {"texts": []}, {"texts": ["a"], "txt": 1}, {"texts": ["a"] * 257}])
def test_redact_says_what_is_wrong(world: World, body: dict[str, object]) -> None:
    assert httpx.post(f"{world.url}/v1/redact", headers=world.headers("emil"), json=body).status_code == 400
