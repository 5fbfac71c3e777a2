"""The transit engine of Vault and OpenBao: keys with versions that never leave it, tokens, namespaces, and faults.

A thread of its own, since the client blocks as it does in a process that starts.
"""

from __future__ import annotations

import base64
import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from gateway.crypto import SecretBytes, open_, seal
from gateway.errors import SealBroken

Answer = tuple[int, dict[str, Any]]


@dataclass
class TransitKey:
    """One key and its versions, 1 being the oldest."""

    versions: list[SecretBytes] = field(default_factory=lambda: [_fresh(1)])
    min_decryption_version: int = 1

    def rotate(self) -> None:
        self.versions.append(_fresh(len(self.versions) + 1))


@dataclass
class TransitSimulator:
    """`/v1/<mount>/{encrypt,decrypt,rewrap}/<key>` for tokens in `tokens`.

    `fault` until it is taken back: `sealed`, `denied`, `quota`, `broken`, `redirect`, `garbage`, `odd`, `cut`, `slow`,
    `drip`, `huge`.
    """

    mount: str = "transit"
    tokens: set[str] = field(default_factory=lambda: {"hvs.of-the-gateway"})
    namespace: str = ""
    keys: dict[str, TransitKey] = field(default_factory=lambda: {"gateway": TransitKey()})
    fault: str = ""
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path and headers of every request."""
    certificate: Path | None = None
    """A PEM file with key and certificate: served over TLS."""

    def __enter__(self) -> Self:
        simulator = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                simulator._serve(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
                """Nothing on standard error."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if self.certificate is not None:
            self._server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._server.context.load_cert_chain(self.certificate)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.fault = ""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @property
    def url(self) -> str:
        scheme = "http" if self.certificate is None else "https"
        return f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.seen.append((handler.path, {name.lower(): value for name, value in handler.headers.items()}))
        if self.fault in ("cut", "slow", "drip", "huge", "garbage", "redirect"):
            self._misbehave(handler)
            return
        status, answer = self._answer(handler.path, self.seen[-1][1], body)
        data = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def _misbehave(self, handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        if self.fault == "cut":
            handler.connection.close()
        elif self.fault == "redirect":
            handler.send_response(307)
            handler.send_header("Location", "http://127.0.0.1:9/elsewhere")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
        elif self.fault == "garbage":
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(b"\xff\xfe <html>")
        elif self.fault == "huge":
            handler.send_response(200)
            handler.end_headers()
            try:
                for _ in range(100):
                    handler.wfile.write(b"x" * 100_000)
            except OSError:
                return
        else:
            handler.send_response(200)
            handler.end_headers()
            try:
                while self.fault:
                    if self.fault == "drip":
                        handler.wfile.write(b" ")
                    time.sleep(0.02)
            except OSError:
                return

    def _answer(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if self.fault == "sealed":
            return 503, {"errors": ["Vault is sealed"]}
        if self.fault == "quota":
            return 429, {"errors": ["request path quota exceeded"]}
        if self.fault == "broken":
            return 500, {"errors": ["internal error"]}
        if self.fault == "odd":
            return 200, {"data": {"plaintext": 7, "ciphertext": "not of mine"}}
        if headers.get("x-vault-namespace", "") != self.namespace:
            return 404, {"errors": ["no handler for route"]}
        if self.fault == "denied" or headers.get("x-vault-token") not in self.tokens:
            return 403, {"errors": ["permission denied"]}
        what, _, name = path.removeprefix(f"/v1/{self.mount}/").partition("/")
        if not path.startswith(f"/v1/{self.mount}/") or what not in ("encrypt", "decrypt", "rewrap"):
            return 404, {"errors": ["no handler for route"]}
        key = self.keys.get(unquote(name))
        if key is None:
            return 400, {"errors": ["encryption key not found"]}
        try:
            return self._work(what, key, json.loads(body))
        except (ValueError, KeyError, IndexError, SealBroken):
            return 400, {"errors": ["cipher: message authentication failed"]}

    def _work(self, what: str, key: TransitKey, given: dict[str, str]) -> Answer:
        if what == "encrypt":
            return 200, {"data": _sealed(key, base64.b64decode(given["plaintext"], validate=True))}
        prefix, version, sealed = given["ciphertext"].split(":")
        if prefix != "vault":
            return 400, {"errors": ["invalid ciphertext: no prefix"]}
        number = int(version.removeprefix("v"))
        if number < key.min_decryption_version:
            return 400, {"errors": ["ciphertext or signature version is disallowed by policy (too old)"]}
        plain = open_(key.versions[number - 1], base64.b64decode(sealed), b"")
        if what == "rewrap":
            return 200, {"data": _sealed(key, plain)}
        return 200, {"data": {"plaintext": base64.b64encode(plain).decode()}}


class _Server(ThreadingHTTPServer):
    context: ssl.SSLContext | None = None

    def get_request(self) -> tuple[socket.socket, Any]:
        connected, address = super().get_request()
        if self.context is None:
            return connected, address
        try:
            return self.context.wrap_socket(connected, server_side=True), address
        finally:
            connected.close()


def _sealed(key: TransitKey, plain: bytes) -> dict[str, Any]:
    version = len(key.versions)
    sealed = base64.b64encode(seal(key.versions[-1], plain, b"")).decode()
    return {"ciphertext": f"vault:v{version}:{sealed}", "key_version": version}


def _fresh(number: int) -> SecretBytes:
    return SecretBytes(bytes([number]) * 32)
