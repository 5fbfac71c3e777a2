"""A closed-loop load generator over raw sockets, lean enough not to be what is measured.

    python -m gateway.cli.bench.load URL --body '{"model": "auto", ...}' -H 'Authorization: Bearer ...' -c 32 -n 2000

Each of `concurrency` connections sends the same request as soon as its last answer is complete. Prints JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import re
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlsplit

_LENGTH: Final = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked", re.IGNORECASE)
_CLOSE: Final = re.compile(rb"\r\nconnection:\s*close", re.IGNORECASE)
_TOKEN: Final = re.compile(rb'"content":\s*"[^"]')
_END: Final = b"0\r\n\r\n"
_DONE: Final = b"data: [DONE]"


@dataclass(frozen=True, slots=True)
class Report:
    """What one run measured. Milliseconds; None where it does not apply or nothing succeeded."""

    requests: int
    """Answered properly."""
    errors: int
    """Any other status, a broken connection, or a stream without its [DONE]."""
    seconds: float
    per_second: float
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    first_token_p50_ms: float | None = None
    first_token_p99_ms: float | None = None
    gap_p50_ms: float | None = None
    """Between tokens of one stream, each stream's mean."""
    statuses: Mapping[int, int] = field(default_factory=dict)
    """Answers by status; 0 stands for a broken connection."""


@dataclass(slots=True)
class _Tally:
    latencies: list[float] = field(default_factory=list)
    first_tokens: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    errors: int = 0


class _Connection(asyncio.Protocol):
    """One request at a time; `answered` resolves to its status, 0 when the connection broke."""

    def __init__(self, *, stream: bool) -> None:
        self._stream = stream
        self.transport: asyncio.Transport | None = None
        self.answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.first_token: float | None = None
        self.last_token = 0.0
        self.tokens = 0
        self.done = False
        self._buffer = b""
        self._status = 0
        self._left = -1
        """Bytes of the body still to come; -1 while the head is read, -2 for a chunked body."""
        self._keep = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop has classes of its own

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.transport = None
        if not self.answered.done():
            self.answered.set_result(0)

    def send(self, request: bytes) -> asyncio.Future[int]:
        self.answered = asyncio.get_running_loop().create_future()
        self.first_token, self.tokens, self.done = None, 0, False
        self._buffer, self._status, self._left = b"", 0, -1
        if self.transport is None:
            self.answered.set_result(0)
        else:
            self.transport.write(request)
        return self.answered

    def data_received(self, data: bytes) -> None:
        if self._left == -1:
            self._buffer += data
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head, data = self._buffer[:end], self._buffer[end + 4 :]
            self._buffer = b""
            self._status = int(head[9:12])
            self._keep = not _CLOSE.search(head)
            length = _LENGTH.search(head)
            self._left = -2 if _CHUNKED.search(head) else int(length[1]) if length else 0
        if self._stream:
            self._count(data)
        if self._left == -2:
            # the last bytes of a chunked body; nothing else ends so, as no event ends in a bare 0
            self._buffer = (self._buffer + data)[-5:]
            complete = self._buffer == _END
        else:
            self._left -= len(data)
            complete = self._left <= 0
        if complete and not self.answered.done():
            self.answered.set_result(self._status)
            if not self._keep and self.transport is not None:
                self.transport.close()

    def _count(self, data: bytes) -> None:
        found = len(_TOKEN.findall(data))
        if found:
            now = time.perf_counter()
            self.first_token = self.first_token or now
            self.last_token = now
            self.tokens += found
        self.done = self.done or _DONE in data


async def run(
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    concurrency: int = 1,
    requests: int | None = None,
    duration_s: float | None = None,
    warm_up: int = 0,
) -> Report:
    """POST `body` until `requests` answers or `duration_s` seconds, whichever comes first; at least one is needed.

    `warm_up` requests are sent first and not counted. A stream is expected when the body says `"stream": true`.
    """
    if requests is None and duration_s is None:
        raise ValueError("give requests or duration_s")
    stream = bool(json.loads(body).get("stream"))
    request = render(url, headers, body)
    if warm_up:
        await _drive(url, request, _Tally(), stream, concurrency, _Budget(warm_up, None))
    tally = _Tally()
    started = time.perf_counter()
    deadline = None if duration_s is None else started + duration_s
    await _drive(url, request, tally, stream, concurrency, _Budget(requests, deadline))
    return _report(tally, time.perf_counter() - started)


def render(url: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The request's bytes."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"POST {path} HTTP/1.1", f"host: {parts.netloc}", "content-type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


class _Budget:
    """How many requests may still begin."""

    def __init__(self, requests: int | None, deadline: float | None) -> None:
        self._left = requests
        self._deadline = deadline

    def take(self) -> bool:
        if self._deadline is not None and time.perf_counter() >= self._deadline:
            return False
        if self._left is not None:
            if self._left <= 0:
                return False
            self._left -= 1
        return True


async def _drive(url: str, request: bytes, tally: _Tally, stream: bool, concurrency: int, budget: _Budget) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(_one_connection(url, request, tally, stream, budget))


async def _one_connection(url: str, request: bytes, tally: _Tally, stream: bool, budget: _Budget) -> None:
    connection: _Connection | None = None
    while budget.take():
        started = time.perf_counter()
        try:
            if connection is None or connection.transport is None:
                connection = await _connect(url, stream)
                started = time.perf_counter()
            status = await connection.send(request)
        except OSError:
            status = 0
        ended = time.perf_counter()
        tally.statuses[status] = tally.statuses.get(status, 0) + 1
        if status != 200 or connection is None or (stream and not connection.done):
            tally.errors += 1
            await asyncio.sleep(0)
            continue
        tally.latencies.append(ended - started)
        if connection.first_token is not None:
            tally.first_tokens.append(connection.first_token - started)
            if connection.tokens > 1:
                tally.gaps.append((connection.last_token - connection.first_token) / (connection.tokens - 1))
    if connection is not None and connection.transport is not None:
        connection.transport.close()
        await asyncio.sleep(0)


async def _connect(url: str, stream: bool) -> _Connection:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    _, connection = await asyncio.get_running_loop().create_connection(
        lambda: _Connection(stream=stream),
        parts.hostname or "",
        parts.port or (443 if secure else 80),
        ssl=ssl.create_default_context() if secure else None,
    )
    return connection


def _report(tally: _Tally, seconds: float) -> Report:
    count = len(tally.latencies)
    return Report(
        requests=count,
        errors=tally.errors,
        seconds=round(seconds, 3),
        per_second=round(count / seconds, 1) if seconds else 0.0,
        p50_ms=percentile(tally.latencies, 50),
        p90_ms=percentile(tally.latencies, 90),
        p99_ms=percentile(tally.latencies, 99),
        first_token_p50_ms=percentile(tally.first_tokens, 50),
        first_token_p99_ms=percentile(tally.first_tokens, 99),
        gap_p50_ms=percentile(tally.gaps, 50),
        statuses=dict(sorted(tally.statuses.items())),
    )


def percentile(seconds: Sequence[float], rank: float) -> float | None:
    """Nearest-rank percentile, in milliseconds."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    place = max(0, math.ceil(rank / 100 * len(ordered)) - 1)
    return round(ordered[place] * 1000, 4)


def main() -> None:
    """Measure one URL."""
    parser = argparse.ArgumentParser(description="Closed-loop load on one URL; prints JSON.")
    parser.add_argument("url")
    parser.add_argument("--body", required=True, help="JSON, or @FILE")
    parser.add_argument("-H", "--header", action="append", default=[], help="'Name: value'; may be repeated")
    parser.add_argument("-c", "--concurrency", type=int, default=1)
    parser.add_argument("-n", "--requests", type=int)
    parser.add_argument("-t", "--seconds", type=float)
    parser.add_argument("--warm-up", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.requests is None and arguments.seconds is None:
        parser.error("give --requests or --seconds")
    text: str = arguments.body
    body = Path(text[1:]).read_bytes() if text.startswith("@") else text.encode()
    headers = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in arguments.header)}
    work = run(
        arguments.url,
        headers=headers,
        body=body,
        concurrency=arguments.concurrency,
        requests=arguments.requests,
        duration_s=arguments.seconds,
        warm_up=arguments.warm_up,
    )
    try:
        import uvloop  # noqa: PLC0415 - optional, and slow to import
    except ImportError:
        report = asyncio.run(work)
    else:
        report = uvloop.run(work)
    print(json.dumps(asdict(report)))


if __name__ == "__main__":
    main()
