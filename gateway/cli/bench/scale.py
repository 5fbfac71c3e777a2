"""How search grows: a synthetic collection loaded by COPY, indexed, and searched by callers who may read a share of it.

The load goes on where an interrupted one stopped: documents are made by number, and committed in batches.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

from gateway.cli import show
from gateway.cli.bench.corpus import CHUNKS, COLLECTIONS, LABELS, SHARES, TENANT, Corpus
from gateway.cli.bench.load import percentile
from gateway.cli.bench.plot import svg
from gateway.crypto import KeyRing
from gateway.model import Json
from gateway.retrieval import Index
from gateway.retrieval.bulk import count_again, load
from gateway.retrieval.points import INDEXES, LONG_S, Points, build, drop, unbuilt
from gateway.store import Store, open_store

BATCH: Final = 500
"""Documents in one commit of the load."""
QUERIES: Final = 200
WARM: Final = 400
"""Other questions before these."""
JUDGED: Final = 30
"""Queries whose answer is compared with that of a search which looks at every passage."""
TOP: Final = 10
_SIZES: Final = """
SELECT p.relname AS name, sum(pg_total_relation_size(c.oid))::bigint AS whole,
       sum(pg_relation_size(c.oid))::bigint AS own
FROM pg_class p LEFT JOIN pg_inherits i ON i.inhparent = p.oid JOIN pg_class c ON c.oid = coalesce(i.inhrelid, p.oid)
WHERE p.relname = ANY($1) GROUP BY 1
"""


async def sizes(chunks: Sequence[int], keep: Path | None, plot: Path | None) -> list[Json]:
    """Figures of several sizes, smallest first; with those of earlier runs in `keep`, drawn into `plot`."""
    with contextlib.ExitStack() as stack:
        if keep is None:
            place = tempfile.TemporaryDirectory(prefix="gateway-scale-", ignore_cleanup_errors=True)
            keep = Path(stack.enter_context(place))
        folder = keep
        for size in sorted(set(chunks)):
            await run(size, folder)
        known = [orjson.loads(file.read_bytes()) for file in folder.glob("figures-*.json")]
    known.sort(key=lambda one: int(one["chunks"]))
    if plot is not None:
        plot.write_text(svg(known), "utf-8")
    return known


async def run(chunks: int, folder: Path) -> Json:
    """Figures of one size, in a database of its own under `folder`; those of the load are kept there."""
    place = folder / str(chunks)
    place.mkdir(parents=True, exist_ok=True)
    ring_file = place / "keys" / "ring.json"
    ring = KeyRing.load(ring_file) if ring_file.exists() else KeyRing.create(ring_file)
    corpus = await asyncio.to_thread(Corpus)
    async with await open_store(None, place, pool_max=1, command_timeout_s=3600) as store:
        figures = await _filled(store, ring, corpus, chunks, place / "load.json")
        figures["search"] = {}
        for group, share in SHARES.items():
            show.say(f"{chunks:,} chunks: searching {share:.1%} of them")
            figures["search"][group] = await _search(store, ring, corpus, chunks, group)
        figures["memory_mb"] = await asyncio.to_thread(_memory, place / "postgres")
    (folder / f"figures-{chunks}.json").write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
    return figures


async def _filled(store: Store, ring: KeyRing, corpus: Corpus, chunks: int, notes: Path) -> Json:
    """Loads what is missing, makes the indexes that are missing; how long both took, over all runs."""
    known: Json = orjson.loads(notes.read_bytes()) if notes.exists() else {"load_s": 0.0, "count_s": 0.0, "build_s": {}}
    now = datetime.now(UTC)
    index = Index(store, ring, lambda: now)
    for name in COLLECTIONS:
        await index.create_collection(TENANT, name, label=LABELS[0], by="bench")
    documents = chunks // CHUNKS
    done = int(await store.fetchval("SELECT count(*) FROM documents"))
    if done < documents:
        async with store.transaction() as conn:
            await drop(conn)
    storage = Points()
    while done < documents:
        batch = [corpus.document(number) for number in range(done, min(done + BATCH, documents))]
        began = time.perf_counter()
        async with store.transaction() as conn:
            await load(conn, storage, ring, batch, now)
        known["load_s"] += time.perf_counter() - began
        done += len(batch)
        notes.write_bytes(orjson.dumps(known))
        show.say(f"{chunks:,} chunks: {done * CHUNKS:,} loaded")
    own = await store.connect()
    try:
        await own.execute("SET maintenance_work_mem = '2GB'; SET work_mem = '512MB'")
        if await own.fetchval("SELECT count(*) FROM term_counts WHERE term = 0") == 0:
            began = time.perf_counter()
            async with own.transaction():
                await count_again(own, TENANT)
            known["count_s"] = time.perf_counter() - began
        for name in await unbuilt(own):
            show.say(f"{chunks:,} chunks: making the index {name}")
            began = time.perf_counter()
            await build(own, (name,))
            known["build_s"][name] = time.perf_counter() - began
            notes.write_bytes(orjson.dumps(known))
        for table in ("points", "chunks", "documents", "scopes", "term_counts"):
            await own.execute(f"VACUUM (ANALYZE) {table}", timeout=LONG_S)
    finally:
        await own.close()
    rows = await store.fetch(
        _SIZES, ["points", "chunks", "documents", "term_counts", *(f"points_{n}" for n in INDEXES)]
    )
    return {"chunks": chunks, **known, "bytes": {row["name"]: dict(row) for row in rows}}


async def _search(store: Store, ring: KeyRing, corpus: Corpus, chunks: int, group: str) -> Json:
    now = datetime.now(UTC)
    scope = corpus.reader(group)
    index, exact = (Index(store, ring, lambda: now, storage) for storage in (Points(), Points(exact=chunks)))
    queries = [corpus.query(number, chunks // CHUNKS) for number in range(QUERIES)]
    # Other questions first: the cache then holds what it does in a server that has been asked for a while.
    first = []
    for number in range(QUERIES, QUERIES + WARM):
        query = corpus.query(number, chunks // CHUNKS)
        began = time.perf_counter()
        await index.search(query.vector, query.terms, scope, TOP)
        first.append(time.perf_counter() - began)
    pid = await store.fetchval("SELECT pg_backend_pid()")
    times, answers = [], []
    cpu, server = time.process_time(), _cpu(pid)
    for query in queries:
        began = time.perf_counter()
        answers.append([one.id for one in await index.search(query.vector, query.terms, scope, TOP)])
        times.append(time.perf_counter() - began)
    cpu, server = time.process_time() - cpu, _cpu(pid) - server
    found = wanted = 0
    for query, answer in zip(queries[:JUDGED], answers, strict=False):
        best = [one.id for one in await exact.search(query.vector, query.terms, scope, TOP)]
        found, wanted = found + len({*best} & {*answer}), wanted + len(best)
    return {
        "share": SHARES[group],
        "first_ms": percentile(first, 50),
        "p50_ms": percentile(times, 50),
        "p99_ms": percentile(times, 99),
        "cpu_ms": 1000 * cpu / len(queries),
        "server_cpu_ms": 1000 * server / len(queries),
        "recall": found / max(wanted, 1),
    }


def _cpu(pid: int) -> float:
    """Seconds of processor that a database process has used."""
    import psutil  # noqa: PLC0415

    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _memory(pgdata: Path) -> float:
    """MiB that the server's processes hold, what they share counted once."""
    import psutil  # noqa: PLC0415

    parent = psutil.Process(int((pgdata / "postmaster.pid").read_text().split()[0]))
    found = [parent, *parent.children(recursive=True)]
    return float(sum(process.memory_full_info().pss for process in found) / (1 << 20))


def tell(all_figures: Sequence[Json]) -> None:
    """The table."""
    rows: list[tuple[str, str]] = []
    for figures in all_figures:
        size, loaded = f"{figures['chunks']:,} chunks", figures["chunks"] / max(figures["load_s"], 1e-9)
        built = sum(figures["build_s"].values()) + figures["count_s"]
        whole = sum(figures["bytes"][name]["whole"] for name in ("points", "chunks", "documents", "term_counts"))
        rows += [
            (f"{size}: load", f"{loaded:,.0f} chunks/s, then {built:,.0f} s for statistics and indexes"),
            (f"{size}: on disk", f"{whole / (1 << 20):,.0f} MiB"),
            (f"{size}: memory of the database", f"{figures['memory_mb']:,.0f} MiB"),
        ]
        for one in figures["search"].values():
            spent = one["server_cpu_ms"] + one["cpu_ms"]
            took = f"{one['p50_ms']:.1f} ms p50, {one['p99_ms']:.1f} ms p99, {spent:.1f} ms of processor"
            took += f", {one['first_ms']:.1f} ms p50 of the {WARM} before"
            rows.append((f"{size}: search, {one['share']:.1%} readable", f"{took}, recall@{TOP} {one['recall']:.3f}"))
    show.table(("what", "here"), rows)
