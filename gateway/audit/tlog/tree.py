"""Making the tree: tiles of 256 hashes (C2SP tlog-tiles), roots and proofs from them. Pure.

A tile of level L holds hashes of the tree's level 8 L, tile N those from 256 N on; the last one of a level may hold
fewer. Only complete subtrees are kept, so a hash once written never changes, and any node is computed from one tile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.audit.tlog.check import EMPTY_ROOT, HASH, node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
_FULL = WIDTH * HASH


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Where a tile stands."""

    level: int
    index: int


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A complete subtree: 2**level leaves, the first of them index * 2**level."""

    level: int
    index: int

    @property
    def tile(self) -> Tile:
        """The tile it is computed from."""
        level, rest = divmod(self.level, HEIGHT)
        return Tile(level, (self.index << rest) >> HEIGHT)


Tiles = Mapping[Tile, bytes]
"""Hashes of tiles, one after the other."""


def edge(size: int) -> list[Tile]:
    """The tiles that `grow` needs of a tree with `size` leaves: the last one of each level, where it is not full."""
    found = []
    level = 0
    while size >> (HEIGHT * level):
        count = size >> (HEIGHT * level)
        if count % WIDTH:
            found.append(Tile(level, count // WIDTH))
        level += 1
    return found


def grow(size: int, leaves: Sequence[bytes], tiles: Tiles) -> dict[Tile, bytes]:
    """Tiles that are new or longer once `leaves` (their hashes) stand behind the first `size`.

    tiles: at least those of `edge(size)`.
    """
    changed: dict[Tile, bytes] = {}
    level, count, fresh = 0, size, list(leaves)
    while fresh:
        above: list[bytes] = []
        before = count // WIDTH
        row = bytearray(tiles[Tile(level, before)] if count % WIDTH else b"")
        at = 0
        while at < len(fresh):
            taken = fresh[at : at + (_FULL - len(row)) // HASH]
            row += b"".join(taken)
            at += len(taken)
            changed[Tile(level, before)] = bytes(row)
            if len(row) == _FULL:
                above.append(perfect(bytes(row)))
                before += 1
                row = bytearray()
        level, count, fresh = level + 1, count // WIDTH, above
    return changed


def subtree(first: int, end: int) -> list[Node]:
    """Complete subtrees, left to right, that make up leaves [first, end) of a subtree as RFC 6962 cuts them."""
    found = []
    at = first
    while at < end:
        level = (end - at).bit_length() - 1
        found.append(Node(level, at >> level))
        at += 1 << level
    return found


def inclusion(index: int, size: int) -> list[tuple[int, int]]:
    """The subtrees whose hashes prove that a leaf is in a tree, from its sibling upwards, as [first, end)."""
    first, end, path = 0, size, []
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((first, middle))
            first = middle
    return path[::-1]


def consistency(old: int, new: int) -> list[tuple[int, int]]:
    """The subtrees whose hashes prove that a tree begins with a smaller one (RFC 6962, 2.1.2)."""
    if old in (0, new):
        return []
    first, end, path, is_old = 0, new, [], True
    while old != end:
        middle = first + _split(end - first)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((first, middle))
            first, is_old = middle, False
    # What the smaller tree's own root is need not be said.
    return ([] if is_old else [(first, end)]) + path[::-1]


def needed(ranges: Sequence[tuple[int, int]]) -> set[Tile]:
    """The tiles from which `hashes` computes these subtrees."""
    return {node.tile for first, end in ranges for node in subtree(first, end)}


def hashes(ranges: Sequence[tuple[int, int]], tiles: Tiles) -> list[bytes]:
    """The hash of each subtree. Raises KeyError for a tile that is not given, IndexError for one that is too short."""
    return [_fold([node_of(node, tiles) for node in subtree(first, end)]) for first, end in ranges]


def root(size: int, tiles: Tiles) -> bytes:
    """The root of the tree's first `size` leaves; `tiles`: those of `needed([(0, size)])`."""
    return hashes([(0, size)], tiles)[0] if size else EMPTY_ROOT


def node_of(node: Node, tiles: Tiles) -> bytes:
    """The hash of one complete subtree."""
    rest = node.level % HEIGHT
    row = tiles[node.tile]
    start = ((node.index << rest) % WIDTH) * HASH
    part = row[start : start + (HASH << rest)]
    if len(part) != HASH << rest:
        raise IndexError("the tile is too short")
    return perfect(part)


def path_of(tile: Tile, width: int = WIDTH) -> str:
    """Where C2SP tlog-tiles publishes a tile; `width`: hashes in it."""
    rest = f"{tile.index % 1000:03d}"
    index = tile.index // 1000
    while index:
        rest, index = f"x{index % 1000:03d}/{rest}", index // 1000
    return f"tile/{tile.level}/{rest}" + ("" if width == WIDTH else f".p/{width}")


def split_row(row: bytes) -> Iterator[bytes]:
    """The hashes of a tile."""
    return (row[at : at + HASH] for at in range(0, len(row), HASH))


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def perfect(row: bytes) -> bytes:
    """The root over hashes in a row, a power of two of them."""
    level = list(split_row(row))
    while len(level) > 1:
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


def _fold(parts: list[bytes]) -> bytes:
    found = parts[-1]
    for part in reversed(parts[:-1]):
        found = node_hash(part, found)
    return found
