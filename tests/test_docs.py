"""What the documentation says is held to the code: settings, errors, commands, routes, symbols, links, transcripts."""

from __future__ import annotations

import contextlib
import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

import gateway.cli
from gateway.admin import audit_router
from gateway.admin import router as admin_router
from gateway.api import documents, health, jobs, metrics, openai, texts
from gateway.errors import GatewayError, all_errors
from gateway.settings import Settings, names
from gateway.store.embedded import EmbeddedServer
from tests.apart import run_apart, run_sql
from tests.cli.conftest import run_command
from tests.world import World

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])


def read(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def field_of(name: str) -> tuple[object, str, bool]:
    """A setting's default, description, and whether it is a secret."""
    section: object = Settings
    for part in name.replace("[]", "").split("."):
        field = section.model_fields[part]  # type: ignore[attr-defined]
        section = next(
            (a for a in (field.annotation, *getattr(field.annotation, "__args__", ())) if hasattr(a, "model_fields")),
            None,
        )
    return field.default, field.description, SecretStr in getattr(field.annotation, "__args__", ())


@pytest.mark.parametrize("name", names())
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    row = next((line for line in read("configuration.md").splitlines() if line.startswith(f"| `{name}` |")), None)
    assert row is not None, f"docs/configuration.md has no row for {name}"
    default, description, secret = field_of(name)
    cells = [cell.strip() for cell in row.strip("|").split(" | ")]
    if default is PydanticUndefined:
        assert cells[1] == "required"
    elif default is None or default in ((), ""):
        assert cells[1] == "none"
    else:
        assert cells[1].strip("`") == (str(default).lower() if isinstance(default, bool) else str(default))
    assert cells[2].startswith(description)
    assert cells[2].endswith("(secret)") == secret


def test_no_setting_is_documented_that_is_not_there() -> None:
    rows = re.findall(r"^\| `([a-z_.\[\]0-9]+)` \|", read("configuration.md"), re.MULTILINE)
    assert set(rows) == set(names())


@pytest.mark.parametrize("error", [e for e in all_errors() if e is not GatewayError], ids=lambda e: e.__name__)
def test_every_error_is_documented(error: type[GatewayError]) -> None:
    retry = "yes" if error.retry else "no"
    assert f"| `{error.code}` | {error.status} | {retry} |" in read("errors.md")


def commands(group: Any = None, words: str = "gateway") -> Iterator[str]:
    found: Any = typer.main.get_command(gateway.cli.app) if group is None else group
    for name, command in found.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{words} {name}")
        else:
            yield f"{words} {name}"


def test_every_command_is_documented_and_no_other() -> None:
    rows = set(re.findall(r"^\| `(gateway [a-z -]+)` \|", read("cli.md"), re.MULTILINE))
    assert rows == set(commands())


def test_every_route_is_documented() -> None:
    page = read("api.md")
    for router in (
        openai.router,
        texts.router,
        documents.router,
        jobs.router,
        health.router,
        metrics.router,
        admin_router,
        audit_router,
    ):
        for route in router.routes:
            path = route.path.replace(":path", "")  # type: ignore[attr-defined]
            for method in route.methods:  # type: ignore[attr-defined]
                assert f"{method} {path}`" in page, f"docs/api.md does not name {method} {path}"


@pytest.mark.parametrize("symbol", sorted(set(re.findall(r"`(gateway(?:\.\w+)+:\w+(?:\.\w+)?)`", read("security.md")))))
def test_every_symbol_of_the_security_flow_exists(symbol: str) -> None:
    module, _, path = symbol.partition(":")
    found: object = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_page_is_in_the_table_of_contents() -> None:
    index = read("index.md")
    for page in DOCS.glob("*.md"):
        if page.name != "index.md":
            assert f"({page.name})" in index, f"docs/index.md does not name {page.name}"


# --- commands shown are commands run --------------------------------------------------------------------------------


def transcript(page: Path) -> list[tuple[str, list[str]]]:
    """Every `$ command` of the page's console blocks, with the lines shown under it."""
    shown: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                shown.append((line[2:], []))
            elif shown:
                shown[-1][1].append(line)
    return shown


def fits(shown: list[str], said: str) -> bool:
    """Whether the output holds the lines shown, in order; `...` stands for anything, over lines where it is alone."""
    pattern = ".*?".join(
        re.escape(part) for part in re.sub(r"\n?^\.\.\.$\n?", "...", "\n".join(shown), flags=re.MULTILINE).split("...")
    )
    return re.search(pattern, said, re.DOTALL) is not None


@pytest.mark.slow
def test_the_commands_of_the_readme_do_what_it_shows(
    server: EmbeddedServer, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    run_apart(run_sql(server.url("postgres"), f"CREATE DATABASE readme TEMPLATE {template}"))
    monkeypatch.setenv("GATEWAY_DATABASE__URL", server.url("readme"))
    monkeypatch.setenv("GATEWAY_OLLAMA__DISCOVER", "false")
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.chdir(tmp_path)
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    ran = 0
    for command, shown in transcript(ROOT / "README.md"):
        words = shlex.split(command)
        if words[0] == "make":
            assert words[1] in targets
        elif words[0] == "cd":
            monkeypatch.chdir(words[1])
            Path("letter.txt").write_text(
                "Write to Ms Jane Roe, jane.roe@example.com, about account GB29 NWBK 6016 1331 9268 19.\n"
            )
        elif words == ["gateway", "serve"]:
            assert shown == ["gateway listens on http://127.0.0.1:8080"]
        else:
            assert words[0] == "gateway"
            said = run_command(*words[1:])
            assert fits(shown, said.err + said.out), f"{command}\n--- said\n{said.err}{said.out}"
            ran += 1
    assert ran >= 6


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL))
def test_the_python_of_the_readme_runs(
    block: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "hana.key").write_text(world.keys["hana"] + "\n")
    monkeypatch.chdir(tmp_path)
    exec(compile(block.replace("http://127.0.0.1:8080", world.url), "README.md", "exec"), {})
    assert "'document':" in capsys.readouterr().out


def test_nothing_is_served_at_the_places_the_readme_calls_missing(world: World) -> None:
    for path in ("/v1/responses", "/v1/messages", "/v1/embeddings", "/mcp"):
        answer = httpx.post(world.url + path, headers=world.headers("emil"), json={})
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not_found"


def test_the_makefile_check_runs_the_command_of_the_readme() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert "pytest" in makefile
    with contextlib.suppress(FileNotFoundError):
        assert "make check" in (ROOT / ".ci" / "run").read_text("utf-8")
