from __future__ import annotations

import inspect
import socket
import ssl

import asyncpg
import pytest

from gateway.errors import BadSettings, StoreUnavailable
from gateway.store.failures import connecting, lost, unreachable

CLASSES = {
    name: kind
    for name, kind in inspect.getmembers(asyncpg.exceptions, inspect.isclass)
    if issubclass(kind, asyncpg.PostgresError) and kind.sqlstate
}

# Written out, so that an asyncpg that sorts its errors differently makes this fail.
GONE = {
    "PostgresConnectionError", "ConnectionDoesNotExistError", "ConnectionFailureError", "ConnectionRejectionError",
    "ClientCannotConnectError", "TransactionResolutionUnknownError", "ReadOnlySQLTransactionError",
    "InsufficientResourcesError", "DiskFullError", "OutOfMemoryError", "TooManyConnectionsError",
    "ConfigurationLimitExceededError", "QueryCanceledError", "AdminShutdownError", "CrashShutdownError",
    "CannotConnectNowError", "DatabaseDroppedError", "IdleSessionTimeoutError", "PostgresSystemError",
    "PostgresIOError", "UndefinedFileError", "DuplicateFileError", "DuplicateFile", "FileNameTooLongError",
    "ConfigFileError", "LockFileExistsError", "DataCorruptedError", "IndexCorruptedError", "ProtocolViolationError",
    "SnapshotTooOldError", "FDWError",
}  # fmt: skip


def test_exactly_these_say_that_the_database_is_gone() -> None:
    found = {name for name, kind in CLASSES.items() if lost(kind("Jane Roe")) is not None}
    assert found - GONE == set()
    assert GONE - found <= {"SnapshotTooOldError", "FDWError", "DuplicateFile", "DuplicateFileError"}


def test_messages_hold_nothing_of_the_original() -> None:
    for kind in CLASSES.values():
        error = unreachable(kind("Jane Roe at postgresql://u:s3cret@h/x"))
        assert "Jane" not in str(error)
        assert "s3cret" not in str(error)


@pytest.mark.parametrize(
    ("exc", "in_use", "in_connecting"),
    [
        (ConnectionResetError(), True, True),
        (BrokenPipeError(), True, True),
        (TimeoutError(), True, True),
        (FileNotFoundError(), False, True),
        (socket.gaierror(), False, True),
        (ssl.SSLError(), False, True),
        (asyncpg.InterfaceError("pool is closing"), False, True),
        (asyncpg.InternalClientError("x"), False, True),
        (asyncpg.InvalidPasswordError("x"), False, True),
        (asyncpg.InvalidCatalogNameError("x"), False, True),
        (asyncpg.UniqueViolationError("x"), False, False),
        (asyncpg.SerializationError("x"), False, False),
        (asyncpg.DeadlockDetectedError("x"), False, False),
        (ValueError(), False, False),
        (RuntimeError(), False, False),
    ],
)
def test_sorted_by_when_they_happen(exc: Exception, in_use: bool, in_connecting: bool) -> None:
    assert isinstance(lost(exc), StoreUnavailable) == in_use
    assert isinstance(unreachable(exc), StoreUnavailable) == in_connecting


def test_a_wrong_address_is_the_operators_to_mend() -> None:
    assert isinstance(unreachable(asyncpg.exceptions.ClientConfigurationError("s3cret")), BadSettings)


def test_the_original_is_not_carried_along() -> None:
    with pytest.raises(StoreUnavailable) as caught, connecting():
        raise OSError("postgresql://u:s3cret@h/x")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    with pytest.raises(ZeroDivisionError), connecting():
        raise ZeroDivisionError
