"""Documents that are ZIP archives: measured before anything in them is used. Runs in the child."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib

from gateway.errors import TooLarge, UnsupportedMedia
from gateway.retrieval.readers.xml import Node, parse

MAX_ENTRIES = 5_000
MAX_RATIO = 200
"""Unpacked to packed size of one archive; real documents stay below 60."""
RATIO_FLOOR = 10_000_000
"""Archives that unpack to less than this are small whatever their ratio."""
_DAMAGED = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    NotImplementedError,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    KeyError,
)


class Package:
    """The parts of one archive, by name. Check it with `measure` before."""

    def __init__(self, data: bytes, kind: str) -> None:
        self._kind = kind
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _DAMAGED:
            raise UnsupportedMedia(f"the file cannot be read as {kind}", hint="it may be damaged") from None
        self.names = frozenset(self._zip.namelist())

    def read(self, name: str) -> bytes:
        """One part's bytes. Raises UnsupportedMedia when it is missing or damaged."""
        try:
            return self._zip.read(name)
        except _DAMAGED:
            raise UnsupportedMedia(f"a part of this {self._kind} file cannot be read", hint="save it anew") from None

    def xml(self, name: str) -> Node | None:
        """One part as XML; None when there is no such part."""
        return parse(self.read(name)) if name in self.names else None

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Relationship id -> (last word of its type, target) of a part; targets inside the package are full names."""
        folder, name = posixpath.split(part)
        root = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        found: dict[str, tuple[str, str]] = {}
        for one in root or ():
            target = one.get("Target")
            if one.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found[one.get("Id")] = (one.get("Type").rpartition("/")[2], target)
        return found


def measure(data: bytes, kind: str, max_expansion: int) -> frozenset[str]:
    """The names in the archive, once it is known to be harmless.

    Raises TooLarge for too many entries or too much in them, by what the directory states and by what really comes
    out; UnsupportedMedia for a damaged or encrypted archive, or names that lead out of it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _measure(archive, len(data), max_expansion, kind)
    except _DAMAGED:
        raise UnsupportedMedia(f"the file is named as {kind} but its archive cannot be read") from None


def _measure(archive: zipfile.ZipFile, packed: int, max_expansion: int, kind: str) -> frozenset[str]:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise TooLarge(f"the document's archive has more than {MAX_ENTRIES} entries")
    _weigh(sum(entry.file_size for entry in entries), packed, max_expansion)
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise UnsupportedMedia(f"the {kind} file's archive names a part twice", hint="save it anew")
    if any(_leads_out(name) for name in names):
        raise UnsupportedMedia(f"the {kind} file's archive names a part outside itself", hint="save it anew")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise UnsupportedMedia("the document is encrypted", hint="save it without a password")
    # The directory may lie: unpack into nothing, counting, and stop at the limit.
    unpacked = 0
    for entry in entries:
        unpacked = _count(archive, entry, unpacked, packed, max_expansion)
    return frozenset(names)


def _leads_out(name: str) -> bool:
    return name.startswith(("/", "\\")) or "\0" in name or ".." in name.replace("\\", "/").split("/") or ":" in name[:3]


def _weigh(unpacked: int, packed: int, max_expansion: int) -> None:
    if unpacked > max_expansion or (unpacked > RATIO_FLOOR and unpacked > packed * MAX_RATIO):
        raise TooLarge(
            f"the document unpacks to more than {min(max_expansion, max(RATIO_FLOOR, packed * MAX_RATIO))} bytes",
            hint="raise ingest.max_expansion_bytes if this is meant",
        )


def _count(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, unpacked: int, packed: int, max_expansion: int) -> int:
    # Read past the stated size up to the limit; the checksum is then the reader's business.
    entry.file_size = max_expansion + 1
    entry.CRC = None  # type: ignore[assignment]
    with archive.open(entry) as stream:
        while block := stream.read(65536):
            unpacked += len(block)
            _weigh(unpacked, packed, max_expansion)
    return unpacked
