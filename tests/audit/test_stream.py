"""Sealing and chaining without a database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.audit.record import Entry, encode, genesis, is_whole, unpack, whole
from gateway.audit.stream import Opener, Stream
from gateway.crypto import KeyRing
from gateway.errors import SealBroken
from tests.audit.support import now, record, subject_key


def entry(n: int) -> Entry:
    return encode(record(n), subject_key(), max_bytes=10_000)


def test_rows_chain_from_the_header(ring: KeyRing) -> None:
    stream = Stream(ring, now())
    rows = [stream.add(entry(n)) for n in range(5)]
    assert [row.seq for row in rows] == list(range(5))
    assert [row.prev for row in rows] == [genesis(stream.header), *(row.hash for row in rows[:-1])]
    assert all(map(is_whole, rows))
    assert stream.position(rows[3]).hash == rows[3].hash.hex()


def test_rows_open_with_the_ring_and_any_changed_field_does_not(ring: KeyRing) -> None:
    stream = Stream(ring, now())
    other = Stream(ring, now())
    row = stream.add(entry(1))
    opener = Opener(ring, stream.header)
    payload = whole(*unpack(opener.open(row)), subject_key(), row.request)
    assert payload["principal"] == "user:ada"
    for changed in (
        row._replace(stream=other.header.stream),
        row._replace(seq=1),
        row._replace(seq=-1),
        row._replace(seq=1 << 63),
        row._replace(at=row.at + 1),
        row._replace(kind="outcome"),
        row._replace(request="r2"),
        row._replace(prev=bytes(32)),
        row._replace(prev=b""),
        row._replace(sealed=row.sealed[:-1]),
        row._replace(sealed=b""),
    ):
        with pytest.raises(SealBroken):
            opener.open(changed)
    with pytest.raises(SealBroken):
        Opener(ring, other.header).open(row)


def test_a_header_opens_only_as_it_was_written_and_with_its_ring(ring: KeyRing, tmp_path: Path) -> None:
    header = Stream(ring, now()).header
    Opener(ring, header)
    for changed in (
        replace(header, opened=header.opened + 1),
        replace(header, opened=1 << 63),
        replace(header, key_id="k2"),
        replace(header, previous_seq=0),
        replace(header, wrapped=header.wrapped[:-1]),
    ):
        with pytest.raises(SealBroken):
            Opener(ring, changed)
    with pytest.raises(SealBroken):
        Opener(KeyRing.create(tmp_path / "other.json"), header)


def test_each_stream_has_a_key_of_its_own_and_ids_sort_by_time(ring: KeyRing) -> None:
    at = now()
    streams = [Stream(ring, at.replace(year=year)) for year in (2026, 2027, 2031)]
    assert len({stream.header.wrapped for stream in streams}) == 3
    assert sorted(streams, key=lambda stream: stream.header.stream) == streams
    assert {stream.header.stream.version for stream in streams} == {7}
    # The same entry at the same place never seals to the same bytes.
    assert len({stream.add(entry(1)).sealed for stream in streams}) == 3


def test_a_stream_does_not_print_its_key(ring: KeyRing) -> None:
    stream = Stream(ring, now())
    assert not hasattr(stream, "key")
    assert not hasattr(stream, "__dict__")
