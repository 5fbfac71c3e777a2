"""HashiCorp Vault's and OpenBao's transit engine: bytes sealed by a key that never leaves their server.

Asked once when a process starts, before there is an event loop to keep free, and by commands that write the key ring.
So the standard library's client does: no proxy from the environment, no redirect followed, a limit on what is read.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import http.client
import ipaddress
import json
import socket
import ssl
import threading
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from gateway.crypto.secret import Secret
from gateway.errors import BadSettings, KeyServiceRefused, KeyServiceUnavailable

MAX_BYTES: Final = 4 << 20
FORM: Final = "vault:v"
_HINTS: Final = {
    400: "look at keys.transit.key, and at the key's min_decryption_version",
    403: "give keys.transit.token a token whose policy has update on encrypt, decrypt and rewrap of the key",
    404: "look at keys.transit.mount, keys.transit.key and keys.transit.namespace",
}


class Transit:
    """One transit key. Calls block up to `timeout_s`.

    They raise KeyServiceUnavailable where trying again can help, KeyServiceRefused where something is to be mended.
    """

    def __init__(
        self,
        url: str,
        key: str,
        token: Secret,
        *,
        mount: str = "transit",
        namespace: str = "",
        ca_file: Path | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise BadSettings("keys.transit.url is no address", hint="e.g. https://vault.example.org:8200")
        if parts.scheme == "http" and not _near(parts.hostname):
            raise BadSettings(
                "keys.transit.url is not https, and the key ring would pass in the clear", hint="give it https://"
            )
        self.key = key
        self._address = (parts.hostname, parts.port)
        self._secure = parts.scheme == "https"
        self._base = f"{parts.path.rstrip('/')}/v1/{quote(mount.strip('/'))}"
        self._token = token
        self._namespace = namespace
        self._ca_file = ca_file
        self._timeout = timeout_s

    def encrypt(self, data: bytes) -> str:
        """`data` sealed by the newest version of the key: `vault:v<version>:<base64>`."""
        found = self._call("encrypt", {"plaintext": base64.b64encode(data).decode()}, "ciphertext")
        return self._form(found)

    def decrypt(self, sealed: str) -> bytes:
        """What `encrypt` was given."""
        try:
            return base64.b64decode(self._call("decrypt", {"ciphertext": sealed}, "plaintext"), validate=True)
        except (binascii.Error, ValueError):
            raise _odd() from None

    def rewrap(self, sealed: str) -> str:
        """The same sealed by the newest version of the key; it is not in the clear outside the server."""
        return self._form(self._call("rewrap", {"ciphertext": sealed}, "ciphertext"))

    def _form(self, found: str) -> str:
        if not found.startswith(FORM):
            raise _odd()
        return found

    def _call(self, what: str, body: dict[str, str], wanted: str) -> str:
        status, data = self._post(f"{self._base}/{what}/{quote(self.key, safe='')}", json.dumps(body).encode())
        if status != 200:
            raise self._refusal(status)
        try:
            answer: Any = json.loads(data)
            found = answer["data"][wanted]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise _odd() from None
        if not isinstance(found, str):
            raise _odd()
        return found

    def _post(self, path: str, body: bytes) -> tuple[int, bytes]:
        connection = self._connection()
        late = threading.Event()
        clock: threading.Timer | None = None
        headers = {"X-Vault-Token": self._token.reveal(), "X-Vault-Request": "true", "Content-Type": "application/json"}
        if self._namespace:
            headers["X-Vault-Namespace"] = self._namespace
        try:
            connection.connect()
            # A limit for the whole answer: one that comes byte by byte keeps within any time-out of a read.
            clock = threading.Timer(self._timeout, _cut, (connection.sock, late))
            clock.daemon = True
            clock.start()
            connection.request("POST", path, body, headers)
            with connection.getresponse() as response:
                data = response.read(MAX_BYTES + 1)
        except TimeoutError:
            raise self._slow() from None
        except ssl.SSLError:
            if late.is_set():
                raise self._slow() from None
            raise KeyServiceUnavailable(
                "the key service's certificate is not trusted", hint="give keys.transit.ca_file its authority"
            ) from None
        except (OSError, http.client.HTTPException, ValueError):
            if late.is_set():
                raise self._slow() from None
            raise KeyServiceUnavailable(
                "the key service does not answer", hint="look at keys.transit.url and at the server"
            ) from None
        finally:
            if clock is not None:
                clock.cancel()
            connection.close()
        if late.is_set():
            raise self._slow()
        if len(data) > MAX_BYTES:
            raise _odd()
        return response.status, data

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._address
        if not self._secure:
            return http.client.HTTPConnection(host, port, timeout=self._timeout)
        try:
            context = ssl.create_default_context(cafile=str(self._ca_file) if self._ca_file else None)
        except (OSError, ssl.SSLError):
            raise BadSettings("keys.transit.ca_file cannot be read as certificates", hint="give a PEM file") from None
        return http.client.HTTPSConnection(host, port, timeout=self._timeout, context=context)

    def _slow(self) -> KeyServiceUnavailable:
        return KeyServiceUnavailable(f"the key service took longer than {self._timeout:g} s", hint="look at the server")

    def _refusal(self, status: int) -> KeyServiceRefused | KeyServiceUnavailable:
        if status == 503:
            return KeyServiceUnavailable("the key service is sealed, or down for maintenance", hint="unseal it")
        if status == 429:
            return KeyServiceUnavailable("the key service is overloaded (429)", hint="try again, or raise its quota")
        if status >= 500 or 300 <= status < 400:
            hint = "point keys.transit.url at the active node" if status < 400 else "look at the server's log"
            return KeyServiceUnavailable(f"the key service failed ({status})", hint=hint)
        what = {403: "permission denied", 404: "no such path"}.get(status, "the key or what was sent does not fit")
        return KeyServiceRefused(f"the key service refused ({status}): {what}", hint=_HINTS.get(status, _HINTS[400]))


def _cut(connected: socket.socket, late: threading.Event) -> None:
    """End a call from another thread."""
    late.set()
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _near(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _odd() -> KeyServiceUnavailable:
    return KeyServiceUnavailable(
        "the key service answered something else than sealed bytes", hint="look at its address"
    )
