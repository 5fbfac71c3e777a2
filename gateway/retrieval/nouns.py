"""The values of this room: what a parsed file is, what goes into the index, and what is listed from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.model import Replaced
from gateway.retrieval.report import Report

REDACTED, PLAIN = "redacted", "plain"
MODES = (REDACTED, PLAIN)
READY, QUARANTINED = "ready", "quarantined"
"""A document's states. What is quarantined is kept, and admitted by no filter."""


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading of a document. Offsets are code points of its text, without the markup."""

    start: int
    end: int
    level: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """One file as text. All offsets are code points of `text`."""

    text: str
    title: str
    """Empty when the file states none."""
    media: str
    """Its format: a value of `formats.BY_SUFFIX`."""
    pages: tuple[tuple[int, int, int], ...]
    """(page number from 1, start, end); empty for formats without pages."""
    headings: tuple[Heading, ...]
    chunks: tuple[tuple[int, int], ...]
    """(start, end) of each passage, in order; neighbours may overlap."""
    focus: tuple[tuple[int, int], ...] = ()
    """(start, end) of what is embedded of each passage; empty where it is the passage."""
    parents: tuple[tuple[int, int, int, int, int], ...] = ()
    """(start, end, level, first chunk, last chunk) of longer passages; level 1 is the lowest."""
    report: Report = Report()

    def page_at(self, offset: int) -> int | None:
        """The page that holds `offset`, or None where the format has no pages."""
        found = None
        for number, start, _ in self.pages:
            if start > offset:
                break
            found = number
        return found


@dataclass(frozen=True, slots=True)
class Piece:
    """One passage before it is embedded. `start` and `end` are code points of the original text."""

    ordinal: int
    start: int
    end: int
    page: int | None
    text: str
    """As the index holds it: redacted, or plain in a plain collection."""
    heading: str
    """Titles above the passage, outermost first, joined by ` > `; redacted like the text."""
    spans: tuple[Replaced, ...] = ()
    """Offsets count from the start of the passage (`token_start`: of its redacted text)."""
    heading_spans: tuple[Replaced, ...] = ()
    """Spans of `heading`; only type, token, token_start and parts mean anything."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One passage ready for the index."""

    piece: Piece
    vector: Sequence[float]
    """Of length 1, as many values as the index has dimensions."""
    weights: Mapping[int, float]
    """Term id -> saturated term weight."""


@dataclass(frozen=True, slots=True)
class NewDocument:
    """Everything the index keeps of one document. Build it completely before the transaction opens."""

    tenant: str
    collection: str
    source_key: bytes
    """Keyed digest of the name it was ingested under: what makes it the same document next time."""
    source: str
    """That name, redacted when the collection is."""
    title: str
    media: str
    digest: bytes
    """Keyed digest of the file's bytes."""
    recipe: str
    """Versions of parser, redaction, splitter and embedder; another recipe means the document is built again."""
    label: str
    allow: tuple[str, ...]
    deny: tuple[str, ...]
    original: str
    """The extracted text; sealed before it is written."""
    pages: int
    counts: Mapping[str, int]
    chunks: Sequence[Chunk]
    by: str
    expires_at: datetime | None = None
    """From then on nobody is admitted to it."""
    state: str = READY
    embedder: str = ""
    """What made the vectors; empty: not said."""
    parents: Sequence[Any] = ()
    """Longer passages over the chunks (methods/parents.py)."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a document. `status` is `new`, `updated`, `unchanged` or `permissions`."""

    document: str
    status: str
    version: int
    chunks: int


@dataclass(frozen=True, slots=True)
class Held:
    """A document the index holds already, as far as ingest must know it."""

    id: str
    digest: bytes
    recipe: str
    label: str
    allow: tuple[str, ...]
    deny: tuple[str, ...]
    version: int
    chunks: int
    expires_at: datetime | None = None
    state: str = READY
    tenant: str = ""
    collection: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection. Counts are of everything in it: show them only to those who may read all of it."""

    tenant: str
    name: str
    label: str
    """Label of documents that come without one."""
    mode: str
    created_at: datetime
    created_by: str
    documents: int = 0
    chunks: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """One document as lists show it. `title` and `source` are redacted when the collection is."""

    id: str
    tenant: str
    collection: str
    source: str
    title: str
    media: str
    label: str
    allow: tuple[str, ...]
    deny: tuple[str, ...]
    version: int
    pages: int
    chunks: int
    characters: int
    counts: Mapping[str, int] = field(default_factory=dict)
    """Replaced spans by entity type."""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    created_by: str = ""
    expires_at: datetime | None = None
    state: str = READY
