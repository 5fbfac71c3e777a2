"""The one aiohttp session through which the gateway leaves the house."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Mapping
from typing import Final, NoReturn

import aiohttp
from yarl import URL

from gateway.crypto.secret import Secret
from gateway.errors import BadSettings
from gateway.model import Model
from gateway.routing import failures
from gateway.routing.providers.base import Timeouts

_STALE: Final = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED})
_RESEND_WITHIN_S: Final = 1.0
_BASE_HEADERS: Final = {"User-Agent": "gateway", "Accept-Encoding": "identity"}


class Http:
    """Opens the session on first use, in the loop that uses it.

    No proxy, cookie or credential comes from the environment; certificates are checked against the system's store;
    redirects are not followed; compressed answers are neither asked for nor read.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._lent: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session of our own calls."""
        if self._session is None or self._session.closed:
            self._session = _open()
        return self._session

    @property
    def lent(self) -> aiohttp.ClientSession:
        """A session for foreign code: a redirect is an error in it, whatever that code would do about one."""
        if self._lent is None or self._lent.closed:
            self._lent = _open(_refuse_redirects)
        return self._lent

    async def close(self) -> None:
        """Close every connection."""
        for session in (self._session, self._lent):
            if session is not None:
                await session.close()
        self._session = self._lent = None

    async def post(
        self, model: Model, url: URL, body: bytes, headers: Mapping[str, str], timeouts: Timeouts, begin_s: float
    ) -> aiohttp.ClientResponse:
        """Send, and wait for the status line at most `begin_s`. Any status but 200 is raised as its error.

        A connection kept from earlier that turns out closed is the server's idle time-out, not an answer: the same
        bytes are sent once more.
        """
        started = time.monotonic()
        try:
            async with asyncio.timeout(begin_s):
                try:
                    response = await self._send(url, body, headers, timeouts)
                except aiohttp.ClientConnectorError:
                    raise
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                    if not is_stale(error) or time.monotonic() - started > _RESEND_WITHIN_S:
                        raise
                    response = await self._send(url, body, headers, timeouts)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise_for(model, error, "an answer")
        if response.status != 200:
            response.close()
            failures.raise_for_status(model, response.status, response.headers.get("Retry-After"))
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            response.close()
            raise failures.malformed(model, "a compressed answer that was not asked for")
        return response

    async def _send(
        self, url: URL, body: bytes, headers: Mapping[str, str], timeouts: Timeouts
    ) -> aiohttp.ClientResponse:
        return await self.session.post(
            url,
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, connect=timeouts.connect_s),
        )


def _open(*middlewares: aiohttp.ClientMiddlewareType) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        # no limit here: how much may run at once is decided at the gateway's door, with a clear refusal
        connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=60, keepalive_timeout=60),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=_BASE_HEADERS,
        trust_env=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None),
        middlewares=middlewares,
    )


async def _refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    response = await handler(request)
    if 300 <= response.status < 400:
        response.close()
        raise aiohttp.ClientPayloadError("redirects are not followed")
    return response


async def read_capped(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """The whole body, or None as soon as it is longer than `limit` bytes."""
    if (response.content_length or 0) > limit:
        return None
    content = response.content
    first = await content.readany()
    if content.at_eof():
        return first if len(first) <= limit else None
    parts, size = [first], len(first)
    while size <= limit:
        part = await content.readany()
        if not part and content.at_eof():
            return b"".join(parts)
        parts.append(part)
        size += len(part)
    return None


def raise_for(model: Model, error: Exception, waited_for: str) -> NoReturn:
    """Translate what aiohttp raised. Its text stays behind."""
    if isinstance(error, TimeoutError):
        connecting = isinstance(error, aiohttp.ConnectionTimeoutError)
        raise failures.too_slow(model, "a connection" if connecting else waited_for) from None
    if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError)):
        raise failures.untrusted(model) from None
    if isinstance(error, aiohttp.ClientPayloadError):
        raise failures.broke_off(model) from None
    if isinstance(error, aiohttp.ClientResponseError):
        raise failures.malformed(model, "something that is not HTTP") from None
    raise failures.unreachable(model) from None


def is_stale(error: Exception) -> bool:
    """Whether a connection went away under the request before a byte of an answer."""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        # aiohttp hands over the parsed start of an answer where there was one
        return not isinstance(error.message, aiohttp.http.RawResponseMessage)
    return isinstance(error, OSError) and error.errno in _STALE


def check_secret(name: str, key: Secret) -> None:
    """Refuse a key that cannot stand in a header, before any call and without telling its content."""
    if not key or not all(33 <= ord(char) < 127 for char in key.reveal()):
        raise BadSettings(
            f"api_key of model {name!r} is empty or holds characters that no header may carry",
            hint="look for spaces or line ends around it",
        )
