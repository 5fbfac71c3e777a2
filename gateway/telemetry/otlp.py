"""Sending spans to a collector, some seconds later and in the background; what it does not take is dropped and counted.

Nothing waits for it: a collector that is down or slow costs traces and no request. The standard library's client does,
in a thread: no proxy from the environment, no redirect followed, nothing of an answer kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
import re
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Final
from urllib.parse import urlsplit

from gateway.crypto import Secret
from gateway.errors import BadSettings
from gateway.telemetry.spans import Span, Value, encode

log = logging.getLogger(__name__)

WAITING: Final = 8_192
BATCH: Final = 512
PATH: Final = "/v1/traces"
_HEADER: Final = re.compile(r"[\x20-\x7e]+")


class Exporter:
    """One process's spans on their way out."""

    def __init__(
        self,
        endpoint: str,
        resource: Mapping[str, Value],
        *,
        authorization: Secret | None = None,
        every_s: float = 2.0,
        timeout_s: float = 5.0,
    ) -> None:
        """endpoint: `http://host:4318`, or with the whole path. Raises BadSettings."""
        try:
            parts = urlsplit(endpoint)
            self._host, self._port = parts.hostname, parts.port
        except ValueError:
            self._host = None
        if not self._host or parts.scheme not in ("http", "https") or parts.username or parts.query:
            raise BadSettings("telemetry.otlp_endpoint is no address", hint="write http://host:4318")
        # The client's own words for it would quote it.
        if authorization is not None and not _HEADER.fullmatch(authorization.reveal()):
            raise BadSettings("telemetry.authorization holds what no header can", hint="write it without line ends")
        self._secure = parts.scheme == "https"
        self._path = parts.path if parts.path.strip("/") else PATH
        self._resource = dict(resource)
        self._authorization = authorization
        self._every_s = every_s
        self._timeout_s = timeout_s
        self._waiting: deque[Span] = deque()
        # Its own, so that a slow collector takes none from requests.
        self._thread = ThreadPoolExecutor(1, "telemetry")
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failing = False
        self.sent = 0
        self.dropped = 0
        """Spans that no collector got."""

    async def start(self) -> None:
        """Begin sending, in the background."""
        self._task = asyncio.create_task(self._run(), name="telemetry")

    def add(self, spans: Sequence[Span]) -> None:
        """Send these later; while too many wait, they are dropped."""
        if len(self._waiting) + len(spans) > WAITING:
            self.dropped += len(spans)
        else:
            self._waiting.extend(spans)

    async def close(self) -> None:
        """Send what waits, for as long as one sending may take, and end."""
        self._closing.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=self._timeout_s)
            self._task.cancel()
            await asyncio.wait([self._task])
        self._thread.shutdown(wait=False)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        last = False
        try:
            while not last:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), self._every_s)
                last = self._closing.is_set()
                while self._waiting:
                    some = list(islice(self._waiting, BATCH))
                    taken = await loop.run_in_executor(self._thread, self._post, some)
                    for _ in some:
                        self._waiting.popleft()
                    if taken:
                        self.sent += len(some)
                        continue
                    self.dropped += len(some)
                    break
        finally:
            self.dropped += len(self._waiting)
            self._waiting.clear()

    def _post(self, spans: Sequence[Span]) -> bool:
        try:
            status = self._status(encode(spans, self._resource))
        except Exception as error:  # noqa: BLE001 - whatever it was, it costs these spans and not those to come
            self._tell(type(error).__name__)
            return False
        self._tell("" if 200 <= status < 300 else f"status {status}")
        return 200 <= status < 300

    def _status(self, body: bytes) -> int:
        headers = {"content-type": "application/json"}
        if self._authorization is not None:
            headers["authorization"] = self._authorization.reveal()
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host or "", self._port, timeout=self._timeout_s)
        try:
            connection.request("POST", self._path, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def _tell(self, why: str) -> None:
        """Once when it begins to fail, and once when it works again."""
        if why and not self._failing:
            log.warning("traces are not taken by the collector, %s", why)
        elif not why and self._failing:
            log.warning("traces are taken by the collector again")
        self._failing = bool(why)
