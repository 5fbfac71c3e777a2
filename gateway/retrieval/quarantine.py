"""Reports of documents, and those that are held until an administrator releases them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.retrieval.nouns import QUARANTINED
from gateway.retrieval.report import Report, report_of
from gateway.store import Store
from gateway.store.store import Connection

PAGE: Final = 1000

_KEEP: Final = """
INSERT INTO document_reports AS r (document, report) VALUES ($1, $2)
ON CONFLICT (document) DO UPDATE SET report = excluded.report,
    released_at = CASE WHEN $3 THEN r.released_at END, released_by = CASE WHEN $3 THEN r.released_by END
"""
_RELEASED: Final = "SELECT released_at IS NOT NULL FROM document_reports WHERE document = $1"
_RELEASE: Final = "UPDATE document_reports SET released_at = $2, released_by = $3 WHERE document = $1"
_REPORTS: Final = "SELECT document, report, released_at, released_by FROM document_reports WHERE document = ANY($1)"
_HELD: Final = f"""
SELECT d.id, d.collection, d.media, s.label, d.version, d.pages, d.chunks, d.characters, d.updated_at, d.created_by,
       CASE WHEN c.mode = 'redacted' THEN d.title ELSE '' END AS title,
       CASE WHEN c.mode = 'redacted' THEN d.source ELSE '' END AS source, r.report
FROM documents d JOIN scopes s ON s.id = d.scope JOIN collections c ON c.tenant = d.tenant AND c.name = d.collection
     LEFT JOIN document_reports r ON r.document = d.id
WHERE d.tenant = $1 AND s.state = '{QUARANTINED}' AND d.id > $2 AND ($3::text IS NULL OR d.created_by = $3)
ORDER BY d.id LIMIT $4
"""


@dataclass(frozen=True, slots=True)
class Reported:
    """What is known of a document beside its text."""

    report: Report
    released_at: datetime | None = None
    released_by: str | None = None


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A document in quarantine. `title` and `source` are empty in a plain collection: they would be in clear."""

    id: str
    collection: str
    media: str
    label: str
    version: int
    pages: int
    chunks: int
    characters: int
    updated_at: datetime
    created_by: str
    title: str
    source: str
    report: Report


class Quarantine:
    """Every method raises StoreUnavailable when the database does not answer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(self, conn: Connection, document: str, report: Report, *, released: bool = False) -> None:
        """The report of a version just written. released: an earlier release holds for it as well."""
        await conn.execute(_KEEP, document, report.shape(), released)

    async def released(self, document: str) -> bool:
        """Whether an administrator has released this document."""
        return bool(await self._store.fetchval(_RELEASED, document))

    async def release(self, conn: Connection, document: str, by: str, at: datetime) -> None:
        """Notes who released it; the document's state is the index's."""
        await conn.execute(_RELEASE, document, at, by)

    async def reports(self, documents: Iterable[str]) -> dict[str, Reported]:
        """Reports by document; for callers who may see these documents."""
        rows = await self._store.fetch(_REPORTS, sorted(set(documents)))
        return {
            row["document"]: Reported(report_of(row["report"]), row["released_at"], row["released_by"]) for row in rows
        }

    async def held(self, tenant: str, by: str | None, *, after: str = "", limit: int = PAGE) -> list[HeldBack]:
        """Documents in quarantine, oldest first; by: only those that this person brought in."""
        rows = await self._store.fetch(_HELD, tenant, after, by, max(1, min(limit, PAGE)))
        return [_held(row) for row in rows]


def _held(row: Any) -> HeldBack:
    return HeldBack(**{**row, "report": report_of(row["report"] or {})})
