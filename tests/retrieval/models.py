"""The embedder's model files, built once for a whole test run."""

from __future__ import annotations

import atexit
import secrets
import shutil
import tempfile
from functools import cache
from pathlib import Path

from gateway.retrieval.modelfile import ensure


@cache
def model_dir() -> Path:
    """A cache directory that holds the int8 model."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-model-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    ensure(folder, "int8")
    return folder


def place(folder: Path) -> None:
    """Put the int8 model into a cache directory that has none, so that nothing builds it there again."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(model_dir().glob("minilm-int8-*")):
        if not (folder / file.name).exists():
            draft = folder / f"{file.name}.{secrets.token_hex(4)}"
            shutil.copyfile(file, draft)
            draft.replace(folder / file.name)
