"""Vectors as pgvector reads them, from text (`$1::halfvec`, `$2::sparsevec`), and from the binary form of COPY."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping, Sequence

from gateway.errors import Broken


def dense(values: Iterable[float]) -> str:
    """`[0.5,-1]`: text of a vector or halfvec. Raises Broken for NaN or infinity."""
    return "[" + ",".join(map(_number, values)) + "]"


def sparse(weights: Mapping[int, float], dimensions: int) -> str:
    """`{1:0.5,7:1}/10`: text of a sparsevec. `weights` by index from 0; zeros are left out, as pgvector wants it."""
    kept = sorted((index, weight) for index, weight in weights.items() if weight)
    if kept and not (kept[0][0] >= 0 and kept[-1][0] < dimensions):
        raise Broken("index outside a sparse vector's dimensions")
    return "{" + ",".join(f"{index + 1}:{_number(weight)}" for index, weight in kept) + "}/" + str(dimensions)


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise Broken("vector with a number that is not finite")
    # Nine digits carry every 32-bit float.
    return format(value, ".9g")


def dense_bytes(values: Sequence[float]) -> bytes:
    """A halfvec; the database refuses NaN and infinity."""
    return struct.pack(f">HH{len(values)}e", len(values), 0, *values)


def sparse_bytes(weights: Mapping[int, float], dimensions: int) -> bytes:
    """A sparsevec. `weights` by index from 0, without zeros."""
    kept = sorted(weights.items())
    count = len(kept)
    return struct.pack(
        f">iii{count}i{count}f", dimensions, count, 0, *(index for index, _ in kept), *(weight for _, weight in kept)
    )


def integers_bytes(values: Sequence[int]) -> bytes:
    """An integer[]."""
    count = len(values)
    flat = [part for value in values for part in (4, value)]
    return struct.pack(f">iiIii{2 * count}i", 1, 0, 23, count, 1, *flat) if count else struct.pack(">iiI", 0, 0, 23)


def copy_rows(rows: Iterable[Sequence[bytes]]) -> bytes:
    """Rows for `COPY ... (FORMAT binary)`, each field in its type's binary form."""
    parts = [b"PGCOPY\n\xff\r\n\x00" + bytes(8)]
    for row in rows:
        parts.append(struct.pack(">h", len(row)))
        for field in row:
            parts += (struct.pack(">i", len(field)), field)
    parts.append(b"\xff\xff")
    return b"".join(parts)
