"""The tree against RFC 6962's own definitions, written out recursively, and against its published vectors."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.tlog.check import EMPTY_ROOT, NotProven, included_root, is_consistent, leaf_hash, node_hash
from gateway.audit.tlog.tree import (
    WIDTH,
    Tile,
    consistency,
    edge,
    grow,
    hashes,
    inclusion,
    needed,
    path_of,
    root,
)

# Certificate Transparency's reference leaves, and the roots of the trees of the first 1 to 8 of them.
LEAVES = [
    bytes.fromhex(each)
    for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def mth(data: list[bytes]) -> bytes:
    if not data:
        return hashlib.sha256(b"").digest()
    if len(data) == 1:
        return hashlib.sha256(b"\0" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return hashlib.sha256(b"\1" + mth(data[:k]) + mth(data[k:])).digest()


def rfc_path(m: int, data: list[bytes]) -> list[bytes]:
    if len(data) == 1:
        return []
    k = 1
    while k * 2 < len(data):
        k *= 2
    if m < k:
        return [*rfc_path(m, data[:k]), mth(data[k:])]
    return [*rfc_path(m - k, data[k:]), mth(data[:k])]


def rfc_subproof(m: int, data: list[bytes], whole: bool) -> list[bytes]:
    if m == len(data):
        return [] if whole else [mth(data)]
    k = 1
    while k * 2 < len(data):
        k *= 2
    if m <= k:
        return [*rfc_subproof(m, data[:k], whole), mth(data[k:])]
    return [*rfc_subproof(m - k, data[k:], False), mth(data[:k])]


def made(leaves: list[bytes], steps: list[int]) -> dict[Tile, bytes]:
    """Tiles of a tree that grew to these sizes one after the other, each step given only what `edge` asks for."""
    tiles: dict[Tile, bytes] = {}
    for before, after in pairwise([0, *steps]):
        tiles.update(
            grow(before, [leaf_hash(one) for one in leaves[before:after]], {tile: tiles[tile] for tile in edge(before)})
        )
    return tiles


def test_published_roots() -> None:
    tiles = made(LEAVES, [8])
    assert root(0, tiles) == EMPTY_ROOT
    for size, expected in enumerate(ROOTS, 1):
        assert root(size, tiles).hex() == expected == mth(LEAVES[:size]).hex()


@pytest.mark.parametrize("most", [36])
def test_every_proof_of_small_trees_is_the_standards_own(most: int) -> None:
    leaves = [bytes([n % 251]) * (n % 5) for n in range(most)]
    tiles = made(leaves, [most])
    for size in range(1, most + 1):
        part = leaves[:size]
        top = mth(part)
        for index in range(size):
            path = hashes(inclusion(index, size), tiles)
            assert path == rfc_path(index, part)
            assert included_root(leaf_hash(part[index]), index, size, path) == top
        for old in range(1, size + 1):
            path = hashes(consistency(old, size), tiles)
            assert path == rfc_subproof(old, part, True)
            assert is_consistent(old, size, mth(part[:old]), top, path)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=5, unique=True), st.data())
def test_large_trees_grown_in_steps(steps: list[int], data: st.DataObject) -> None:
    steps = sorted(steps)
    size = steps[-1]
    leaves = [n.to_bytes(4, "big") for n in range(size)]
    tiles = made(leaves, steps)
    level = [leaf_hash(one) for one in leaves]
    while len(level) > 1:
        level = [
            node_hash(level[at], level[at + 1]) if at + 1 < len(level) else level[at] for at in range(0, len(level), 2)
        ]
    assert root(size, tiles) == level[0]
    index = data.draw(st.integers(0, size - 1))
    ranges = inclusion(index, size)
    path = hashes(ranges, {tile: tiles[tile] for tile in needed(ranges)})
    assert included_root(leaf_hash(leaves[index]), index, size, path) == level[0]
    old = data.draw(st.integers(0, size))
    proof = hashes(consistency(old, size), tiles)
    assert is_consistent(old, size, root(old, tiles), level[0], proof)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 300), st.data())
def test_a_changed_proof_proves_nothing(size: int, data: st.DataObject) -> None:
    leaves = [n.to_bytes(4, "big") for n in range(size)]
    tiles = made(leaves, [size])
    index = data.draw(st.integers(0, size - 1))
    path = hashes(inclusion(index, size), tiles)
    leaf, top = leaf_hash(leaves[index]), root(size, tiles)
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index or size == 1))
    if other != index:
        assert _root_or_none(leaf, other, size, path) != top
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        bad = [*path[:at], bytes([path[at][0] ^ 1]) + path[at][1:], *path[at + 1 :]]
        assert _root_or_none(leaf, index, size, bad) != top
        assert _root_or_none(leaf, index, size, path[:-1]) != top
    assert _root_or_none(leaf, index, size, [*path, top]) != top
    old = data.draw(st.integers(1, size))
    proof = hashes(consistency(old, size), tiles)
    assert not is_consistent(old, size, leaf_hash(b"x"), top, proof)
    assert not is_consistent(old, size, root(old, tiles), leaf_hash(b"x"), proof)
    assert not is_consistent(old, size, root(old, tiles), top, [*proof, top])


def _root_or_none(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    try:
        return included_root(leaf, index, size, path)
    except NotProven:
        return None


def test_tiles_never_change_but_grow() -> None:
    leaves = [n.to_bytes(4, "big") for n in range(3 * WIDTH + 7)]
    tiles: dict[Tile, bytes] = {}
    for size in range(len(leaves)):
        fresh = grow(size, [leaf_hash(leaves[size])], {tile: tiles[tile] for tile in edge(size)})
        for tile, row in fresh.items():
            assert row.startswith(tiles.get(tile, b""))
        tiles.update(fresh)
    assert tiles == made(leaves, [len(leaves)])
    assert len(tiles[Tile(0, 0)]) == WIDTH * 32
    assert len(tiles[Tile(1, 0)]) == 3 * 32


@pytest.mark.parametrize(
    ("tile", "width", "path"),
    [
        (Tile(0, 1234067), WIDTH, "tile/0/x001/x234/067"),
        (Tile(3, 1000), 17, "tile/3/x001/000.p/17"),
        (Tile(1, 5), WIDTH, "tile/1/005"),
    ],
)
def test_where_tiles_are_published(tile: Tile, width: int, path: str) -> None:
    assert path_of(tile, width) == path
