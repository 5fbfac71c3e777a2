"""The embedder's model files, built once for a whole test run."""

from __future__ import annotations

import atexit
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
