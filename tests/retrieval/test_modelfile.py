"""The model file: built once, and again when it is damaged."""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.errors import Broken, Invalid
from gateway.retrieval import modelfile
from tests.retrieval.models import model_dir


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(model_dir(), tmp_path / "cache")
    return tmp_path / "cache"


def test_built_file_is_used_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelfile, "_build", lambda *_: pytest.fail("built again"))
    assert modelfile.ensure(folder, "int8").stat().st_size > 20_000_000


@pytest.mark.parametrize("damage", ["truncated", "changed", "note missing", "note garbled"])
def test_damaged_file_is_built_again(folder: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    target = modelfile.ensure(folder, "int8")
    note = target.with_suffix(".onnx.sha256")
    if damage == "truncated":
        target.write_bytes(target.read_bytes()[:-1])
    elif damage == "changed":
        data = bytearray(target.read_bytes())
        data[1000] ^= 1
        target.write_bytes(data)
    elif damage == "note missing":
        note.unlink()
    else:
        note.write_bytes(b"\xff")
    built: list[Path] = []
    monkeypatch.setattr(modelfile, "_build", lambda path, _: built.append(path))
    modelfile.ensure(folder, "int8")
    assert built == [target]


def test_several_processes_build_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads stand for processes: the lock is a file lock, taken through separate descriptors."""
    ready = next(model_dir().glob("*.onnx"))
    built: list[Path] = []

    def build(target: Path, _: str) -> None:
        built.append(target)
        shutil.copy(ready, target)
        shutil.copy(ready.with_suffix(".onnx.sha256"), target.with_suffix(".onnx.sha256"))

    monkeypatch.setattr(modelfile, "_build", build)
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: modelfile.ensure(tmp_path / "new", "int8"), range(4)))
    assert len(built) == 1
    assert len(set(paths)) == 1


def test_nothing_half_built_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Broken, match="could not be built"):
        modelfile.ensure(tmp_path, "int8")
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


def test_unknown_precision(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="fp16"):
        modelfile.ensure(tmp_path, "fp16")


def test_unwritable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Broken, match="cannot be written"):
        modelfile.ensure(tmp_path / "file" / "cache", "int8")
