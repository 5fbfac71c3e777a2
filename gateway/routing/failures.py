"""From what went wrong upstream to the error tree. What a server wrote about its error is never passed on."""

from __future__ import annotations

import math
from typing import NoReturn

from gateway.errors import RateLimited, UpstreamFailed, UpstreamRejected, UpstreamTimeout
from gateway.model import Model


def raise_for_status(model: Model, status: int, retry_after: str | None = None) -> NoReturn:
    """Raise what an HTTP status other than 200 means for the caller."""
    name = f"model {model.name!r}"
    if status == 429:
        seconds = seconds_of(retry_after)
        raise RateLimited(
            f"{name} is receiving too many requests",
            hint=f"try again in {seconds:.0f} s" if seconds else "try again later",
            retry_after_s=seconds,
        )
    if status in {400, 413, 422}:
        raise UpstreamRejected(
            f"the server of {name} found the request wrong (HTTP {status})",
            hint="check its length, parameters, tools and images against what this model takes",
        )
    if status in {408, 504}:
        raise UpstreamTimeout(f"the server of {name} gave up waiting (HTTP {status})", hint="try again later")
    if status in {401, 403}:
        raise UpstreamFailed(
            f"the server of {name} refused the gateway's key (HTTP {status})", hint="an operator must renew its api_key"
        )
    if status == 404:
        raise UpstreamFailed(
            f"the server of {name} does not have it (HTTP 404)", hint="an operator must check its base_url and target"
        )
    if 300 <= status < 400:
        raise UpstreamFailed(
            f"the server of {name} redirects elsewhere (HTTP {status})", hint="an operator must check its base_url"
        )
    raise UpstreamFailed(f"the server of {name} failed (HTTP {status})", hint="try again later")


def unreachable(model: Model) -> UpstreamFailed:
    """No connection, or one that was lost before an answer."""
    return UpstreamFailed(f"the server of model {model.name!r} cannot be reached", hint="try again later")


def untrusted(model: Model) -> UpstreamFailed:
    """TLS did not come about."""
    return UpstreamFailed(
        f"the server of model {model.name!r} has no certificate this machine trusts",
        hint="an operator must check its address and the system's certificate store",
    )


def too_slow(model: Model, waited_for: str) -> UpstreamTimeout:
    """`waited_for`: `a connection`, `an answer`, `the first token`, `the next token`."""
    return UpstreamTimeout(f"model {model.name!r} kept the gateway waiting for {waited_for}", hint="try again later")


def malformed(model: Model, what: str) -> UpstreamFailed:
    """The answer is not what the wire format says; `what` names the rule, never the answer."""
    return UpstreamFailed(f"the server of model {model.name!r} sent {what}", hint="an operator must check its base_url")


def broke_off(model: Model) -> UpstreamFailed:
    """An answer that ended before its end."""
    return UpstreamFailed(f"the answer of model {model.name!r} broke off before its end", hint="try again")


def reported(model: Model) -> UpstreamFailed:
    """The server reported an error inside an answer."""
    return UpstreamFailed(f"the server of model {model.name!r} reported an error", hint="try again later")


def seconds_of(retry_after: str | None) -> float | None:
    """A `retry-after` header given in seconds; dates and nonsense are None."""
    try:
        seconds = float(retry_after or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and 0 < seconds < 86_400 else None
