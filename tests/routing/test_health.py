"""Rest after failures, with a clock in hand."""

from __future__ import annotations

import pytest

from gateway.errors import RateLimited, UpstreamFailed, UpstreamRejected, UpstreamTimeout
from gateway.model import Model
from gateway.routing import Health
from gateway.routing.failures import raise_for_status
from gateway.routing.health import MAX_REST_S, REST_S
from tests.routing.helpers import Clock, model

DOWN = UpstreamFailed("down")


def limited(retry_after: str | None, entry: Model = model()) -> RateLimited:  # noqa: B008
    with pytest.raises(RateLimited) as caught:
        raise_for_status(entry, 429, retry_after)
    return caught.value


def test_one_failure_is_forgiven_two_in_a_row_are_not() -> None:
    clock = Clock()
    health = Health(clock)
    health.failed("m", DOWN)
    assert health.view("m").ready
    health.succeeded("m")
    health.failed("m", UpstreamTimeout("slow"))
    assert health.view("m").ready
    health.failed("m", DOWN)
    assert health.view("m").rest_s == REST_S
    clock.seconds += REST_S
    assert health.view("m").ready


def test_rest_doubles_up_to_a_limit_and_success_ends_it() -> None:
    clock = Clock()
    health = Health(clock)
    rests = []
    for _ in range(9):
        health.failed("m", DOWN)
        rests.append(health.view("m").rest_s)
        clock.seconds += rests[-1]
    assert rests[:5] == [0.0, 5.0, 10.0, 20.0, 40.0]
    assert rests[-1] == MAX_REST_S
    health.failed("m", DOWN)
    health.succeeded("m")
    assert health.view("m").ready
    assert health.view("m").failures == 0


def test_a_rate_limit_rests_at_once_for_as_long_as_the_server_says() -> None:
    clock = Clock()
    health = Health(clock)
    health.failed("m", limited("7"))
    assert (health.view("m").rest_s, health.view("m").limited) == (7.0, True)
    health.failed("n", limited("Wed, 21 Oct 2026 07:28:00 GMT"))
    assert health.view("n").rest_s == REST_S
    health.failed("o", limited("86000"))
    assert health.view("o").rest_s == MAX_REST_S


def test_a_rejected_request_says_nothing_about_the_server() -> None:
    health = Health(Clock())
    for _ in range(5):
        health.failed("m", UpstreamRejected("bad"))
    assert health.view("m").ready
    assert health.view("never called").ready


def test_latency_is_a_moving_mean() -> None:
    health = Health(Clock())
    health.measured("m", 100)
    health.measured("m", 200)
    assert health.view("m").latency_ms == pytest.approx(120)
    assert set(health.views()) == {"m"}
