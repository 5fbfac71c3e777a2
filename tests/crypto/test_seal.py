from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.crypto import Sealer, SecretBytes, open_, seal
from gateway.crypto.seal import OVERHEAD, Box
from gateway.errors import Broken, SealBroken

KEY = SecretBytes(bytes(range(32)))
OTHER = SecretBytes(bytes(32))


@given(st.binary(max_size=300), st.binary(max_size=50))
def test_what_was_sealed_opens(text: bytes, aad: bytes) -> None:
    sealed = seal(KEY, text, aad)
    assert len(sealed) == len(text) + OVERHEAD
    assert open_(KEY, sealed, aad) == text


def test_sealing_twice_looks_different() -> None:
    assert len({seal(KEY, b"same", b"") for _ in range(100)}) == 100


def test_a_box_seals_and_opens_as_its_key_does() -> None:
    box = Box(KEY)
    assert open_(KEY, box.seal(b"text", b"a"), b"a") == box.open(seal(KEY, b"text", b"a"), b"a") == b"text"
    assert len({box.seal(b"same", b"") for _ in range(100)}) == 100
    for bad in (seal(OTHER, b"text", b"a"), seal(KEY, b"text", b"b"), b""):
        with pytest.raises(SealBroken):
            box.open(bad, b"a")
    with pytest.raises(Broken):
        Box(SecretBytes(b"short"))


def test_every_flipped_bit_is_noticed() -> None:
    sealed = seal(KEY, b"the salary", b"row 1")
    for position in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(SealBroken):
            open_(KEY, bytes(changed), b"row 1")


def test_every_cut_is_noticed() -> None:
    sealed = seal(KEY, b"the salary", b"")
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            open_(KEY, sealed[:length], b"")
    with pytest.raises(SealBroken):
        open_(KEY, sealed + b"\0", b"")


def test_wrong_key_and_wrong_associated_data() -> None:
    sealed = seal(KEY, b"the salary", b"row 1")
    for key, aad in ((OTHER, b"row 1"), (KEY, b"row 2"), (KEY, b""), (KEY, b"row 1\0")):
        with pytest.raises(SealBroken) as caught:
            open_(key, sealed, aad)
        assert "salary" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_key_of_another_length_is_our_fault() -> None:
    for length in (0, 16, 31, 33):
        with pytest.raises(Broken, match="32 bytes"):
            seal(SecretBytes(bytes(length)), b"", b"")


def test_a_stream_opens_at_its_positions_only() -> None:
    sealer = Sealer(KEY)
    first, second = sealer.seal(0, b"one", b"s"), sealer.seal(1, b"two", b"s")
    assert Sealer(KEY).open(0, first, b"s") == b"one"
    assert Sealer(KEY).open(1, second, b"s") == b"two"
    for counter, sealed, aad, key in (
        (1, first, b"s", KEY),
        (0, second, b"s", KEY),
        (0, first, b"t", KEY),
        (0, first, b"s", OTHER),
        (0, first[:-1], b"s", KEY),
        (0, b"", b"s", KEY),
        (0, b"\x01" + first[1:], b"s", KEY),
    ):
        with pytest.raises(SealBroken):
            Sealer(key).open(counter, sealed, aad)


def test_a_counter_is_never_used_twice() -> None:
    sealer = Sealer(KEY)
    sealer.seal(5, b"one", b"")
    for counter in (5, 4, 0, -1, 1 << 64):
        with pytest.raises(Broken):
            sealer.seal(counter, b"two", b"")
    sealer.seal((1 << 64) - 1, b"last", b"")


def test_the_two_kinds_do_not_open_each_other() -> None:
    with pytest.raises(SealBroken):
        Sealer(KEY).open(0, seal(KEY, b"x", b""), b"")
    with pytest.raises(SealBroken):
        open_(KEY, Sealer(KEY).seal(0, b"x" * 40, b""), b"")
