"""The bytes: fixed for good by an example, and never the same for two different rows."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audit.record import (
    Header,
    Row,
    dump,
    encode,
    genesis,
    head,
    header_bytes,
    is_whole,
    load,
    micros,
    moment,
    row_hash,
    seal_bytes,
)
from gateway.errors import Broken
from tests.audit.support import record

STREAM = UUID("01a20253-8622-7655-84cd-4f2f6ac2b10f")


def test_the_hash_of_a_row_written_out_by_hand() -> None:
    """What an auditor computes with nothing but a SHA-256: docs/audit.md describes exactly this."""
    written = b"gateway/audit/row/1"
    for field in (
        STREAM.bytes,
        struct.pack(">q", 7),
        struct.pack(">q", 1_000_001),
        bytes(32),
        b"intent",
        b"r1",
        b"seal",
    ):
        written += struct.pack(">I", len(field)) + field
    clear = head(STREAM, 7, 1_000_001, "intent", "r1", bytes(32))
    assert row_hash(clear, b"seal") == hashlib.sha256(written).digest()
    assert seal_bytes(clear) == b"gateway/audit/seal/1" + written[len(b"gateway/audit/row/1") : -8]


def test_the_genesis_of_a_stream_written_out_by_hand() -> None:
    bound = b"gateway/audit/header/1"
    for field in (STREAM.bytes, struct.pack(">q", 1), struct.pack(">q", 5), b"k1", b"", b"", b""):
        bound += struct.pack(">I", len(field)) + field
    header = Header(STREAM, 1, 5, "k1", b"wrapped")
    assert header_bytes(header) == bound
    written = b"gateway/audit/genesis/1" + struct.pack(">I", len(bound)) + bound + struct.pack(">I", 7) + b"wrapped"
    assert genesis(header) == hashlib.sha256(written).digest()


HEADERS = st.builds(
    Header,
    stream=st.uuids(),
    schema=st.integers(0, 3),
    opened=st.integers(0, 3),
    key_id=st.text("k1", max_size=3),
    wrapped=st.binary(max_size=3),
    previous=st.none() | st.uuids(),
    previous_seq=st.none() | st.integers(-1, 1),
    previous_hash=st.none() | st.binary(min_size=1, max_size=3),
)


@given(HEADERS, HEADERS)
def test_two_different_headers_never_share_a_genesis(one: Header, other: Header) -> None:
    assert (genesis(one) == genesis(other)) == (one == other)


ROWS = st.builds(
    Row,
    stream=st.sampled_from([STREAM, UUID(int=0)]),
    seq=st.integers(0, 2),
    at=st.integers(0, 2),
    kind=st.text("ab", max_size=3),
    request=st.text("ab", max_size=3),
    prev=st.sampled_from([bytes(32), b"\1" * 32]),
    sealed=st.binary(max_size=3),
    hash=st.just(b""),
)


@given(ROWS, ROWS)
def test_two_different_rows_never_share_their_bytes(one: Row, other: Row) -> None:
    def digest(row: Row) -> bytes:
        return row_hash(head(row.stream, row.seq, row.at, row.kind, row.request, row.prev), row.sealed)

    assert (digest(one) == digest(other)) == (one == other)
    assert is_whole(one._replace(hash=digest(one)))
    assert not is_whole(one._replace(hash=bytes(32)))


def test_a_row_that_cannot_be_is_not_whole() -> None:
    row = Row(STREAM, 0, 0, "event", "", bytes(32), b"", b"")
    assert set(row._fields) == {"stream", "seq", "at", "kind", "request", "prev", "sealed", "hash"}
    for bad in (row._replace(prev=b""), row._replace(at=1 << 63), row._replace(seq=-(1 << 63) - 1)):
        assert not is_whole(bad)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])))
def test_times_are_exact(at: datetime) -> None:
    assert moment(micros(at)) == at


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("\ud800 lone"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=3))
def test_every_json_object_comes_back(value: dict[str, object]) -> None:
    assert load(dump(value)) == value


@pytest.mark.parametrize("payload", [b"[1]", b"no", b"\xff", b'"x"'])
def test_what_is_no_object_does_not_load(payload: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        load(payload)


def test_errors_name_no_content() -> None:
    for bad in (replace(record(), content={"merger": {1}}), record(kind="merger"), record(request="merger\0")):
        with pytest.raises(Broken) as caught:
            encode(bad, max_bytes=1000)
        assert "merger" not in str(caught.value)
        assert caught.value.__cause__ is None
