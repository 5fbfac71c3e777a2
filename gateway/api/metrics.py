"""`/metrics` in Prometheus' text format: counts without content, behind a token of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Scope

from gateway import __version__
from gateway.api.doors import doors_of
from gateway.errors import NotFound, Unauthenticated
from gateway.model import Json

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPEN_METRICS = "application/openmetrics-text"
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})

router = APIRouter(tags=["health"])


class Served:
    """Requests this process has answered, by method, route and status. What callers choose freely is no label."""

    def __init__(self) -> None:
        self.count: dict[tuple[str, str, int], int] = {}
        self.last: dict[tuple[str, str, int], tuple[str, float]] = {}
        """The id of the last request of each, which is that of its audit record, and when it was answered."""
        self.now = 0

    def begin(self) -> None:
        """A request came in."""
        self.now += 1

    def end(self, scope: Scope, status: int) -> tuple[str, str]:
        """It was answered; status 0 when the connection ended before an answer began. Its method and route."""
        self.now -= 1
        method = scope["method"] if scope["method"] in METHODS else "other"
        key = (method, getattr(scope.get("route"), "path", "other"), status)
        self.count[key] = self.count.get(key, 0) + 1
        if request_id := scope.get("state", {}).get("request_id"):
            self.last[key] = request_id, time.time()
        return key[0], key[1]


@router.get("/metrics", response_model=None)
async def metrics(request: Request) -> Response:
    """What was served and what failed, for whoever has `server.metrics_token`."""
    doors = doors_of(request)
    if doors.may_measure is None:
        raise NotFound("metrics are not switched on", hint="set server.metrics_token")
    if not doors.may_measure(request.headers.get("authorization", "")):
        raise Unauthenticated("metrics need their own token", hint="it is server.metrics_token, not an API key")
    measures = {**doors.measures(), "forwarded_ignored": request.app.state.peers.ignored}
    opened = OPEN_METRICS in request.headers.get("accept", "")
    text = render(request.app.state.served, measures, worker=str(os.getpid()), opened=opened)
    content_type = f"{OPEN_METRICS}; version=1.0.0; charset=utf-8" if opened else CONTENT_TYPE
    return Response(text, headers={"cache-control": "no-store", "content-type": content_type})


def render(served: Served, measures: Json, *, worker: str, opened: bool = False) -> str:
    """The page; as OpenMetrics where `opened`, with the record of the last request beside each count.

    measures: {"redaction_failures": {reason: n}, "redaction_waiting": n, "audit_healthy": bool,
    "search_left_out": {what: n}, "forwarded_ignored": n}.
    """
    requests = {
        f'method="{method}",path="{_escaped(path)}",status="{status}"': count
        for (method, path, status), count in sorted(served.count.items())
    }
    examples = {
        f'method="{method}",path="{_escaped(path)}",status="{status}"': f' # {{record_id="{last}"}} 1 {at:.3f}'
        for (method, path, status), (last, at) in (served.last.items() if opened else ())
    }
    failures = {f'reason="{_escaped(reason)}"': n for reason, n in sorted(measures["redaction_failures"].items())}
    lines = [
        *_series("gateway_info", "gauge", "The version that runs.", {f'version="{__version__}"': 1}, worker),
        *_series("gateway_requests_total", "counter", "Requests answered; status 0: none.", requests, worker, examples),
        *_series("gateway_requests_in_progress", "gauge", "Requests under way.", {"": served.now}, worker),
        *_series(
            "gateway_redaction_failures_total",
            "counter",
            "Texts and answers refused because they could not be scanned.",
            failures,
            worker,
        ),
        *_series(
            "gateway_redaction_waiting",
            "gauge",
            "Scans under way or waiting.",
            {"": measures["redaction_waiting"]},
            worker,
        ),
        *_series(
            "gateway_search_left_out_total",
            "counter",
            "Searches that vectors, learned terms or the reranker had no part in.",
            {f'what="{_escaped(what)}"': n for what, n in sorted(measures.get("search_left_out", {}).items())},
            worker,
        ),
        *_series(
            "gateway_forwarded_ignored_total",
            "counter",
            "Entries of trusted proxies that were no address.",
            {"": measures.get("forwarded_ignored", 0)},
            worker,
        ),
        *_series(
            "gateway_audit_healthy",
            "gauge",
            "1 while the log can be written.",
            {"": int(measures["audit_healthy"])},
            worker,
        ),
    ]
    if opened:
        # There a counter's family has no `_total`, and its samples have.
        lines = [line.replace("_total ", " ", 1) if line.startswith("# ") else line for line in lines] + ["# EOF"]
    return "\n".join(lines) + "\n"


def _series(
    name: str, kind: str, what: str, values: Mapping[str, int], worker: str, examples: Mapping[str, str] | None = None
) -> Iterator[str]:
    yield f"# HELP {name} {what}"
    yield f"# TYPE {name} {kind}"
    for labels, value in values.items():
        example = (examples or {}).get(labels, "")
        yield f'{name}{{{labels}{"," if labels else ""}worker="{worker}"}} {value}{example}'


def _escaped(label: str) -> str:
    return label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
