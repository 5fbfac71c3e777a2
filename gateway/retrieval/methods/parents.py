"""Longer passages over neighbouring ones: kept with the document, and put in the place of leaves that were found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from gateway.model import Filter, Passage
from gateway.retrieval.nouns import Piece
from gateway.store.store import Connection

_DROP: Final = "DELETE FROM parents WHERE document = $1"
_KEEP: Final = """
INSERT INTO parents (document, version, number, level, first_, last_, page, start_, end_, heading, text)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_READ: Final = """
SELECT p.document, p.number, p.level, p.first_, p.last_, p.page, p.start_, p.end_, p.heading, p.text
FROM parents p JOIN documents d ON d.id = p.document AND d.version = p.version
WHERE p.document = ANY($1) ORDER BY p.document, p.number
"""


@dataclass(frozen=True, slots=True)
class Parent:
    """A passage over the leaves `first` to `last` (ordinals). `level` 1 holds leaves, 2 holds those."""

    piece: Piece
    """Its ordinal numbers the document's parents."""
    level: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Held:
    """A parent as the index holds it."""

    number: int
    level: int
    first: int
    last: int
    page: int | None
    start: int
    end: int
    heading: str
    text: str


async def keep(conn: Connection, document: str, version: int, parents: Sequence[Parent]) -> None:
    """Writes the parents of a document's version, those of an earlier one gone, in the caller's transaction."""
    await conn.execute(_DROP, document)
    rows = [
        (
            *(document, version, one.piece.ordinal, one.level, one.first, one.last),
            *(one.piece.page, one.piece.start, one.piece.end, one.piece.heading, one.piece.text),
        )
        for one in parents
    ]
    if rows:
        await conn.executemany(_KEEP, rows)


async def read(store: Any, documents: Iterable[str]) -> dict[str, list[Held]]:
    """The parents of documents, by document. Whether the caller may read them is asked elsewhere."""
    found: dict[str, list[Held]] = {}
    for row in await store.fetch(_READ, sorted(set(documents))):
        held = Held(
            number=row["number"],
            level=row["level"],
            first=row["first_"],
            last=row["last_"],
            page=row["page"],
            start=row["start_"],
            end=row["end_"],
            heading=row["heading"],
            text=row["text"],
        )
        found.setdefault(row["document"], []).append(held)
    return found


def merge(passages: Sequence[Passage], parents: Mapping[str, Sequence[Held]], ratio: float) -> list[Passage]:
    """The passages, best first, with parents in the place of their children.

    A parent comes in when more than `ratio` of its children were found, leaves first and then level by level, and
    stands where its best child stood.
    """
    places: dict[str, list[_Place]] = {}
    for passage in passages:
        places.setdefault(passage.document, []).append(_Place(passage, passage.ordinal, passage.ordinal))
    merged = [place for document, found in places.items() for place in _climb(found, parents.get(document, ()), ratio)]
    rank = {passage.id: at for at, passage in enumerate(passages)}
    merged.sort(key=lambda place: (-place.passage.score, min(rank[one] for one in place.parts or (place.passage.id,))))
    return [place.passage for place in merged]


def distinct(passages: Sequence[Passage], share: float = 0.5) -> list[Passage]:
    """The passages without those of which more than `share` stands in better ones of the same document."""
    kept: list[Passage] = []
    for passage in passages:
        covered = sum(
            max(0, min(other.end, passage.end) - max(other.start, passage.start))
            for other in kept
            if other.document == passage.document
        )
        if covered <= share * (passage.end - passage.start):
            kept.append(passage)
    return kept


@dataclass(frozen=True, slots=True)
class _Place:
    """A passage and the ordinals of the leaves it holds."""

    passage: Passage
    first: int
    last: int
    parts: tuple[str, ...] = ()
    """Ids of the leaves that were found in it."""


def _climb(found: list[_Place], parents: Sequence[Held], ratio: float) -> list[_Place]:
    for parent in sorted(parents, key=lambda one: one.level):
        inside = [place for place in found if parent.first <= place.first and place.last <= parent.last]
        children = _children(parent, parents)
        # Of children that are parents themselves, those count that were merged whole.
        whole = {(place.first, place.last) for place in inside} & children
        if inside and len(whole) > ratio * len(children):
            found = [place for place in found if place not in inside]
            found.append(_parent(parent, inside))
    return found


def _children(parent: Held, parents: Sequence[Held]) -> set[tuple[int, int]]:
    """(first, last) of the parts a parent was cut into: parents of the level below, or leaves."""
    below = sorted(
        (
            (one.first, one.level, one.last)
            for one in parents
            if one.level < parent.level and parent.first <= one.first and one.last <= parent.last
        ),
        key=lambda one: (one[0], -one[1]),
    )
    found: set[tuple[int, int]] = set()
    at = parent.first
    while at <= parent.last:
        last = next((last for first, _, last in below if first == at), at)
        found.add((at, last))
        at = last + 1
    return found


def _parent(parent: Held, inside: list[_Place]) -> _Place:
    best = max(inside, key=lambda place: place.passage.score).passage
    passage = replace(
        best,
        id=f"{best.document}.p{parent.number}",
        ordinal=parent.first,
        page=parent.page,
        start=parent.start,
        end=parent.end,
        heading=parent.heading,
        text=parent.text,
    )
    parts = tuple(one for place in inside for one in place.parts or (place.passage.id,))
    return _Place(passage, parent.first, parent.last, parts)


class Merging:
    """What follows a search where documents were cut so that several found passages may be one.

    ratio: see `merge`; None where nothing is merged (sentence windows), only what overlaps is left out.
    """

    def __init__(self, store: Any, index: Any, ratio: float | None) -> None:
        self._store = store
        self._index = index
        self._ratio = ratio

    async def of(self, passages: Sequence[Passage], scope: Filter) -> list[Passage]:
        """The passages merged, or without overlaps, best first."""
        if self._ratio is None or not passages:
            return distinct(passages)
        held = await read(self._store, {passage.document for passage in passages})
        # Read after the search: whoever lost the right to a document meanwhile gets nothing longer of it.
        admitted = await self._index.admitted(held, scope)
        return merge(passages, {document: held[document] for document in admitted}, self._ratio)
