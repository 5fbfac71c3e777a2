"""Nothing that one may read: one sentence, the same whether nothing is there or only what is forbidden."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from gateway.cli.root import OPERATOR
from gateway.routing import NOTHING_FOUND
from tests.world import World

QUESTIONS = ("How many days of leave?", "Wie viele Urlaubstage gibt es?", "有多少天假期?", "who is Petra Vogel")
VARIES = ("request_id", "receipt", "id", "created", "x-request-id")


@pytest.fixture
def empty(own_world: World) -> str:
    """A collection that emil may read, with nothing in it."""
    made = own_world.house.index.create_collection("default", "engineering", label="internal", by="test")
    return own_world.run(made).name


def ask(world: World, question: str, *, stream: bool, mode: str) -> tuple[str, Any, list[str]]:
    body: dict[str, Any] = {
        "model": "extractive",
        "messages": [{"role": "user", "content": question}],
        "gateway": {"collections": ["engineering"], "mode": mode, "explain": True},
    }
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    done = httpx.post(f"{world.url}/v1/chat/completions", headers=world.headers("emil"), json=body, timeout=60)
    assert done.status_code == 200, done.text
    lines = done.text.splitlines() if stream else [f"data: {done.text}"]
    events = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    choices = [choice for event in events for choice in event["choices"]]
    text = "".join((choice.get("message") or choice.get("delta"))["content"] for choice in choices if _says(choice))
    stages = list(world.records(done.headers["x-gateway-request-id"])[-1]["detail"]["stages_ms"])
    return text, _constant(events), stages


def _says(choice: dict[str, Any]) -> bool:
    return bool((choice.get("message") or choice.get("delta") or {}).get("content"))


def _constant(value: Any) -> Any:
    """Without what differs between any two requests."""
    if isinstance(value, dict):
        return {key: _constant(item) for key, item in value.items() if key not in VARIES and key != "latency_ms"}
    return [_constant(item) for item in value] if isinstance(value, list) else value


def test_forbidden_only_and_empty_are_told_the_same(own_world: World, empty: str) -> None:
    ways = [(q, stream, mode) for q in QUESTIONS for stream in (False, True) for mode in ("answer", "passages")]
    before = [ask(own_world, q, stream=stream, mode=mode) for q, stream, mode in ways]
    text = "# Leave\n\nThe days of leave of Petra Vogel are 31. Urlaubstage gibt es 31. 有多少天假期\n".encode()
    own_world.run(
        own_world.house.ingest.ingest(
            OPERATOR, text, name="forbidden.md", collection=empty, label="internal", allow=("user:hana",)
        )
    )
    after = [ask(own_world, q, stream=stream, mode=mode) for q, stream, mode in ways]
    assert {said for said, _, _ in before} == {NOTHING_FOUND}
    assert before == after


def test_the_sentence_says_nothing_else() -> None:
    assert NOTHING_FOUND == "Nothing found that you may read."
