"""The one place where asyncpg's errors become ours.

Only what says that the database cannot be used now becomes StoreUnavailable. What a statement did wrong (a constraint,
a syntax error, a serialisation failure) stays what it is: the caller's business. The messages name the kind of failure
and never the address or asyncpg's own words, which may hold values.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

import asyncpg

from gateway.errors import BadSettings, GatewayError, Invalid, StoreUnavailable

CHECK: Final = "see whether PostgreSQL runs and database.url is right; `gateway doctor` tries it"

STATES: Final = {
    # SQLSTATE, or its class of two characters -> what to say. Appendix A of the PostgreSQL manual.
    "08": ("the connection to the database was lost", CHECK),
    "25006": ("the database is read-only", "point database.url at the primary server"),
    "53100": ("the database is out of disk space", "free space on the database server"),
    "53300": ("the database has no connection free", "raise its max_connections or lower database.pool_max"),
    "53": ("the database is out of resources", "look at the database server's log"),
    "57014": ("a statement took too long and was cancelled", "look for locks or load on the database server"),
    "57P": ("the database is starting up or shutting down", CHECK),
    "58": ("the database reports a system error", "look at the database server's log"),
    "F0": ("the database reports a damaged configuration file", "look at the database server's log"),
    "XX001": ("the database reports damaged data", "restore it from its backup; look at the database server's log"),
    "XX002": ("the database reports a damaged index", "look at the database server's log; REINDEX mends it"),
}

REFUSED: Final = {
    "28": ("the database refused the gateway's user or password", "check database.url"),
    "3D000": ("the database named in database.url does not exist", "create it, or correct the name in database.url"),
    "42501": ("the database user may not do what the gateway needs", "make it the owner of the database"),
}
"""What is the operator's to mend; only while connecting, elsewhere these are ordinary errors."""

UNSTORABLE: Final = frozenset({"22021", "22P05"})
"""A NUL, as text and as an escape inside jsonb."""


def lost(exc: BaseException) -> StoreUnavailable | None:
    """What a failed statement says about the database; None when it says something about the statement."""
    if isinstance(exc, asyncpg.PostgresError):
        state = exc.sqlstate or ""
        for length in (5, 3, 2):
            if (words := STATES.get(state[:length])) is not None:
                return StoreUnavailable(words[0], hint=words[1])
        return None
    if isinstance(exc, TimeoutError):
        return StoreUnavailable("the database did not answer in time", hint=CHECK)
    if isinstance(exc, ConnectionError):
        return StoreUnavailable("the connection to the database was lost", hint=CHECK)
    return None


def unstorable(exc: BaseException) -> Invalid | None:
    """For a value that no column can hold, whoever sent it: a NUL, half a surrogate pair, a number out of range.

    A value of the wrong type stays what it is: a mistake of ours.
    """
    if isinstance(exc, asyncpg.DataError) and (
        exc.sqlstate in UNSTORABLE or isinstance(exc.__cause__, (UnicodeEncodeError, OverflowError))
    ):
        return Invalid("a value holds a character or number that cannot be stored")
    return None


def unreachable(exc: BaseException) -> GatewayError | None:
    """What a failed attempt to connect (or to get a connection from the pool) says; None when it says nothing."""
    if (known := lost(exc)) is not None:
        return known
    if isinstance(exc, asyncpg.PostgresError):
        state = exc.sqlstate or ""
        for length in (5, 2):
            if (words := REFUSED.get(state[:length])) is not None:
                return StoreUnavailable(words[0], hint=words[1])
        return None
    if isinstance(exc, asyncpg.exceptions.ClientConfigurationError):
        return BadSettings(
            "database.url is not the address of a PostgreSQL database", hint="postgresql://user@host/name"
        )
    # A missing socket file, an unknown host, an unreachable network; and a server that speaks another protocol.
    if isinstance(exc, (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)):
        return StoreUnavailable("the database cannot be reached", hint=CHECK)
    return None


def no_address() -> BadSettings:
    """For an address that cannot be one; it is not shown, because it may hold a password in the wrong place."""
    return BadSettings(
        "database.url is not the address of a PostgreSQL database",
        hint="write it as postgresql://user:password@host/name",
    )


@contextlib.contextmanager
def connecting() -> Iterator[None]:
    """Around an attempt to connect: its failures become ours, without the original, which may quote the address."""
    try:
        yield
    except Exception as exc:
        known = unreachable(exc)
        if known is None:
            raise
        raise known from None
