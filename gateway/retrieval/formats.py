"""What kind of file this is, by name and by its first bytes, and whether unpacking it is safe. Runs in the child.

Nothing here parses a document; it decides whether the parser may see it.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import PurePath

from gateway.errors import Invalid, TooLarge, UnsupportedMedia

BY_SUFFIX = {
    ".txt": "text",
    ".text": "text",
    ".log": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".pdf": "pdf",
    ".docx": "docx",
    ".csv": "csv",
}
TEXTUAL = frozenset({"text", "markdown", "html", "csv"})
MAX_ENTRIES = 5_000
MAX_RATIO = 200
"""Unpacked to packed size of one archive; real documents stay below 60."""
RATIO_FLOOR = 10_000_000
"""Archives that unpack to less than this are small whatever their ratio."""
_PDF_HEAD, _PDF_WITHIN = b"%PDF-", 1024
_NOT_WORD = "the file is named .docx but is not a Word document"
_FOREIGN = (
    (b"PK\x03\x04", "an archive"),
    (b"PK\x05\x06", "an archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
    (b"\x1f\x8b", "an archive"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
)


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
    if kind == "pdf":
        if _PDF_HEAD not in data[:_PDF_WITHIN]:
            raise UnsupportedMedia("the file is named .pdf but is not a PDF")
    elif kind == "docx":
        _check_docx(data, max_expansion)
    elif kind in TEXTUAL:
        _check_text(data)


def _check_text(data: bytes) -> None:
    if data.startswith(_PDF_HEAD):
        raise UnsupportedMedia("the file is named as text but is a PDF", hint="give it the suffix .pdf")
    for head, what in _FOREIGN:
        if data.startswith(head):
            raise UnsupportedMedia(f"the file is named as text but is {what}")
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")  # UTF-16, the one text encoding with zero bytes in it
    if not wide and b"\0" in data:
        raise UnsupportedMedia("the file is named as text but holds binary data")


def _check_docx(data: bytes, max_expansion: int) -> None:
    if not data.startswith(b"PK\x03\x04"):
        raise UnsupportedMedia(_NOT_WORD)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_archive(archive, len(data), max_expansion)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError):
        raise UnsupportedMedia(_NOT_WORD) from None


def _check_archive(archive: zipfile.ZipFile, packed: int, max_expansion: int) -> None:
    entries = archive.infolist()
    # What the directory states, before a single byte is unpacked.
    if len(entries) > MAX_ENTRIES:
        raise TooLarge(f"the document's archive has more than {MAX_ENTRIES} entries")
    _weigh(sum(entry.file_size for entry in entries), packed, max_expansion)
    if "word/document.xml" not in {entry.filename for entry in entries}:
        raise UnsupportedMedia(_NOT_WORD)
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise UnsupportedMedia("the document is encrypted", hint="save it without a password")
    # The directory may lie: unpack into nothing, counting, and stop at the limit.
    unpacked = 0
    for entry in entries:
        unpacked = _count(archive, entry, unpacked, packed, max_expansion)


def _weigh(unpacked: int, packed: int, max_expansion: int) -> None:
    if unpacked > max_expansion or (unpacked > RATIO_FLOOR and unpacked > packed * MAX_RATIO):
        raise TooLarge(
            f"the document unpacks to more than {min(max_expansion, max(RATIO_FLOOR, packed * MAX_RATIO))} bytes",
            hint="raise ingest.max_expansion_bytes if this is meant",
        )


def _count(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, unpacked: int, packed: int, max_expansion: int) -> int:
    # Read past the stated size up to the limit; the checksum is then the parser's business.
    entry.file_size = max_expansion + 1
    entry.CRC = None  # type: ignore[assignment]
    with archive.open(entry) as stream:
        while block := stream.read(65536):
            unpacked += len(block)
            _weigh(unpacked, packed, max_expansion)
    return unpacked
