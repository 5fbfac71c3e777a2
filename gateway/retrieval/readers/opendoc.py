"""OpenDocument text (ODT): what the page shows; comments, deletions and hidden text are counted only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from gateway.retrieval.readers.archive import Package
from gateway.retrieval.readers.draft import Draft, Extracted, Limits, damaged
from gateway.retrieval.readers.paint import WHITE, hex_colour, unseen
from gateway.retrieval.readers.xml import Node
from gateway.retrieval.styles import Paint

MIME: Final = b"application/vnd.oasis.opendocument.text"
_SKIPPED: Final = frozenset(
    {"sequence-decls", "variable-decls", "user-field-decls", "forms", "bookmark", "soft-page-break"}
)
MAX_REPEAT: Final = 1000
MAX_BLANKS: Final = 64
"""A row is filled up with one blank cell for thousands of columns; those between cells are few."""


@dataclass(frozen=True, slots=True)
class _Look:
    hidden: bool = False
    size: float = 12.0
    ink: Paint = (0, 0, 0)
    ground: Paint = WHITE

    def kind(self) -> str:
        if self.hidden:
            return "style"
        if self.size <= 2:
            return "tiny"
        return "colour" if unseen(self.ink, self.ground) else ""


def read_odt(data: bytes, limits: Limits) -> Extracted:
    """Paragraphs, headings, lists, tables row by row, footnotes where they are called."""
    package = Package(data, "odt")
    root = package.xml("content.xml")
    body = root.first("body", "text") if root is not None else None
    if root is None or body is None:
        raise damaged("odt")
    return _Text(package, root, body, limits).draft.done()


class _Text:
    def __init__(self, package: Package, root: Node, body: Node, limits: Limits) -> None:
        self.draft = Draft(limits)
        self._styles: dict[str, Node] = {}
        for source, part in ((package.xml("styles.xml"), "styles"), (root, "automatic-styles")):
            for style in (source.first(part) if source is not None else None) or ():
                self._styles[style.get("name")] = style
        meta = package.xml("meta.xml")
        for one in (meta.first("meta") if meta is not None else None) or ():
            if one.name == "title":
                self.draft.title = self.draft.clean(one.words())
            elif one.name in {"description", "subject", "keyword", "user-defined"}:
                self.draft.hide("metadata", one.words())
        self._blocks(body, _Look())

    def _look(self, name: str, look: _Look, depth: int = 0) -> _Look:
        style = self._styles.get(name)
        if style is None or depth > 10:
            return look
        if parent := style.get("parent-style-name"):
            look = self._look(parent, look, depth + 1)
        for properties in style:
            ground = properties.get("background-color")
            if ground and ground != "transparent":
                look = replace(look, ground=hex_colour(ground))
            if properties.name == "table-cell-properties" and properties.first("background-image") is not None:
                look = replace(look, ground=None)
            if properties.name != "text-properties":
                continue
            if properties.get("display"):
                look = replace(look, hidden=properties.get("display") == "none")
            if colour := properties.get("color"):
                look = replace(look, ink=hex_colour(colour))
            size = properties.get("font-size")
            if size.endswith("pt") and size[:-2].replace(".", "", 1).isdigit():
                look = replace(look, size=float(size[:-2]))
        return look

    def _blocks(self, parent: Node, look: _Look, *, item: bool = False) -> None:
        for node in parent:
            name = node.name
            if name in {"p", "h"}:
                notes: list[Node] = []
                text = self._inline(node, self._look(node.get("style-name"), look), notes).strip()
                level = node.get("outline-level")
                if name == "h":
                    self.draft.heading(text, int(level) if level.isdigit() else 1)
                else:
                    self.draft.text(f"- {text}" if item and text else text)
                for note in notes:
                    self._blocks(note, _Look())
            elif name == "table":
                self._table(node, look)
            elif name == "tracked-changes":
                for change in node.all("deletion"):
                    self.draft.hide("deleted", "\n".join(one.words() for one in change if one.name in {"p", "h"}))
            elif name == "section" and node.get("display") in {"none", "condition"}:
                self.draft.hide("style", node.words())
            elif name not in _SKIPPED:
                self._blocks(node, look, item=name == "list-item" or item)

    def _inline(self, node: Node, look: _Look, notes: list[Node]) -> str:
        parts: list[str] = []
        for child in node.children:
            if isinstance(child, str):
                if kind := look.kind():
                    self.draft.hide(kind, child)
                else:
                    parts.append(child)
                continue
            parts.append(self._space(child) or self._element(child, look, notes))
        return "".join(parts)

    @staticmethod
    def _space(node: Node) -> str:
        if node.name == "s":
            count = node.get("c", "1")
            return " " * min(int(count) if count.isdigit() and len(count) < 9 else 1, 100)
        return {"tab": "\t", "line-break": "\n"}.get(node.name, "")

    def _element(self, node: Node, look: _Look, notes: list[Node]) -> str:
        name = node.name
        if name == "annotation":
            self.draft.hide("comment", "\n".join(one.words() for one in node if one.name == "p"))
        elif name in {"hidden-text", "hidden-paragraph"}:
            self.draft.hide("style", node.get("string-value") or node.words())
        elif name == "note":
            notes += [one for one in node if one.name == "note-body"]
        elif name == "a":
            words, target = self._inline(node, look, notes), node.get("href")
            shown = words.strip() and target.lower().startswith(("http://", "https://"))
            return f"{words} ({target})" if shown and target.rstrip("/") != words.rstrip("/") else words
        elif name not in {"annotation-end", "tracked-changes"}:
            named = [f" {one.words()} " for one in node if one.name in {"desc", "title"} and name == "frame"]
            end = "\n" if name in {"p", "h", "list-item", "table-row"} else ""
            return "".join([*named, self._inline(node, self._look(node.get("style-name"), look), notes), end])
        return ""

    def _table(self, node: Node, look: _Look) -> None:
        rows: list[list[str]] = []
        marked = node.first("table-header-rows") is not None
        for row in _rows(node):
            if row.get("visibility") in {"collapse", "filter"}:
                self.draft.hide("hidden_row", row.words())
                continue
            cells: list[str] = []
            for cell in row:
                if cell.name not in {"table-cell", "covered-table-cell"}:
                    continue
                notes: list[Node] = []
                text = self._inline(cell, self._look(cell.get("style-name"), look), notes)
                text = "\n".join([text, *(note.words() for note in notes)])
                if cell.name == "covered-table-cell" and rows and len(cells) < len(rows[-1]) and not text.strip():
                    text = rows[-1][len(cells)] if not cells or not row.first("table-cell") else ""
                times = cell.get("number-columns-repeated", "1")
                most = MAX_REPEAT if text.strip() else MAX_BLANKS
                many = min(int(times), most) if times.isdigit() and len(times) < 9 else 1
                cells += [text] * many
            rows.append(cells)
        self.draft.table(rows, header=True if marked else None)


def _rows(node: Node) -> list[Node]:
    found: list[Node] = []
    for child in node:
        if child.name == "table-row":
            found.append(child)
        elif child.name in {"table-header-rows", "table-rows", "table-row-group"}:
            found += _rows(child)
    return found
