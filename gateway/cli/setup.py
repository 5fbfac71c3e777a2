"""`gateway init` and `gateway serve`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from gateway.app.files import shipped
from gateway.app.house import now, open_database, open_house, worker_id
from gateway.app.ring import key_ring, ring_source
from gateway.app.sample import lay_policies, load_documents, read_sample
from gateway.app.template import TEMPLATE
from gateway.app.web import application
from gateway.audit import AuditLog
from gateway.cli import show
from gateway.cli.root import OPERATOR, WITHHELD, Config, loaded, request_id, run
from gateway.crypto import KeyRing
from gateway.crypto.ringfile import RingFile
from gateway.errors import Broken, Conflict, Invalid
from gateway.govern import ITSELF, Guard
from gateway.identity import Keys, create_admin_once
from gateway.identity.bootstrap import NAME, ROLE
from gateway.policy import Current
from gateway.settings import CONFIG_VARIABLE, Settings, load
from gateway.store import Store

ADMIN_KEY = Path("keys/admin.key")
GRACE_S = 10
HEALTH_S = 30
STOPPING = (signal.SIGINT, signal.SIGTERM)


@run
async def init(
    directory: Annotated[Path, typer.Argument(help="The data directory to make.")] = Path(),
    sample: Annotated[
        bool, typer.Option("--sample", help="With a fictional company's documents, people and keys.")
    ] = False,
) -> None:
    """Make a data directory: gateway.yaml, keys readable by you alone, policies, and the first admin key."""
    if not sample:
        await prepare(directory)
    else:
        await _prepare_sample(directory)
    show.say(f"made {directory.resolve()}")
    show.say(f"the first admin key is in {directory / ADMIN_KEY}; keep it safe")
    show.say(f"next: gateway serve --config {shlex.quote(str(directory / 'gateway.yaml'))}")


async def prepare(directory: Path, lay: Callable[[Path], object] | None = None) -> Settings:
    """The same without words. `lay` puts policy files into a folder that is not there yet; default: the shipped ones.

    Keys and policies that are there are kept. Raises Conflict when the folder is a data directory already.
    """
    settings = await _furnish(directory, lay or _lay_shipped)
    _finish(directory)
    return settings


async def _furnish(directory: Path, lay: Callable[[Path], object]) -> Settings:
    """Everything but `gateway.yaml`, as far as it is not there yet. Raises Conflict."""
    config = directory / "gateway.yaml"
    if config.exists():
        raise Conflict(f"{config} is there already", hint="choose another folder, or use this one as it is")
    directory.mkdir(parents=True, exist_ok=True)
    keys = directory / "keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    if not (directory / "policies").exists():
        lay(directory / "policies")
    settings = load(None, os.environ, directory.resolve()).settings
    source = ring_source(settings)
    if isinstance(source, RingFile) and not source.exists:
        source.create(now())
    ring = key_ring(settings)
    store = await open_database(settings)
    try:
        await _first_key(store, ring, directory / ADMIN_KEY)
    finally:
        await store.close()
    return settings


def _finish(directory: Path) -> None:
    """Written last: its presence says that everything else is there, and `init` may not be run again."""
    (directory / "gateway.yaml").write_text(TEMPLATE, "utf-8")


async def _first_key(store: Store, ring: KeyRing, path: Path) -> None:
    """Make the administrator's key, on record as every key, though no policy is in force yet."""
    audit = AuditLog(store, ring, now)
    await audit.start()
    try:
        guard = Guard(Current(store, worker_id()), audit, now)
        async with guard.recorded(request_id(), ITSELF, "key.create", {"key": NAME, "key_roles": [ROLE]}) as outcome:
            outcome["made"] = await create_admin_once(Keys(store, ring, now), path)
    finally:
        await audit.close()


async def _prepare_sample(directory: Path) -> None:
    company = read_sample()
    settings = await _furnish(directory, lambda place: lay_policies(company, place))
    async with open_house(settings) as house:
        with show.progress() as bar:
            task = bar.add_task("ingesting the sample", total=len(company.papers))
            async for _ in load_documents(house, company, request_id(), OPERATOR):
                bar.advance(task)
        for person in company.people.values():
            path = directory / "keys" / f"{person.name}.key"
            if path.exists():
                # Of a run that was cut short.
                continue
            _, secret = await house.credentials.create(
                request_id(), OPERATOR, person.name, person.roles, person.groups, None
            )
            path.touch(mode=0o600)
            path.write_text(secret.reveal() + "\n", "utf-8")
            show.say(f"a key for {person.title}: {path}")
    _finish(directory)


def _lay_shipped(folder: Path) -> None:
    shutil.copytree(shipped("policies"), folder)


def serve(
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Server processes.")] = None,
) -> None:
    """Serve the HTTP API until stopped."""
    found = loaded(config)
    server = found.settings.server.model_copy(
        update={k: v for k, v in {"host": host, "port": port, "workers": workers}.items() if v is not None}
    )
    settings = found.settings.model_copy(update={"server": server})
    key_ring(settings)
    listening = _listen(server.host, server.port)
    address = _address(server.host, listening.getsockname()[1])
    if server.workers > 1:
        _serve_many(settings, found.file, listening, address)
    else:
        _serve_one(settings, listening, address)


@run
async def _serve_one(settings: Settings, listening: socket.socket, address: str) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    for sig in STOPPING:
        loop.add_signal_handler(sig, task.cancel if task else loop.stop)
    # Cancelled only by a signal that comes before the server could take it: what was opened is closed all the same.
    with contextlib.suppress(asyncio.CancelledError):
        async with open_house(settings) as house:
            running = _Server(_uvicorn(application(settings, house)))
            for sig in STOPPING:
                loop.add_signal_handler(sig, running.handle_exit, sig, None)
            show.say(f"gateway listens on {address}")
            await running.serve(sockets=[listening])


class _Server(uvicorn.Server):
    """One that a signal stops and no more: uvicorn raises it again afterwards, which would end us before the house."""

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        """Nothing to do: the event loop delivers signals."""
        return contextlib.nullcontext()


class _Workers(Multiprocess):
    """Server processes of which one that ends while it starts is noticed at once."""

    def init_processes(self) -> None:
        """Start them. Uvicorn keeps both ends of the pipe that it waits at, and so waits `HEALTH_S` for the dead."""
        super().init_processes()
        for process in self.processes:
            process.child_conn.close()


@run
async def _try_house(settings: Settings) -> None:
    """Open and close everything once, and let what is wrong be said once, before any worker starts."""
    async with open_house(settings, warm=False):
        pass


def _serve_many(settings: Settings, file: Path | None, listening: socket.socket, address: str) -> None:
    if file is not None:
        os.environ[CONFIG_VARIABLE] = str(file.resolve())
    _try_house(settings)
    # For the workers, who take them out of their own; nothing else is started from this process.
    os.environ.update(WITHHELD)
    show.say(f"gateway listens on {address} with {settings.server.workers} workers")
    config = _uvicorn("gateway.app.web:create", factory=True, workers=settings.server.workers)
    supervisor = _Workers(config, sockets=[listening])
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise Broken("a server process could not start", hint="its reason stands above; `gateway doctor` looks further")


def _uvicorn(app: object, *, factory: bool = False, workers: int = 1) -> uvicorn.Config:
    # Access lines would hold paths and addresses; the audit log is the record. Only faults are printed.
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        factory=factory,
        workers=workers,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
        # A busy worker may answer its supervisor late; it must not be replaced for that.
        timeout_worker_healthcheck=HEALTH_S,
    )


def _address(host: str, port: int) -> str:
    """Where to point a client; an IPv6 address stands in brackets there."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises Invalid that says which address is taken and what to do."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise Invalid(f"no such address: {host}", hint="give --host an address of this machine") from None
    listening = socket.socket(family, kind, proto)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
    except PermissionError:
        listening.close()
        raise Invalid(f"port {port} is for root only", hint="choose a port above 1023 with --port") from None
    except OSError:
        listening.close()
        raise Invalid(
            f"port {port} on {host} is in use, or not an address of this machine",
            hint="stop what listens there, or choose another with --port",
        ) from None
    listening.set_inheritable(True)
    return listening
