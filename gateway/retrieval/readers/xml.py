"""XML without its dangers: no document type, hence no entities; nesting and size bounded. Runs in the child."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from xml.parsers import expat

from gateway.errors import TooLarge, UnsupportedMedia

DEPTH: Final = 256
NODES: Final = 3_000_000


class Node:
    """An element: `name` without its namespace; attributes likewise, those of relationships as `r:name`."""

    __slots__ = ("attributes", "children", "name")

    def __init__(self, name: str, attributes: Mapping[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[Node | str] = []

    def get(self, name: str, default: str = "") -> str:
        """An attribute."""
        return self.attributes.get(name, default)

    def __iter__(self) -> Iterator[Node]:
        return (child for child in self.children if isinstance(child, Node))

    def first(self, *path: str) -> Node | None:
        """The first element down a path of names."""
        found: Node | None = self
        for name in path:
            found = next((child for child in found if child.name == name), None) if found is not None else None
        return found

    def value(self, *path: str, default: str = "") -> str:
        """The `val` attribute of the element down a path."""
        found = self.first(*path)
        return default if found is None else found.get("val", default)

    def all(self, name: str) -> Iterator[Node]:
        """Every element of this name below, in order."""
        todo = [iter(self)]
        while todo:
            child = next(todo[-1], None)
            if child is None:
                todo.pop()
                continue
            if child.name == name:
                yield child
            todo.append(iter(child))

    def words(self) -> str:
        """All text below."""
        parts: list[str] = []
        todo: list[Node | str] = [self]
        while todo:
            node = todo.pop()
            if isinstance(node, str):
                parts.append(node)
            else:
                todo.extend(reversed(node.children))
        return "".join(parts)


Start = Callable[[str, Mapping[str, str]], None]


def parse(data: bytes) -> Node:
    """The root element. Raises UnsupportedMedia for what is not well formed, declares entities or nests too deeply."""
    root = Node("", {})
    stack = [root]
    count = 0

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal count
        count += 1
        if count > NODES:
            raise TooLarge("the document has too many parts", hint="split it")
        node = Node(name, attributes)
        stack[-1].children.append(node)
        stack.append(node)

    def text(words: str) -> None:
        stack[-1].children.append(words)

    stream(data, start, lambda _: stack.pop(), text)
    return next(iter(root))


def stream(data: bytes, start: Start, end: Callable[[str], Any], text: Callable[[str], None]) -> None:
    """Calls back for each start tag, end tag and text, names as in `Node`. Raises as `parse` does."""
    depth = 0
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def opened(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH:
            raise UnsupportedMedia("the document's elements are nested too deeply", hint="save it anew")
        start(name.rpartition(" ")[2], {_short(key): value for key, value in attributes.items()})

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name.rpartition(" ")[2])

    def doctype(*_: object) -> None:
        raise UnsupportedMedia("the document declares a document type of its own", hint="save it anew")

    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError):
        raise UnsupportedMedia("the document's XML is damaged", hint="save it anew") from None


def _short(key: str) -> str:
    space, _, local = key.rpartition(" ")
    return f"r:{local}" if space.endswith("/relationships") else local
