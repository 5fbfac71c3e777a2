"""Vectors as pgvector reads them from text: `$1::halfvec`, `$2::sparsevec`, `$3::vector`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

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
