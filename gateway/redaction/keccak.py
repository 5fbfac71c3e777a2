"""Keccak-256 as Ethereum uses it: SHA-3's permutation with the padding from before the standard. Pure."""

from __future__ import annotations

from typing import Final

_RATE: Final = 136
_WORD: Final = (1 << 64) - 1
_ROUNDS: Final = 24


def _constants() -> tuple[int, ...]:
    """One for each round, drawn from a shift register, as the specification has it."""
    state, made = 1, []
    for _ in range(_ROUNDS):
        value = 0
        for power in range(7):
            state = state << 1 ^ (0x171 if state & 0x80 else 0)
            value ^= (state >> 1 & 1) << ((1 << power) - 1)
        made.append(value)
    return tuple(made)


_CONSTANTS: Final = _constants()


def keccak256(data: bytes) -> bytes:
    """The digest of `data`, 32 bytes."""
    padded = bytearray(data + b"\x01" + bytes(_RATE - len(data) % _RATE - 1))
    padded[-1] |= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), _RATE):
        for index in range(_RATE // 8):
            lanes[index] ^= int.from_bytes(padded[start + 8 * index : start + 8 * index + 8], "little")
        lanes = _permuted(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _turned(word: int, by: int) -> int:
    by %= 64
    return (word << by | word >> (64 - by)) & _WORD


def _permuted(lanes: list[int]) -> list[int]:
    """Keccak-f[1600]; lane (x, y) stands at x + 5y."""
    for constant in _CONSTANTS:
        sums = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
        mixed = [sums[x - 1] ^ _turned(sums[(x + 1) % 5], 1) for x in range(5)]
        lanes = [lane ^ mixed[index % 5] for index, lane in enumerate(lanes)]
        x, y, carried = 1, 0, lanes[1]
        for step in range(_ROUNDS):
            x, y = y, (2 * x + 3 * y) % 5
            carried, lanes[x + 5 * y] = lanes[x + 5 * y], _turned(carried, (step + 1) * (step + 2) // 2)
        rows = [lanes[at : at + 5] for at in range(0, 25, 5)]
        lanes = [row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]) for row in rows for x in range(5)]
        lanes[0] ^= constant
    return lanes
