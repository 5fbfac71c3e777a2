from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Broken
from gateway.store import Store
from gateway.store.vectors import dense, sparse


def test_as_pgvector_writes_them() -> None:
    assert dense([0.5, -1, 1e-7]) == "[0.5,-1,1e-07]"
    assert sparse({6: 1.0, 0: 0.5, 3: 0.0}, 10) == "{1:0.5,7:1}/10"
    assert sparse({}, 3) == "{}/3"


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_no_32_bit_float_is_changed(value: float) -> None:
    assert np.float32(float(dense([value])[1:-1])) == np.float32(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_our_fault(value: float) -> None:
    with pytest.raises(Broken):
        dense([value])
    with pytest.raises(Broken):
        sparse({1: value}, 3)


@pytest.mark.parametrize("index", [-1, 3])
def test_an_index_outside(index: int) -> None:
    with pytest.raises(Broken):
        sparse({index: 1.0}, 3)


async def test_the_database_reads_them(database: Store) -> None:
    row = await database.fetchrow(
        "SELECT $1::halfvec(3) <#> $2::halfvec(3) AS dense, $3::sparsevec(1000000000) <#> $4::sparsevec AS sparse",
        dense([1, 2, 3]),
        dense([1, 0, 1]),
        sparse({999_999_999: 2.0, 5: 1.0}, 10**9),
        sparse({999_999_999: 3.0}, 10**9),
    )
    assert row is not None
    assert tuple(row.values()) == (-4.0, -6.0)
