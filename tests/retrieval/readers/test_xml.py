"""XML and its dangers."""

from __future__ import annotations

import pytest

from gateway.errors import TooLarge, UnsupportedMedia
from gateway.retrieval.readers import xml
from gateway.retrieval.readers.xml import DEPTH, parse

BOMB = b'<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><l>&b;</l>'


def test_names_without_namespaces() -> None:
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    root = parse(f'<w:a xmlns:w="w" xmlns:r="{relations}" w:id="1" r:id="2"><w:b>x<c/>y</w:b></w:a>'.encode())
    assert (root.name, root.get("id"), root.get("r:id")) == ("a", "1", "2")
    assert root.words() == "xy"
    assert [node.name for node in root.all("c")] == ["c"]
    assert root.first("b", "c") is not None
    assert root.value("b", default="none") == "none"


@pytest.mark.parametrize(
    "data", [BOMB, b'<!DOCTYPE x SYSTEM "http://x.example/">', b"<a>", b"", b"<a>&nbsp;</a>", b"\xff\xfe<"]
)
def test_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        parse(data)


def test_depth_and_number() -> None:
    parse(b"<a>" * DEPTH + b"</a>" * DEPTH)
    with pytest.raises(UnsupportedMedia, match="nested"):
        parse(b"<a>" * (DEPTH + 1) + b"</a>" * (DEPTH + 1))


def test_too_many_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "NODES", 10)
    with pytest.raises(TooLarge):
        parse(b"<a>" + b"<b/>" * 20 + b"</a>")
