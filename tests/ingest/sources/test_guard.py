"""Which addresses may be fetched: nothing of this machine, of private networks or of the cloud's own services."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

import pytest

from gateway.errors import Invalid, Unavailable
from gateway.ingest.sources.guard import Guard

PRIVATE = (
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_fetched(address: str) -> None:
    with pytest.raises(Invalid, match="private or local"):
        Guard().check("host.example.org", ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"])
def test_addresses_of_the_world_are(address: str) -> None:
    Guard().check("host.example.org", ipaddress.ip_address(address))


def test_the_operator_may_allow_hosts_and_networks() -> None:
    guard = Guard(["10.20.0.0/16", "Wiki.Example.Org"])
    guard.check("any.example.org", ipaddress.ip_address("10.20.3.4"))
    guard.check("wiki.example.org", ipaddress.ip_address("192.168.0.9"))
    guard.check("any.example.org", ipaddress.ip_address("::ffff:10.20.3.4"))
    with pytest.raises(Invalid):
        guard.check("any.example.org", ipaddress.ip_address("10.21.0.1"))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/x",
        "file:///etc/passwd",
        "http://",
        "http://jane:pw@example.org/",
        "http://[::1/",
        "http://example.org:99999/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://0x7f.0.0.1/",
        "http://2130706433/",
        "http://[::ffff:7f00:1]/",
        "http://exa\nmple.org/",
        "gopher://example.org",
    ],
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(Invalid):
        Guard().check_url(url)


def test_an_ordinary_address_is_good() -> None:
    assert Guard().check_url("https://example.org:8443/a?b=c") == "example.org"


async def test_one_private_address_spoils_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a name's owner may do: answer with a good address and a private one, or with another each time."""

    async def resolved(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolved)
    with pytest.raises(Invalid):
        await Guard().resolve("rebind.example.org", 80, socket.AF_UNSPEC)
    rows = await Guard(["rebind.example.org"]).resolve("rebind.example.org", 80, socket.AF_UNSPEC)
    assert [row["host"] for row in rows] == ["93.184.216.34", "10.0.0.1"]


async def test_a_name_that_does_not_resolve() -> None:
    with pytest.raises(Unavailable, match="resolve"):
        await Guard().resolve("nowhere.invalid", 80, socket.AF_UNSPEC)
