"""Files that ship with the gateway: default policies and the sample company. In a checkout they are the originals."""

from __future__ import annotations

from pathlib import Path

from gateway.errors import Broken

_PACKAGE = Path(__file__).resolve().parent.parent
_PLACES = {"policies": "policies", "sample": "docs/sample"}


def shipped(name: str) -> Path:
    """The folder of `policies` or `sample`, in the installed package or in the checkout beside it."""
    installed = _PACKAGE / "_data" / name
    if installed.is_dir():
        return installed
    checkout = _PACKAGE.parent / _PLACES[name]
    if checkout.is_dir():
        return checkout
    raise Broken(f"the folder of shipped {name} is missing", hint="install the gateway again")
