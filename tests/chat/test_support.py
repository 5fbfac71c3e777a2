"""Verdicts on the sentences of an answer, whole and streamed, as its caller gets them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import httpx

from gateway.chat.sight import Sight
from gateway.chat.support import sources_of
from gateway.retrieval import Evidence, judge, weigh
from tests.simulators import Behaviour
from tests.world import World

SAID = "Every employee has 29 days of paid annual leave [1]. The canteen opens at 7 in the morning. Anything else?"


def ask(world: World, text: str = "How many days of leave?", who: str = "emil", **more: Any) -> httpx.Response:
    gateway = {"collections": ["handbook"], **more.pop("gateway", {})}
    body = {"model": "house", "messages": [{"role": "user", "content": text}], "gateway": gateway, **more}
    return httpx.post(f"{world.url}/v1/chat/completions", headers=world.headers(who), json=body, timeout=60)


def told(response: httpx.Response) -> tuple[str, dict[str, Any]]:
    """The text of a stream and its `gateway` object."""
    events = [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: {")]
    text = "".join(c["delta"].get("content") or "" for event in events for c in event["choices"])
    (note,) = [event["gateway"] for event in events if "gateway" in event]
    return text, note


def verdicts(note: dict[str, Any], text: str) -> dict[str, str]:
    return {text[one["start"] : one["end"]]: one["supported"] for one in note["support"]}


RIGHT = {
    "Every employee has 29 days of paid annual leave [1].": "supported",
    "The canteen opens at 7 in the morning.": "unsupported",
    "Anything else?": "neutral",
}


def test_each_sentence_has_its_verdict_and_its_places_open(world: World) -> None:
    world.local.default = Behaviour(text=SAID)
    done = ask(world).json()
    text = done["choices"][0]["message"]["content"]
    assert text == SAID
    assert verdicts(done["gateway"], text) == RIGHT
    first = done["gateway"]["support"][0]
    assert first["passages"] == [1]
    opened = httpx.get(world.url + first["open"][0], headers=world.headers("emil"), timeout=30).json()
    (place,) = opened["highlights"]
    assert opened["text"][place["start"] : place["end"]] == "Every employee has 29 days of paid annual leave."
    outcome = world.records(done["gateway"]["request_id"])[-1]
    assert outcome["detail"]["support"] == {"supported": 1, "unsupported": 1, "neutral": 1}


def test_a_stream_brings_the_same_with_its_last_chunk(world: World) -> None:
    world.local.default = Behaviour(text=SAID)
    text, note = told(ask(world, stream=True))
    assert text == SAID
    assert verdicts(note, text) == RIGHT


def test_unsupported_sentences_are_marked_when_asked(world: World) -> None:
    world.local.default = Behaviour(text=SAID)
    done = ask(world, gateway={"mark": True}).json()
    text = done["choices"][0]["message"]["content"]
    assert text == SAID.replace("in the morning.", "in the morning. [unsupported]")
    assert verdicts(done["gateway"], text) == RIGHT


def test_json_answers_are_neither_judged_nor_marked(world: World) -> None:
    said = json.dumps({"answer": "The canteen opens at 7. It closes at 9."})
    world.local.default = Behaviour(text=said)
    done = ask(world, gateway={"mark": True}, response_format={"type": "json_object"}).json()
    assert done["choices"][0]["message"]["content"] == said
    assert "support" not in done["gateway"]


def test_without_passages_nothing_is_judged(world: World) -> None:
    world.local.default = Behaviour(text=SAID)
    assert "support" not in ask(world, gateway={"collections": []}).json()["gateway"]


def test_a_withheld_value_is_its_type_to_the_check() -> None:
    """A caller who may not see a value learns from no verdict whether his guess at it is right."""
    token = "[PERSON_k3f9a2c17qzx]"
    found = SimpleNamespace(passages=[SimpleNamespace(text=f"The contact is {token}.", title="T", heading="")])
    sight = Sight(masks={token: "[PERSON]"})
    (source,) = sources_of(SimpleNamespace(found=found, quoting=sight))  # type: ignore[arg-type]
    assert source.sentences == ("The contact is [PERSON].",)
    evidence = Evidence([source])
    guesses = [judge(weigh(f"The contact is {name}.", evidence)) for name in ("Anton Weiss", "Jonas Marsh")]
    assert guesses[0] == guesses[1]
