"""A collector that takes OTLP over HTTP, and can refuse or be slow."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class Collector:
    """Keeps every byte that it was sent: `bodies`, and paths and headers as they came."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.heads: list[str] = []
        self.status = 200
        self.delay_s = 0.0
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                time.sleep(collector.delay_s)
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.heads.append(f"{self.path}\n{self.headers}")
                collector.bodies.append(body)
                self.send_response(collector.status)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Nothing on standard error."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def spans(self) -> list[dict[str, Any]]:
        """Every span, its attributes as plain values."""
        found = []
        for body in self.bodies:
            for resource in json.loads(body)["resourceSpans"]:
                for scope in resource["scopeSpans"]:
                    found += [{**span, "attributes": _plain(span["attributes"])} for span in scope["spans"]]
        return found

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join(30)
        self._server.server_close()


def _plain(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in attributes}
