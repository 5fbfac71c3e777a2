"""The one place where rooms are built and wired. Everything is passed by hand; nothing is ambient."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.app.erasing import erasure
from gateway.app.files import shipped
from gateway.app.ingesting import Service, service
from gateway.app.methods import Methods, open_methods
from gateway.app.parsing import parser_of
from gateway.app.retaining import retention
from gateway.app.ring import key_ring
from gateway.app.storage import Placed, open_storage
from gateway.app.tracing import TracedLog, open_tracer
from gateway.app.witnesses import witnesses
from gateway.audit import AuditLog, KeyTable, Pruner, Receipts, Sealer
from gateway.audit.destroyed import KEYS, destroy_again
from gateway.chat import Chat, Feedback, Finder, Library, Returns, Support, Texts, Vectors
from gateway.crypto import KeyRing, Secret
from gateway.errors import GatewayError
from gateway.govern import ITSELF, Credentials, Erasure, Guard, Holds, Log, Policies, Retention, new_request_id
from gateway.identity import Keys
from gateway.ingest import HeldBack, Ingest, ParserPool
from gateway.model import Json, Model, Price, Record
from gateway.policy import Current, Versions, load_files
from gateway.redaction import Kept, Redactor, Vault, value_ids
from gateway.retrieval import (
    Index,
    Lineage,
    Merging,
    Quarantine,
    Ranking,
    TextEmbedder,
    current_space,
)
from gateway.routing import OllamaSite, Router, Timeouts
from gateway.settings import ModelEntry, Settings
from gateway.store import Store, open_store
from gateway.telemetry import Tracer

QUIET = {
    # Libraries that would look for the network say so here before they are imported.
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "TOKENIZERS_PARALLELISM": "false",
    # onnxruntime sends telemetry from native code and keeps a device id on disk; only this stops both.
    "ORT_DISABLE_TELEMETRY": "1",
}


def quiet() -> None:
    """Tell libraries to stay off the network, before any of them is imported."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def now() -> datetime:
    """The clock that rooms are given."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class House:
    """Every room of one process, open."""

    settings: Settings
    ring: KeyRing
    store: Store
    key_table: KeyTable
    audit: AuditLog
    sealer: Sealer
    keys: Keys
    current: Current
    redactor: Redactor
    vault: Vault
    embedder: TextEmbedder
    finder: Finder
    parser: ParserPool
    index: Index
    placed: Placed
    router: Router
    chat: Chat
    texts: Texts
    returns: Returns
    feedback: Feedback
    library: Library
    ingest: Ingest
    held_back: HeldBack
    service: Service
    policies: Policies
    credentials: Credentials
    log: Log
    erasure: Erasure
    holds: Holds
    retention: Retention
    tracer: Tracer | None

    async def ready(self) -> Json:
        """What `/readyz` says: each dependency `ok`, or the sentence that tells what is wrong with it."""
        checks: dict[str, str] = {}
        try:
            await self.store.ping()
            checks["database"] = "ok"
        except GatewayError as error:
            checks["database"] = error.message
        checks["audit"] = "ok" if self.audit.healthy else "the audit log cannot be written"
        checks["seal"] = self.sealer.problem or "ok"
        checks["policy"] = "ok" if self.current.ready else "no policy is in force"
        ready = all(value == "ok" for value in checks.values())
        digest = self.current.bundle.digest if self.current.ready else None
        told: Json = {"ready": ready, "policy": digest, "checks": checks}
        notes = {"index": await self.placed.problem()}
        if checks["database"] == "ok":
            notes["vectors"] = await self._vectors()
        if found := {name: note for name, note in notes.items() if note}:
            told["notes"] = found
        return told

    async def _vectors(self) -> str | None:
        """What is wrong with the index's vectors; searches go on by words alone then."""
        try:
            space = await current_space(self.store)
        except GatewayError as error:
            return error.message
        if space is None or space.embedder == self.embedder.id:
            return None
        return f"the index was made with the embedder {space.embedder}: documents are searched by words alone"

    def measures(self) -> Json:
        """Counts for `/metrics`."""
        return {
            "redaction_failures": dict(self.redactor.failures),
            "redaction_waiting": self.redactor.waiting,
            "audit_healthy": self.audit.healthy,
            "search_left_out": dict(self.finder.notes),
        }


async def open_database(settings: Settings) -> Store:
    """The store alone, migrated."""
    url = settings.database.url
    return await open_store(
        url.get_secret_value() if url else None,
        settings.data_dir,
        pool_min=settings.database.pool_min,
        pool_max=settings.database.pool_max,
        connect_timeout_s=settings.database.connect_timeout_s,
        replicas=[one.get_secret_value() for one in settings.database.replicas],
    )


@contextlib.asynccontextmanager
async def open_house(settings: Settings, *, warm: bool = True) -> AsyncIterator[House]:
    """Open every room, slow things at the same time, and close them in reverse order.

    warm: load the detector and the embedder now (a server) rather than at their first use (a command).

    Raises a GatewayError that says which room could not be opened and what to do.
    """
    quiet()
    ring = key_ring(settings)
    async with contextlib.AsyncExitStack() as stack:
        redactor = Redactor(
            ring,
            threads=settings.redaction.threads,
            timeout_s=settings.redaction.timeout_s,
            queue=settings.redaction.queue,
            cache_entries=settings.redaction.cache_entries,
        )
        stack.callback(redactor.close)
        methods = open_methods(settings, stack)
        loading = asyncio.gather(redactor.start(), methods.start()) if warm else None
        try:
            store = await open_database(settings)
        except BaseException:
            if loading is not None:
                await asyncio.wait({loading})
            raise
        stack.push_async_callback(store.close)
        if loading is not None:
            await loading
        key_table = await _key_table(settings, store, ring, stack)
        # Closed after the log, whose last records it tells of.
        tracer = await open_tracer(settings, worker_id(), stack)
        audit, sealer = await _audit(settings, store, ring, stack, tracer)
        keys = Keys(store, ring, now)
        await keys.start()
        stack.push_async_callback(keys.close)
        current = await Current.start(store, worker_id())
        stack.push_async_callback(current.close)
        guard = Guard(current, audit, now)
        policies = Policies(current, Versions(store, now), guard, redactor)
        if not current.ready:
            await policies.first(new_request_id(), load_files(policy_dir(settings)))
        router = _router(settings)
        stack.push_async_callback(router.close)
        await router.start()
        parser = ParserPool([parser_of(settings) for _ in range(settings.ingest.parsers)])
        stack.push_async_callback(parser.close)
        vault = Vault(store, ring)
        kept = Kept(store, ring, now, hours=settings.redaction.keep_hours)
        await kept.start()
        stack.push_async_callback(kept.close)
        placed = await open_storage(settings, store, stack, now, pay=warm)
        index = Index(store, ring, now, placed.storage)
        quarantine = Quarantine(store)
        finder = _finder(settings, methods, redactor, vault, index, store, audit)
        lineage = Lineage(store, ring, now)
        await lineage.start()
        top_k = settings.retrieval.top_k
        chat = Chat(
            current=current,
            redactor=redactor,
            finder=finder,
            router=router,
            lineage=lineage,
            audit=audit,
            now=now,
            top_k=top_k,
            support=Support(methods.embedder),
        )
        ingest = Ingest(
            store=store,
            current=current,
            parser=parser,
            redactor=redactor,
            vault=vault,
            index=index,
            embedder=methods.embedder,
            terms=methods.terms,
            audit=audit,
            now=now,
            max_bytes=settings.server.max_upload_bytes,
        )
        around = service(
            settings, store=store, ring=ring, keys=keys, current=current, ingest=ingest, audit=audit, now=now
        )
        stack.push_async_callback(around.close)
        yield House(
            settings=settings,
            ring=ring,
            store=store,
            key_table=key_table,
            audit=audit,
            sealer=sealer,
            keys=keys,
            current=current,
            redactor=redactor,
            vault=vault,
            embedder=methods.embedder,
            finder=finder,
            parser=parser,
            index=index,
            placed=placed,
            router=router,
            chat=chat,
            texts=Texts(
                current=current,
                redactor=redactor,
                kept=kept,
                finder=finder,
                lineage=lineage,
                audit=audit,
                now=now,
                top_k=top_k,
            ),
            returns=Returns(current=current, kept=kept, vault=vault, index=index, audit=audit, now=now),
            feedback=Feedback(current, redactor, Receipts(store, ring), audit, now),
            library=Library(current, index, vault, redactor, audit, now, quarantine, lineage),
            ingest=ingest,
            held_back=HeldBack(store, current, index, quarantine, audit, now),
            service=around,
            policies=policies,
            credentials=Credentials(keys, guard),
            log=Log(store, ring, guard, sealer.key, audit.terms, redactor, sealer.asked),
            erasure=erasure(store, ring, guard, current, keys, redactor, methods, parser, audit, sealer.key, placed),
            holds=Holds(store, ring, guard, keys, redactor, sealer.key),
            retention=retention(settings, Pruner(store, ring, sealer.key), guard, new_request_id),
            tracer=tracer,
        )


async def _key_table(settings: Settings, store: Store, ring: KeyRing, stack: contextlib.AsyncExitStack) -> KeyTable:
    """What says with which keys to seal; before anything is."""
    table = KeyTable(store, ring, lambda: key_ring(settings), worker_id(), now)
    await table.start()
    stack.push_async_callback(table.close)
    return table


async def _audit(
    settings: Settings, store: Store, ring: KeyRing, stack: contextlib.AsyncExitStack, tracer: Tracer | None
) -> tuple[AuditLog, Sealer]:
    """The log and what seals it, both at work."""
    audit = TracedLog(
        store,
        ring,
        now,
        queue=settings.audit.queue,
        batch=settings.audit.batch,
        timeout_s=settings.audit.timeout_s,
        find=value_ids,
    )
    audit.tracer = tracer
    sealer = Sealer(
        store,
        ring,
        now,
        origin=settings.audit.origin,
        interval_s=settings.audit.checkpoint_s,
        witnesses=witnesses(settings),
    )
    # Closed after the log, so that what the log writes last is covered too.
    stack.push_async_callback(sealer.close)
    await audit.subjects.start()
    stack.push_async_callback(audit.subjects.close)
    await audit.start()
    stack.push_async_callback(audit.close)
    await sealer.start()
    if again := await destroy_again(store, ring, audit.terms, audit.subjects):
        detail = {KEYS: [str(name) for name in again]}
        await audit.append(Record("event", new_request_id(), now(), ITSELF.id, "audit.erase.again", "", detail))
    return audit, sealer


def policy_dir(settings: Settings) -> Path:
    """The operator's policy files, or the shipped ones where there are none."""
    own = settings.path(settings.policies.dir)
    return own if own.is_dir() else shipped("policies")


def _finder(
    settings: Settings,
    methods: Methods,
    redactor: Redactor,
    vault: Vault,
    index: Index,
    store: Store,
    audit: AuditLog,
) -> Finder:
    chosen = settings.retrieval
    merging = None
    if chosen.chunking != "sentences":
        merging = Merging(store, index, chosen.merge_ratio if chosen.chunking == "hierarchy" else None)
    reranker = chosen.reranker
    ranking = Ranking(methods.reranker, reranker.top_n, reranker.timeout_s) if methods.reranker else None
    vectors = Vectors(methods.embedder, methods.terms, index, audit, now)
    return Finder(redactor, vault, index, vectors, merging=merging, ranking=ranking)


def _router(settings: Settings) -> Router:
    upstream, ollama = settings.upstream, settings.ollama
    return Router(
        [_model(entry) for entry in settings.models],
        {entry.name: Secret(entry.api_key.get_secret_value()) for entry in settings.models if entry.api_key},
        clock=time.monotonic,
        now=now,
        timeouts=Timeouts(
            upstream.connect_timeout_s, upstream.first_byte_timeout_s, upstream.idle_timeout_s, upstream.timeout_s
        ),
        max_response_bytes=upstream.max_response_bytes,
        ollama=OllamaSite(ollama.url, ollama.zone) if ollama.discover else None,
        refresh_s=ollama.refresh_s,
    )


def worker_id() -> str:
    """A name for this process among the workers: host, process id, and something that no earlier process had."""
    return f"{os.uname().nodename}:{os.getpid()}:{secrets.token_hex(4)}"


def _model(entry: ModelEntry) -> Model:
    return Model(
        name=entry.name,
        provider=entry.provider,
        target=entry.target or entry.name,
        zone=entry.zone,
        base_url=entry.base_url,
        context=entry.context,
        price=Price(entry.price.input, entry.price.output) if entry.price else Price(),
        priced=entry.price is not None,
        quality=entry.quality,
        latency_ms=entry.latency_ms,
        tools=entry.tools,
    )
