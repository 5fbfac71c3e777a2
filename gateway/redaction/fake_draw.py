"""What every invented value is drawn from: a keyed digest, so that the same value is drawn in every process. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gateway.crypto.digest import keyed
from gateway.crypto.secret import SecretBytes

LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"
_HEX: Final = re.compile(r"[0-9a-f]{8,}|[0-9A-F]{8,}")


class Draw:
    """Numbers that look random and depend on key and label only."""

    def __init__(self, key: SecretBytes, label: str) -> None:
        self._key = key
        self._label = label.encode("utf-8", "surrogatepass")
        self._block = b""
        self._count = 0

    def below(self, limit: int) -> int:
        """0 <= n < limit, each as likely as the other; `limit` is at most 2**64."""
        top = (1 << 64) - (1 << 64) % limit
        while True:
            if not self._block:
                self._block = keyed(self._key, self._count.to_bytes(4, "big") + self._label)
                self._count += 1
            number, self._block = int.from_bytes(self._block[:8], "big"), self._block[8:]
            if number < top:
                return number % limit

    def digits(self, count: int) -> str:
        """So many decimal digits."""
        return "".join(str(self.below(10)) for _ in range(count))

    def among(self, items: Sequence[str]) -> str:
        """One of them."""
        return items[self.below(len(items))]


def solid(value: str) -> str:
    """Letters and digits alone."""
    return "".join(character for character in value if character.isalnum())


def refit(value: str, characters: str) -> str:
    """The value's grouping with other letters and digits in it; as many as it has."""
    new = iter(characters)
    return "".join(next(new) if old.isalnum() else old for old in value)


def shaped(value: str, draw: Draw) -> str:
    """Digits for digits, letters for letters of the same case; what does not begin with a zero still does not."""
    old = solid(value)
    letters = "ABCDEF" if _HEX.fullmatch(old) else LETTERS
    new: list[str] = []
    for character in old:
        if character.isdecimal():
            new.append(str(1 + draw.below(9)) if not new and character != "0" else str(draw.below(10)))
        elif character.isascii():
            letter = draw.among(letters)
            new.append(letter.lower() if character.islower() else letter)
        else:
            new.append(character)
    return refit(value, "".join(new))
