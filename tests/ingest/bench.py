"""Everything one ingest needs, real, over one database; the tests' workbench, and a program for one that is killed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.audit import AuditLog, Reader
from gateway.crypto.keyring import KeyRing
from gateway.ingest import Ingest
from gateway.model import Filter, Passage, Principal
from gateway.policy import Current, Versions, load_files
from gateway.redaction import Redactor, Vault
from gateway.retrieval import Embedder, Index, Parser, query_terms, render_for_embedding
from gateway.store import Store, open_store
from tests.retrieval.kept import KeptParser, kept_embedder

POLICIES = Path(__file__).parents[2] / "policies"
HANA = Principal("k1", "hana", frozenset({"employee", "hr"}))
EMIL = Principal("k2", "emil", frozenset({"employee", "engineering"}))


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Bench:
    store: Store
    versions: Versions
    current: Current
    parser: Parser
    redactor: Redactor
    vault: Vault
    index: Index
    embedder: Embedder
    audit: AuditLog
    reader: Reader
    ingest: Ingest

    async def search(self, question: str, who: Principal, collection: str = "hr", top_k: int = 5) -> list[Passage]:
        """As a journey does it: redacted question, its words as possible parts of names, the caller's plan."""
        bundle = self.current.bundle
        (done,) = await self.redactor.redact([question], bundle.privacy, who.tenant)
        text = done.redacted.text
        vector = (await self.embedder.embed([render_for_embedding(text)]))[0]
        terms = query_terms(text, self.redactor.part_tokens(question, who.tenant))
        scope = bundle.plan(who, [collection], await self.index.known_collections(who.tenant))
        return await self.index.search(vector, terms, scope, top_k)

    def scope(self, who: Principal, collection: str = "hr") -> Filter:
        return self.current.bundle.plan(who, [collection], [collection])

    async def records(self, request: str) -> list[tuple[str, str, dict[str, object]]]:
        """(kind, action, detail) of one request's records."""
        page = await self.reader.by_request(request)
        return [(record["kind"], record["action"], record["detail"]) for record in page["records"]]

    async def put_policy(self, name: str, change: tuple[bytes, bytes]) -> None:
        """Activate the policies with one text replaced."""
        files = dict(load_files(POLICIES))
        assert change[0] in files[name]
        files[name] = files[name].replace(*change)
        version = await self.versions.submit(files, "root", "test")
        await self.versions.activate(version.digest, "root")


@asynccontextmanager
async def open_bench(store: Store, ring: KeyRing, models: Path, work: Path) -> AsyncIterator[Bench]:
    versions = Versions(store)
    if await versions.active() is None:
        version = await versions.submit(load_files(POLICIES), "root", "test")
        await versions.activate(version.digest, "root")
    current = await Current.start(store, "test-worker")
    audit = AuditLog(store, ring, now)
    await audit.start()
    parser = KeptParser(work)
    redactor = Redactor(ring, timeout_s=60)
    embedder = kept_embedder(models)
    vault, index = Vault(store, ring), Index(store, ring, now)
    ingest = Ingest(
        store=store,
        current=current,
        parser=parser,
        redactor=redactor,
        vault=vault,
        index=index,
        embedder=embedder,
        audit=audit,
        now=now,
    )
    try:
        yield Bench(
            store, versions, current, parser, redactor, vault, index, embedder, audit, Reader(store, ring), ingest
        )
    finally:
        redactor.close()
        await audit.close()
        await current.close()


async def _main(url: str, ring: str, models: str, work: str) -> None:
    """Ingest six documents, saying when each is done; meant to be killed in between."""
    keys = KeyRing.load(Path(ring))
    async with (
        await open_store(url, Path("unused")) as store,
        open_bench(store, keys, Path(models), Path(work)) as bench,
    ):
        for number in range(6):
            await bench.ingest.ingest(HANA, paper(number), name=f"{number}.md", collection="hr")
            print(number, flush=True)


def paper(number: int) -> bytes:
    """One of the six."""
    lines = "\n\n".join(f"## Part {part}\n\nCase {number}.{part} was closed by Dr Jane Roe." for part in range(5))
    return f"# Case {number}\n\n{lines}\n".encode()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
