"""`POST /v1/search` of a running gateway, with the standard library alone."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final

from gateway.errors import (
    BadSettings,
    GatewayError,
    Invalid,
    NotFound,
    NotPermitted,
    RateLimited,
    Unauthenticated,
    UpstreamFailed,
)
from gateway.model import Json

_KINDS: Final[dict[int, type[GatewayError]]] = {
    400: Invalid,
    401: Unauthenticated,
    403: NotPermitted,
    404: NotFound,
    429: RateLimited,
}
MOST_BYTES: Final = 64_000_000


@dataclass(frozen=True, slots=True)
class Hit:
    """One passage as the key's owner may see it."""

    id: str
    text: str
    score: float
    facts: Json
    """Title, heading, source, collection, label, document, version, page, start, end, and the `url` where it opens."""


class Search:
    """Asks one gateway on behalf of one key; nothing is kept."""

    def __init__(
        self, url: str, key: str, collections: Sequence[str], *, top_k: int = 6, timeout_s: float = 30.0
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise BadSettings("the gateway's address must begin with http:// or https://")
        self._url = url.rstrip("/")
        self._key = key
        self._collections = list(collections)
        self._top_k = top_k
        self._timeout_s = timeout_s
        self._opener = urllib.request.build_opener(_NoRedirect)

    def __repr__(self) -> str:
        return f"Search({self._url!r}, {self._collections!r})"

    def __call__(self, query: str) -> list[Hit]:
        """Passages for a query, best first; blocks.

        Raises what the gateway refused with (Unauthenticated, NotPermitted, Invalid, NotFound, RateLimited), and
        UpstreamFailed when it does not answer.
        """
        body = json.dumps({"query": query, "collections": self._collections, "top_k": self._top_k}).encode()
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        request = urllib.request.Request(f"{self._url}/v1/search", body, headers, method="POST")  # noqa: S310 - checked
        try:
            with self._opener.open(request, timeout=self._timeout_s) as response:
                told = json.loads(response.read(MOST_BYTES))
            return [_hit(one) for one in told["results"]]
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error) from None
        except (OSError, HTTPException, ValueError, KeyError, TypeError) as fault:
            raise UpstreamFailed(f"the gateway did not answer: {type(fault).__name__}") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to wherever it leads."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _hit(one: Json) -> Hit:
    facts = {key: value for key, value in one.items() if key not in {"text", "passage", "score"} and value is not None}
    return Hit(str(one["passage"]), str(one["text"]), float(one["score"]), facts)


def _refusal(error: urllib.error.HTTPError) -> GatewayError:
    kind = _KINDS.get(error.code, UpstreamFailed)
    try:
        message = str(json.loads(error.read(MOST_BYTES))["error"]["message"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        message = f"the gateway answered {error.code}"
    return kind(message)
