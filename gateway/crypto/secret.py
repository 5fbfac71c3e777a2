"""Values that do not print themselves: whoever wants the content writes `.reveal()`, where a reader sees it."""

from __future__ import annotations

import hmac
from typing import Any, Final, NoReturn

DOTS: Final = "••••"


class _Hidden:
    """What both secret types share. Comparison takes the same time wherever two values of one length differ."""

    __slots__ = ()

    def _bytes(self) -> bytes:
        raise NotImplementedError

    def __repr__(self) -> str:
        return DOTS

    def __str__(self) -> str:
        return DOTS

    def __format__(self, spec: str) -> str:
        return format(DOTS, spec)

    def __bool__(self) -> bool:
        return bool(self._bytes())

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self) or not isinstance(other, _Hidden):
            return NotImplemented
        return hmac.compare_digest(self._bytes(), other._bytes())

    # No hash: a set or dictionary of secrets would compare them by ordinary means.
    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> _Hidden:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> _Hidden:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a secret is never pickled")


class Secret(_Hidden):
    """A secret text, e.g. an API key. `str()`, `repr()` and f-strings show dots; pickling is refused."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The text itself."""
        return self.__value

    def _bytes(self) -> bytes:
        return self.__value.encode("utf-8", "surrogatepass")


class SecretBytes(_Hidden):
    """Secret bytes, e.g. a key. Behaves like `Secret`."""

    __slots__ = ("__value",)

    def __init__(self, value: bytes) -> None:
        self.__value = bytes(value)

    def reveal(self) -> bytes:
        """The bytes themselves."""
        return self.__value

    def _bytes(self) -> bytes:
        return self.__value
