"""What a witness is: it keeps the last checkpoint it saw and takes none that does not continue it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.audit.tlog.check import Checkpoint, VerifierKey, is_consistent
from gateway.audit.tlog.tree import consistency

Paths = Callable[[Sequence[tuple[int, int]]], Awaitable[list[bytes]]]
"""Hashes of subtrees, [first, end) each."""


class Refused(Exception):
    """A witness did not take a checkpoint; the text says why, without content."""


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A checkpoint was taken. `cosignature`: lines to put under the note, empty when the witness signs nothing."""

    cosignature: str = ""


class Witness(Protocol):
    """One place where checkpoints are kept. `see` and `last` may raise anything; the log goes on without them."""

    name: str

    @property
    def answers(self) -> bool:
        """Whether it can be asked for what it keeps."""
        ...

    @property
    def key(self) -> VerifierKey | None:
        """What its cosignatures are checked with; None where it gives none that are known."""
        ...

    async def see(self, checkpoint: Checkpoint, note: bytes, paths: Paths) -> Witnessed:
        """Keep a checkpoint. Raises Refused when it does not continue the one kept before."""
        ...

    async def last(self, origin: str) -> bytes | None:
        """The last note kept of this log, or None when there is none or it cannot be asked for."""
        ...


@dataclass(frozen=True, slots=True)
class Heard:
    """What a witness said when it was asked for the last checkpoint it keeps."""

    witness: Witness
    note: bytes | None
    reached: bool


async def proof(old: int, new: int, paths: Paths) -> list[bytes]:
    """A consistency proof from `old` leaves to `new`."""
    return await paths(consistency(old, new)) if 0 < old < new else []


async def continues(old: Checkpoint, new: Checkpoint, paths: Paths) -> bool:
    """Whether the new tree begins with the old one."""
    if old.size > new.size:
        return False
    return is_consistent(old.size, new.size, old.root, new.root, await proof(old.size, new.size, paths))
