"""The gateway that tests of doors and journeys share."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.store.embedded import EmbeddedServer
from tests.apart import run_apart, run_sql
from tests.world import World, open_world


@pytest.fixture(scope="session")
def shared_world(server: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One gateway for all tests of the doors."""
    yield from _opened(server, template, tmp_path_factory.mktemp("world"))


@pytest.fixture
def own_world(server: EmbeddedServer, template: str, tmp_path: Path) -> Iterator[World]:
    """A gateway of a test's own, for one that looks at everything in the database."""
    yield from _opened(server, template, tmp_path)


def _opened(server: EmbeddedServer, template: str, folder: Path) -> Iterator[World]:
    name = f"world_{secrets.token_hex(6)}"
    run_apart(run_sql(server.url("postgres"), f"CREATE DATABASE {name} TEMPLATE {template}"))
    world = open_world(folder, server.url(name))
    yield world
    world.close()


@pytest.fixture
def world(shared_world: World) -> World:
    """The shared gateway, its upstreams as new."""
    shared_world.forget()
    return shared_world
