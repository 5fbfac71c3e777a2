"""What keeps and finds points: the seam between the index and the engine behind it.

A point is one passage's vector, its weighted terms, and the number of its scope. A scope is one distinct set of
permissions (table `scopes`). Which scopes a caller may read is always decided in PostgreSQL, by `Index`; a storage is
given their numbers, and finds among those alone. What it brings is read again from PostgreSQL under the same filter.

`points.Points` keeps points in PostgreSQL, in the transactions of the index. An engine outside (`qdrant`) notes in
`put`, `permit` and `remove`, in the same transaction, what it owes. What is owed is searched in PostgreSQL until it is
paid, so that a search sees what was committed before it began. Before the engine is told of anything, the count
`search.PACE` grows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.store.store import Connection

PASSAGES: Final = 0
"""Stands in `term_counts` for a term that every passage holds: what is counted there is the passages themselves."""


@dataclass(frozen=True, slots=True)
class Point:
    """One passage as a storage keeps it."""

    chunk: int
    """`chunks.id`."""
    vector: Sequence[float]
    """Of length 1, as many values as the index has dimensions."""
    weights: Mapping[int, float]
    """Term id -> the document's half of the term's score."""


@dataclass(frozen=True, slots=True)
class Visible:
    """What one caller may read, resolved in the same snapshot."""

    tenant: str
    scopes: Sequence[int]
    chunks: int
    """How many points these scopes hold together. Nothing else may decide how to search: a number that counts other
    points would let the way, and with it the answer, tell of them."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to a storage."""

    vector: Sequence[float] | None
    """Of length 1; None: by terms alone."""
    weights: Mapping[int, float]
    """Term id -> the query's half of the term's score."""
    frequencies: Mapping[int, int]
    """Term id -> passages that hold it, among the visible ones."""
    limit: int
    """Candidates each of the two ways brings at most."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A point that one way of searching brought, with the exact score of both."""

    chunk: int
    dense: float
    """Inner product with the question's vector; 0 without one."""
    sparse: float
    """Inner product with the question's weights."""


class Storage(Protocol):
    """Methods raise StoreUnavailable where the database does not answer, IndexUnavailable where an engine does not.

    `put`, `permit` and `remove` run in the transaction of `conn` and hold when it commits, not before.
    """

    @property
    def sure(self) -> bool:
        """Whether what `search` brings is of the snapshot it is asked in.

        If not, every candidate is looked up in the database before any is ranked, so that none that is out of date
        moves the scores of the others.
        """

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Held around a snapshot in which `search` is asked, so that not every connection waits for an engine."""

    async def search(self, conn: Connection, ask: Ask, visible: Visible) -> list[Candidate]:
        """The best by vector and the best by terms, each point once, in no order; none outside `visible.scopes`."""

    async def put(self, conn: Connection, tenant: str, scope: int, points: Sequence[Point]) -> None:
        """Adds points, all of one scope."""

    async def permit(self, conn: Connection, tenant: str, document: str, scope: int) -> None:
        """Gives every point of a document another scope; vectors and terms stay."""

    async def remove(self, conn: Connection, tenant: str, documents: Sequence[str]) -> None:
        """Forgets the points of documents; called while their chunks are still there."""
