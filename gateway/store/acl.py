"""One entry in a folder's access control list (POSIX.1e, as Linux keeps it): this user may pass through.

The alternative, a folder that everybody may pass through, would open other people's home directories for good.
"""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path
from typing import Final

ATTRIBUTE: Final = "system.posix_acl_access"
HEADER: Final = struct.pack("<I", 2)
ENTRY: Final = struct.Struct("<HHI")
NOBODY: Final = 0xFFFFFFFF
OWNER, USER, GROUP, NAMED_GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
SEARCH: Final = 1


def may_search(folder: Path, uid: int) -> bool:
    """Whether `uid`, neither root nor in any of the folder's groups, may pass through `folder`."""
    facts = folder.stat()
    if facts.st_uid == uid:
        return bool(facts.st_mode & stat.S_IXUSR)
    entries = _read(folder)
    if (USER, uid) in entries:
        return bool(entries[USER, uid] & entries.get((MASK, NOBODY), 7) & SEARCH)
    return bool(facts.st_mode & stat.S_IXOTH)


def allow_search(folder: Path, uid: int) -> bool:
    """Let `uid` pass through `folder`; False where no such list is kept or we may not change it."""
    entries = _read(folder)
    if not entries:
        mode = folder.stat().st_mode
        entries = {(OWNER, NOBODY): mode >> 6 & 7, (GROUP, NOBODY): mode >> 3 & 7, (OTHER, NOBODY): mode & 7}
    # What the mask had held back of others' entries stays back: they are cut down to it before it is widened.
    mask = entries.pop((MASK, NOBODY), 7)
    for tag, name in entries:
        if tag in (USER, GROUP, NAMED_GROUP):
            entries[tag, name] &= mask
    entries[USER, uid] = entries.get((USER, uid), 0) | SEARCH
    union = 0
    for (tag, _), may in entries.items():
        if tag in (USER, GROUP, NAMED_GROUP):
            union |= may
    entries[MASK, NOBODY] = union
    data = HEADER + b"".join(ENTRY.pack(tag, may, name) for (tag, name), may in sorted(entries.items()))
    try:
        os.setxattr(folder, ATTRIBUTE, data)
    except (OSError, AttributeError):
        return False
    return True


def _read(folder: Path) -> dict[tuple[int, int], int]:
    """(tag, id) -> permission bits; empty without a list."""
    try:
        data = os.getxattr(folder, ATTRIBUTE)
    except (OSError, AttributeError):
        return {}
    if not data.startswith(HEADER) or (len(data) - len(HEADER)) % ENTRY.size:
        return {}
    return {(tag, name): may for tag, may, name in ENTRY.iter_unpack(data[len(HEADER) :])}
