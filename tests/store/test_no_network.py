"""The guard of tests/conftest.py itself: it must be able to fail a test."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest


@pytest.mark.parametrize(
    "address", ["192.0.2.1", "2001:db8::1", "example.org", b"example.org", "localhost.example.org"]
)
def test_far_addresses_are_refused_and_remembered(address: str | bytes, no_network: Any) -> None:
    with pytest.raises(OSError, match="only this machine"):
        socket.create_connection((address, 80), timeout=1)  # type: ignore[arg-type]
    assert len(no_network.tried) == 1
    no_network.tried.clear()


def test_datagrams_and_plain_look_ups_too(no_network: Any) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, pytest.raises(OSError, match="only this machine"):
        probe.sendto(b"x", ("192.0.2.1", 53))
    with pytest.raises(OSError, match="only this machine"):
        socket.gethostbyname("example.org")
    assert no_network.tried == ["192.0.2.1", "example.org"]
    no_network.tried.clear()


def test_a_name_that_does_not_resolve_may_be_tried(no_network: Any) -> None:
    with pytest.raises(socket.gaierror):
        socket.create_connection(("nowhere.invalid", 80), timeout=1)
    assert no_network.tried == []


async def test_this_machine_is_reached() -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        for host in ("127.0.0.1", "localhost"):
            _, writer = await asyncio.open_connection(host, server.sockets[0].getsockname()[1])
            writer.close()
            await writer.wait_closed()
