"""Reading what may be larger than memory: JSON lines in batches, text in blocks, each with where it stood."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import orjson
import typer

from gateway.cli import show
from gateway.cli.failing import FAILED
from gateway.errors import Invalid
from gateway.model import Json

BLOCK: Final = 1 << 16
MAX_LINE: Final = 1 << 26
"""Bytes of one line; a longer one is passed over and named."""
_BOM: Final = b"\xef\xbb\xbf"

Advance = Callable[[int], None]
"""Called with the number of bytes read."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; None in place of one that was too long."""

    number: int
    raw: bytes | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive lines."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What a line says: its object and text, or what is wrong with it."""

    line: Line
    row: Json
    text: str
    error: str = ""


@contextlib.contextmanager
def source(file: str) -> Iterator[tuple[BinaryIO, int | None]]:
    """What a command reads, open, and its size where it is known; `-` is standard input. Raises Invalid."""
    if file == "-":
        if sys.stdin.isatty():
            show.say("reading from the terminal; end with Ctrl-D")
        yield sys.stdin.buffer, None
        return
    try:
        opened = Path(file).open("rb")  # noqa: SIM115 - the name may be wrong; what is done with it may not be
    except OSError as error:
        raise Invalid(f"cannot read {file}: {error.strerror}") from None
    with opened:
        yield opened, os.fstat(opened.fileno()).st_size


def blocks(stream: BinaryIO, advance: Advance) -> Iterator[bytes]:
    """The bytes of a stream as they come. Raises Invalid when it cannot be read."""
    while True:
        try:
            block = stream.read(BLOCK)
        except OSError as error:
            raise Invalid(f"the input cannot be read: {error.strerror}") from None
        if not block:
            return
        advance(len(block))
        yield block


def text_blocks(stream: BinaryIO, advance: Advance) -> Iterator[str]:
    """The text of a UTF-8 stream as it comes. Raises Invalid when it is not one."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in blocks(stream, advance):
            yield decoder.decode(block)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Invalid("the input is not UTF-8 text") from None


def batches(stream: BinaryIO, advance: Advance, *, size: int) -> Iterator[Batch]:
    """Lines that hold something, in order, together as long as they have less than `size` bytes.

    Only a line feed ends a line: JSON texts may hold every other separator.
    """
    held: list[Line] = []
    total = 0
    for line in _lines(stream, advance):
        if line.raw is not None and not line.raw:
            continue
        length = len(line.raw or b"")
        if held and total + length > size:
            yield Batch(tuple(held))
            held, total = [], 0
        held.append(line)
        total += length
    if held:
        yield Batch(tuple(held))


def _lines(stream: BinaryIO, advance: Advance) -> Iterator[Line]:
    number, pending, size = 1, list[bytes](), 0
    for block in blocks(stream, advance):
        *ended, rest = block.split(b"\n")
        for piece in ended:
            yield _line(number, pending, size, piece)
            number, pending, size = number + 1, [], 0
        size += len(rest)
        if size <= MAX_LINE:
            pending.append(rest)
        else:
            pending.clear()
    if size:
        yield _line(number, pending, size, b"")


def _line(number: int, pending: list[bytes], size: int, last: bytes) -> Line:
    if size + len(last) > MAX_LINE:
        return Line(number, None)
    raw = b"".join((*pending, last))
    return Line(number, raw.removeprefix(_BOM).strip() if number == 1 else raw.strip())


def parse(line: Line) -> Row:
    """What a line says; never raises."""
    if line.raw is None:
        return Row(line, {}, "", f"longer than {MAX_LINE} bytes")
    try:
        row = orjson.loads(line.raw)
    except orjson.JSONDecodeError:
        return Row(line, {}, "", "not JSON")
    if not isinstance(row, dict):
        return Row(line, {}, "", "not a JSON object")
    text = row.get("text")
    if not isinstance(text, str):
        return Row(line, row, "", '"text" is missing or is no text')
    return Row(line, row, text)


def answered(row: Row, result: Json) -> bytes:
    """A line out: the line as it came, byte for byte, with the results behind what it held."""
    raw = row.line.raw
    if raw is None or not row.row.keys().isdisjoint(result):
        return orjson.dumps({**row.row, **result}) + b"\n"
    return raw[:-1].rstrip() + b"," + orjson.dumps(result)[1:] + b"\n"


def failed(row: Row, error: str) -> bytes:
    """A line out for one that could not be used: its id if it has one, its number, and why."""
    named = {"id": row.row["id"]} if "id" in row.row else {}
    return orjson.dumps({**named, "line": row.line.number, "error": error}) + b"\n"


def put(data: bytes) -> None:
    """Results to standard output, as bytes; the command ends when nobody reads them any more."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # What is left in the buffers would be written, and complained of, when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(FAILED) from None
