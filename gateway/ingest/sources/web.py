"""A list of web pages: ETag and Last-Modified tell whether one must be read again. Every address is guarded."""

from __future__ import annotations

import asyncio
import mimetypes
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from gateway.errors import GatewayError, Invalid, TooLarge, Unavailable
from gateway.ingest.sources.guard import Guard
from gateway.ingest.sources.nouns import Fetched, Gone, Item

AGENT: Final = "gateway-ingest"
REDIRECTS: Final = 5
TIMEOUT_S: Final = 60.0
BLOCK: Final = 65_536
ROBOTS_BYTES: Final = 500_000
SUFFIXES: Final = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "application/pdf": ".pdf",
}


class Web:
    """Pages by their addresses. `robots`: leave out what a host's robots.txt does not want fetched."""

    def __init__(self, urls: Sequence[str], *, guard: Guard, robots: bool = True, timeout_s: float = TIMEOUT_S) -> None:
        self._urls = tuple(dict.fromkeys(urls))
        self._guard = guard
        self._robots = robots
        self._timeout_s = timeout_s
        self._rules: dict[str, RobotFileParser | None] = {}
        self._session: Any = None

    async def items(self, _known: Mapping[str, str]) -> AsyncIterator[Item]:
        """The addresses as configured; whether a page is there and has changed is seen when it is fetched."""
        self._rules.clear()
        for url in self._urls:
            self._guard.check_url(url)
            yield Item(url, "")

    async def fetch(self, item: Item, mark: str, limit: int) -> Fetched | None:
        """The page behind up to five redirections, each of them guarded."""
        try:
            async with asyncio.timeout(self._timeout_s):
                if self._robots and not await self._wanted(item.key):
                    raise Invalid(
                        "the page's host does not want it fetched", hint="ask its owner, or set robots: false"
                    )
                status, headers, data = await self._get(item.key, _conditions(mark), limit)
        except TimeoutError:
            raise Unavailable(f"the page did not come within {self._timeout_s:g} s") from None
        if status == 304:
            return None
        if status in (404, 410):
            raise Gone
        if status != 200:
            raise Unavailable(f"the page's server answered {status}", hint="try again later")
        return Fetched(data, _mark(headers), _name(item.key, headers.get("content-type", "")))

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _get(self, url: str, headers: Mapping[str, str], limit: int) -> tuple[int, Mapping[str, str], bytes]:
        import aiohttp  # noqa: PLC0415

        session = self._opened()
        for _ in range(REDIRECTS + 1):
            self._guard.check_url(url)
            try:
                async with session.get(url, headers=headers, allow_redirects=False) as answer:
                    if answer.status in (301, 302, 303, 307, 308) and "location" in answer.headers:
                        url = urljoin(url, answer.headers["location"])
                        continue
                    found = {name.lower(): value for name, value in answer.headers.items()}
                    return answer.status, found, await _body(answer, limit)
            except GatewayError:
                raise
            except (aiohttp.ClientError, OSError, ValueError):
                raise _unreachable() from None
        raise Invalid(f"the page redirects more than {REDIRECTS} times")

    async def _wanted(self, url: str) -> bool:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._rules:
            status, _, data = await self._get(f"{origin}/robots.txt", {}, ROBOTS_BYTES)
            if status >= 500 or status == 429:
                # The host cannot say what it wants: nothing is fetched from it for now.
                raise Unavailable("the host's robots.txt cannot be read", hint="try again later, or set robots: false")
            rules = RobotFileParser()
            rules.parse(data.decode("utf-8", "replace").splitlines() if status == 200 else [])
            self._rules[origin] = rules
        found = self._rules[origin]
        return found is None or found.can_fetch(AGENT, url)

    def _opened(self) -> Any:
        if self._session is None:
            import aiohttp  # noqa: PLC0415
            from aiohttp.abc import AbstractResolver  # noqa: PLC0415

            guard = self._guard

            class Guarded(AbstractResolver):
                async def resolve(
                    self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
                ) -> Any:
                    return await guard.resolve(host, port, family)

                async def close(self) -> None:
                    """Nothing is held open."""

            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=Guarded(), use_dns_cache=False, limit_per_host=2),
                # No proxy, no .netrc: the connection goes where the guard looked.
                trust_env=False,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"user-agent": AGENT, "accept-encoding": "identity"},
                timeout=aiohttp.ClientTimeout(total=self._timeout_s, connect=10),
            )
        return self._session


async def _body(answer: Any, limit: int) -> bytes:
    if answer.headers.get("content-encoding", "identity").lower() not in ("identity", ""):
        raise Invalid("the page comes compressed though that was not asked for")
    parts: list[bytes] = []
    size = 0
    async for block in answer.content.iter_chunked(BLOCK):
        size += len(block)
        if size > limit:
            raise TooLarge(f"the page has more than {limit} bytes", hint="leave it out, or raise the limit")
        parts.append(block)
    return b"".join(parts)


def _conditions(mark: str) -> dict[str, str]:
    """A mark is `etag:` or `date:` and what the server said."""
    kind, _, value = mark.partition(":")
    return {"etag": {"if-none-match": value}, "date": {"if-modified-since": value}}.get(kind, {})


def _mark(headers: Mapping[str, str]) -> str:
    if etag := headers.get("etag"):
        return f"etag:{etag}"
    if date := headers.get("last-modified"):
        return f"date:{date}"
    return ""


def _name(url: str, content_type: str) -> str:
    """The address, with the suffix of what came from there where it has another or none."""
    media = content_type.partition(";")[0].strip().lower()
    suffix = SUFFIXES.get(media) or mimetypes.guess_extension(media) or ""
    parts = urlsplit(url)
    path = f"{parts.netloc}{parts.path}".rstrip("/") + (f"?{parts.query}" if parts.query else "")
    return path if not suffix or PurePosixPath(path).suffix.lower() == suffix else path + suffix


def _unreachable() -> Unavailable:
    return Unavailable("the page cannot be reached", hint="check its address, and the network")
