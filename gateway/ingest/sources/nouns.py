"""What a source is, whatever kind of place it reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gateway.model import Principal


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a place holds now."""

    key: str = field(repr=False)
    """Names it for good: a path, an object's name, an address, a message id."""
    mark: str = field(repr=False)
    """Changes when its content may have; empty: only fetching tells."""
    size: int | None = None
    name: str = field(default="", repr=False)
    """What the document is called, where that is not the key; its suffix says the format."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An item's content as it was when it had this mark."""

    data: bytes = field(repr=False)
    mark: str = field(repr=False)
    name: str = field(default="", repr=False)
    """What the document is called, where only its content tells the format."""


class Gone(Exception):
    """The place says that the item is not there any more."""


class Place(Protocol):
    """One folder, bucket, list of pages or mailbox. Every method raises Unavailable when it cannot be read."""

    def items(self, known: Mapping[str, str]) -> AsyncIterator[Item]:
        """All that is there now; complete, or it raises. `known`: marks by key, as of the last time."""

    async def fetch(self, item: Item, mark: str, limit: int) -> Fetched | None:
        """An item's content; None when it is still as it was with `mark`.

        Raises Gone, TooLarge over `limit` bytes, or what is wrong with this item alone.
        """

    async def close(self) -> None:
        """Let connections go."""


@dataclass(frozen=True, slots=True)
class Under:
    """Other rights for items whose key begins with `path`."""

    path: str
    label: str | None = None
    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Spec:
    """A source as configured."""

    name: str
    kind: str
    collection: str
    principal: Principal
    """Whom it acts as; policy decides what that one may write and delete."""
    place: Place = field(repr=False)
    label: str | None = None
    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] | None = None
    under: tuple[Under, ...] = ()
    every_s: float = 300.0
    """0: only on demand."""
    max_removed_percent: float = 30.0

    def rights(self, key: str) -> Under:
        """Label and permissions of an item: those of the longest path that it lies under."""
        fitting = [one for one in self.under if key == one.path or key.startswith(one.path.rstrip("/") + "/")]
        best = max(fitting, key=lambda one: len(one.path), default=Under(""))
        return Under(
            best.path,
            best.label if best.label is not None else self.label,
            best.allow if best.allow is not None else self.allow,
            best.deny if best.deny is not None else self.deny,
        )
