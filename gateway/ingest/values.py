"""What each stage of an ingest hands to the next, and the checks on what the caller asked for."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal, TypeAlias

from gateway.errors import Invalid, NotFound
from gateway.model import EVERYONE, Json, Principal, Redacted
from gateway.policy import Bundle
from gateway.redaction import Original
from gateway.retrieval import READY, Held, Parsed, Report, Stored
from gateway.store.store import Connection

NAME_LENGTH: Final = 500
MARK: Final = re.compile(r"(?:user|role|group):(?=.*[^ ])(?:[^\W_]|[ ._@:+'-]){1,200}")


MARK_HINT: Final = "*, user:NAME, role:NAME or group:NAME; NAME is letters, digits, spaces and . _ - @ : + '"


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one file. `status` is `new`, `updated`, `unchanged` or `permissions`."""

    document_id: str
    status: str
    collection: str
    version: int
    chunks: int
    counts: Mapping[str, int]
    """Replaced values by entity type; empty when nothing was read anew."""
    request: str
    state: str = READY
    report: Report | None = None
    """What reading found out; None when nothing was read anew."""


Until: TypeAlias = datetime | Literal["keep"] | None
"""When nobody may read a document any more: a moment, None for never, or what it has now."""
Check = Callable[[Connection], Awaitable[object]]
"""Called inside the transaction before a document is written; raises to refuse it."""
Finish = Callable[[Connection, Stored], Awaitable[None]]
"""Called inside the transaction that writes a document, after it; what it raises undoes both."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file to bring into a collection; what `Ingest.ingest` takes, as a value."""

    source: bytes | Path = field(repr=False)
    name: str = field(repr=False)
    collection: str
    label: str | None = None
    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] | None = None
    mode: str | None = None
    request: str | None = None
    expires_at: Until = "keep"
    finish: Finish | None = field(default=None, repr=False)
    """Joins the transaction that writes the document; runs in one of its own when nothing is to be written."""


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, under which policy from beginning to end."""

    id: str
    principal: Principal
    bundle: Bundle


@dataclass(frozen=True, slots=True)
class Rights:
    """Label and permissions as asked for; None leaves them."""

    label: str | None
    allow: tuple[str, ...] | None
    deny: tuple[str, ...] | None

    def check(self, labels: Sequence[str]) -> None:
        """Raises Invalid for an unknown label (which a label with control characters is), or a mark nobody carries."""
        if self.label is not None and self.label not in labels:
            near = get_close_matches(self.label, labels, 1)
            raise Invalid(
                "no such label in routing.yaml",
                hint=f"did you mean {near[0]}?" if near else f"one of {', '.join(labels)}",
                param="label",
            )
        for mark in (*(self.allow or ()), *(self.deny or ())):
            if mark != EVERYONE and not MARK.fullmatch(mark):
                raise Invalid("not a permission", hint=MARK_HINT, param="allow")


@dataclass(frozen=True, slots=True)
class Asked:
    """A permitted request, its file in memory."""

    request: Request
    collection: str
    mode: str
    exists: bool
    name: str = field(repr=False)
    data: bytes = field(repr=False)
    source_key: bytes
    digest: bytes
    recipe: str
    held: Held | None
    label: str
    allow: tuple[str, ...]
    deny: tuple[str, ...]
    expires_at: datetime | None

    @property
    def rights(self) -> tuple[object, ...]:
        """What `rights_of` gives of a document that has them."""
        return self.label, self.allow, self.deny, self.expires_at


@dataclass(frozen=True, slots=True)
class Clean:
    """A parsed document as the index may hold it."""

    parsed: Parsed = field(repr=False)
    body: Redacted
    title: Redacted
    source: Redacted
    originals: Mapping[str, Original]
    """By token; what the vault keeps."""


def rights_of(held: Held) -> tuple[object, ...]:
    """Label, permissions and expiry of a document that the index holds."""
    return held.label, held.allow, held.deny, held.expires_at


def marks(given: Sequence[str] | None) -> tuple[str, ...] | None:
    """The marks as given, each once."""
    return None if given is None else tuple(dict.fromkeys(given))


def checked_name(name: str) -> str:
    """The name, if it is one. Raises Invalid."""
    if not name.strip() or len(name) > NAME_LENGTH or not name.isprintable():
        raise Invalid(f"a document's name is 1 to {NAME_LENGTH} printable characters", param="name")
    return name


def read_until(text: str | None) -> Until:
    """An expiry as people write it: RFC 3339, a date (its beginning in UTC), or `never`; None keeps. Raises Invalid."""
    if text is None:
        return "keep"
    if text == "never":
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(
            "not a time", param="expires", hint="write 2027-01-31, 2027-01-31T12:00:00+01:00, or never"
        ) from None


def checked_id(document: str) -> str:
    """The id of a document, if it can be one. Raises NotFound as for one that is not there."""
    if not document.isprintable():
        raise NotFound("no such document", hint="`gateway document list` shows those you may read")
    return document


def facts(asked: Asked) -> Json:
    """What a record says of a file: nothing of its content, nothing of its name."""
    return {
        "collection": asked.collection,
        "mode": asked.mode,
        "label": asked.label,
        "allow": list(asked.allow),
        "deny": list(asked.deny),
        **({"expires": asked.expires_at.isoformat()} if asked.expires_at is not None else {}),
        "bytes": len(asked.data),
        "digest": asked.digest.hex(),
        "recipe": asked.recipe,
    }


def result(stored: Stored) -> Json:
    """What a record says of what became of it."""
    return {
        "document": stored.document,
        "status": stored.status,
        "version": stored.version,
        "chunks": stored.chunks,
    }


def ingested(
    asked: Asked, stored: Stored, counts: Mapping[str, int], state: str = READY, report: Report | None = None
) -> Ingested:
    """What the caller is told."""
    return Ingested(
        document_id=stored.document,
        status=stored.status,
        collection=asked.collection,
        version=stored.version,
        chunks=stored.chunks,
        counts=counts,
        request=asked.request.id,
        state=state,
        report=report,
    )
