"""Texts that were written over are never sent to an embedder's server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.errors import Conflict
from gateway.retrieval.erasing import Documents


async def test_no_text_goes_to_a_server() -> None:
    outside: Any = SimpleNamespace(endpoint="https://embedder.example.org", id="outside")
    nothing: Any = None
    terms: Any = SimpleNamespace(learned=None)
    documents = Documents(nothing, nothing, outside, terms)
    with pytest.raises(Conflict, match="would go to an embedder's server"):
        await documents._made(nothing, nothing, None)
