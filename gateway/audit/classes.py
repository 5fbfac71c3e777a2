"""Retention classes: what kind of record is kept for how long. The class stands in the clear, and in the row's hash."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

REQUESTS: Final = "requests"
DOCUMENTS: Final = "documents"
ADMINISTRATION: Final = "administration"
CLASSES: Final = (REQUESTS, DOCUMENTS, ADMINISTRATION)

_OF: Final = {
    **dict.fromkeys(("access", "chat", "feedback", "embed", "search", "redact", "restore"), REQUESTS),
    **dict.fromkeys(("ingest", "job", "source", "document", "documents", "collection"), DOCUMENTS),
}


def class_of(action: str) -> str:
    """The class of records of an action. What is not known here counts as administration."""
    return _OF.get(action.partition(".")[0], ADMINISTRATION)


def expired(days: Mapping[str, int | None], at: datetime) -> dict[str, datetime]:
    """Before when the records of each class are over; classes that are kept for ever are not named.

    Records from before there were classes are kept as long as the longest class; for ever if one is.
    """
    found = {name: at - timedelta(days=kept) for name, kept in days.items() if kept is not None}
    if len(found) == len(CLASSES):
        found[""] = min(found.values())
    return found
