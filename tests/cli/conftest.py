"""A data directory of its own for the command line, and a way to run commands as a person does."""

from __future__ import annotations

import contextlib
import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.cli.failing import guarded
from gateway.store.embedded import EmbeddedServer
from tests.apart import run_apart, run_sql


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


def run_command(*words: str, stdin: str | bytes | None = None) -> Said:
    """One command line, with errors turned into words and exit codes as in the real program."""
    runner = CliRunner()
    code = 0

    def main() -> None:
        nonlocal code
        result = runner.invoke(app, list(words), input=stdin, catch_exceptions=False)
        code = result.exit_code
        said.append(Said(code, result.stdout, result.stderr))

    said: list[Said] = []
    failed = _guarded(main)
    if failed is not None:
        return failed
    return said[0]


def _guarded(main: Callable[[], object]) -> Said | None:

    err = io.StringIO()
    with contextlib.redirect_stderr(err):
        code = guarded(main)
    return Said(code, "", err.getvalue()) if code else None


@pytest.fixture(scope="session")
def initialised(server: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder made by `gateway init`, and the address of its database on the shared server."""
    name = f"cli_{secrets.token_hex(6)}"
    run_apart(run_sql(server.url("postgres"), f"CREATE DATABASE {name} TEMPLATE {template}"))
    folder: Path = tmp_path_factory.mktemp("cli") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEWAY_DATABASE__URL", server.url(name))
        patch.setenv("GATEWAY_OLLAMA__DISCOVER", "false")
        made = run_command("init", str(folder))
    assert made.code == 0, made.err
    return folder, server.url(name)


@pytest.fixture
def home(initialised: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """That folder, its database named by the environment of this test alone."""
    folder, url = initialised
    monkeypatch.setenv("GATEWAY_DATABASE__URL", url)
    monkeypatch.setenv("GATEWAY_OLLAMA__DISCOVER", "false")
    return folder


@pytest.fixture
def gateway(home: Path) -> Run:
    """Runs a command with that folder's configuration."""

    def run(*words: str, stdin: str | bytes | None = None) -> Said:
        return run_command(*words, "--config", str(home), stdin=stdin)

    return run
