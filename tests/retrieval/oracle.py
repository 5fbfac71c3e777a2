"""Random documents, random permissions, random questions, and an oracle that reads nothing but its own memory.

`python -m tests.retrieval.oracle --queries 100000` runs the long form over a server of its own; the suite runs some
thousands of questions over the same code.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.crypto.keyring import KeyRing
from gateway.model import Filter
from gateway.retrieval import QUARANTINED, READY, Chunk, Index, NewDocument, Piece, document_terms, query_terms
from gateway.retrieval.bulk import count_again, load
from gateway.retrieval.points import Points
from gateway.retrieval.search import CANDIDATES
from gateway.retrieval.sparse import weigh
from gateway.retrieval.storage import Storage
from gateway.store import Store, open_store

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
TENANTS = ("default", "other")
COLLECTIONS = ("handbook", "hr", "finance", "legal")
LABELS = ("public", "internal", "confidential", "restricted")
PARENTS = {"group:berlin": "group:germany", "group:germany": "group:europe", "group:payroll": "group:hr"}
"""Groups within groups: who is in the first carries the marks of both."""
GROUPS = ("group:berlin", "group:germany", "group:europe", "group:payroll", "group:hr", "group:board")
WIDTH = 384
WORDS = 400
TOP = 10
CHANGE_EVERY = 20


@dataclass(slots=True)
class Doc:
    """What the oracle knows of one document. The database is never asked."""

    number: int
    new: NewDocument
    first: int
    """Row of its first passage."""


@dataclass(slots=True)
class Tally:
    """What was seen."""

    queries: int = 0
    returned: int = 0
    forbidden: int = 0
    wanted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    empty: int = 0
    tiny: int = 0
    """Questions of callers who may read 0.1 % at most, and something."""

    def recall(self, way: str) -> float:
        return self.found[way] / max(1, self.wanted[way])


class World:
    """Documents in memory and in the database."""

    def __init__(self, seed: int, documents: int) -> None:
        self.chance = np.random.default_rng(seed)
        self.vocabulary = [f"w{number}x" for number in range(WORDS)]
        self.centres = self.chance.standard_normal((60, WIDTH)).astype(np.float32)
        self.now = NOW
        self.docs: list[Doc] = []
        vectors: list[Sequence[float]] = []
        self.terms: list[dict[int, float]] = []
        for number in range(documents):
            new = self._document(number)
            self.docs.append(Doc(number, new, len(self.terms)))
            for chunk in new.chunks:
                vectors.append(chunk.vector)
                self.terms.append(dict(chunk.weights))
        # As the database keeps them.
        self.vectors: NDArray[np.float32] = np.asarray(vectors, np.float16).astype(np.float32)
        columns: dict[int, list[tuple[int, float]]] = {}
        for row, terms in enumerate(self.terms):
            for term, weight in terms.items():
                columns.setdefault(term, []).append((row, weight))
        self.columns = {
            term: (np.array([row for row, _ in held]), np.array([weight for _, weight in held], np.float32))
            for term, held in columns.items()
        }

    def _document(self, number: int) -> NewDocument:
        chance = self.chance
        topic = int(chance.integers(len(self.centres)))
        chunks, at = [], 0
        for ordinal in range(int(chance.integers(1, 5))):
            words = [self.vocabulary[min(WORDS - 1, int(chance.zipf(1.3)) + topic)] for _ in range(14)]
            text = " ".join(words)
            vector = self.vector(topic)
            chunks.append(Chunk(Piece(ordinal, at, at + len(text), None, text, ""), vector, document_terms([text])))
            at += len(text) + 2
        return NewDocument(
            tenant=TENANTS[0] if chance.random() < 0.8 else TENANTS[1],
            collection=str(chance.choice(COLLECTIONS, p=[0.7, 0.1, 0.1, 0.1])),
            source_key=f"{number}".encode(),
            source=f"{number}",
            title=f"{number}",
            media="text",
            digest=f"{number}".encode(),
            recipe="oracle",
            **self.permissions(),
            original="x",
            pages=0,
            counts={},
            chunks=chunks,
            by="oracle",
        )

    def permissions(self) -> dict[str, Any]:
        """Skewed: most is for everyone, and a little for one or two."""
        chance = self.chance
        draw = chance.random()
        allow: tuple[str, ...]
        if draw < 0.45:
            allow = ("*",)
        elif draw < 0.80:
            allow = tuple(str(one) for one in chance.choice(GROUPS, int(chance.integers(1, 3)), replace=False))
        elif draw < 0.97:
            allow = (f"user:u{int(chance.integers(300))}",)
        else:
            allow = ()
        deny: tuple[str, ...] = ()
        if chance.random() < 0.2:
            deny = (str(chance.choice([*GROUPS, "user:u1", "role:guest"])),)
        expires = chance.random()
        return {
            "label": str(chance.choice(LABELS, p=[0.3, 0.4, 0.2, 0.1])),
            "allow": allow,
            "deny": deny,
            "expires_at": None if expires < 0.8 else NOW + timedelta(hours=int(chance.integers(-48, 48))),
            "state": READY if chance.random() < 0.95 else QUARANTINED,
        }

    def vector(self, topic: int) -> list[float]:
        values = self.centres[topic] + 0.9 * self.chance.standard_normal(WIDTH).astype(np.float32)
        found: list[float] = (values / np.linalg.norm(values)).tolist()
        return found

    def caller(self) -> Filter:
        """Somebody: of one tenant, in groups within groups, with some labels and collections."""
        chance = self.chance
        marks = {"*", f"user:u{int(chance.integers(300))}"}
        for group in chance.choice(GROUPS, int(chance.integers(0, 3)), replace=False):
            one: str | None = str(group)
            while one is not None:
                marks.add(one)
                one = PARENTS.get(one)
        if chance.random() < 0.2:
            marks.add("role:guest")
        if chance.random() < 0.4:
            # Nothing that is for everyone: what remains is one caller's own.
            marks.discard("*")
        labels = LABELS[: int(chance.integers(1, len(LABELS) + 1))]
        collections = tuple(str(one) for one in chance.choice(COLLECTIONS, int(chance.integers(1, 5)), replace=False))
        return Filter(
            TENANTS[0] if chance.random() < 0.8 else TENANTS[1], collections, labels, tuple(sorted(marks)), ""
        )

    def readable(self, by: Filter) -> list[Doc]:
        """Documents this caller may read, by a rule written here once more."""
        marks = set(by.marks)
        return [
            doc
            for doc in self.docs
            if doc.new.tenant == by.tenant
            and doc.new.state == READY
            and (doc.new.expires_at is None or self.now < doc.new.expires_at)
            and doc.new.label in by.labels
            and doc.new.collection in by.collections
            and not marks.intersection(doc.new.deny)
            and marks.intersection(doc.new.allow)
        ]

    def best(self, rows: NDArray[np.int64], vector: Sequence[float], terms: dict[int, float], way: str) -> list[int]:
        """Rows of the ten best, every readable passage looked at."""
        dense = self.vectors[rows] @ np.asarray(np.asarray(vector, np.float16), np.float32)
        everything = np.zeros(len(self.vectors), np.float32)
        inside = np.zeros(len(self.vectors), bool)
        inside[rows] = True
        held = {term: self.columns[term] for term in terms if term in self.columns}
        counts = {term: int(inside[holders].sum()) for term, (holders, _) in held.items()}
        for term, weight in weigh(terms, counts, len(rows)).items():
            if term in held:
                holders, weights = held[term]
                everything[holders] += np.float32(weight) * weights
        sparse = everything[rows]
        near = np.argsort(-dense, kind="stable")[:CANDIDATES]
        worded = [at for at in np.argsort(-sparse, kind="stable")[:CANDIDATES] if sparse[at] > 0]
        both = np.array(sorted({*near.tolist(), *worded}))
        score = _fused(dense[both], sparse[both])
        return [int(rows[both[at]]) for at in np.argsort(-score, kind="stable")[:TOP]]


def _fused(dense: NDArray[np.float32], sparse: NDArray[np.float32]) -> NDArray[np.float32]:
    left, right = (_stretched(one) for one in (dense, sparse))
    if not right.any():
        return left
    return right if not left.any() else (left + right) * np.float32(0.5)


def _stretched(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = scores.min(), scores.max()
    found: NDArray[np.float32] = np.zeros_like(scores) if high <= low else (scores - low) / (high - low)
    return found


async def fill(world: World, store: Store, ring: KeyRing) -> None:
    """Everything into the database."""
    index = Index(store, ring, lambda: NOW)
    for tenant in TENANTS:
        for name in COLLECTIONS:
            await index.create_collection(tenant, name, label="internal", by="oracle")
        async with store.transaction() as conn:
            await load(conn, Points(), ring, [doc.new for doc in world.docs if doc.new.tenant == tenant], NOW)
            await count_again(conn, tenant)
    await store.execute("ANALYZE points; ANALYZE scopes; ANALYZE documents")


async def ask(
    world: World,
    store: Store,
    ring: KeyRing,
    queries: int,
    *,
    tally: Tally | None = None,
    storages: Mapping[str, Storage] | None = None,
    between: Callable[[], Awaitable[object]] | None = None,
) -> Tally:
    """Questions of random callers in two ways of searching, permissions changing meanwhile.

    storages: instead of those in the database; between: done before every other change.
    """
    tally = tally or Tally()
    ways = {name: Index(store, ring, lambda: world.now, points) for name, points in (storages or _ways()).items()}
    rows = {(doc.new.tenant, doc.new.source): doc for doc in world.docs}
    for number in range(queries):
        if number % CHANGE_EVERY == CHANGE_EVERY - 1:
            if between is not None and number % (2 * CHANGE_EVERY) == CHANGE_EVERY - 1:
                await between()
            await _change(world, ways["exact"])
        by = world.caller()
        may = world.readable(by)
        # Half of the questions are about something that the caller may not read.
        about = world.docs if number % 2 or not may else may
        doc = about[int(world.chance.integers(len(about)))]
        piece = doc.new.chunks[int(world.chance.integers(len(doc.new.chunks)))]
        words = piece.piece.text.split()
        terms = query_terms(" ".join(str(one) for one in world.chance.choice(words, 3)))
        vector = [value + 0.02 * float(world.chance.standard_normal()) for value in piece.vector]
        way = "exact" if number % 3 else "walk"
        passages = await ways[way].search(vector, terms, by, TOP)
        allowed = {row for one in may for row in range(one.first, one.first + len(one.new.chunks))}
        got = [rows[by.tenant, passage.source].first + passage.ordinal for passage in passages]
        tally.queries += 1
        tally.asked[way] += 1
        tally.returned += len(got)
        tally.forbidden += sum(row not in allowed for row in got) + sum(
            not by.admits(one, world.now) for one in passages
        )
        tally.empty += not allowed
        tally.tiny += 0 < len(allowed) <= len(world.vectors) / 1000
        if allowed:
            best = world.best(np.array(sorted(allowed)), vector, terms, way)
            tally.wanted[way] += len(best)
            tally.found[way] += len({*best} & {*got})
            if len(allowed) <= len(world.vectors) / 1000:
                tally.wanted["tiny"] += len(best)
                tally.found["tiny"] += len({*best} & {*got})
        elif passages:
            raise AssertionError("a caller who may read nothing was answered")
    return tally


def _ways() -> dict[str, Storage]:
    return {"exact": Points(), "walk": Points(exact=0)}


async def _change(world: World, index: Index) -> None:
    """One document gets other permissions, or time goes on; the next question must see it."""
    if world.chance.random() < 0.1:
        world.now += timedelta(minutes=int(world.chance.integers(1, 30)))
        return
    doc = world.docs[int(world.chance.integers(len(world.docs)))]
    new = replace(doc.new, **world.permissions())
    held = await index.held(new.tenant, new.collection, new.source_key)
    assert held is not None
    await index.permit(held, new.label, new.allow, new.deny, expires_at=new.expires_at, state=new.state)
    doc.new = new


def report(tally: Tally) -> dict[str, Any]:
    """The figures."""
    return {
        "queries": tally.queries,
        "passages": tally.returned,
        "forbidden": tally.forbidden,
        "callers_who_may_read_nothing": tally.empty,
        "queries_with_at_most_a_thousandth_readable": tally.tiny,
        "recall@10, every readable passage looked at": round(tally.recall("exact"), 4),
        "recall@10, vector index walked": round(tally.recall("walk"), 4),
        "recall@10, at most a thousandth readable": round(tally.recall("tiny"), 4),
    }


async def _main(queries: int, documents: int, seed: int) -> int:
    with tempfile.TemporaryDirectory(prefix="gateway-oracle-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        ring = KeyRing.create(folder / "keys" / "ring.json")
        began = time.monotonic()
        world = await asyncio.to_thread(World, seed, documents)
        async with await open_store(None, folder / "data", pool_max=2) as store:
            await fill(world, store, ring)
            tally = Tally()
            while tally.queries < queries:
                await ask(world, store, ring, min(1000, queries - tally.queries), tally=tally)
                print(tally.queries, tally.forbidden, round(time.monotonic() - began), file=sys.stderr, flush=True)
        print(json.dumps({**report(tally), "seconds": round(time.monotonic() - began)}, indent=2))
        return 0 if tally.forbidden == 0 and min(tally.recall(one) for one in ("exact", "walk", "tiny")) >= 0.95 else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=100_000)
    parser.add_argument("--documents", type=int, default=4_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    raise SystemExit(asyncio.run(_main(given.queries, given.documents, given.seed)))
