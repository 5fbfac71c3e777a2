"""Every error a person can meet, in one tree.

An error speaks to whoever must act: a stable `code`, an HTTP status, a public sentence (`message`) and what to do
(`hint`). Neither may ever hold content: no prompt, no document text, no personal value, no secret, no `str(exc)` of
a foreign library.

    GatewayError
    |-- Refused              401/403/404..: the caller may not, or asked for what is not there
    |-- Invalid              400/409/413..: the request, file or setting is wrong; the sender mends it
    |-- Unavailable          502/503/504: something the gateway depends on is down; try again later
    `-- Broken               500: our fault
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class GatewayError(Exception):
    """Root of the tree; never raised itself."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retry: ClassVar[bool] = False
    """Whether the same request may succeed later without being changed."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        param: str | None = None,
        retry_after_s: float | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.param = param
        self.retry_after_s = retry_after_s
        """When whoever is overloaded asked to be tried again; None where nobody said."""
        self.facts = facts or {}
        """What the record of it says besides; nothing of it reaches whoever asked."""

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class Refused(GatewayError):
    """The caller may not do this, or what was named does not exist for this caller."""

    code, status = "refused", 403


class Unauthenticated(Refused):
    """No key, or one that is unknown, malformed, expired or revoked; which one is not told."""

    code, status = "invalid_api_key", 401


class NotPermitted(Refused):
    """The access policy said no."""

    code, status = "permission_denied", 403


class ModelNotFound(Refused):
    """The model is not in the catalogue, or not for this caller."""

    code, status = "model_not_found", 404


class NotFound(Refused):
    """A collection, document, key or version that does not exist for this caller."""

    code, status = "not_found", 404


class NotYet(Refused):
    """What was asked for is made already and cannot be shown yet; asking again later gives it."""

    code, status, retry = "not_yet", 404, True


class NoRoute(Refused):
    """No model may receive this request: sensitivity, permission or limits leave none."""

    code, status = "no_model_allowed", 403


class EgressBlocked(Refused):
    """An original value stood in the bytes about to leave."""

    code, status = "egress_blocked", 403


class ContentRefused(Refused):
    """privacy.yaml refuses this kind of content towards every zone that could answer."""

    code, status = "content_refused", 403


class OnHold(Refused):
    """A legal hold keeps what was to be erased."""

    code, status = "legal_hold", 409


class Invalid(GatewayError):
    """What was sent or configured is wrong, and the sender can mend it."""

    code, status = "invalid_request", 400


class MethodNotAllowed(Invalid):
    """The path is served, but not with this method."""

    code, status = "method_not_allowed", 405


class TooLarge(Invalid):
    """Over a configured limit."""

    code, status = "too_large", 413


class UnsupportedMedia(Invalid):
    """A file that cannot be read as what it claims to be, or of a kind the gateway does not read."""

    code, status = "unsupported_file", 415


class Conflict(Invalid):
    """The state has moved on, or the name is taken."""

    code, status = "conflict", 409


class BadPolicy(Invalid):
    """A policy bundle with errors in it; the message lists them with file and line."""

    code, status = "invalid_policy", 400


class BadSettings(Invalid):
    """gateway.yaml, the environment or a secret file is wrong."""

    code, status = "invalid_settings", 400


class BadKeyRing(Invalid):
    """The key ring is missing, unreadable, readable by others, or holds the wrong keys."""

    code, status = "invalid_key_ring", 400


class KeyServiceRefused(Invalid):
    """The service that the key ring is sealed by refused: the token, the name of the key, or what was to be opened."""

    code, status = "key_service_refused", 400


class Unavailable(GatewayError):
    """Something the gateway depends on is down or slow."""

    code, status, retry = "unavailable", 503, True


class StoreUnavailable(Unavailable):
    """The database does not answer."""

    code, status = "database_unavailable", 503


class KeyServiceUnavailable(Unavailable):
    """The service that the key ring is sealed by does not answer, is sealed itself, or is overloaded."""

    code, status = "key_service_unavailable", 503


class IndexUnavailable(Unavailable):
    """The vector index outside the database does not answer, or is too far behind."""

    code, status = "index_unavailable", 503


class SchemaTooNew(Unavailable):
    """The database was migrated by a newer gateway."""

    code, status, retry = "schema_too_new", 503, False


class AuditUnavailable(Unavailable):
    """The audit log cannot be written: no record, no answer."""

    code, status = "audit_unavailable", 503


class RedactionUnavailable(Unavailable):
    """The detector failed, timed out or is overloaded: closed, not open."""

    code, status = "redaction_unavailable", 503

    def __init__(self, message: str, *, hint: str = "", reason: str = "failed") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        """One word for the metric: `failed`, `timeout`, `queue_full`, `no_thread`."""


class UpstreamFailed(Unavailable):
    """The model's server answered with an error or broke off, and no fallback was left."""

    code, status = "upstream_error", 502


class UpstreamTimeout(Unavailable):
    """The model's server did not answer in time."""

    code, status = "upstream_timeout", 504


class UpstreamRejected(Invalid):
    """The model's server found the request itself wrong (HTTP 400 or 422 there)."""

    code, status = "upstream_rejected", 400


class RateLimited(Unavailable):
    """Too many requests at once, here or upstream."""

    code, status = "rate_limit_exceeded", 429


class Broken(GatewayError):
    """A fault of the gateway itself."""

    code, status = "internal_error", 500


class SealBroken(Broken):
    """Sealed bytes did not open: wrong key, or changed since they were written."""

    code, status = "seal_broken", 500


def all_errors() -> list[type[GatewayError]]:
    """The tree flattened, root first; documentation and tests walk it."""
    seen: list[type[GatewayError]] = []
    todo: list[type[GatewayError]] = [GatewayError]
    while todo:
        cls = todo.pop(0)
        seen.append(cls)
        todo.extend(cls.__subclasses__())
    return seen
