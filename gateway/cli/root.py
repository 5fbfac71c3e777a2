"""What every command shares: finding the configuration, opening the house, saying who acts."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
import uvloop

from gateway.app.house import House, open_house
from gateway.errors import BadSettings, Invalid
from gateway.govern import new_request_id
from gateway.model import Principal
from gateway.settings import Loaded, find_file, load, withhold

P = ParamSpec("P")
T = TypeVar("T")

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="gateway.yaml, or the folder it is in. Default: GATEWAY_CONFIG, then here."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

WITHHELD: dict[str, str] = {}
"""Variables with keys that this process took out of its environment: a command may read its configuration twice."""
OPERATOR = Principal(id="local", name="operator", roles=frozenset({"admin"}))
"""Whoever runs commands beside the key ring: that file is their credential, and their acts are on record."""


def configured(config: Path | None) -> Loaded | None:
    """The configuration, or None when there is none and none was named. Raises BadSettings."""
    file = find_file(config, os.environ, Path.cwd())
    if file is None:
        return None
    found = load(file, {**WITHHELD, **os.environ}, Path.cwd())
    withhold(found, os.environ)
    WITHHELD.update(found.withheld)
    return found


def loaded(config: Path | None) -> Loaded:
    """The configuration. Raises BadSettings when there is none."""
    found = configured(config)
    if found is None:
        raise BadSettings("no gateway.yaml here", hint="run `gateway init DIR` and `cd DIR`, or give --config")
    return found


@contextlib.asynccontextmanager
async def house(config: Path | None) -> AsyncIterator[House]:
    """An open house for one command."""
    async with open_house(loaded(config).settings, warm=False) as rooms:
        yield rooms


async def caller(rooms: House, as_: str | None) -> Principal:
    """Who a command acts as: the operator, the holder of a key (`gw_…`), or an example holder of a role."""
    if as_ is None:
        return OPERATOR
    if as_.startswith("gw_"):
        return await rooms.keys.authenticate(as_)
    role = as_.removeprefix("role:")
    if role not in rooms.current.bundle.roles:
        known = ", ".join(sorted(rooms.current.bundle.roles))
        raise Invalid(f"no role named {role}", hint=f"known: {known}; or give a key (gw_…)")
    return Principal(id=f"role:{role}", name=role, roles=frozenset({role}))


def run(main: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Turn an async command into one that Typer can call."""

    @functools.wraps(main)
    def command(*args: P.args, **kwargs: P.kwargs) -> T:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(main(*args, **kwargs))

    return command


def request_id() -> str:
    """An id for what this command does, as it stands in the audit log."""
    return new_request_id()
