"""Traces, wired: who sees the records, and where the spans go. Without an endpoint there is nothing at all."""

from __future__ import annotations

import contextlib
import time

from gateway import __version__
from gateway.audit import AuditLog
from gateway.crypto import Secret
from gateway.model import Position, Record
from gateway.settings import Settings
from gateway.telemetry import Exporter, Tracer


class TracedLog(AuditLog):
    """The log, and somebody who is told of each record once it is durable."""

    tracer: Tracer | None = None

    async def append(self, record: Record) -> Position:
        """As `AuditLog.append`."""
        position = await super().append(record)
        if self.tracer is not None:
            self.tracer.record(record, position)
        return position


async def open_tracer(settings: Settings, worker: str, stack: contextlib.AsyncExitStack) -> Tracer | None:
    """The tracer of this process; None where no endpoint is configured. Raises BadSettings."""
    wanted = settings.telemetry
    if not wanted.otlp_endpoint:
        return None
    resource = {"service.name": wanted.service, "service.version": __version__, "service.instance.id": worker}
    token = wanted.authorization
    exporter = Exporter(
        wanted.otlp_endpoint,
        resource,
        authorization=Secret(token.get_secret_value()) if token else None,
        every_s=wanted.every_s,
        timeout_s=wanted.timeout_s,
    )
    await exporter.start()
    stack.push_async_callback(exporter.close)
    return Tracer(exporter.add, time.time_ns, sample=wanted.sample)
