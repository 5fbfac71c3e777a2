"""Ingest as a service: jobs, the sources of the settings, and what workers do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gateway.audit import AuditLog
from gateway.crypto import KeyRing, Secret
from gateway.identity import Keys
from gateway.ingest import Ingest, Jobs, Progress, QueueLimits, Work, Worker
from gateway.ingest.queue import HEARTBEAT_S
from gateway.ingest.sources import Bucket, Folder, Guard, Mailbox, Place, Sources, Spec, Under, Web
from gateway.model import Principal
from gateway.policy import Current
from gateway.settings import Settings, SourceEntry
from gateway.store import Store


@dataclass(frozen=True, slots=True)
class Service:
    """Everything around the ingest journey."""

    settings: Settings
    store: Store
    now: Callable[[], datetime]
    jobs: Jobs
    sources: Sources
    progress: Progress
    work: Work

    def worker(self, concurrency: int) -> Worker:
        """A worker of the queue for this process; the caller runs it."""
        limits = self.settings.ingest
        return Worker(
            store=self.store,
            work=self.work,
            schedule=self.sources.schedule,
            now=self.now,
            concurrency=concurrency,
            keep_days=limits.keep_jobs_days,
            heartbeat_s=min(HEARTBEAT_S, limits.stalled_s / 4),
            stalled_s=limits.stalled_s,
        )

    async def close(self) -> None:
        """Let subscriptions and connections go."""
        await self.progress.close()
        await self.sources.close()


def service(
    settings: Settings,
    *,
    store: Store,
    ring: KeyRing,
    keys: Keys,
    current: Current,
    ingest: Ingest,
    audit: AuditLog,
    now: Callable[[], datetime],
) -> Service:
    """Jobs, sources and workers over an ingest journey. Nothing is started."""
    progress = Progress(store)
    sources = Sources(
        specs(settings),
        store=store,
        ring=ring,
        current=current,
        ingest=ingest,
        audit=audit,
        now=now,
        max_bytes=settings.server.max_upload_bytes,
    )
    jobs = Jobs(
        store=store,
        ring=ring,
        current=current,
        ingest=ingest,
        progress=progress,
        audit=audit,
        now=now,
        limits=QueueLimits(settings.ingest.queue_files, settings.ingest.queue_bytes),
    )
    work = Work(
        store=store,
        ring=ring,
        current=current,
        ingest=ingest,
        audit=audit,
        now=now,
        standing=keys.standing,
        sync=sources.job,
    )
    return Service(settings, store, now, jobs, sources, progress, work)


def specs(settings: Settings) -> list[Spec]:
    """The configured sources. Nothing is opened."""
    return [_spec(settings, entry) for entry in settings.sources]


def _spec(settings: Settings, entry: SourceEntry) -> Spec:
    # No key can have a name with a colon: nobody else is taken for the source.
    name = f"source:{entry.name}"
    return Spec(
        name=entry.name,
        kind=entry.kind,
        collection=entry.collection,
        principal=Principal(id=name, name=name, roles=frozenset(entry.roles), groups=frozenset(entry.groups)),
        place=_place(settings, entry),
        label=entry.label,
        allow=entry.allow,
        deny=entry.deny,
        under=tuple(Under(one.path.strip("/"), one.label, one.allow, one.deny) for one in entry.under),
        every_s=entry.every_s,
        max_removed_percent=entry.max_removed_percent,
    )


def _place(settings: Settings, entry: SourceEntry) -> Place:
    if entry.path is not None and entry.kind == "folder":
        return Folder(settings.path(entry.path))
    if entry.kind == "s3":
        secret = entry.secret_access_key
        return Bucket(
            entry.bucket,
            prefix=entry.prefix,
            endpoint=entry.endpoint,
            region=entry.region,
            access_key_id=entry.access_key_id,
            secret_access_key=Secret(secret.get_secret_value()) if secret else None,
        )
    if entry.kind == "web":
        return Web(entry.urls, guard=Guard(entry.allow_private), robots=entry.robots)
    return Mailbox(
        entry.host,
        port=entry.port,
        user=entry.user,
        password=Secret(entry.password.get_secret_value() if entry.password else ""),
        mailbox=entry.mailbox,
        ca_file=settings.path(entry.ca_file) if entry.ca_file else None,
    )
