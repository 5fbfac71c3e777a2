"""How the audit log is searched when it is large: synthetic records over two years, and the first page of what fits.

Records are sealed, chained and indexed as the log does it, and come into the tables by COPY. The load goes on where an
interrupted one stopped: records are made by number, and committed with the end of their stream.
"""

from __future__ import annotations

import contextlib
import random
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gateway.audit import Filters, Reader, Search, Terms
from gateway.audit.link import INSERT_HEADER
from gateway.audit.record import END, Entry, dump, encode, moment
from gateway.audit.stream import Stream
from gateway.audit.subjects import SubjectKey, Subjects
from gateway.audit.terms import told_of
from gateway.cli import show
from gateway.cli.bench.load import percentile
from gateway.crypto import KeyRing
from gateway.model import Json, Record
from gateway.store import Store, open_store

STREAM: Final = 50_000
"""Records of one stream, committed together."""
FIRST: Final = datetime(2024, 1, 1, tzinfo=UTC)
DAYS: Final = 730
USERS: Final = 2_000
DOCUMENTS: Final = 20_000
VALUES: Final = 50_000
ROLES: Final = ("employee", "hr", "finance", "engineering", "legal", "auditor")
MODELS: Final = (("house", "local"), ("small", "local"), ("large", "external"), ("private", "private"))
TYPES: Final = ("PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "IBAN_CODE", "US_SSN")
SEARCHES: Final = 20
"""Of each kind, after one that is not counted."""
PAGE: Final = 50
_VALUE: Final = re.compile(r"\[PERSON_(\d+)\]")
_DONE: Final = "SELECT coalesce(sum(closed_seq), 0)::bigint FROM audit_streams"

Finder = Callable[[random.Random], Filters]


def _values(text: str) -> list[str]:
    return _VALUE.findall(text)


def _record(number: int, of: int) -> Record:
    """One record: every hundredth is a refusal, every two hundredth failed, and few users ask most."""
    chance = random.Random(number)  # noqa: S311 - figures, and no secret
    user = int(USERS * chance.random() ** 3)
    model, zone = MODELS[int(len(MODELS) * chance.random() ** 2)]
    at = FIRST + timedelta(days=DAYS) * (number / of)
    detail: Json = {
        "name": f"user {user}",
        "roles": [ROLES[user % len(ROLES)]],
        "collections": [f"collection-{user % 40}"],
        "total_ms": chance.randrange(5_000),
    }
    if number % 100 == 0:
        detail |= {"code": "not_permitted", "reason": "no rule allows it"}
        return Record("refusal", f"request-{number}", at, f"user:{user}", "chat", "sha256:bench", detail)
    document = f"document-{int(DOCUMENTS * chance.random() ** 2)}"
    detail |= {
        "model": model,
        "egress": {"model": model, "zone": zone, "bytes": chance.randrange(9_000)},
        "decisions": [{"object": f"model:{model}", "action": "use", "allowed": True, "rule": "3"}],
        "detected": {TYPES[int(len(TYPES) * chance.random() ** 3)]: 1},
        "passages": [f"{document}.{chance.randrange(9)}"],
        "cost_usd": round(chance.random() ** 4, 6),
        "error": "upstream_error" if number % 200 == 1 else None,
    }
    content: Json = {"answer": f"It was [PERSON_{int(VALUES * chance.random() ** 2)}] who said so. " + "x" * 200}
    return Record("outcome", f"request-{number}", at, f"user:{user}", "chat", "sha256:bench", detail, content)


def _kinds() -> Mapping[str, Finder]:
    """What people look for."""
    return {
        "a frequent user": lambda chance: Filters(user=f"user:{chance.randrange(5)}"),
        "a rare user": lambda chance: Filters(user=f"user:{USERS - 1 - chance.randrange(200)}"),
        "a role in one week": lambda chance: _week(chance, role=ROLES[chance.randrange(len(ROLES))]),
        "a model": lambda chance: Filters(model=MODELS[chance.randrange(len(MODELS))][0]),
        "what was refused": lambda _: Filters(decision="deny"),
        "a rare user's refusals": lambda chance: Filters(
            user=f"user:{USERS // 2 + chance.randrange(500)}", decision="deny"
        ),
        "an error": lambda _: Filters(error="upstream_error"),
        "a type found in one week": lambda chance: _week(chance, entity=TYPES[chance.randrange(len(TYPES))]),
        "a document": lambda chance: Filters(document=f"document-{chance.randrange(DOCUMENTS)}"),
        "a personal value": lambda chance: Filters(values=frozenset({str(chance.randrange(VALUES))})),
        "what cost most": lambda _: Filters(cost_min=0.97),
        "nothing that there is": lambda chance: Filters(user=f"nobody:{chance.random()}"),
    }


def _week(chance: random.Random, **more: Any) -> Filters:
    since = FIRST + timedelta(days=chance.randrange(DAYS - 7))
    return Filters(since=since, until=since + timedelta(days=7), **more)


async def run(records: int, keep: Path | None) -> Json:
    """`{"records", "load_s", "bytes", "pages": {kind: {"p50_ms", "max_ms", "records", "turns"}}}`.

    A page's time is what the first 50 records that fit take, newest first, opened; where a page ends before it is full,
    `turns` says how many it takes.
    """
    with contextlib.ExitStack() as stack:
        if keep is None:
            place = tempfile.TemporaryDirectory(prefix="gateway-records-", ignore_cleanup_errors=True)
            keep = Path(stack.enter_context(place))
        ring_file = keep / "keys" / "ring.json"
        ring = KeyRing.load(ring_file) if ring_file.exists() else KeyRing.create(ring_file)
        async with await open_store(None, keep, pool_max=2, command_timeout_s=3600) as store:
            terms = Terms(ring, _values)
            load_s = await _fill(store, ring, terms, records)
            search = Search(store, Reader(store, ring), terms)
            pages = {}
            for name, finder in _kinds().items():
                show.say(f"{records:,} records: {name}")
                pages[name] = await _pages(search, finder)
            size = await store.fetchval(
                "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class"
                " WHERE relkind = 'r' AND (relname = 'audit_log' OR relname LIKE 'audit\\_index%')"
            )
    return {"records": records, "load_s": round(load_s, 1), "bytes": size, "pages": pages}


async def _fill(store: Store, ring: KeyRing, terms: Terms, records: int) -> float:
    done = int(await store.fetchval(_DONE))
    keys: dict[str, SubjectKey] = {}
    subjects = Subjects(store, ring)
    begun = time.perf_counter()
    while done < records:
        size = min(STREAM, records - done)
        made = [_record(number, records) for number in range(done, done + size)]
        for one in made:
            if one.principal not in keys:
                keys[one.principal] = await subjects.key(one.principal)
        await _write(store, ring, terms, keys, made)
        done += size
        show.say(f"{records:,} records: {done:,} written")
    taken = time.perf_counter() - begun
    own = await store.connect()
    try:
        for table in ("audit_log", "audit_index"):
            await own.execute(f"VACUUM (ANALYZE) {table}", timeout=3600)
    finally:
        await own.close()
    return taken


async def _write(store: Store, ring: KeyRing, terms: Terms, keys: Mapping[str, SubjectKey], made: list[Record]) -> None:
    stream = Stream(ring, made[0].at)
    entries = [encode(one, keys[one.principal], max_bytes=1 << 20, terms=terms.of(told_of(one))) for one in made]
    entries.append(Entry(made[-1].at, END, "", dump({"records": len(entries)})))
    rows = [stream.add(entry) for entry in entries]
    header = stream.header
    async with store.transaction() as connection:
        for month in sorted({one.at.replace(day=1, hour=0, minute=0, second=0, microsecond=0) for one in made}):
            await connection.execute("SELECT audit_index_month($1)", month)
        await connection.execute(
            INSERT_HEADER,
            *(header.stream, header.schema, moment(header.opened), header.key_id, header.wrapped),
            *(header.previous, header.previous_seq, header.previous_hash, header.key),
        )
        await connection.copy_records_to_table(
            "audit_log",
            records=[(row.stream, row.seq, moment(row.at), *row[3:]) for row in rows],
            columns=("stream", "seq", "at", "kind", "request", "prev", "sealed", "hash", "retention", "facts"),
            timeout=3600,
        )
        await connection.copy_records_to_table(
            "audit_index",
            records=[
                (row.stream, row.seq, moment(row.at), list(entry.terms))
                for row, entry in zip(rows, entries, strict=True)
            ],
            columns=("stream", "seq", "at", "terms"),
            timeout=3600,
        )
        await connection.execute(
            "UPDATE audit_streams SET closed_seq = $2, closed_hash = $3 WHERE stream = $1",
            *(header.stream, rows[-1].seq, rows[-1].hash),
        )


async def _pages(search: Search, finder: Finder) -> Json:
    chance = random.Random(7)  # noqa: S311
    times, turns, found = [], [], []
    for number in range(SEARCHES + 1):
        filters = finder(chance)
        began = time.perf_counter()
        page = await search.search(filters, PAGE)
        took = time.perf_counter() - began
        if number:
            times.append(took)
            found.append(len(page["records"]))
            turns.append(await _turns(search, filters, page))
    return {
        "p50_ms": percentile(times, 50),
        "max_ms": 1000 * max(times),
        "records": sum(found) / len(found),
        "turns": max(turns),
    }


async def _turns(search: Search, filters: Filters, page: Json) -> int:
    """Pages until one is full, or nothing is left."""
    turns, found = 1, len(page["records"])
    while page["more"] and found < PAGE:
        page = await search.search(filters, PAGE, page["next"])
        found += len(page["records"])
        turns += 1
    return turns


def tell(figures: Json) -> None:
    """The table."""
    rows = [("on disk", f"{figures['bytes'] / (1 << 20):,.0f} MiB")]
    rows += [
        (
            name,
            f"{one['p50_ms']:.1f} ms p50, {one['max_ms']:.1f} ms at most, {one['records']:.0f} records"
            + (f", {one['turns']} pages" if one["turns"] > 1 else ""),
        )
        for name, one in figures["pages"].items()
    ]
    show.table((f"first page of {figures['records']:,} records", "here"), rows)
