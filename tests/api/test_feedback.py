"""`/v1/feedback`: a record of the answered request, by who asked, with nothing personal in the clear."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from gateway.model import Json
from tests.world import World

ABSENT = str(uuid4())


def ask(world: World, who: str = "emil") -> str:
    body = {"model": "house", "messages": [{"role": "user", "content": "how deep is the north hall"}]}
    answer = httpx.post(f"{world.url}/v1/chat/completions", headers=world.headers(who), json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.headers["x-gateway-request-id"]


def give(world: World, who: str, **body: object) -> httpx.Response:
    return httpx.post(f"{world.url}/v1/feedback", headers=world.headers(who), json=body, timeout=60)


def given(world: World, about: str) -> list[Json]:
    return [record for record in world.records(about) if record["action"] == "feedback"]


def test_feedback_stands_among_the_records_of_its_request(world: World) -> None:
    about = ask(world)
    answer = give(
        world,
        "emil",
        request_id=about,
        rating="bad",
        comment="Ask jane.roe@example.com, she measured it.",
        expected="Eleven metres.",
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["request_id"] == about
    assert told["redactions"] == {"EMAIL_ADDRESS": 1}
    (record,) = given(world, about)
    assert (record["kind"], record["detail"]["rating"]) == ("event", "bad")
    assert record["content"]["expected"] == "Eleven metres."
    assert "[EMAIL_ADDRESS_" in record["content"]["comment"]
    assert "jane.roe" not in str(record)
    outcome = next(one for one in world.records(about) if one["kind"] == "outcome")
    assert record["detail"]["answer"] == {"stream": outcome["stream"], "seq": outcome["seq"]}
    assert told["receipt"]["seq"] == record["seq"]


def test_it_may_be_given_again(world: World) -> None:
    about = ask(world)
    for rating in ("bad", "good"):
        assert give(world, "emil", request_id=about, rating=rating).status_code == 200
    assert sorted(record["detail"]["rating"] for record in given(world, about)) == ["bad", "good"]
    assert all(record["content"] == {} for record in given(world, about))


@pytest.mark.parametrize("who", ["clara", "ines"])
def test_somebody_elses_answer_looks_as_if_it_were_not_there(world: World, who: str) -> None:
    about = ask(world)
    other, absent = (give(world, who, request_id=one, rating="good") for one in (about, ABSENT))
    assert other.status_code == absent.status_code == 404
    assert other.json() == absent.json()
    assert not given(world, about)
    refused = given(world, other.headers["x-gateway-request-id"])
    assert [(one["kind"], one["detail"]["code"]) for one in refused] == [("refusal", "not_found")]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"rating": "good"}, "request_id"),
        ({"request_id": 7, "rating": "good"}, "request_id"),
        ({"request_id": "x\0y", "rating": "fair"}, "rating"),
        ({"request_id": ABSENT, "rating": ["good"]}, "rating"),
        ({"request_id": ABSENT, "rating": "good", "comment": 3}, "comment"),
        ({"request_id": ABSENT, "rating": "good", "expected": "x" * 10_001}, "expected"),
        ({"request_id": ABSENT, "rating": "good", "stars": 5}, "stars"),
    ],
)
def test_what_cannot_be_feedback_is_refused_by_name(world: World, body: Json, param: str) -> None:
    answer = give(world, "emil", **body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


def test_an_id_that_no_request_can_have_is_not_found(world: World) -> None:
    for about in ("x\0y", "a" * 5000, "../x"):
        assert give(world, "emil", request_id=about, rating="good").status_code == 404


def test_nobody_gives_feedback_without_a_key(world: World) -> None:
    answer = httpx.post(f"{world.url}/v1/feedback", json={"request_id": ABSENT, "rating": "good"}, timeout=60)
    assert answer.status_code == 401
