"""What each stage of an ingest hands to the next, and the checks on what the caller asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from gateway.errors import Invalid, NotFound
from gateway.model import EVERYONE, Json, Principal, Redacted
from gateway.policy import Bundle
from gateway.redaction import Original
from gateway.retrieval import Held, Parsed, Stored

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


@dataclass(frozen=True, slots=True)
class Clean:
    """A parsed document as the index may hold it."""

    parsed: Parsed = field(repr=False)
    body: Redacted
    title: Redacted
    source: Redacted
    originals: Mapping[str, Original]
    """By token; what the vault keeps."""


def marks(given: Sequence[str] | None) -> tuple[str, ...] | None:
    """The marks as given, each once."""
    return None if given is None else tuple(dict.fromkeys(given))


def checked_name(name: str) -> str:
    """The name, if it is one. Raises Invalid."""
    if not name.strip() or len(name) > NAME_LENGTH or not name.isprintable():
        raise Invalid(f"a document's name is 1 to {NAME_LENGTH} printable characters", param="name")
    return name


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


def ingested(asked: Asked, stored: Stored, counts: Mapping[str, int]) -> Ingested:
    """What the caller is told."""
    return Ingested(
        stored.document, stored.status, asked.collection, stored.version, stored.chunks, counts, asked.request.id
    )
