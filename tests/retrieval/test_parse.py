"""The parser: every format, and a child that crashes, hangs, swells or is killed."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from gateway.errors import Invalid, RateLimited, TooLarge, UnsupportedMedia
from gateway.retrieval import Parser
from gateway.retrieval.parse import VERSION
from gateway.retrieval.split import VERSION as SPLIT_VERSION
from tests.retrieval import files


@pytest.fixture
async def parser(tmp_path: Path) -> AsyncIterator[Parser]:
    made = Parser(tmp_path / "work", max_bytes=2_000_000, max_pages=3, timeout_s=30, chunk_tokens=60, chunk_overlap=10)
    yield made
    await made.close()


async def test_every_format_in_one_child(parser: Parser, tmp_path: Path) -> None:
    pids = set()
    for name, data in {
        "a.txt": b"Plain words.",
        "a.md": files.MARKDOWN,
        "a.html": files.HTML,
        "a.csv": files.CSV,
        "a.pdf": files.pdf("page one", "page two"),
        "a.docx": files.docx(("Heading1", "Leave"), ("", "Thirty days.")),
    }.items():
        found = await parser.parse(data, name)
        pids.add(parser.pid)
        assert found.chunks
        assert all(0 <= start < end <= len(found.text) for start, end in found.chunks)
        assert all(start < end for _, start, end in found.pages)
        if name == "a.pdf":
            assert [found.page_at(start) for start, _ in found.chunks] == [1, 2]
            assert found.page_at(found.text.index("page two")) == 2
    assert len(pids) == 1
    written = [path.relative_to(tmp_path / "work") for path in (tmp_path / "work").rglob("*") if path.is_file()]
    assert [path.parts[0] for path in written] == ["kreuzberg-pdfium"], written


async def test_child_is_poor(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets no credentials from our environment, and no connection is open in it."""
    monkeypatch.setenv("GATEWAY_SECRET", "hunter2")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    await parser.parse(b"text", "a.txt")
    child = psutil.Process(parser.pid)
    environment = child.environ()
    assert not {"GATEWAY_SECRET", "HTTPS_PROXY"} & set(environment)
    assert child.net_connections() == []
    assert child.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
    assert child.rlimit(psutil.RLIMIT_AS)[0] == 2048 << 20


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("a.pdf", b"a PDF that is not one", UnsupportedMedia),
        ("a.pdf", b"%PDF-1.7 that only begins like one", UnsupportedMedia),
        ("a.docx", files.bomb(60), TooLarge),
        ("a.docx", files.lying_bomb(60), TooLarge),
        ("a.txt", b"x" * 2_000_001, TooLarge),
        ("a.pdf", files.pdf(*"abcd"), TooLarge),
        ("a.txt", b"   ", Invalid),
        ("a.exe", b"MZ", UnsupportedMedia),
    ],
)
async def test_bad_files_and_then_a_good_one(parser: Parser, name: str, data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        await parser.parse(data, name)
    assert (await parser.parse(b"good", "b.txt")).text == "good"


async def test_killed_child_is_this_documents_error_only(parser: Parser) -> None:
    await parser.parse(b"first", "a.txt")
    first = parser.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    waiting = asyncio.create_task(parser.parse(b"second", "a.txt"))
    await asyncio.sleep(0.05)
    os.kill(first, signal.SIGKILL)
    with pytest.raises(UnsupportedMedia, match="broke down"):
        await waiting
    assert (await parser.parse(b"third", "a.txt")).text == "third"
    assert parser.pid != first


async def test_child_that_died_between_documents_is_replaced(parser: Parser) -> None:
    await parser.parse(b"first", "a.txt")
    assert parser.pid is not None
    process = psutil.Process(parser.pid)
    process.kill()
    for _ in range(100):
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert (await parser.parse(b"second", "a.txt")).text == "second"


async def test_hanging_child_is_killed(tmp_path: Path) -> None:
    parser = Parser(tmp_path / "work", timeout_s=0.5)
    try:
        await parser.parse(b"first", "a.txt")
        hanging = parser.pid
        assert hanging is not None
        os.kill(hanging, signal.SIGSTOP)
        with pytest.raises(Invalid, match="longer than"):
            await parser.parse(b"second", "a.txt")
        assert not psutil.pid_exists(hanging)
        assert (await parser.parse(b"third", "a.txt")).text == "third"
    finally:
        await parser.close()


async def test_caller_that_goes_away_leaves_no_half_conversation(parser: Parser) -> None:
    await parser.parse(b"first", "a.txt")
    assert parser.pid is not None
    os.kill(parser.pid, signal.SIGSTOP)
    waiting = asyncio.create_task(parser.parse(b"second", "a.txt"))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await parser.parse(b"third", "a.txt")).text == "third"


async def test_too_much_memory_is_an_error_of_the_document(tmp_path: Path) -> None:
    parser = Parser(tmp_path / "work", memory_mb=700, max_text_chars=10**9, max_bytes=10**9)
    try:
        with pytest.raises((TooLarge, UnsupportedMedia)):
            await parser.parse(b"word. " * 60_000_000, "a.txt")
        assert (await parser.parse(b"good", "b.txt")).text == "good"
    finally:
        await parser.close()


async def test_documents_take_turns(parser: Parser) -> None:
    texts = [f"text number {n}" for n in range(8)]
    found = await asyncio.gather(*(parser.parse(text.encode(), "a.txt") for text in texts))
    assert [one.text for one in found] == texts


async def test_idle_child_ends(tmp_path: Path) -> None:
    parser = Parser(tmp_path / "work", idle_s=0.1)
    try:
        await parser.parse(b"first", "a.txt")
        assert parser.pid is not None
        child = psutil.Process(parser.pid)
        for _ in range(200):
            await asyncio.sleep(0.02)
            if not child.is_running():
                break
        assert not child.is_running()
        assert (await parser.parse(b"second", "a.txt")).text == "second"
    finally:
        await parser.close()


def test_id_names_what_changes_the_index(tmp_path: Path) -> None:
    assert Parser(tmp_path).id == f"{VERSION}+{SPLIT_VERSION}/200/40"
    assert Parser(tmp_path, chunk_tokens=100).id != Parser(tmp_path).id


async def test_too_many_waiting_documents_are_refused(tmp_path: Path) -> None:
    parser = Parser(tmp_path / "work", max_waiting=2)
    try:
        first = [asyncio.create_task(parser.parse(b"text", "a.txt")) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(RateLimited) as refused:
            await parser.parse(b"text", "a.txt")
        assert refused.value.hint
        assert refused.value.retry_after_s
        assert [one.text for one in await asyncio.gather(*first)] == ["text"] * 3
        assert (await parser.parse(b"later", "a.txt")).text == "later"
    finally:
        await parser.close()
