"""The one database: a pool that says in our words what is wrong, the embedded server, and the migrations."""

from __future__ import annotations

from gateway.store.store import Store, open_store

__all__ = ["Store", "open_store"]
