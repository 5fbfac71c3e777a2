"""An e-mail as text, whatever file it came in: its head, its words, what it quotes, and what is attached."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from gateway.errors import GatewayError, TooLarge
from gateway.retrieval.readers.draft import Draft, Extracted, Limits
from gateway.retrieval.readers.web import read_page

MAX_ATTACHMENTS: Final = 100
MAX_DEPTH: Final = 4
"""Messages inside messages, and attachments of those."""
QUOTED: Final = "Quoted message"
LONG: Final = 40
"""Characters of a line that is not said twice; shorter ones are greetings and the like."""
_INTRODUCES: Final = re.compile(
    r"[ >]*(?:-{2,} ?(?:original message|forwarded message|original appointment|ursprüngliche nachricht|"
    r"weitergeleitete nachricht|message d'origine|message transféré|mensaje original|messaggio originale|"
    r"messaggio inoltrato|oorspronkelijk bericht|doorgestuurd bericht) ?-{2,}"
    r"|on .{4,200} wrote:|am .{4,200} schrieb.{0,200}:|le .{4,200} a écrit ?:|el .{4,200} escribió:"
    r"|il .{4,200} ha scritto:|op .{4,200} schreef.{0,200}:)\s*",
    re.IGNORECASE,
)
_MARKS: Final = re.compile(r"(?:[ \t]*>)+[ \t]?")


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attached file, or a message of its own."""

    name: str
    data: bytes = b""
    message: Message | None = None


@dataclass(slots=True)
class Message:
    """What a reader of mail sees. `html` counts before `plain` when both are there."""

    head: dict[str, str] = field(default_factory=dict)
    """`Subject`, `From`, `To`, `Cc`, `Date`, in this order."""
    html: str = ""
    plain: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    opaque: bool = False
    """Whether its body is encrypted."""


Nested: TypeAlias = Callable[[bytes, str, Limits, int], Extracted]
"""Reads an attached file by its name, at a depth. Raises a GatewayError."""


def read_message(message: Message, limits: Limits, nested: Nested, depth: int = 0) -> Extracted:
    """The message with everything in it. An attachment that cannot be read is named, and costs the message nothing."""
    draft = Draft(limits)
    draft.title = draft.clean(message.head.get("Subject", ""))
    draft.text("\n".join(f"{name}: {' '.join(value.split())}" for name, value in message.head.items() if value))
    body = message.plain
    if message.html.strip():
        page = read_page(message.html, limits)
        draft.hidden.update(page.hidden)
        draft.whisper(page.secret)
        body = page.text or body
    for quoted, words in _parts(body):
        if quoted:
            draft.heading(QUOTED, 2)
        for paragraph in words:
            draft.text(paragraph)
    if message.opaque:
        draft.notes["encrypted_body"] += 1
    for attachment in message.attachments[:MAX_ATTACHMENTS]:
        _attach(draft, attachment, limits, nested, depth)
    if len(message.attachments) > MAX_ATTACHMENTS:
        draft.notes["attachments_not_read"] += len(message.attachments) - MAX_ATTACHMENTS
    return draft.done()


def _attach(draft: Draft, attachment: Attachment, limits: Limits, nested: Nested, depth: int) -> None:
    inner = attachment.message
    name = " ".join((attachment.name or (inner.head.get("Subject", "") if inner else "")).split()) or "without a name"
    try:
        found = _opened(attachment, limits, nested, depth)
    except TooLarge:
        draft.notes["attachments_not_read"] += 1
        draft.text(f"Attachment not read, too large or nested too deeply: {name}")
    except GatewayError:
        draft.notes["attachments_not_read"] += 1
        draft.text(f"Attachment not read: {name}")
    else:
        draft.notes["attachments_read"] += 1
        draft.heading(f"Attached message: {name}" if inner is not None else f"Attachment: {name}", 1)
        draft.take(found)


def _opened(attachment: Attachment, limits: Limits, nested: Nested, depth: int) -> Extracted:
    if depth >= MAX_DEPTH:
        raise TooLarge("messages are nested too deeply")
    if attachment.message is not None:
        return read_message(attachment.message, limits, nested, depth + 1)
    return nested(attachment.data, attachment.name, limits, depth + 1)


def _parts(body: str) -> Iterator[tuple[bool, list[str]]]:
    """(whether quoted, paragraphs) in turn. What was quoted before is not said again."""
    seen: set[str] = set()
    quoted = False
    below = False
    lines: list[str] = []
    for line in [*body.split("\n"), None]:
        mark = _MARKS.match(line) if line is not None else None
        introduces = line is not None and _INTRODUCES.fullmatch(line) is not None
        now = below or introduces or mark is not None
        if line is None or now != quoted:
            if line is not None and not line.strip() and quoted:
                lines.append("")
                continue
            paragraphs = _paragraphs(lines, seen)
            if paragraphs:
                yield quoted, paragraphs
            lines, quoted = [], now
        if introduces and line is not None and "-" in line[:4]:
            below = True
        if line is not None:
            lines.append(line[mark.end() :] if mark else line)


def _paragraphs(lines: list[str], seen: set[str]) -> list[str]:
    """The lines as paragraphs; a long line that was there before is left out."""
    kept: list[str] = []
    for line in lines:
        key = " ".join(line.split()).lower()
        if len(key) < LONG or key not in seen:
            kept.append(line)
        seen.add(key)
    return [text for paragraph in "\n".join(kept).split("\n\n") if (text := paragraph.strip("\n")).strip()]
