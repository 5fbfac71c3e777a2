"""The ingest journey: one document from its bytes to the index."""

from __future__ import annotations

from gateway.ingest.journey import Ingest
from gateway.ingest.values import Ingested

__all__ = ["Ingest", "Ingested"]
