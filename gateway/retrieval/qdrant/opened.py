"""Engines over a cluster, and over the client's local mode."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.crypto import Secret
from gateway.errors import BadSettings
from gateway.retrieval.qdrant.engine import Engine

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient


def open_engine(
    urls: Sequence[str],
    *,
    api_key: Secret | None = None,
    ca_file: Path | None = None,
    prefix: str = "gateway",
    shards: int = 1,
    replicas: int = 1,
    on_disk: bool = False,
    quantised: bool = False,
    timeout_s: float = 5.0,
) -> Engine:
    """An engine over the nodes of a cluster. Nothing is opened or asked yet.

    Its methods raise BadSettings where `ca_file` cannot be read.
    """

    def clients() -> list[AsyncQdrantClient]:
        made: Callable[..., AsyncQdrantClient] = import_module("qdrant_client").AsyncQdrantClient
        try:
            verify = ssl.create_default_context(cafile=str(ca_file)) if ca_file is not None else True
        except OSError:
            raise BadSettings("qdrant.ca_file cannot be read as certificates", hint="give a PEM file") from None
        # The key goes as a header: given as `api_key`, the client would warn of plain HTTP.
        headers = {"api-key": api_key.reveal()} if api_key is not None else {}
        patience = max(1, round(timeout_s))
        return [
            made(
                url=url,
                timeout=patience,
                check_compatibility=False,
                metadata=headers,
                verify=verify,
                trust_env=False,
            )
            for url in urls
        ]

    return Engine(
        clients,
        prefix=prefix,
        shards=shards,
        replicas=replicas,
        on_disk=on_disk,
        quantised=quantised,
        timeout_s=timeout_s,
    )


def local_engine(where: str, prefix: str = "gateway") -> Engine:
    """The client's local mode in a folder, or in memory: `:memory:`. For tests; one process at a time."""

    def clients() -> list[AsyncQdrantClient]:
        made: Callable[..., AsyncQdrantClient] = import_module("qdrant_client").AsyncQdrantClient
        return [made(location=where) if where == ":memory:" else made(path=where)]

    return Engine(clients, prefix=prefix, local=True, timeout_s=60.0)
