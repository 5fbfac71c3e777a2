"""What kind of file this is, by name and by its first bytes, and whether unpacking it is safe. Runs in the child.

Nothing here reads a document; it decides whether its reader may see it.
"""

from __future__ import annotations

import zipfile
from pathlib import PurePath

from gateway.errors import Invalid, UnsupportedMedia
from gateway.retrieval.readers import archive, compound, epub, opendoc, outlook, sheets, slides, word
from gateway.retrieval.readers.mail import looks_like_mail

BY_SUFFIX = {
    ".txt": "text",
    ".text": "text",
    ".log": "text",
    ".yaml": "text",
    ".yml": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".pptx": "pptx",
    ".xlsx": "xlsx",
    ".odt": "odt",
    ".epub": "epub",
    ".rtf": "rtf",
    ".eml": "eml",
    ".msg": "msg",
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
TEXTUAL = frozenset({"text", "markdown", "html", "csv", "tsv", "json", "jsonl", "eml"})
_PARTS = {"docx": word.MAIN, "pptx": slides.MAIN, "xlsx": sheets.MAIN, "odt": "content.xml"}
_PARTS["epub"] = "META-INF/container.xml"
_CALLED = {
    "docx": "a Word document",
    "pptx": "a presentation",
    "xlsx": "a workbook",
    "odt": "an OpenDocument text",
    "epub": "a book",
    "pdf": "a PDF",
    "rtf": "rich text",
    "msg": "an Outlook message",
    "html": "a web page",
}
_PDF_HEAD, _PDF_WITHIN = b"%PDF-", 1024
_RTF_HEAD = b"{\\rtf"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_HEADS = (
    (_PDF_HEAD, "pdf"),
    (_RTF_HEAD, "rtf"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"\x1f\x8b", "an archive"),
    (b"7z\xbc\xaf", "an archive"),
    (b"Rar!", "an archive"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"II*\0", "an image"),
    (b"MM\0*", "an image"),
)
_PAGE_HEADS = (b"<!doctype html", b"<html")


def kind_of(name: str) -> str:
    """The format a file name promises. Raises UnsupportedMedia for a suffix the gateway does not read."""
    suffix = PurePath(name).suffix.lower()
    kind = BY_SUFFIX.get(suffix)
    if kind is None:
        shown = suffix if suffix[1:].isalnum() and len(suffix) <= 8 else "none"
        raise UnsupportedMedia(
            f"files of this kind are not read, suffix {shown}", hint=f"one of {' '.join(sorted(BY_SUFFIX))}"
        )
    return kind


def check(data: bytes, kind: str, max_expansion: int) -> None:
    """Raises UnsupportedMedia when the bytes are not of `kind`, TooLarge when an archive unpacks to too much."""
    if not data.strip():
        raise Invalid("the file is empty")
    if kind in _PARTS:
        _check_archive(data, kind, max_expansion)
    elif kind == "pdf":
        if _PDF_HEAD not in data[:_PDF_WITHIN]:
            raise _other(data, kind)
    elif kind == "rtf":
        if not data.lstrip().startswith(_RTF_HEAD):
            raise _other(data, kind)
    elif kind == "msg":
        if not data.startswith(compound.MAGIC):
            raise _other(data, kind)
        if not outlook.is_message(data):
            raise UnsupportedMedia("the file is named as msg but holds no message")
    else:
        _check_text(data, kind)


def _check_text(data: bytes, kind: str) -> None:
    if (is_ := _is(data)) and not (is_ == "html" and kind in {"html", "markdown"}):
        raise UnsupportedMedia(
            f"the file is named as {kind} but is {_CALLED.get(is_, is_)}",
            hint=f"give it the suffix .{is_}" if is_ in _CALLED else "",
        )
    # UTF-16 and UTF-32 are the text encodings with zero bytes in them.
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:4] == b"\0\0\xfe\xff"
    if not wide and b"\0" in data:
        raise UnsupportedMedia(f"the file is named as {kind} but holds binary data")
    if kind == "eml" and not looks_like_mail(data):
        raise UnsupportedMedia("the file is named as eml but does not begin with the head of a message")


def _check_archive(data: bytes, kind: str, max_expansion: int) -> None:
    if data.startswith(compound.MAGIC):
        locked = ("EncryptedPackage",) in compound.Compound(data).streams
        if locked:
            raise UnsupportedMedia("the document is protected by a password", hint="save it without one")
    if not data.startswith(_ZIP[0]):
        raise _other(data, kind)
    names = archive.measure(data, kind, max_expansion)
    if _PARTS[kind] not in names:
        raise _other(data, kind, names)
    if kind in {"odt", "epub"} and "mimetype" in names:
        mime = archive.Package(data, kind).read("mimetype").strip()
        if not mime.startswith(opendoc.MIME if kind == "odt" else epub.MIME):
            raise _other(data, kind, names)
    if kind == "odt" and "META-INF/manifest.xml" in names:
        manifest = archive.Package(data, kind).read("META-INF/manifest.xml")
        if b"encryption-data" in manifest:
            raise UnsupportedMedia("the document is protected by a password", hint="save it without one")


def _other(data: bytes, kind: str, names: frozenset[str] = frozenset()) -> UnsupportedMedia:
    """The error for a file whose bytes are of another format than its name says."""
    found = _is(data, names)
    said = _CALLED.get(kind, kind)
    if not found or found == kind:
        return UnsupportedMedia(f"the file is named .{kind} but is not {said}")
    return UnsupportedMedia(
        f"the file is named .{kind} but is {_CALLED.get(found, found)}",
        hint=f"give it the suffix .{found}" if found in _CALLED else "",
    )


def _is(data: bytes, names: frozenset[str] = frozenset()) -> str:
    """What the bytes say: a format that is read, words for one that is not, or nothing (text, perhaps)."""
    head = data[:64].lstrip().lower()
    if data.startswith(_ZIP):
        return _archive_kind(data, names)
    if data.startswith(compound.MAGIC):
        return _compound_kind(data)
    if head.startswith(_PAGE_HEADS):
        return "html"
    return next((what for start, what in _HEADS if (head if start == _RTF_HEAD else data).startswith(start)), "")


def _compound_kind(data: bytes) -> str:
    try:
        return "msg" if outlook.is_message(data) else "an old Office file"
    except UnsupportedMedia:
        return "an old Office file"


def _archive_kind(data: bytes, names: frozenset[str]) -> str:
    if not names:
        try:
            names = archive.Package(data, "archive").names
        except (UnsupportedMedia, zipfile.BadZipFile):
            return "an archive"
    return next((kind for kind, part in _PARTS.items() if part in names), "an archive")
