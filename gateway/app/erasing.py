"""The erasure journey, wired: it reaches into every room that keeps something."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.app.methods import Methods
from gateway.app.storage import Placed
from gateway.audit import AuditLog, Forgetting, Held, VerifierKey
from gateway.crypto import KeyRing
from gateway.govern import Erasure, Guard
from gateway.identity import Keys
from gateway.ingest import ParserPool, Waiting
from gateway.policy import Current
from gateway.redaction import Redactor, Values
from gateway.retrieval import Documents
from gateway.store import Store


def erasure(
    store: Store,
    ring: KeyRing,
    guard: Guard,
    current: Current,
    keys: Keys,
    redactor: Redactor,
    methods: Methods,
    parser: ParserPool,
    audit: AuditLog,
    key: VerifierKey,
    placed: Placed,
) -> Erasure:
    """The journey over open rooms. `key`: what the log's notes are checked with."""
    return Erasure(
        store=store,
        ring=ring,
        guard=guard,
        current=current,
        keys=keys,
        redactor=redactor,
        values=Values(store, ring),
        documents=Documents(store, ring, methods.embedder, methods.terms, placed.storage, placed.settle),
        waiting=Waiting(store, ring, parser),
        forgetting=Forgetting(store, ring, audit),
        held=Held(store, ring, audit.terms, key),
        key=key,
        now=lambda: datetime.now(UTC),
    )
