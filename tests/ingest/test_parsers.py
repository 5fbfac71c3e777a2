"""Several parsing processes: documents side by side, the last used first, and an end to waiting."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.errors import RateLimited
from gateway.ingest import ParserPool
from gateway.retrieval import Parser


async def test_documents_are_read_side_by_side(tmp_path: Path) -> None:
    pool = ParserPool([Parser(tmp_path / str(n)) for n in range(2)])
    try:
        for _ in range(3):
            await pool.parse(b"One after the other.", "a.txt")
        assert len(pool.pids) == 1
        texts = [f"Document {n}.".encode() for n in range(6)]
        found = await asyncio.gather(*(pool.parse(text, "a.txt") for text in texts))
        assert [one.text.encode() for one in found] == texts
        assert len(pool.pids) == 2
        assert pool.id == Parser(tmp_path).id
    finally:
        await pool.close()
    assert pool.pids == []


async def test_too_many_are_not_let_wait(tmp_path: Path) -> None:
    pool = ParserPool([Parser(tmp_path)], max_waiting=1)
    try:
        first, second = (asyncio.create_task(pool.parse(b"x y z", "a.txt")) for _ in range(2))
        await asyncio.sleep(0)
        with pytest.raises(RateLimited):
            await pool.parse(b"x", "a.txt")
        await asyncio.gather(first, second)
    finally:
        await pool.close()
