"""What a passage weighs: terms, rows, requests. `python -m tests.retrieval.qdrant.sizes DIR`, as of `eval retrieval`.

Over a server of PostgreSQL of its own and, in place of a Qdrant server, the client's local mode behind HTTP: what is
measured is what the gateway keeps, sends and spends, and not how Qdrant does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import mean
from typing import Any

from gateway.crypto.keyring import KeyRing
from gateway.retrieval import Chunk, Index, NewDocument, Piece, document_terms
from gateway.retrieval.qdrant.opened import open_engine
from gateway.retrieval.qdrant.owed import move_out
from gateway.retrieval.qdrant.paying import Payer
from gateway.retrieval.qdrant.storage import Qdrant
from gateway.retrieval.sparse import LEARNED, PAIRS
from gateway.store import Store, open_store
from tests.retrieval.corpus import vector
from tests.retrieval.qdrant.server import Server, serving

TABLES = ("points", "chunks", "documents", "term_counts", "points_owed")
_SIZES = """
SELECT sum(pg_table_size(relid))::bigint AS rows, sum(pg_indexes_size(relid))::bigint AS indexes
FROM (SELECT relid::oid FROM pg_partition_tree($1::text::regclass) UNION SELECT $1::text::regclass) AS parts
"""


def now() -> datetime:
    return datetime.now(UTC)


def documents(index: Index, folder: Path, most: int) -> list[NewDocument]:
    """A passage for each text; its vector is a random direction, which weighs what any other does."""
    made = []
    with (folder / "corpus.jsonl").open(encoding="utf-8") as lines:
        for number, line in enumerate(islice(lines, most)):
            row = json.loads(line)
            text, title = row["text"], row.get("title", "")
            piece = Piece(0, 0, len(text), None, text, "")
            made.append(
                NewDocument(
                    tenant="default",
                    collection="handbook",
                    source_key=index.source_key("default", str(number)),
                    source=str(number),
                    title=title,
                    media="text",
                    digest=index.digest("default", line.encode()),
                    recipe="sizes",
                    label="internal",
                    allow=("*",),
                    deny=(),
                    original=text,
                    pages=0,
                    counts={},
                    chunks=[Chunk(piece, vector(text), document_terms([text, title]))],
                    by="sizes",
                )
            )
    return made


async def measure(store: Store, ring: KeyRing, server: Server, folder: Path, most: int) -> dict[str, Any]:
    engine = open_engine([server.url], timeout_s=60.0)
    async with store.transaction() as conn:
        await move_out(conn, engine.prefix, now())
    index = Index(store, ring, now, Qdrant(engine))
    await index.create_collection("default", "handbook", label="internal", by="sizes")
    made = documents(index, folder, most)
    words, pairs = [], []
    for new in made:
        terms = new.chunks[0].weights
        words.append(sum(not PAIRS <= term < LEARNED for term in terms))
        pairs.append(sum(PAIRS <= term < LEARNED for term in terms))
    began = time.process_time()
    for new in made:
        await index.put_document(new)
    written = time.process_time() - began
    found = {name: dict(await store.fetchrow(_SIZES, name) or {}) for name in TABLES}
    server.requests.clear()
    began = time.process_time()
    paid = await Payer(store, engine).pay()
    spent = time.process_time() - began
    sent = sum(len(json.dumps(body)) for _, path, body in server.requests if path.endswith("/points/batch"))
    await engine.close()
    count = len(made)
    return {
        "passages": count,
        "characters of a passage": round(mean(len(new.original) for new in made)),
        "words of a passage, different": round(mean(words), 1),
        "pairs of a passage": round(mean(pairs), 1),
        "bytes of a passage": {
            name: {kind: round(size / count) for kind, size in one.items()} for name, one in found.items()
        },
        "bytes sent for a passage": round(sent / max(1, paid)),
        "processor to write one here, ms": round(1000 * written / count, 2),
        "processor to bring one there and to take it in there, ms": round(1000 * spent / max(1, paid), 2),
    }


async def _main(folder: Path, most: int) -> None:
    with tempfile.TemporaryDirectory(prefix="gateway-sizes-", ignore_cleanup_errors=True) as place:
        ring = KeyRing.create(Path(place) / "keys" / "ring.json")
        async with await open_store(None, Path(place) / "data", pool_max=4) as store, serving() as server:
            print(json.dumps(await measure(store, ring, server, folder, most), indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, default=1_400)
    given = parser.parse_args()
    asyncio.run(_main(given.folder, given.most))
