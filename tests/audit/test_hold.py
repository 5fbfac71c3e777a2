"""A hold as a note: read back as it was, and refused when it is another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.audit.hold import Hold, _hold, named, released, signed
from gateway.audit.record import Row, micros
from gateway.audit.tlog.check import NotProven
from gateway.audit.tlog.notes import log_key
from gateway.crypto import KeyRing
from tests.audit.support import record

AT = datetime(2026, 5, 1, tzinfo=UTC)
LATER = datetime(2026, 6, 1, tzinfo=UTC)
HOLD = Hold(3, AT, "case 7", (bytes(16), b"\1" * 16), "r1", AT, LATER, "requests")


def row(at: datetime = AT, request: str = "r1", retention: str = "requests") -> Row:
    told = record()
    return Row(None, 0, micros(at), told.kind, request, b"", b"", b"", retention)  # type: ignore[arg-type]


def test_a_hold_and_its_release_are_read_back(ring: KeyRing) -> None:
    signer = ring.signer()
    key = log_key("test.example/log", signer.public)
    for hold in (HOLD, Hold(1, AT, "only a class", retention="documents")):
        note = signed(hold, key, signer)
        assert _hold(note, None, key) == hold
        assert _hold(note, released(hold.number, LATER, "closed", key, signer), key) == replace(hold, released=LATER)
    with pytest.raises(ValueError, match="another hold"):
        _hold(signed(HOLD, key, signer), released(4, LATER, "closed", key, signer), key)
    with pytest.raises(NotProven):
        _hold(signed(HOLD, key, signer).replace(b"case 7", b"case 8"), None, key)
    with pytest.raises(NotProven):
        _hold(released(3, LATER, "closed", key, signer), None, key)
    assert named([HOLD]) == "3 (case 7)"


@pytest.mark.parametrize(
    ("what", "fits"),
    [({}, True), ({"at": LATER}, False), ({"request": "r2"}, False), ({"retention": "documents"}, False)],
)
def test_a_hold_fits_what_all_of_it_fits(what: dict[str, Any], fits: bool) -> None:
    assert HOLD.fits(row(**what)) is fits
    assert Hold(1, AT, "x", subjects=(bytes(16),)).fits(row(**what))
    assert not HOLD.by_subject_alone
    assert Hold(1, AT, "x", subjects=(bytes(16),)).by_subject_alone
