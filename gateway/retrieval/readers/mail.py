"""E-mail files (EML): MIME parts in whatever encoding they say, without the network and without their scripts."""

from __future__ import annotations

from email.message import Message as Part
from typing import Final

from gateway.errors import UnsupportedMedia
from gateway.retrieval.readers.draft import Extracted, Limits, damaged
from gateway.retrieval.readers.message import MAX_DEPTH, Attachment, Message, Nested, read_message
from gateway.retrieval.readers.text import decode

HEAD: Final = ("Subject", "From", "To", "Cc", "Date")
MAX_PARTS: Final = 2_000
_MARKS: Final = (
    b"from:",
    b"to:",
    b"subject:",
    b"date:",
    b"received:",
    b"message-id:",
    b"mime-version:",
    b"return-path:",
)


def looks_like_mail(data: bytes) -> bool:
    """Whether the file begins with the head of a message."""
    lines = data[:65536].lstrip().replace(b"\r\n", b"\n").partition(b"\n\n")[0].split(b"\n")
    found = {mark for line in lines for mark in _MARKS if line[:14].lower().startswith(mark)}
    return len(found) >= 2


def read_eml(data: bytes, limits: Limits, nested: Nested, depth: int = 0) -> Extracted:
    """The message, its quotations marked, its attachments read as far as their formats are known."""
    import email  # noqa: PLC0415
    import email.policy  # noqa: PLC0415

    try:
        root = email.message_from_bytes(data, policy=email.policy.default)
        message = _message(root, depth, [0])
    except RecursionError:
        raise UnsupportedMedia("the message's parts are nested too deeply", hint="save it anew") from None
    return read_message(message, limits, nested, depth)


def _message(root: Part, depth: int, count: list[int]) -> Message:
    found = Message(head={name: _header(root, name) for name in HEAD})
    _collect(root, found, depth, count, inside="")
    return found


def _header(root: Part, name: str) -> str:
    try:
        return ", ".join(str(value) for value in root.get_all(name, []))
    except Exception:  # noqa: BLE001 - the library fails in many ways on bad headers - the library's parser of headers fails in many ways on bad ones
        return ""


def _collect(part: Part, found: Message, depth: int, count: list[int], inside: str) -> None:
    count[0] += 1
    if count[0] > MAX_PARTS:
        raise damaged("eml")
    kind = part.get_content_type()
    name = _file_name(part)
    disposition = part.get_content_disposition()
    if kind == "message/rfc822":
        found.attachments.append(_inner(part, name, depth, count))
    elif part.is_multipart():
        if kind == "multipart/encrypted":
            found.opaque = True
        for child in part.get_payload():
            if isinstance(child, Part):
                _collect(child, found, depth, count, kind)
    elif kind == "text/html" and disposition != "attachment" and not name:
        found.html = f"{found.html}\n{_text(part)}".lstrip("\n")
    elif kind == "text/plain" and disposition != "attachment" and not name:
        found.plain = f"{found.plain}\n\n{_text(part)}".lstrip("\n")
    elif kind == "application/pkcs7-mime":
        found.opaque = True
    elif not (kind.startswith("image/") and inside == "multipart/related"):
        # Pictures inside the text are part of its layout.
        data = part.get_payload(decode=True)
        found.attachments.append(Attachment(name, data if isinstance(data, bytes) else b""))


def _inner(part: Part, name: str, depth: int, count: list[int]) -> Attachment:
    """A message of its own; without its words where messages nest too deeply."""
    payload = part.get_payload()
    first = payload[0] if isinstance(payload, list) and payload else None
    if isinstance(first, Part) and depth + 1 <= MAX_DEPTH:
        return Attachment(name, message=_message(first, depth + 1, count))
    return Attachment(name)


def _text(part: Part) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    declared = part.get_content_charset()
    if declared and declared not in {"utf-8", "us-ascii"}:
        # What the part says of itself counts before a guess: many encodings look like others.
        try:
            return data.decode(declared)
        except (LookupError, UnicodeDecodeError, ValueError):
            pass
    return decode(data, declared)


def _file_name(part: Part) -> str:
    try:
        return part.get_filename("") or ""
    except Exception:  # noqa: BLE001 - the library fails in many ways on bad headers
        return ""
