"""Texts in windows and lines in batches: nothing is cut in two, nothing is lost, and offsets are those of the whole."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.app.house import now
from gateway.cli import scan
from gateway.cli.lines import Batch, Line
from gateway.cli.scan import Piece, Scanner, joined
from gateway.crypto.keyring import KeyRing, fresh_ring
from gateway.errors import RedactionUnavailable
from gateway.model import PrivacyPolicy
from tests.apart import run_apart

POLICY = PrivacyPolicy(entities=("EMAIL_ADDRESS", "IBAN_CODE"))
MAIL = "jane.roe@example.com"
WORDS = st.sampled_from(
    [MAIL, "o.person@example.org", "GB29 NWBK 6016 1331 9268 19", "hello", "x" * 60, "\n", "\u2013", "1"]
)


@pytest.fixture(scope="module")
def scanner() -> Iterator[Scanner]:
    made = Scanner(KeyRing.parse(fresh_ring(now()), "test"), POLICY, "test")
    yield made
    made.close()


def windowed(scanner: Scanner, blocks: list[str]) -> list[Piece]:
    async def all_of() -> list[Piece]:
        return [piece async for piece in scanner.windows(blocks)]

    return run_apart(all_of())


def test_an_empty_text(scanner: Scanner) -> None:
    assert joined(windowed(scanner, [])).redacted == ""


@settings(max_examples=40)
@given(words=st.lists(WORDS, min_size=1, max_size=60), cut=st.integers(1, 200))
def test_windows_find_what_the_whole_would(scanner: Scanner, words: list[str], cut: int) -> None:
    text = " ".join(words)
    whole = joined(windowed(scanner, [text]))
    blocks = [text[at : at + cut] for at in range(0, len(text), cut)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "WINDOW", 300)
        patch.setattr(scan, "MARGIN", 100)
        pieces = windowed(scanner, blocks)
    assert joined(pieces).redacted == whole.redacted
    found = joined(pieces)
    assert [(s.start, s.end, s.token) for s in found.spans] == [(s.start, s.end, s.token) for s in whole.spans]
    assert found.originals == whole.originals
    if len(text) > 1000:
        assert len(pieces) > 1


def test_memory_holds_a_window_and_no_more(scanner: Scanner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "WINDOW", 300)
    monkeypatch.setattr(scan, "MARGIN", 100)
    read = 0

    def blocks() -> Iterator[str]:
        nonlocal read
        for _ in range(50):
            read += 1
            yield f"{MAIL} and more words\n" * 10

    async def first() -> tuple[Piece, int]:
        windows = scanner.windows(blocks())
        return await anext(windows), read

    piece, blocks_read = run_apart(first())
    assert piece.redacted.startswith("[EMAIL_ADDRESS_")
    assert blocks_read < 5


def batch(*rows: bytes) -> Batch:
    return Batch(tuple(Line(number, raw) for number, raw in enumerate(rows, 1)))


def test_lines_out_are_as_many_as_lines_in(scanner: Scanner) -> None:
    done = run_apart(scanner.lines(batch(b'{"id":1,"text":"a@example.org"}', b"{", b'{"text":""}')))
    out = [json.loads(line) for line in done.out.splitlines()]
    assert [list(row) for row in out] == [
        ["id", "text", "redacted", "spans"],
        ["line", "error"],
        ["text", "redacted", "spans"],
    ]
    assert (done.texts, done.failed, done.spans) == (2, 1, {"EMAIL_ADDRESS": 1})
    assert [one.value for one in done.originals.values()] == ["a@example.org"]
    span = out[0]["spans"][0]
    assert out[0]["text"][span["start"] : span["end"]] == "a@example.org"
    assert out[0]["redacted"] == span["token"]


def test_a_line_longer_than_a_window(scanner: Scanner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "WINDOW", 300)
    monkeypatch.setattr(scan, "MARGIN", 100)
    text = f"{MAIL} wrote.\n" * 100
    row = json.dumps({"text": text}).encode()
    done = run_apart(scanner.lines(batch(row, b'{"text":"b@example.org"}')))
    first, second = (json.loads(line) for line in done.out.splitlines())
    assert len(first["spans"]) == 100
    assert {text[s["start"] : s["end"]] for s in first["spans"]} == {MAIL}
    assert len(second["spans"]) == 1


def test_one_text_that_cannot_be_scanned_fails_alone(scanner: Scanner, monkeypatch: pytest.MonkeyPatch) -> None:
    redact = scanner._redactor.redact

    async def touchy(texts: list[str], *rest: object, **more: object) -> object:
        if any("poison" in text for text in texts):
            raise RedactionUnavailable("the detector failed")
        return await redact(texts, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(scanner._redactor, "redact", touchy)
    done = run_apart(scanner.lines(batch(b'{"text":"a@example.org"}', b'{"id":2,"text":"poison"}', b'{"text":"c"}')))
    out = [json.loads(line) for line in done.out.splitlines()]
    assert out[1] == {"id": 2, "line": 2, "error": "the detector failed"}
    assert "[EMAIL" in out[0]["redacted"]
    assert out[2]["redacted"] == "c"
    assert (done.texts, done.failed) == (2, 1)
