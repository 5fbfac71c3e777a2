"""What each configured witness says of the log: asked for what it keeps, and held against the tree."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from gateway.audit.tlog import shelf
from gateway.audit.tlog.check import NotProven, VerifierKey, open_checkpoint
from gateway.audit.verdicts import Vouched, Vouching
from gateway.audit.witness import Heard, Witness
from gateway.store import Store

LAST: Final = 10
"""Checkpoints in which the cosignature of a witness is looked for that cannot be asked."""
_NOTES: Final = "SELECT note FROM audit_checkpoints ORDER BY size DESC LIMIT $1"


async def ask(witnesses: Sequence[Witness], origin: str) -> list[Heard]:
    """Every witness at once for the last checkpoint of this log that it keeps; none of them fails this."""
    return list(await asyncio.gather(*(_ask(one, origin) for one in witnesses)))


async def _ask(witness: Witness, origin: str) -> Heard:
    try:
        note = await witness.last(origin)
    except Exception:  # noqa: BLE001 - whatever kept it from answering
        return Heard(witness, None, reached=False)
    return Heard(witness, note, reached=True)


async def vouched(store: Store, key: VerifierKey, heard: Sequence[Heard]) -> tuple[Vouched, ...]:
    """What came of each, in this order. key: the log's. Raises StoreUnavailable."""
    return tuple([await _vouched(store, key, one) for one in heard])


async def _vouched(store: Store, key: VerifierKey, heard: Heard) -> Vouched:
    name = heard.witness.name
    if not heard.reached:
        return Vouched(name, Vouching.SILENT)
    if not heard.witness.answers:
        return await _cosigned(store, key, heard.witness)
    if heard.note is None:
        return Vouched(name, Vouching.EMPTY)
    try:
        checkpoint, _ = open_checkpoint(heard.note, key)
    except NotProven:
        return Vouched(name, Vouching.REFUSED)
    async with store.acquire() as connection:
        there = await shelf.size(connection) >= checkpoint.size
        agrees = there and await shelf.continues(connection, checkpoint)
    return Vouched(name, Vouching.AGREES if agrees else Vouching.REFUSED, checkpoint.size)


async def _cosigned(store: Store, key: VerifierKey, witness: Witness) -> Vouched:
    if witness.key is None:
        return Vouched(witness.name, Vouching.MUTE)
    for row in await store.fetch(_NOTES, LAST):
        try:
            checkpoint, seen = open_checkpoint(row["note"], key, [witness.key])
        except NotProven:
            continue
        if witness.key.name in seen:
            return Vouched(witness.name, Vouching.COSIGNED, checkpoint.size)
    return Vouched(witness.name, Vouching.SILENT)
