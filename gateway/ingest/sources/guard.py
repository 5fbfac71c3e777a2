"""Which addresses may be fetched: none of this machine, of private networks or of the cloud's own services.

A name is resolved here, every address it has is checked, and the connection goes to an address that was checked: what
a second resolution would say does not matter.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from gateway.errors import Invalid, Unavailable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_HINT: Final = "list its host or network under allow_private if it is meant"


class Guard:
    """Decides by addresses, and by names the operator allowed."""

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        self._hosts = frozenset(one.lower() for one in allowed if not _network(one))
        self._networks = tuple(found for one in allowed if (found := _network(one)))

    def check_url(self, url: str) -> str:
        """The host of an address that may be looked at. Raises Invalid for anything but http and https to a host."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise Invalid("not an address that can be fetched", hint="https://host/path") from None
        if parts.scheme not in ("http", "https") or not host or parts.username is not None or not url.isprintable():
            raise Invalid("not an address that can be fetched", hint="https://host/path, without user or password")
        literal = _address(host)
        if literal is not None:
            self.check(host, literal)
        return host

    def check(self, host: str, address: Address) -> None:
        """Raises Invalid for an address that may not be connected to."""
        if host.lower().rstrip(".") in self._hosts:
            return
        inner = _inner(address)
        if any(inner.version == net.version and inner in net for net in self._networks):
            return
        if not inner.is_global or inner.is_multicast or inner.is_reserved:
            raise Invalid("the page is on a private or local address, which is not fetched", hint=_HINT)

    async def resolve(self, host: str, port: int, family: socket.AddressFamily) -> list[dict[str, Any]]:
        """A host's addresses, as aiohttp wants them, if all may be connected to. Raises Invalid, Unavailable."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG
            )
        except OSError:
            raise Unavailable("the page's host name does not resolve", hint="check the address, and DNS") from None
        rows = []
        for kind, _, proto, _, place in found:
            address = _address(str(place[0]))
            if address is None:
                raise Invalid("the page is on an address that is not understood")
            # One bad address spoils all: which of them would be taken is not for the name's owner to say.
            self.check(host, address)
            rows.append(
                {
                    "hostname": host,
                    "host": str(place[0]),
                    "port": port,
                    "family": kind,
                    "proto": proto,
                    "flags": socket.AI_NUMERICHOST,
                }
            )
        return rows


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0].strip("[]"))
    except ValueError:
        pass
    try:
        # As resolvers read it: 127.1, 0x7f.1, 2130706433.
        return ipaddress.IPv4Address(socket.inet_aton(text))
    except (OSError, UnicodeEncodeError):
        return None


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
