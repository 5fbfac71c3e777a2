"""Uploads that are read later, over HTTP: accepted, followed, seen by their owner alone, cancelled."""

from __future__ import annotations

import tempfile
import time
from typing import Any

import httpx
import orjson
import pytest

from tests.world import World

DOCUMENTS = "/v1/collections/handbook/documents"


def ended(world: World, who: str, job: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while True:
        found: dict[str, Any] = httpx.get(f"{world.url}/v1/jobs/{job}", headers=world.headers(who)).json()
        if found["ended_at"] is not None:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def form(*names: str) -> list[tuple[str, tuple[str, bytes]]]:
    return [("file", (name, f"# {name}\n\nThe lift of {name} is inspected in May.\n".encode())) for name in names]


def test_several_files_are_one_job(world: World) -> None:
    headers = world.headers("root")
    answer = httpx.post(
        f"{world.url}{DOCUMENTS}?wait=false",
        headers=headers,
        files=form("lift-a.md", "lift-b.md", "lift-c.exe"),
        data={"label": "public", "expires": "2999-01-01"},
    )
    assert answer.status_code == 202, answer.text
    made = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{made['id']}"
    done = ended(world, "root", made["id"])
    assert done["state"] == "failed"
    assert done["files"] == {"total": 3, "waiting": 0, "running": 0, "done": 2, "failed": 1, "cancelled": 0}
    assert [part["name"] for part in done["parts"]] == ["lift-a.md", "lift-b.md", "lift-c.exe"]
    assert done["parts"][2]["error"]["code"] == "unsupported_file"
    listed = httpx.get(f"{world.url}{DOCUMENTS}", headers=world.headers("hana"), params={"limit": 1000}).json()
    found = {one["id"]: one for one in listed["data"]}
    assert found[done["parts"][0]["document"]]["label"] == "public"
    request = answer.headers["x-request-id"]
    actions = [(record["kind"], record["action"]) for record in world.records(request)]
    assert actions[:2] == [("intent", "job.create"), ("outcome", "job.create")]
    assert actions.count(("outcome", "ingest")) == 2
    for part in done["parts"][:2]:
        assert httpx.delete(f"{world.url}{DOCUMENTS}/{part['document']}", headers=headers).status_code in (200, 404)


def test_a_client_may_prefer_an_answer_at_once(world: World) -> None:
    headers = {**world.headers("root"), "prefer": "respond-async, wait=5"}
    answer = httpx.post(f"{world.url}{DOCUMENTS}?name=roof.md", headers=headers, content=b"The roof is tight.")
    assert answer.status_code == 202
    assert ended(world, "root", answer.json()["id"])["state"] == "done"


def test_events_tell_how_a_job_goes_on(world: World) -> None:
    headers = world.headers("root")
    made = httpx.post(f"{world.url}{DOCUMENTS}?wait=false", headers=headers, files=form("door-a.md", "door-b.md"))
    with httpx.stream("GET", f"{world.url}/v1/jobs/{made.json()['id']}/events", headers=headers, timeout=60) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = [line[6:] for line in stream.iter_lines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    seen = [orjson.loads(line) for line in lines[:-1]]
    assert seen[-1]["state"] == "done"
    assert seen[-1]["files"]["done"] == 2


def test_a_job_is_not_there_for_others(world: World) -> None:
    made = httpx.post(
        f"{world.url}/v1/collections/hr/documents?wait=false&name=note.md",
        headers=world.headers("hana"),
        content=b"A note.",
    ).json()
    for who, status in (("emil", 404), ("nobody", 404), ("root", 200)):
        answer = httpx.get(f"{world.url}/v1/jobs/{made['id']}", headers=world.headers(who))
        assert answer.status_code == status
        assert "note.md" not in answer.text
    for path in ("events", "cancel", "retry"):
        method = "GET" if path == "events" else "POST"
        answer = httpx.request(method, f"{world.url}/v1/jobs/{made['id']}/{path}", headers=world.headers("emil"))
        assert answer.status_code == 404
    mine = httpx.get(f"{world.url}/v1/jobs", headers=world.headers("hana")).json()["data"]
    assert made["id"] in {one["id"] for one in mine}
    assert httpx.get(f"{world.url}/v1/jobs", headers=world.headers("emil")).json()["data"] == []
    everyone = httpx.get(f"{world.url}/v1/jobs?everyone=true", headers=world.headers("root")).json()["data"]
    assert made["id"] in {one["id"] for one in everyone}
    assert httpx.get(f"{world.url}/v1/jobs?everyone=true", headers=world.headers("emil")).status_code == 403
    assert httpx.get(f"{world.url}/v1/jobs").status_code == 401
    ended(world, "hana", made["id"])
    answer = httpx.post(f"{world.url}/v1/jobs/{made['id']}/cancel", headers=world.headers("hana"))
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("who", "query", "files", "data", "status"),
    [
        ("emil", "?wait=false", form("x.md"), {}, 403),
        ("root", "?wait=false", form("x.md", "x.md"), {}, 400),
        ("root", "?wait=false", form("x.md", "y.md"), {"name": "one.md"}, 400),
        ("root", "?wait=false", form("x.md"), {"label": "nosuch"}, 400),
        ("root", "?wait=false", form("x.md"), {"expires": "tomorrow"}, 400),
        ("root", "", form("x.md", "y.md"), {}, 400),
    ],
)
def test_what_is_refused_at_once(
    world: World, who: str, query: str, files: Any, data: dict[str, str], status: int
) -> None:
    answer = httpx.post(f"{world.url}{DOCUMENTS}{query}", headers=world.headers(who), files=files, data=data)
    assert answer.status_code == status, answer.text


def test_large_files_of_a_form_touch_no_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a megabyte Starlette would write them to a temporary file, in clear."""
    rolled: list[object] = []
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", rolled.append)
    text = ("The pump runs. " * 100 + "\n\n") * 800
    answer = httpx.post(
        f"{world.url}{DOCUMENTS}?wait=false",
        headers=world.headers("root"),
        files=[("file", ("large.md", text.encode()))],
        timeout=60,
    )
    assert answer.status_code == 202
    assert rolled == []
    httpx.post(f"{world.url}/v1/jobs/{answer.json()['id']}/cancel", headers=world.headers("root"))
