"""JSON over HTTP to a server the operator named: time-outs, patience with overload, and answers that are looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp
import orjson
from yarl import URL

from gateway.crypto.digest import sha256
from gateway.crypto.secret import Secret
from gateway.errors import BadSettings, GatewayError, RateLimited, UpstreamFailed, UpstreamRejected, UpstreamTimeout
from gateway.model import Json, Zone
from gateway.retrieval.methods.base import Ledger, Sent

ATTEMPTS: Final = 4
FIRST_WAIT_S: Final = 0.25
MAX_ANSWER: Final = 64 << 20
_HEADERS: Final = {"User-Agent": "gateway", "Accept-Encoding": "identity", "Content-Type": "application/json"}


class Wire:
    """One server. The session opens at the first call, in the loop that makes it.

    what: names it in messages, such as `the embedder's server`; setting: the group of settings it comes from.
    No proxy, cookie or credential comes from the environment; redirects are not followed. Raises BadSettings for an
    address that is none.
    """

    def __init__(
        self, url: str, *, what: str, setting: str, zone: Zone, timeout_s: float, headers: Mapping[str, Secret]
    ) -> None:
        self._what = what
        self._setting = setting
        self._zone = zone
        self._timeout_s = timeout_s
        self._base = _checked(url, setting)
        self._headers = {name: _header(value, setting) for name, value in headers.items()}
        self._session: aiohttp.ClientSession | None = None

    def address(self, path: str) -> str:
        """Where `post` sends to."""
        return str(self._url(path))

    async def post(
        self, path: str, body: Json, *, texts: int, ledger: Ledger | None = None, timeout_s: float | None = None
    ) -> Any:
        """The JSON that the server answers. All attempts together take at most `timeout_s`.

        An overloaded or failing server is asked again while time is left, as late as it wishes. Raises RateLimited,
        UpstreamTimeout, UpstreamFailed, or UpstreamRejected where the server found fault with the request.
        """
        data = orjson.dumps(body)
        if ledger is not None:
            ledger.append(Sent(self.address(path), self._zone, texts, len(data), sha256(data).hex()))
        try:
            async with asyncio.timeout(timeout_s or self._timeout_s) as limit:
                return await self._persist(self._url(path), data, limit.when())
        except TimeoutError:
            raise UpstreamTimeout(
                f"{self._what} took longer than {timeout_s or self._timeout_s:g} s",
                hint=f"look at it, or raise {self._setting}.timeout_s",
            ) from None

    async def aclose(self) -> None:
        """Closes every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _url(self, path: str) -> URL:
        return URL(f"{self._base}/{path.lstrip('/')}", encoded=True)

    async def _persist(self, url: URL, data: bytes, deadline: float | None) -> Any:
        wait = FIRST_WAIT_S
        clock = asyncio.get_running_loop().time
        for left in reversed(range(ATTEMPTS)):
            found, trouble = await self._once(url, data)
            if trouble is None:
                break
            pause = wait if trouble.retry_after_s is None else trouble.retry_after_s
            if not left or (deadline is not None and clock() + pause >= deadline):
                raise trouble
            await asyncio.sleep(pause)
            wait *= 2
        return found

    async def _once(self, url: URL, data: bytes) -> tuple[Any, GatewayError | None]:
        """What was answered, or what asking again may mend; the rest is raised."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=None),
            )
        headers = {**_HEADERS, **{name: value.reveal() for name, value in self._headers.items()}}
        try:
            async with self._session.post(url, data=data, headers=headers, allow_redirects=False) as response:
                if response.status != 200:
                    return None, self._refused(response.status, response.headers.get("Retry-After"))
                if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                    raise UpstreamFailed(f"{self._what} sent a compressed answer that was not asked for")
                body = bytearray()
                async for part in response.content.iter_any():
                    body += part
                    if len(body) > MAX_ANSWER:
                        raise UpstreamFailed(f"{self._what} sent an answer without end")
        except aiohttp.ClientConnectorCertificateError:
            raise UpstreamFailed(
                f"the certificate of {self._what} is not trusted", hint="mend it, or its authority"
            ) from None
        except (aiohttp.ClientError, OSError):
            hint = f"look at it and at {self._setting}.url"
            return None, UpstreamFailed(f"{self._what} cannot be reached, or broke off", hint=hint)
        try:
            return orjson.loads(body), None
        except orjson.JSONDecodeError:
            raise UpstreamFailed(f"{self._what} answered with something that is not JSON", hint=self._look()) from None

    def _refused(self, status: int, retry_after: str | None) -> GatewayError:
        """What may pass by itself; anything else is raised."""
        if status == 429:
            return RateLimited(
                f"{self._what} is overloaded",
                hint=f"try again later, or lower {self._setting}.batch",
                retry_after_s=_seconds(retry_after),
            )
        if status >= 500:
            return UpstreamFailed(
                f"{self._what} failed (HTTP {status})",
                hint="try again later; " + self._look(),
                retry_after_s=_seconds(retry_after),
            )
        if status in (400, 413, 422):
            raise UpstreamRejected(
                f"{self._what} refused a text or a parameter (HTTP {status})",
                hint=f"lower retrieval.chunk_tokens if texts are too long for the model; look at {self._setting}",
            )
        if status in (401, 403):
            raise UpstreamFailed(f"{self._what} refused the key", hint=f"look at {self._setting}.api_key")
        if status == 404:
            raise UpstreamFailed(f"{self._what} knows no such model or path", hint=f"pull the model; {self._look()}")
        raise UpstreamFailed(f"{self._what} answered HTTP {status}", hint=self._look())

    def _look(self) -> str:
        return f"look at {self._setting}.url"


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After as seconds, whichever of its two forms it has."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(retry_after)
    except (TypeError, ValueError):
        return None
    when = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _checked(url: str, setting: str) -> str:
    try:
        parsed = URL(url)
    except ValueError:
        parsed = URL()
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise BadSettings(f"{setting}.url is not an address", hint="like https://embeddings.example.org/v1")
    if parsed.user or parsed.password or parsed.query_string or parsed.fragment:
        raise BadSettings(f"{setting}.url holds more than an address", hint=f"the key belongs in {setting}.api_key")
    return str(parsed).rstrip("/")


def _header(value: Secret, setting: str) -> Secret:
    if not value or not all(32 <= ord(char) < 127 for char in value.reveal()):
        raise BadSettings(
            f"{setting}.api_key is empty or holds characters that no header may carry",
            hint="look for line ends around it",
        )
    return value
