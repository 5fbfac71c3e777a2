"""Books (EPUB): chapters in reading order, each as the page it is."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

from gateway.errors import UnsupportedMedia
from gateway.retrieval.readers.archive import Package
from gateway.retrieval.readers.draft import Draft, Extracted, Limits, damaged
from gateway.retrieval.readers.web import read_html

MIME = b"application/epub+zip"
_PAGES = frozenset({"application/xhtml+xml", "text/html", "text/x-oeb1-document"})


def read_epub(data: bytes, limits: Limits) -> Extracted:
    """Raises UnsupportedMedia for a book whose text is encrypted."""
    package = Package(data, "epub")
    container = package.xml("META-INF/container.xml")
    main = next((one.get("full-path") for one in container.all("rootfile")), "") if container is not None else ""
    root = package.xml(main)
    if root is None:
        raise damaged("epub")
    locked = {one.get("URI") for one in (package.xml("META-INF/encryption.xml") or root).all("CipherReference")}
    folder = posixpath.dirname(main)
    draft = Draft(limits)
    title = next(root.all("title"), None)
    draft.title = draft.clean(title.words()) if title is not None else ""
    for one in root.all("description"):
        draft.hide("metadata", one.words())
    parts = {
        item.get("id"): posixpath.normpath(posixpath.join(folder, unquote(item.get("href"))))
        for item in root.all("item")
        if item.get("media-type") in _PAGES
    }
    for entry in root.all("itemref"):
        part = parts.get(entry.get("idref"), "")
        if part in locked:
            raise UnsupportedMedia("the book is encrypted", hint="only books without copy protection are read")
        if part in package.names:
            draft.take(read_html(package.read(part), limits))
    return draft.done()
