"""HTTP statuses become the error tree; retry-after is read with care."""

from __future__ import annotations

import pytest

from gateway.errors import GatewayError, RateLimited, UpstreamFailed, UpstreamRejected, UpstreamTimeout
from gateway.routing.failures import raise_for_status, seconds_of
from tests.routing.helpers import model


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, UpstreamRejected),
        (401, UpstreamFailed),
        (403, UpstreamFailed),
        (404, UpstreamFailed),
        (408, UpstreamTimeout),
        (413, UpstreamRejected),
        (422, UpstreamRejected),
        (429, RateLimited),
        (301, UpstreamFailed),
        (500, UpstreamFailed),
        (503, UpstreamFailed),
        (504, UpstreamTimeout),
    ],
)
def test_statuses(status: int, kind: type[GatewayError]) -> None:
    with pytest.raises(kind) as caught:
        raise_for_status(model("m1"), status)
    assert "'m1'" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3.0), ("0.5", 0.5), ("0", None), ("-1", None), ("nan", None), ("inf", None), ("soon", None), (None, None)],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert seconds_of(header) == seconds


def test_retry_after_travels_with_the_error() -> None:
    with pytest.raises(RateLimited) as caught:
        raise_for_status(model(), 429, "12")
    assert caught.value.retry_after_s == 12.0
    assert "12 s" in caught.value.hint
    assert UpstreamFailed("x").retry_after_s is None
