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
    clear_of,
    dump,
    encode,
    genesis,
    hash_of,
    header_bytes,
    is_whole,
    load,
    micros,
    moment,
    seal_bytes,
    unpack,
    whole,
)
from gateway.audit.tlog.check import commitment, head
from gateway.errors import Broken
from tests.audit.support import record, subject_key

STREAM = UUID("01a20253-8622-7655-84cd-4f2f6ac2b10f")


def test_the_hash_of_a_row_written_out_by_hand() -> None:
    """What an auditor computes with nothing but a SHA-256: docs/audit.md describes exactly this."""
    clear = b""
    for field in (
        STREAM.bytes,
        struct.pack(">q", 7),
        struct.pack(">q", 1_000_001),
        bytes(32),
        b"intent",
        b"r1",
        b"standard",
        bytes(32),
    ):
        clear += struct.pack(">I", len(field)) + field
    assert head(STREAM, 7, 1_000_001, "intent", "r1", bytes(32), "standard", bytes(32)) == clear
    written = b"gateway/audit/row/2" + clear + hashlib.sha256(b"seal").digest()
    assert hash_of(clear, b"seal") == hashlib.sha256(written).digest()
    assert seal_bytes(clear) == b"gateway/audit/seal/2" + clear


def test_the_genesis_of_a_stream_written_out_by_hand() -> None:
    bound = b"gateway/audit/header/2"
    for field in (STREAM.bytes, struct.pack(">q", 1), struct.pack(">q", 5), b"k1", b"", b"", b""):
        bound += struct.pack(">I", len(field)) + field
    header = Header(STREAM, 1, 5, "k1", b"wrapped")
    assert header_bytes(header) == bound
    written = b"gateway/audit/genesis/2" + struct.pack(">I", len(bound)) + bound + struct.pack(">I", 7) + b"wrapped"
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
    retention=st.text("ab", max_size=3),
    facts=st.binary(max_size=3),
)


@given(ROWS, ROWS)
def test_two_different_rows_never_share_their_bytes(one: Row, other: Row) -> None:
    def digest(row: Row) -> bytes:
        return hash_of(clear_of(row), row.sealed)

    assert (digest(one) == digest(other)) == (one == other)
    assert is_whole(one._replace(hash=digest(one)))
    assert not is_whole(one._replace(hash=bytes(32)))


def test_a_row_that_cannot_be_is_not_whole() -> None:
    row = Row(STREAM, 0, 0, "event", "", bytes(32), b"", b"")
    assert set(row._fields) == {
        "stream",
        "seq",
        "at",
        "kind",
        "request",
        "prev",
        "sealed",
        "hash",
        "retention",
        "facts",
    }
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
            encode(bad, subject_key(), max_bytes=1000)
        assert "merger" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_a_statement_is_committed_to_and_sealed() -> None:
    entry = encode(replace(record(), statement={"policy": "sha256:00", "n": 1}), subject_key(), max_bytes=10_000)
    told, inner = unpack(entry.payload)
    assert b"user:ada" not in entry.payload
    assert whole(told, inner, subject_key(), entry.request)["principal"] == "user:ada"
    assert told["statement"] == '{"policy":"sha256:00","n":1}'
    assert entry.facts == commitment(told["statement"].encode(), bytes.fromhex(told["salt"]))
    again = encode(replace(record(), statement={"policy": "sha256:00", "n": 1}), subject_key(), max_bytes=10_000)
    assert again.facts != entry.facts, "a commitment without a salt of its own could be guessed"
    assert encode(record(), subject_key(), max_bytes=10_000).facts == b""
