"""A model's folder as published: where its files lie, whether they are whole, and what its small files say."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.errors import BadSettings

MODELS: Final = ("model.onnx", "onnx/model.onnx")
SUMS: Final = "SHA256SUMS"
HINT: Final = "docs/offline-models.md says how to fetch one and carry it in"
_ENDS: Final = 1 << 20


def model_file(folder: Path, setting: str) -> Path:
    """The ONNX file in a folder. Raises BadSettings naming `setting` when it or tokenizer.json is missing."""
    if not folder.is_dir():
        raise BadSettings(f"{setting} names no folder: {folder}", hint=HINT)
    found = next((folder / name for name in MODELS if (folder / name).is_file()), None)
    missing = [name for name, there in (("model.onnx", found), ("tokenizer.json", _tokenizer(folder))) if there is None]
    if missing or found is None:
        raise BadSettings(f"{setting}: no {' and no '.join(missing)} in {folder}", hint=HINT)
    return found


def tokenizer_file(folder: Path) -> Path:
    """The tokenizer of a folder that `model_file` found whole."""
    return folder / "tokenizer.json"


def _tokenizer(folder: Path) -> Path | None:
    path = tokenizer_file(folder)
    return path if path.is_file() else None


def small_file(folder: Path, name: str) -> dict[str, Any]:
    """A JSON object of the folder; empty when the file is not there. Raises BadSettings when it is no JSON object."""
    path = folder / name
    try:
        found = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, orjson.JSONDecodeError):
        found = None
    if not isinstance(found, dict):
        raise BadSettings(f"{path} is not a JSON object", hint="copy it again from where the model came from")
    return found


def fingerprint(folder: Path, model: Path) -> str:
    """Sixteen hexadecimal digits that change with the model: small files whole, of large ones size and both ends.

    Reading a gigabyte at every start only to name it would cost a second; `verify` reads everything.
    """
    digest = hashlib.sha256()
    try:
        for path in sorted(
            {*folder.rglob("*.json"), *folder.rglob("*.safetensors"), *model.parent.glob(f"{model.name}*")}
        ):
            size = path.stat().st_size
            digest.update(f"{path.relative_to(folder).as_posix()}\0{size}\0".encode())
            with path.open("rb") as file:
                if size <= 2 * _ENDS:
                    digest.update(file.read())
                else:
                    digest.update(file.read(_ENDS))
                    file.seek(-_ENDS, 2)
                    digest.update(file.read())
    except OSError:
        raise BadSettings(f"a file in {folder} cannot be read", hint="look at its permissions") from None
    return digest.hexdigest()[:16]


def verify(folder: Path) -> int:
    """Compares the folder with its SHA256SUMS (as `sha256sum` writes it) where it has one; the number of files.

    Raises BadSettings naming the first file that is missing or differs.
    """
    try:
        lines = (folder / SUMS).read_text("utf-8").splitlines()
    except FileNotFoundError:
        return 0
    except (OSError, UnicodeDecodeError):
        raise BadSettings(f"{folder / SUMS} cannot be read", hint="copy it again") from None
    for line in lines:
        expected, _, name = line.partition(" ")
        path = folder / name.lstrip(" *")
        try:
            with path.open("rb") as file:
                actual = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            actual = ""
        if actual != expected.lower():
            raise BadSettings(f"{path} is not the file that {SUMS} names", hint="copy the folder again")
    return len(lines)
