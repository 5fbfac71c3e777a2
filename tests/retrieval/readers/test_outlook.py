"""Outlook's messages."""

from __future__ import annotations

import struct

import pytest

from gateway.errors import UnsupportedMedia
from gateway.retrieval.readers.outlook import unpack_rtf
from tests.retrieval.office import compound, msg
from tests.retrieval.readers.reading import headings, read

HEAD = {"0037": "Pump offer", "0C1A": "Ann Lee", "5D01": "ann@example.org", "0E04": "bob@example.org"}


def test_message_with_everything() -> None:
    data = msg(
        {**HEAD, "1000": "plain body"},
        html=b"<p>Hi <b>Bob</b></p><p style='display:none'>hid</p>",
        files=[("a.csv", b"name,city\nAda,Bonn\n"), ("x.exe", b"MZ")],
        inner={"0037": "inner", "1000": "inner words"},
    )
    found = read(data, "msg")
    assert found.text.startswith(
        "Subject: Pump offer\nFrom: Ann Lee <ann@example.org>\nTo: bob@example.org\n\nHi Bob\n"
    )
    assert "plain body" not in found.text
    assert headings(found) == [("Attachment: a.csv", 1), ("Attached message: inner", 1)]
    assert found.text.endswith("inner words\n")
    assert found.hidden == {"style": 3}
    assert found.notes == {"attachments_read": 2, "attachments_not_read": 1}


def test_plain_body_alone() -> None:
    assert read(msg({**HEAD, "1000": "Für alle."}), "msg").text.endswith("\n\nFür alle.\n")


def test_compressed_rich_text() -> None:
    # The example of MS-OXRTFCP, 4.1.
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af3206865 6c090020627705b06c647d0a800fa0".replace(
            " ", ""
        )
    )
    assert unpack_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    for bad in (b"", b"x" * 20, struct.pack("<IIII", 1, 1 << 31, 0x75465A4C, 0)):
        with pytest.raises(UnsupportedMedia):
            unpack_rtf(bad)


@pytest.mark.parametrize("cut", [8, 100, 520, 900])
def test_damaged_storage(cut: int) -> None:
    with pytest.raises(UnsupportedMedia):
        read(msg({**HEAD, "1000": "x"})[:cut], "msg")


def test_old_office_files_and_loops() -> None:
    with pytest.raises(UnsupportedMedia, match="no message"):
        read(compound({("WordDocument",): b"x" * 600}), "msg")
    data = bytearray(compound({("__properties_version1.0",): b"\0" * 600}))
    at = len(data) - 512
    struct.pack_into("<II", data, at, 1, 0)  # sectors 0 and 1 lead to each other
    with pytest.raises(UnsupportedMedia):
        read(bytes(data), "msg")


def test_password_protected_office_file() -> None:
    locked = compound({("EncryptedPackage",): b"x" * 600, ("EncryptionInfo",): b"y" * 600})
    for kind in ("docx", "xlsx", "pptx"):
        with pytest.raises(UnsupportedMedia, match="password"):
            read(locked, kind)
