"""Where a request comes from: the connection's other end, or what proxies that are trusted say of theirs.

Every proxy adds the address that it was called from at the end of a list. So the list is read from its end, for as long
as the one who wrote the next entry is trusted; what stands before that may be anybody's invention.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from starlette.types import Scope

X_FORWARDED_FOR: Final = "x-forwarded-for"
FORWARDED: Final = "forwarded"
UNIX: Final = "unix"
"""Stands for a proxy on a Unix socket, whose connections have no address."""
_V4_PORT: Final = re.compile(r"([0-9.]+):[0-9]{1,5}")
_V6_PORT: Final = re.compile(r"\[([^\]]*)\](?::[0-9A-Za-z._-]{1,16})?")

Address = IPv4Address | IPv6Address


class Peers:
    """Finds addresses. trusted: networks (`10.0.0.0/8`) of proxies, or `unix`; header: the one that they write."""

    def __init__(self, trusted: Sequence[str] = (), header: str = X_FORWARDED_FOR) -> None:
        self._networks = tuple(ip_network(one) for one in trusted if one != UNIX)
        self._unix = UNIX in trusted
        self._header = header.encode()
        self._read = _elements if header == FORWARDED else _listed
        self.ignored = 0
        """Entries of trusted proxies that were no address."""

    def client(self, scope: Scope) -> str:
        """The address that a request comes from; empty where it is not known."""
        peer = scope.get("client")
        at = _address(peer[0]) if peer else None
        if not (self._unix if at is None else self._trusts(at)):
            return "" if at is None else str(at)
        lines = [value.decode("latin-1") for name, value in scope["headers"] if name == self._header]
        for hop in self._read(",".join(lines)):
            found = _address(hop)
            if found is None:
                # Whoever wrote this is the last one known.
                self.ignored += 1
                break
            at = found
            if not self._trusts(found):
                break
        return "" if at is None else str(at)

    def _trusts(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._networks)


def _listed(text: str) -> Iterator[str]:
    """The entries, the last one first."""
    return (one.strip() for one in reversed(text.split(",")) if one.strip())


def _elements(text: str) -> Iterator[str]:
    """What each element of `Forwarded` says with `for`, the last one first; empty where it does not say it just once.

    Pairs are joined by semicolons to an element, elements by commas, and quoted texts may hold either. Quotes are read
    from the end too: a caller who leaves one open would otherwise have what the proxy adds be a part of his own text.
    """
    values: list[str] = []
    said = quoted = False
    end = len(text)
    for at in range(len(text) - 1, -2, -1):
        mark = text[at] if at >= 0 else ","
        if mark == '"' and not (quoted and _escaped(text, at)):
            quoted = not quoted
        elif mark in ",;" and (at < 0 or not quoted):
            pair, end = text[at + 1 : end].strip(), at
            name, _, value = pair.partition("=")
            said = said or bool(pair)
            if name.strip().lower() == "for":
                values.append(_unquoted(value.strip()))
            if mark == ",":
                if said:
                    yield values[0] if len(values) == 1 else ""
                values, said = [], False


def _escaped(text: str, at: int) -> bool:
    first = at
    while first and text[first - 1] == "\\":
        first -= 1
    return (at - first) % 2 == 1


def _unquoted(value: str) -> str:
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    return re.sub(r"\\(.)", r"\1", value[1:-1])


def _address(text: str) -> Address | None:
    """An address as proxies write it: bare, with a port, in brackets."""
    if match := _V6_PORT.fullmatch(text) or _V4_PORT.fullmatch(text):
        text = match[1]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # The same machine, whichever socket it called at.
    return getattr(found, "ipv4_mapped", None) or found
