"""The way out: no proxy from the environment, no redirect, TLS checked, stale connections survived."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.errors import UpstreamFailed
from tests.routing.helpers import PATIENT, call, model, wire
from tests.simulators import Behaviour, Fault, OpenAISimulator

ANSWER = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}'


async def test_proxies_and_netrc_of_the_environment_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with OpenAISimulator() as upstream, wire() as provider:
        entry = model("keyless", base_url=upstream.url)
        await provider.complete(provider.prepare(entry, call()), PATIENT)
        assert "Authorization" not in upstream.chats[0].headers


async def test_redirects_are_not_followed() -> None:
    async with OpenAISimulator() as upstream, wire() as provider:
        upstream.default = Behaviour(fault=Fault.REDIRECT)
        with pytest.raises(UpstreamFailed, match="redirects"):
            await provider.complete(provider.prepare(model(base_url=upstream.url), call()), PATIENT)
        assert len(upstream.requests) == 1


async def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    async with OpenAISimulator(tls=self_signed(tmp_path)) as upstream, wire() as provider:
        assert upstream.url.startswith("https://")
        with pytest.raises(UpstreamFailed, match="certificate"):
            await provider.complete(provider.prepare(model(base_url=upstream.url), call()), PATIENT)
        assert upstream.requests == []


async def test_a_connection_closed_while_idle_is_no_failure() -> None:
    """The server hangs up on the second request of each connection without answering, as an idle time-out looks."""
    served = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(ANSWER))
        writer.write(ANSWER)
        served += 1
        await read_request(reader)
        writer.transport.abort()

    async with raw_server(serve) as port, wire() as provider:
        outgoing = provider.prepare(model(base_url=f"http://127.0.0.1:{port}/v1"), call())
        for _ in range(3):
            assert (await provider.complete(outgoing, PATIENT))["choices"][0]["message"]["content"] == "hi"
        assert served == 3


async def test_a_server_that_never_answers_is_asked_twice_and_no_more() -> None:
    async with OpenAISimulator() as upstream, wire() as provider:
        upstream.default = Behaviour(fault=Fault.DROP)
        with pytest.raises(UpstreamFailed, match="cannot be reached"):
            await provider.complete(provider.prepare(model(base_url=upstream.url), call()), PATIENT)
        assert len(upstream.requests) == 2


@pytest.mark.parametrize(
    "reply",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n\r\n\x1f\x8b",
    ],
    ids=["not http", "header too long", "compressed"],
)
async def test_answers_that_are_no_proper_http(reply: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(reply)
        writer.write_eof()

    async with raw_server(serve) as port, wire() as provider:
        outgoing = provider.prepare(model(base_url=f"http://127.0.0.1:{port}/v1"), call())
        with pytest.raises(UpstreamFailed) as caught:
            await provider.complete(outgoing, PATIENT)
        assert "SSH" not in str(caught.value)


@asynccontextmanager
async def raw_server(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]],
) -> AsyncIterator[int]:
    """A server of bytes; gives its port, and leaves no connection open."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await serve(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            gone.set()

    gone = asyncio.Event()
    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        server.close()
        await asyncio.wait_for(gone.wait(), 5)


async def read_request(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(length)


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address: Any = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
