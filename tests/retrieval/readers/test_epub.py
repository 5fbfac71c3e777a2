"""Books."""

# ruff: noqa: E501

from __future__ import annotations

import pytest

from gateway.errors import UnsupportedMedia
from tests.retrieval.office import epub
from tests.retrieval.readers.reading import headings, read

PAGES = {
    "z.xhtml": "<html><body><h1>One</h1><p>first</p><p hidden>unseen</p></body></html>",
    "a.xhtml": "<html><body><h2>Two</h2><table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table></body></html>",
}


def test_chapters_in_reading_order() -> None:
    found = read(epub(PAGES), "epub")
    assert found.text == "# One\n\nfirst\n\n## Two\n\nA: 1\nB: 2\n"
    assert headings(found) == [("One", 1), ("Two", 2)]
    assert found.title == "The pump"
    assert found.hidden == {"style": 6}


def test_copy_protection() -> None:
    locked = '<encryption xmlns:e="e"><e:CipherReference URI="OEBPS/z.xhtml"/></encryption>'
    with pytest.raises(UnsupportedMedia, match="encrypted"):
        read(epub(PAGES, parts={"META-INF/encryption.xml": locked}), "epub")
