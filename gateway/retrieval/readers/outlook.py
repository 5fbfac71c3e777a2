"""Outlook's messages (MSG): the properties a reader sees, and what is attached."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

from gateway.errors import UnsupportedMedia
from gateway.retrieval.readers.compound import Compound, Path
from gateway.retrieval.readers.draft import Extracted, Limits
from gateway.retrieval.readers.message import MAX_ATTACHMENTS, MAX_DEPTH, Attachment, Message, Nested, read_message
from gateway.retrieval.readers.rtf import read_rtf
from gateway.retrieval.readers.text import decode

SUBJECT, BODY, HTML, RTF = "0037", "1000", "1013", "1009"
FROM_NAME, FROM_ADDRESS, FROM_SMTP = "0C1A", "0C1F", "5D01"
TO, CC = "0E04", "0E03"
LONG_NAME, SHORT_NAME, DATA = "3707", "3704", "3701"
_SENT, _RECEIVED, _CODEPAGE, _HTML_CODEPAGE = 0x0039, 0x0E06, 0x3FFD, 0x3FDE
_START: Final = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
MAX_RTF: Final = 50_000_000


def is_message(data: bytes) -> bool:
    """Whether a compound file holds a message."""
    streams = Compound(data).streams
    return ("__properties_version1.0",) in streams


def read_msg(data: bytes, limits: Limits, nested: Nested, depth: int = 0) -> Extracted:
    """The message as `read_eml` gives it."""
    return read_message(_message(Compound(data), (), 32, limits, depth), limits, nested, depth)


def _message(file: Compound, folder: Path, header: int, limits: Limits, depth: int) -> Message:
    fixed = _fixed(file.read(*folder, "__properties_version1.0") or b"", header)
    codec = _codec(fixed.get(_CODEPAGE, 0))
    address = _text(file, folder, FROM_SMTP, codec) or _text(file, folder, FROM_ADDRESS, codec)
    name = _text(file, folder, FROM_NAME, codec)
    sender = f"{name} <{address}>" if name and "@" in address and name != address else name or address
    found = Message(
        head={
            "Subject": _text(file, folder, SUBJECT, codec),
            "From": sender,
            "To": _people(file, folder, 1, codec) or _text(file, folder, TO, codec),
            "Cc": _people(file, folder, 2, codec) or _text(file, folder, CC, codec),
            "Date": _date(fixed.get(_SENT) or fixed.get(_RECEIVED) or 0),
        },
        plain=_text(file, folder, BODY, codec),
    )
    raw = file.read(*folder, f"__substg1.0_{HTML}0102")
    if raw is not None:
        found.html = decode(raw, _codec(fixed.get(_HTML_CODEPAGE, 0)))
    else:
        found.html = _text(file, folder, HTML, codec)
    packed = file.read(*folder, f"__substg1.0_{RTF}0102")
    if packed and not found.html and not found.plain:
        found.plain = read_rtf(unpack_rtf(packed), limits).text
    for inside in sorted(one for one in file.storages if one[:-1] == folder and one[-1].startswith("__attach_")):
        if len(found.attachments) > MAX_ATTACHMENTS:
            break
        named = _text(file, inside, LONG_NAME, codec) or _text(file, inside, SHORT_NAME, codec)
        inner = (*inside, f"__substg1.0_{DATA}000D")
        if inner in file.storages and (*inner, "__properties_version1.0") in file.streams and depth < MAX_DEPTH:
            found.attachments.append(Attachment(named, message=_message(file, inner, 24, limits, depth + 1)))
        else:
            found.attachments.append(Attachment(named, file.read(*inside, f"__substg1.0_{DATA}0102") or b""))
    return found


def _text(file: Compound, folder: Path, tag: str, codec: str) -> str:
    wide = file.read(*folder, f"__substg1.0_{tag}001F")
    if wide is not None:
        return wide.decode("utf-16-le", "replace").rstrip("\0")
    narrow = file.read(*folder, f"__substg1.0_{tag}001E")
    return narrow.decode(codec, "replace").rstrip("\0") if narrow is not None else ""


def _people(file: Compound, folder: Path, kind: int, codec: str) -> str:
    found = []
    for one in sorted(one for one in file.storages if one[:-1] == folder and one[-1].startswith("__recip_")):
        fixed = _fixed(file.read(*one, "__properties_version1.0") or b"", 8)
        if fixed.get(0x0C15, 1) & 0xF != kind:
            continue
        name = _text(file, one, "3001", codec)
        address = _text(file, one, "39FE", codec) or _text(file, one, "3003", codec)
        found.append(f"{name} <{address}>" if name and "@" in address and name != address else name or address)
    return ", ".join(one for one in found if one)


def _fixed(raw: bytes, header: int) -> dict[int, int]:
    """Properties of fixed length: id -> value."""
    found: dict[int, int] = {}
    for at in range(header, len(raw) - 15, 16):
        tag, _, value = struct.unpack_from("<IIQ", raw, at)
        found[tag >> 16] = value if tag & 0xFFFF == 0x0040 else value & 0xFFFFFFFF
    return found


def _codec(page: int) -> str:
    name = {65001: "utf-8", 20127: "ascii", 28591: "iso-8859-1", 28605: "iso-8859-15", 1200: "utf-16-le"}.get(page)
    name = name or f"cp{page}"
    try:
        "".encode(name)
    except LookupError:
        return "cp1252"
    return name


def _date(ticks: int) -> str:
    """RFC 5322 date of a count of 100 ns since 1601."""
    try:
        return format_datetime(datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)) if ticks else ""
    except OverflowError:
        return ""


def unpack_rtf(packed: bytes) -> bytes:
    """Compressed RTF as MS-OXRTFCP has it. Raises UnsupportedMedia."""
    if len(packed) < 16:
        raise UnsupportedMedia("the message's text is damaged", hint="save it anew")
    _, size, mark, _ = struct.unpack_from("<IIII", packed)
    if mark == 0x414C454D:
        return packed[16 : 16 + size]
    if mark != 0x75465A4C or size > MAX_RTF:
        raise UnsupportedMedia("the message's text is damaged", hint="save it anew")
    window = bytearray(_START.ljust(4096, b"\0"))
    write = len(_START)
    out = bytearray()
    at = 16
    while at < len(packed) and len(out) < size:
        flags = packed[at]
        at += 1
        for bit in range(8):
            if at >= len(packed):
                break
            if not flags >> bit & 1:
                out.append(packed[at])
                window[write] = packed[at]
                write = (write + 1) % 4096
                at += 1
                continue
            pair = int.from_bytes(packed[at : at + 2], "big")
            at += 2
            source = pair >> 4
            if source == write:
                return bytes(out)
            for _ in range((pair & 15) + 2):
                byte = window[source]
                out.append(byte)
                window[write] = byte
                source, write = (source + 1) % 4096, (write + 1) % 4096
    return bytes(out[:size])
