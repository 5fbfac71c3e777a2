"""Every few seconds: what was written goes into the tree, and a signed checkpoint says what the tree is.

One process does it for all, whoever holds the lock; another takes over when it ends. A checkpoint is signed also when
nothing happened, so that its time says until when the log is known to be whole. Before signing anew the tree is held
against the last checkpoint this installation has seen: one that does not continue it is never signed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from gateway.audit.link import GIVEN_UP, LOST, lock_key, locks
from gateway.audit.tlog import shelf
from gateway.audit.tlog.check import Checkpoint, NotProven, VerifierKey, leaf_hash, open_checkpoint
from gateway.audit.tlog.notes import log_key, sign
from gateway.audit.tlog.shelf import Run
from gateway.audit.tlog.tree import edge, grow
from gateway.audit.vouching import ask
from gateway.audit.witness import Heard, Paths, Witness, Witnessed
from gateway.crypto import KeyRing, sha256
from gateway.errors import GatewayError
from gateway.store import Store
from gateway.store.store import Connection

log = logging.getLogger(__name__)

LOCK = 0x6761_7465_7365_616C
BATCH = 20_000
"""Rows of one stream taken in at once."""
LONGEST_PAUSE_S = 30.0

_NEW = """
SELECT s.stream, s.opened_at, s.closed_seq, coalesce(e.next, 0) AS next, l.seq, l.hash
FROM audit_streams s LEFT JOIN audit_ends e USING (stream) LEFT JOIN LATERAL (
    SELECT seq, hash FROM audit_log WHERE stream = s.stream AND seq >= coalesce(e.next, 0) ORDER BY seq LIMIT $1
) l ON true
WHERE (s.closed_seq IS NULL OR coalesce(e.next, 0) <= s.closed_seq) AND s.stream <> ALL($2::uuid[])
ORDER BY s.stream, l.seq
"""


def default_origin(ring: KeyRing) -> str:
    """The log's name where none is configured: it says which key signs."""
    return f"gateway/{sha256(ring.signer().public).hex()[:16]}"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one round did."""

    checkpoint: Checkpoint
    added: int
    at: datetime


class Sealer:
    """The task. `problem` says why it does not sign, in words for an operator; None while all is well."""

    def __init__(
        self,
        store: Store,
        ring: KeyRing,
        now: Callable[[], datetime],
        *,
        origin: str = "",
        interval_s: float = 2.0,
        witnesses: Sequence[Witness] = (),
    ) -> None:
        self._store = store
        self._signer = ring.signer()
        self.key: VerifierKey = log_key(origin or default_origin(ring), self._signer.public)
        """What others check the checkpoints with."""
        self._now = now
        self._interval_s = interval_s
        self._witnesses = tuple(witnesses)
        self._closing = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._last: Checkpoint | None = None
        self._over: set[UUID] = set()
        """Streams that were never closed and get no further rows."""
        self.problem: str | None = None
        self.sealed: Sealed | None = None
        """The last round of this process."""

    async def start(self) -> None:
        """Begin, in the background."""
        self._task = asyncio.create_task(self._run(), name="audit sealer")

    async def close(self) -> None:
        """End after the round under way, which takes in what the log wrote last. Harmless when repeated."""
        self._closing.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        pause = self._interval_s
        while not self._closing.is_set():
            try:
                await self._hold()
                pause = self._interval_s
            except (GatewayError, *LOST) as error:
                log.warning("the audit log cannot be sealed now, %s", type(error).__name__)
                pause = min(pause * 2, LONGEST_PAUSE_S)
            await self._sleep(pause)

    async def _hold(self) -> None:
        """Seal for as long as this process holds the lock; come back when another one does."""
        connection = await self._store.connect()
        try:
            if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
                self.problem = None  # whoever holds it says
                return
            self._last = None
            while True:
                closing = self._closing.is_set()
                await self.once(connection)
                if closing:
                    return
                await self._sleep(self._interval_s)
        finally:
            await connection.close(timeout=1)

    async def once(self, connection: Connection) -> Sealed | None:
        """One round over a connection that holds the lock: new rows in, a checkpoint signed, witnesses told.

        None when it must not sign; `problem` says why.
        """
        if self._last is None and not await self._continues(connection):
            return None
        at = self._now()
        async with connection.transaction():
            size = await shelf.size(connection)
            if self._last is not None and size < self._last.size:
                self._refuse("the tree has fewer leaves than were signed: the database was put back")
                return None
            added = await self._take_in(connection, size, at)
            checkpoint = Checkpoint(
                self.key.name,
                size + added,
                await shelf.root(connection, size + added),
                (f"time {int(at.timestamp())}",),
            )
            note = sign(checkpoint, self._signer)
            await shelf.put_checkpoint(connection, checkpoint, note, at)
        self._last = checkpoint
        self.sealed = Sealed(checkpoint, added, at)
        self.problem = None
        await self._tell(connection, checkpoint, note, at)
        return self.sealed

    async def asked(self) -> list[Heard]:
        """What each witness says when it is asked for the last checkpoint it keeps."""
        return await ask(self._witnesses, self.key.name)

    async def _continues(self, connection: Connection) -> bool:
        """Whether the tree in the database holds what this installation is known to have signed."""
        latest = await shelf.latest(connection)
        heard = [one.note for one in await self.asked() if one.note is not None]
        notes = [*([] if latest is None else [latest.note]), *heard]
        known = []
        for note in notes:
            with suppress(NotProven):  # whatever a witness holds then, this key did not sign it
                known.append(open_checkpoint(note, self.key)[0])
        for checkpoint in known:
            if not await shelf.continues(connection, checkpoint):
                self._refuse(
                    f"the tree does not continue the checkpoint of {checkpoint.size} leaves that was signed before"
                )
                return False
        self._last = max(known, key=lambda one: one.size, default=None)
        return True

    def _refuse(self, why: str) -> None:
        if self.problem != why:
            log.error("the audit log is not sealed: %s", why)
        self.problem = why

    async def _take_in(self, connection: Connection, size: int, at: datetime) -> int:
        """New rows become leaves; how many. A stream that cannot get further ones is not asked again."""
        found = await connection.fetch(_NEW, BATCH, list(self._over))
        held = await locks(connection)
        runs: list[Run] = []
        leaves: list[bytes] = []
        ends: dict[UUID, int] = {}
        for row in found:
            stream, seq = row["stream"], row["seq"]
            if seq is None:
                if at - row["opened_at"] > GIVEN_UP and lock_key(stream) not in held:
                    self._over.add(stream)
                continue
            last = runs[-1] if runs else None
            if last is not None and last.stream == stream and last.seq + last.count == seq:
                runs[-1] = Run(last.first, stream, last.seq, last.count + 1)
            else:
                runs.append(Run(size + len(leaves), stream, seq, 1))
            leaves.append(leaf_hash(row["hash"]))
            ends[stream] = seq + 1
        grown = await asyncio.to_thread(grow, size, leaves, await shelf.tiles(connection, edge(size)))
        await shelf.put(connection, runs, grown, ends)
        return len(leaves)

    async def _tell(self, connection: Connection, checkpoint: Checkpoint, note: bytes, at: datetime) -> None:
        """Witnesses are told after the commit; their cosignatures are added to the note when they come."""
        if not self._witnesses:
            return
        told = await asyncio.gather(
            *(witness.see(checkpoint, note, paths(self._store)) for witness in self._witnesses),
            return_exceptions=True,
        )
        lines = ""
        for witness, answer in zip(self._witnesses, told, strict=True):
            if isinstance(answer, Witnessed):
                lines += answer.cosignature
            else:
                log.warning("witness %s did not take a checkpoint, %s", witness.name, type(answer).__name__)
        if lines:
            await shelf.put_checkpoint(connection, checkpoint, note + lines.encode(), at)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)


def paths(store: Store) -> Paths:
    """Where proofs come from."""

    async def path(ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        async with store.acquire() as connection:
            return await shelf.path(connection, ranges)

    return path
