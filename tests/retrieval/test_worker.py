"""The child's side of the conversation, without a child."""

from __future__ import annotations

import io

import orjson
import pytest

from gateway.retrieval import worker
from tests.retrieval import files

ASKED = {"max_pages": 10, "max_chars": 100_000, "max_expansion": 5_000_000, "tokens": 40, "overlap": 8}


@pytest.fixture(scope="module")
def child() -> worker.Worker:
    return worker.Worker()


def test_frames() -> None:
    stream = io.BytesIO()
    worker.write_frame(stream, b"one")
    worker.write_frame(stream, b"")
    stream.seek(0)
    assert [worker.read_frame(stream) for _ in range(3)] == [b"one", b"", None]
    assert worker.read_frame(io.BytesIO(b"\0\0\0\x05abc")) is None


def test_answer(child: worker.Worker) -> None:
    answer = child.answer({"kind": "markdown", **ASKED}, files.MARKDOWN)["ok"]
    assert answer["title"] == "Leave"
    assert len(answer["chunks"]) == 2
    orjson.dumps(answer)


def test_error_holds_no_content(child: worker.Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    assert child.answer({"kind": "pdf", **ASKED}, b"not one")["error"]["code"] == "unsupported_file"

    def quote(*_: object, **__: object) -> None:
        raise ValueError("secret words of the document")

    monkeypatch.setattr(worker, "extract", quote)
    error = child.answer({"kind": "text", **ASKED}, b"text")["error"]
    assert error["code"] == "unsupported_file"
    assert "secret" not in str(error)


def test_out_of_memory(child: worker.Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def swell(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(worker, "extract", swell)
    assert child.answer({"kind": "text", **ASKED}, b"text")["error"]["code"] == "too_large"
