"""Documents in: the journey of one, jobs of many in a queue, and the sources that collections are kept in step with."""

from __future__ import annotations

from gateway.ingest.erasing import Waiting
from gateway.ingest.jobs import Jobs
from gateway.ingest.jobs import Limits as QueueLimits
from gateway.ingest.journey import Ingest
from gateway.ingest.parsers import ParserPool
from gateway.ingest.progress import Progress
from gateway.ingest.quarantine import HeldBack
from gateway.ingest.values import Delivery, Ingested, read_until
from gateway.ingest.work import Work
from gateway.ingest.worker import Worker

__all__ = [
    "Delivery",
    "HeldBack",
    "Ingest",
    "Ingested",
    "Jobs",
    "ParserPool",
    "Progress",
    "QueueLimits",
    "Waiting",
    "Work",
    "Worker",
    "read_until",
]
