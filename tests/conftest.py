"""What every test may ask for: a fresh migrated database, a key ring, and a network that ends at this machine."""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import os
import random
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG

from gateway.crypto import keyring
from gateway.crypto.keyring import KeyRing
from gateway.crypto.seal import KEY_BYTES
from gateway.retrieval import embed, modelfile
from gateway.store import Store, embedded, open_store
from gateway.store.embedded import EmbeddedServer
from tests.apart import run_apart, run_sql
from tests.retrieval.models import place
from tests.shared import own_world, shared_world, world

__all__ = ["own_world", "shared_world", "world"]

TEMPLATE = "gateway_template"

# A database is made and dropped for each test, which goes through the whole cache.
embedded._MOST_MB = 256  # type: ignore[misc]

os.environ.update(
    HF_HUB_OFFLINE="1",
    TRANSFORMERS_OFFLINE="1",
    LITELLM_LOCAL_MODEL_COST_MAP="True",
    HF_HUB_DISABLE_TELEMETRY="1",
    DO_NOT_TRACK="1",
    ORT_DISABLE_TELEMETRY="1",
    # Commands load the detector at their first text, and the machine may have other work.
    GATEWAY_REDACTION__TIMEOUT_S="120",
)

# Machines differ; what must be fast is measured by the bench.
for _phase in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, _phase, 60.0)
# The same examples every time, so that nobody's change fails by an example that was never seen before; `make explore`
# looks for those.
_SLOW = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile("house", deadline=None, derandomize=True, suppress_health_check=_SLOW)
hypothesis.settings.register_profile("explore", deadline=None, suppress_health_check=_SLOW, print_blob=True)
hypothesis.settings.load_profile("explore" if os.environ.get("TESTS_EXPLORE") else "house")


class NetworkGuard:
    """Refuses every address but loopback and Unix sockets, and remembers what was tried, even if the error was eaten.

    An audit hook sees each socket of this process that Python opens, whoever opens it.
    """

    def __init__(self) -> None:
        self.on = False
        self.tried: list[str] = []

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.on or not event.startswith("socket."):
            return
        if event == "socket.connect" or event in ("socket.sendto", "socket.sendmsg"):
            address = args[1]
            if args[0].family in (socket.AF_INET, socket.AF_INET6) and address and not self._near(address[0]):
                self._refuse(str(address[0]))
        elif event in ("socket.getaddrinfo", "socket.gethostbyname") and not self._near(args[0]):
            self._refuse(str(args[0]))

    def _near(self, host: object) -> bool:
        if host in (None, "", b""):
            return True
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(name.partition("%")[0]).is_loopback
        except ValueError:
            return False

    def _refuse(self, host: str) -> None:
        if host.endswith(".invalid"):
            # What a test uses for a name that does not resolve (RFC 6761).
            raise socket.gaierror(socket.EAI_NONAME, "name does not resolve")
        self.tried.append(host)
        raise ConnectionRefusedError(f"a test tried to reach {host}: only this machine may be reached")


GUARD = NetworkGuard()
sys.addaudithook(GUARD)


@pytest.fixture(autouse=True)
def no_network() -> Iterator[NetworkGuard]:
    """Fail any test that looks further than this machine, also when the code under test swallowed the refusal."""
    GUARD.tried.clear()
    GUARD.on = True
    yield GUARD
    GUARD.on = False
    assert not GUARD.tried, f"tried to reach {sorted(set(GUARD.tried))}"


@pytest.fixture(scope="session", autouse=True)
def one_model() -> Iterator[None]:
    """Build the embedder's file (four seconds) once a run, not once for each data directory of a test."""

    def ensured(folder: Path, precision: str) -> Path:
        if precision == "int8":
            place(folder)
        return modelfile.ensure(folder, precision)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embed, "ensure", ensured)
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """The embedded PostgreSQL that the whole run shares, in a temporary directory."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-test-"))
    server = EmbeddedServer(folder)
    try:
        server.start()
        yield server
    finally:
        with contextlib.suppress(Exception):
            server.release()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(server: EmbeddedServer) -> str:
    """The name of a migrated, empty database, from which each test's is copied."""

    async def make() -> None:
        await run_sql(server.url("postgres"), f"CREATE DATABASE {TEMPLATE}")
        store = await open_store(server.url(TEMPLATE), Path("unused"))
        await store.close()

    run_apart(make())
    return TEMPLATE


@pytest.fixture
def database_url(server: EmbeddedServer, template: str) -> Iterator[str]:
    """Address of a database of this test's own, migrated and empty; dropped afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    run_apart(run_sql(server.url("postgres"), f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield server.url(name)
    run_apart(run_sql(server.url("postgres"), f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Store]:
    """A store over this test's own database."""
    store = await open_store(database_url, Path("unused"))
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
def ring(tmp_path: Path, request: pytest.FixtureRequest) -> KeyRing:
    """A key ring of this test's own, the same in every run; its file is `tmp_path`/keys/ring.json.

    Tokens are made of its keys: a test that one token in a thousand fails would fail on another day.
    """
    drawn = random.Random(request.node.nodeid)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyring, "_fresh", lambda: base64.b64encode(drawn.randbytes(KEY_BYTES)).decode())
        return KeyRing.create(tmp_path / "keys" / "ring.json")
