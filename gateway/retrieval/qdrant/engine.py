"""What is said to Qdrant, and its errors in our words.

A point there has the number of its passage as its id, a vector `dense`, two sparse vectors (`words`, by which passages
are found, and `pairs`, which only add to the score), and a payload of tenant, document, scope and `seq`: the change of
the document that it stands for. Every write names its `seq` and touches no point that is newer: one that arrives late
or twice does no harm. There is no text in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gateway.errors import IndexUnavailable
from gateway.retrieval.qdrant.faults import HINT, SICK, Answered, faults, told
from gateway.retrieval.sparse import LEARNED, PAIRS
from gateway.retrieval.storage import Ask, Candidate, Point

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient
    from qdrant_client import models as api

T = TypeVar("T")
M: Final = 16
EF_CONSTRUCTION: Final = 100
OVERSAMPLING: Final = 2.0
"""With quantised vectors: so many times as many are looked at again with the whole vector."""
OPERATIONS: Final = 256
"""Changes in one request, at most."""
PAGE: Final = 256
PING_S: Final = 1.0
"""Whoever asks whether it is there does not wait for a node that says nothing."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One point on its way, or as it was found."""

    point: Point
    document: str
    scope: int
    seq: int


@dataclass(frozen=True, slots=True)
class Among:
    """What a search may look at: points of these scopes, but for those of `stale` documents, and all of `granted`."""

    tenant: str
    scopes: Sequence[int]
    stale: Sequence[str] = ()
    granted: Sequence[str] = ()


class Engine:
    """A cluster, or the client's own local mode, which tests use. Every method raises IndexUnavailable.

    shards, replicas: of collections that are made. Nodes are asked in turn where one does not answer.
    """

    def __init__(
        self,
        clients: Callable[[], Sequence[AsyncQdrantClient]],
        *,
        prefix: str = "gateway",
        shards: int = 1,
        replicas: int = 1,
        on_disk: bool = False,
        quantised: bool = False,
        timeout_s: float = 5.0,
        local: bool = False,
    ) -> None:
        self._connect = clients
        self._clients: list[AsyncQdrantClient] = []
        self._at = 0
        self.prefix = prefix
        self._shards = shards
        self._replicas = replicas
        self._on_disk = on_disk
        self._quantised = quantised
        self._timeout_s = timeout_s
        self._local = local
        # Set by `_open`, which every method calls first: the import takes seconds.
        self._api: Any = None
        self._answered: tuple[type[Exception], ...] = ()
        self._lost: tuple[type[Exception], ...] = ()
        self._opening = asyncio.Lock()

    def name(self, dimension: int, generation: int = 0) -> str:
        """The collection of vectors with so many values; generation: how often all were made anew."""
        return f"{self.prefix}-{dimension}" + (f"-{generation}" if generation else "")

    async def close(self) -> None:
        """Let connections go."""
        for client in self._clients:
            await client.close()

    async def ping(self) -> str:
        """What the cluster says of itself, for people."""
        await self._open()
        if self._local:
            return "qdrant in local mode"
        try:
            async with asyncio.timeout(PING_S):
                info = await self._ask(lambda client: client.info())
        except TimeoutError:
            raise IndexUnavailable("qdrant does not answer", hint=HINT) from None
        return f"qdrant {info.version}"

    async def ensure(self, name: str, dimension: int) -> None:
        """Makes the collection with what it is searched by; harmless when it is there."""
        await self._open()
        api = self._api
        if not await self._ask(lambda client: client.collection_exists(name)):
            quantised = api.ScalarQuantization(
                scalar=api.ScalarQuantizationConfig(type=api.ScalarType.INT8, quantile=0.99, always_ram=True)
            )
            dense = api.VectorParams(
                size=dimension,
                distance=api.Distance.DOT,
                # As the database keeps them: scores are the same.
                datatype=api.Datatype.FLOAT16,
                on_disk=self._on_disk,
                quantization_config=quantised if self._quantised else None,
            )
            sparse = api.SparseVectorParams(index=api.SparseIndexParams(on_disk=self._on_disk))
            await self._made(
                lambda client: client.create_collection(
                    name,
                    vectors_config={"dense": dense},
                    sparse_vectors_config={"words": sparse, "pairs": sparse},
                    hnsw_config=api.HnswConfigDiff(m=M, ef_construct=EF_CONSTRUCTION),
                    shard_number=self._shards,
                    replication_factor=self._replicas,
                    # Who has a majority when writing and asks one when reading sees what was written.
                    write_consistency_factor=self._replicas // 2 + 1,
                    on_disk_payload=True,
                )
            )
        if self._local:
            return
        kinds = {
            "tenant": api.KeywordIndexParams(type="keyword", is_tenant=True),
            "document": api.KeywordIndexParams(type="keyword"),
            "scope": api.IntegerIndexParams(type="integer", lookup=True, range=False),
            "seq": api.IntegerIndexParams(type="integer", lookup=False, range=True),
        }
        for field, schema in kinds.items():
            await self._index(name, field, schema)

    async def put(self, name: str, tenant: str, points: Sequence[Sent]) -> None:
        """Points of one tenant, new or in the place of what they were before."""
        await self._open()
        api = self._api
        # One by one: a filter is of a whole request, and each document has a change of its own.
        grouped: dict[int, list[Any]] = {}
        for one in points:
            grouped.setdefault(one.seq, []).append(self._struct(tenant, one))
        await self._change(
            name,
            [
                api.UpsertOperation(upsert=api.PointsList(points=made, update_filter=self._before(seq)))
                for seq, made in grouped.items()
            ],
        )

    async def settle(
        self,
        name: str,
        replaced: Iterable[tuple[str, int]] = (),
        permitted: Iterable[tuple[str, int, int]] = (),
    ) -> None:
        """Forgets what of (document, seq) is older; gives what (document, seq, scope) has that scope."""
        await self._open()
        api = self._api
        changes: list[Any] = [
            api.SetPayloadOperation(
                set_payload=api.SetPayload(payload={"scope": scope, "seq": seq}, filter=self._before(seq, document))
            )
            for document, seq, scope in permitted
        ]
        changes += [
            api.DeleteOperation(delete=api.FilterSelector(filter=self._before(seq, document)))
            for document, seq in replaced
        ]
        await self._change(name, changes)

    async def drop(self, name: str, chunks: Sequence[int]) -> None:
        """Forgets points by their numbers."""
        if chunks:
            await self._open()
            await self._change(name, [self._api.DeleteOperation(delete=self._api.PointIdsList(points=list(chunks)))])

    async def search(self, name: str, ask: Ask, among: Among, *, exact: bool) -> list[Candidate]:
        """The best by vector and the best by words, each with both scores; exact: every point is looked at."""
        await self._open()
        api = self._api
        words = {term: weight for term, weight in ask.weights.items() if not PAIRS <= term < LEARNED}
        pairs = {term: weight for term, weight in ask.weights.items() if PAIRS <= term < LEARNED}
        seen = self._among(among)
        near: dict[int, float] = {}
        worded: dict[int, float] = {}
        queries: list[tuple[dict[int, float], str, Any, Any, int]] = []
        if ask.vector is not None:
            queries.append((near, "dense", list(ask.vector), seen, ask.limit))
        if words:
            # Pairs move the order a little: who comes in by them stands within twice as many.
            queries.append((worded, "words", _sparse(api, words), seen, ask.limit * (2 if pairs else 1)))
        await self._query(name, queries, exact=exact)
        also: dict[int, float] = {}
        beside: dict[int, float] = {}
        dense = dict(near)
        left = sorted(worded.keys() - near.keys()) if ask.vector is not None else []
        queries = [(dense, "dense", ask.vector, self._these(left), len(left))] if left else []
        if words and (left := sorted(near.keys() - worded.keys())):
            queries.append((also, "words", _sparse(api, words), self._these(left), len(left)))
        if pairs and (every := sorted({*near, *worded})):
            queries.append((beside, "pairs", _sparse(api, pairs), self._these(every), len(every)))
        await self._query(name, queries, exact=True)
        sparse = {chunk: score + beside.get(chunk, 0.0) for chunk, score in {**worded, **also}.items()}
        best = sorted(sparse, key=lambda chunk: (-sparse[chunk], chunk))[: ask.limit]
        return [Candidate(chunk, dense.get(chunk, 0.0), sparse.get(chunk, 0.0)) for chunk in {*near, *best}]

    async def scroll(self, name: str, document: str | None = None, *, whole: bool = False) -> AsyncIterator[list[Sent]]:
        """Every point, or those of one document, page by page; `whole`: with vectors and terms."""
        await self._open()
        api = self._api
        wanted = None if document is None else api.Filter(must=[_is(api, "document", document)])
        offset = None
        while True:
            rows, offset = await self._ask(
                lambda client, offset=offset: client.scroll(  # type: ignore[misc]
                    name, wanted, limit=PAGE, offset=offset, with_payload=True, with_vectors=whole
                )
            )
            if rows:
                yield [_sent(row, whole=whole) for row in rows]
            if offset is None:
                return

    async def fetch(self, name: str, chunks: Sequence[int]) -> list[Sent]:
        """Points by their numbers, with vectors and terms, as far as they are there."""
        if not chunks:
            return []
        await self._open()
        wanted = self._these(chunks)
        rows, _ = await self._ask(
            lambda client: client.scroll(name, wanted, limit=len(chunks), with_payload=True, with_vectors=True)
        )
        return [_sent(row, whole=True) for row in rows]

    async def discard(self, name: str) -> None:
        """Throws a whole collection away; harmless when it is not there."""
        await self._open()
        await self._ask(lambda client: client.delete_collection(name))

    async def count(self, name: str) -> int:
        """Points in the collection, about."""
        await self._open()
        found = await self._ask(lambda client: client.count(name, exact=False))
        return int(found.count)

    async def _open(self) -> None:
        async with self._opening:
            if self._api is None:
                self._answered, self._lost = await asyncio.to_thread(faults)
                # Not in a thread: local mode keeps to the one it was made in.
                self._clients = list(self._connect())
                self._api = import_module("qdrant_client.models")

    # --- how it is said -----------------------------------------------------------------------------------------

    def _struct(self, tenant: str, one: Sent) -> api.PointStruct:
        api, weights = self._api, one.point.weights
        vector: dict[str, Any] = {"dense": list(one.point.vector)}
        for name, kept in (("words", False), ("pairs", True)):
            terms = {term: weight for term, weight in weights.items() if (PAIRS <= term < LEARNED) is kept}
            if terms:
                vector[name] = _sparse(api, terms)
        payload = {"tenant": tenant, "document": one.document, "scope": one.scope, "seq": one.seq}
        return api.PointStruct(id=one.point.chunk, vector=vector, payload=payload)  # type: ignore[no-any-return]

    def _before(self, seq: int, document: str | None = None) -> api.Filter:
        api = self._api
        older = api.FieldCondition(key="seq", range=api.Range(lt=seq))
        return api.Filter(must=[older] if document is None else [_is(api, "document", document), older])  # type: ignore[no-any-return]

    def _these(self, chunks: Sequence[int]) -> api.Filter:
        return self._api.Filter(must=[self._api.HasIdCondition(has_id=list(chunks))])  # type: ignore[no-any-return]

    def _among(self, among: Among) -> api.Filter:
        api = self._api
        seen = api.Filter(
            must=[api.FieldCondition(key="scope", match=api.MatchAny(any=list(among.scopes)))],
            must_not=[_any(api, "document", among.stale)] if among.stale else None,
        )
        either = [seen, _any(api, "document", among.granted)] if among.granted else [seen]
        return api.Filter(must=[_is(api, "tenant", among.tenant)], should=either)  # type: ignore[no-any-return]

    async def _query(
        self, name: str, queries: Sequence[tuple[dict[int, float], str, Any, Any, int]], *, exact: bool
    ) -> None:
        """Runs them in one request, and writes the scores of each where it says."""
        if not queries:
            return
        api = self._api
        requests = [
            api.QueryRequest(query=query, using=using, filter=seen, limit=limit, params=self._params(using, exact))
            for _, using, query, seen, limit in queries
        ]
        majority = api.ReadConsistencyType.MAJORITY if self._replicas > 1 else None
        answers = await self._ask(lambda client: client.query_batch_points(name, requests, consistency=majority))
        for (scores, *_), answer in zip(queries, answers, strict=True):
            scores.update((int(point.id), float(point.score)) for point in answer.points)

    def _params(self, using: str, exact: bool) -> api.SearchParams | None:
        api = self._api
        # Local mode looks at everything, and warns of what it need not know.
        if self._local or using != "dense":
            return None
        if exact:
            return api.SearchParams(exact=True)  # type: ignore[no-any-return]
        again = api.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING)
        return api.SearchParams(quantization=again) if self._quantised else None

    async def _change(self, name: str, changes: Sequence[Any]) -> None:
        strong = self._api.WriteOrdering.STRONG
        for at in range(0, len(changes), OPERATIONS):
            part = list(changes[at : at + OPERATIONS])
            await self._ask(
                lambda client, part=part: client.batch_update_points(name, part, wait=True, ordering=strong)  # type: ignore[misc]
            )

    async def _index(self, name: str, field: str, schema: Any) -> None:
        await self._ask(lambda client: client.create_payload_index(name, field, field_schema=schema, wait=True))

    async def _made(self, work: Callable[[AsyncQdrantClient], Awaitable[Any]]) -> None:
        try:
            await self._ask(work)
        except Answered as error:
            # Another process was first.
            if error.status_there not in (400, 409):
                raise

    async def _ask(self, work: Callable[[AsyncQdrantClient], Awaitable[T]]) -> T:
        fault = IndexUnavailable("no node of qdrant is configured", hint=HINT)
        for turn in range(len(self._clients)):
            at = (self._at + turn) % len(self._clients)
            try:
                async with asyncio.timeout(self._timeout_s):
                    found = await work(self._clients[at])
            except self._answered as error:
                fault = told(error)
                if fault.status_there < SICK:
                    raise fault from None
                continue
            except self._lost:
                fault = IndexUnavailable("qdrant does not answer", hint=HINT)
                continue
            self._at = at
            return found
        raise fault from None


def _sparse(api: Any, weights: Any) -> Any:
    kept = sorted(weights.items())
    return api.SparseVector(indices=[term for term, _ in kept], values=[float(weight) for _, weight in kept])


def _is(api: Any, key: str, value: str) -> Any:
    return api.FieldCondition(key=key, match=api.MatchValue(value=value))


def _any(api: Any, key: str, values: Sequence[str]) -> Any:
    return api.FieldCondition(key=key, match=api.MatchAny(any=list(values)))


def _sent(row: Any, *, whole: bool) -> Sent:
    vector: tuple[float, ...] = ()
    weights: dict[int, float] = {}
    if whole:
        vector = tuple(row.vector["dense"])
        for name in ("words", "pairs"):
            found = row.vector.get(name)
            if found is not None:
                weights.update(zip(found.indices, found.values, strict=True))
    return Sent(Point(int(row.id), vector, weights), row.payload["document"], row.payload["scope"], row.payload["seq"])
