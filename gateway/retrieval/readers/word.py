"""Word documents (DOCX): what the page shows, in order; hidden, deleted and commented text is counted only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from gateway.retrieval.readers.archive import Package
from gateway.retrieval.readers.draft import Draft, Extracted, Limits, damaged
from gateway.retrieval.readers.paint import WHITE, hex_colour, unseen
from gateway.retrieval.readers.xml import Node
from gateway.retrieval.styles import Paint

_TINY: Final = 4
"""Half points."""
_OFF: Final = frozenset({"0", "false", "off", "none"})
_BESIDE: Final = {"comments": "comment", "header": "header_footer", "footer": "header_footer"}
_HIGHLIGHTS: Final = {"black": (0, 0, 0), "white": (255, 255, 255), "none": None}
MAIN: Final = "word/document.xml"


@dataclass(frozen=True, slots=True)
class _Look:
    """How a run of text is shown."""

    level: int = 0
    hidden: bool = False
    size: int = 22
    ink: Paint = (0, 0, 0)
    ground: Paint = WHITE

    def kind(self) -> str:
        """What hides the text; "" when nothing does."""
        if self.hidden:
            return "style"
        if self.size <= _TINY:
            return "tiny"
        return "colour" if unseen(self.ink, self.ground) else ""


def read_docx(data: bytes, limits: Limits) -> Extracted:
    """Paragraphs with heading styles, lists, tables row by row, footnotes where they are called."""
    package = Package(data, "docx")
    root = package.xml(MAIN)
    body = root.first("body") if root is not None else None
    if body is None:
        raise damaged("docx")
    return _Word(package, body, limits).draft.done()


class _Word:
    def __init__(self, package: Package, body: Node, limits: Limits) -> None:
        self.draft = Draft(limits)
        self._relations = package.relations(MAIN)
        self._styles: dict[str, Node] = {}
        self._looks: dict[str, _Look] = {}
        styles = package.xml("word/styles.xml")
        for style in styles or ():
            if style.name == "style":
                self._styles[style.get("styleId")] = style
        self._base = _Look()
        if styles is not None and (usual := styles.first("docDefaults", "rPrDefault", "rPr")) is not None:
            self._base = _changed(self._base, usual)
        self._notes: dict[tuple[str, str], Node] = {}
        for part, kind in (("word/footnotes.xml", "footnoteReference"), ("word/endnotes.xml", "endnoteReference")):
            for note in package.xml(part) or ():
                if note.get("type") not in {"separator", "continuationSeparator"}:
                    self._notes[kind, note.get("id")] = note
        core = package.xml("docProps/core.xml")
        if core is not None:
            title = core.first("title")
            self.draft.title = self.draft.clean(title.words()) if title is not None else ""
            for one in core:
                if one.name in {"subject", "keywords", "description", "category"}:
                    self.draft.hide("metadata", one.words())
        self._blocks(body, self._base)
        for kind, target in self._relations.values():
            if kind in _BESIDE and target in package.names:
                self.draft.hide(_BESIDE[kind], (package.xml(target) or Node("", {})).words())

    def _blocks(self, parent: Node, look: _Look) -> None:
        for node in parent:
            if node.name == "p":
                self._paragraph(node, look)
            elif node.name == "tbl":
                self._table(node, look)
            elif node.name in {"sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag"}:
                self._blocks(node, look)
            elif node.name in {"del", "moveFrom"}:
                self.draft.hide("deleted", node.words())

    def _paragraph(self, node: Node, look: _Look) -> None:
        look = self._paragraph_look(node, look)
        notes: list[Node] = []
        boxes: list[Node] = []
        text = self._inline(node, look, notes, boxes)
        if look.level and text.strip():
            self.draft.heading(text, look.level)
        elif node.first("pPr", "numPr") is not None and text.strip():
            self.draft.text("- " + text.strip())
        else:
            self.draft.text(text)
        for box in boxes:
            self._blocks(box, replace(self._base, ground=None))
        for note in notes:
            self._blocks(note, self._base)

    def _paragraph_look(self, node: Node, look: _Look) -> _Look:
        properties = node.first("pPr")
        if properties is None:
            return self._style("", look)
        look = self._style(properties.value("pStyle"), look)
        if (outline := properties.value("outlineLvl")).isdigit() and int(outline) < 9:
            look = replace(look, level=int(outline) + 1)
        return replace(look, ground=_shade(properties, look.ground))

    def _style(self, name: str, look: _Look, depth: int = 0) -> _Look:
        style = self._styles.get(name)
        if style is None or depth > 10:
            return replace(look, level=_level(name)) if _level(name) else look
        look = self._style(style.value("basedOn"), look, depth + 1) if style.first("basedOn") is not None else look
        level = _level(style.value("name")) or _level(name)
        if (outline := style.value("pPr", "outlineLvl")).isdigit() and int(outline) < 9:
            level = int(outline) + 1
        if level:
            look = replace(look, level=level)
        properties = style.first("rPr")
        if (paragraph := style.first("pPr")) is not None:
            look = replace(look, ground=_shade(paragraph, look.ground))
        return _changed(look, properties) if properties is not None else look

    def _inline(self, node: Node, look: _Look, notes: list[Node], boxes: list[Node]) -> str:
        parts: list[str] = []
        for child in node:
            name = child.name
            if name == "r":
                parts.append(self._run(child, look, notes, boxes))
            elif name in {"del", "moveFrom"}:
                self.draft.hide("deleted", child.words())
            elif name == "hyperlink":
                words = self._inline(child, look, notes, boxes)
                kind, target = self._relations.get(child.get("r:id"), ("", ""))
                shown = kind == "hyperlink" and words.strip() and target.lower().startswith(("http://", "https://"))
                parts.append(f"{words} ({target})" if shown and target.rstrip("/") != words.rstrip("/") else words)
            elif name in {"oMath", "oMathPara"}:
                parts.append(child.words())
            elif name not in {"pPr", "rPr", "commentRangeStart", "Fallback"}:
                parts.append(self._inline(child, look, notes, boxes))
        return "".join(parts)

    def _run(self, node: Node, look: _Look, notes: list[Node], boxes: list[Node]) -> str:
        properties = node.first("rPr")
        if properties is not None:
            named = properties.value("rStyle")
            look = _changed(replace(self._style(named, look), level=look.level) if named else look, properties)
        parts: list[str] = []
        for child in node:
            name = child.name
            if name == "t":
                parts.append(child.words())
            elif name in {"tab", "ptab"}:
                parts.append("\t")
            elif name in {"br", "cr"}:
                parts.append("\n")
            elif name == "noBreakHyphen":
                parts.append("-")
            elif name == "delText":
                self.draft.hide("deleted", child.words())
            elif (name, child.get("id")) in self._notes:
                notes.append(self._notes[name, child.get("id")])
            elif name in {"drawing", "pict", "AlternateContent", "object"}:
                self._drawing(child, parts, boxes)
        text = "".join(parts)
        if kind := look.kind():
            self.draft.hide(kind, text)
            return ""
        return text

    def _drawing(self, node: Node, parts: list[str], boxes: list[Node]) -> None:
        for child in node:
            if child.name == "txbxContent":
                boxes.append(child)
            elif child.name == "docPr" and child.get("descr").strip():
                parts.append(f" {child.get('descr')} ")
            elif child.name != "Fallback":
                self._drawing(child, parts, boxes)

    def _table(self, node: Node, look: _Look) -> None:
        rows: list[list[str]] = []
        above: dict[int, str] = {}
        marked: bool | None = None
        if self._shaded(node.value("tblPr", "tblStyle")):
            look = replace(look, ground=None)
        for row in _within(node, "tr"):
            properties = row.first("trPr")
            if properties is not None and properties.first("del") is not None:
                self.draft.hide("deleted", row.words())
                continue
            if properties is not None and _on(properties.first("hidden")):
                self.draft.hide("hidden_row", row.words())
                continue
            if not rows and properties is not None and _on(properties.first("tblHeader")):
                marked = True
            cells: list[str] = []
            for cell in _within(row, "tc"):
                given = cell.first("tcPr")
                inner = replace(look, ground=_shade(given, look.ground)) if given is not None else look
                text = self._cell(cell, inner)
                merged = given.first("vMerge") if given is not None else None
                if merged is not None and merged.get("val", "continue") == "continue":
                    text = above.get(len(cells), "")
                above[len(cells)] = text
                span = given.value("gridSpan", default="1") if given is not None else "1"
                cells += [text, *[""] * (min(int(span), 64) - 1 if span.isdigit() else 0)]
            rows.append(cells)
        self.draft.table(rows, header=marked)

    def _cell(self, cell: Node, look: _Look) -> str:
        parts: list[str] = []
        notes: list[Node] = []
        boxes: list[Node] = []
        todo = [iter(cell)]
        while todo:
            node = next(todo[-1], None)
            if node is None:
                todo.pop()
            elif node.name == "p":
                parts.append(self._inline(node, self._paragraph_look(node, look), notes, boxes))
            elif node.name in {"del", "moveFrom"}:
                self.draft.hide("deleted", node.words())
            elif node.name not in {"tcPr", "trPr", "tblPr", "tblGrid"}:
                todo.append(iter(node))
        parts += (note.words() for note in notes)
        parts += (box.words() for box in boxes)
        return "\n".join(parts)

    def _shaded(self, name: str) -> bool:
        style = self._styles.get(name)
        return style is not None and any(_shade_of(shade) not in {None, WHITE} for shade in style.all("shd"))


def _within(node: Node, name: str) -> list[Node]:
    """Children of this name, also inside content controls and insertions."""
    found: list[Node] = []
    for child in node:
        if child.name == name:
            found.append(child)
        elif child.name in {"sdt", "sdtContent", "ins", "customXml"}:
            found += _within(child, name)
    return found


def _level(style: str) -> int:
    name = style.lower().replace(" ", "")
    if name == "title":
        return 1
    for word in ("heading", "überschrift", "berschrift", "titre", "titolo", "kop", "ttulo", "título"):
        if name.startswith(word) and name[len(word) :].isdigit():
            return max(1, min(int(name[len(word) :]), 6))
    return 0


def _on(node: Node | None) -> bool:
    return node is not None and node.get("val", "1").lower() not in _OFF


def _changed(look: _Look, properties: Node) -> _Look:
    """The look with what run properties say."""
    for one in properties:
        name, value = one.name, one.get("val")
        if name == "vanish":
            look = replace(look, hidden=_on(one))
        elif name == "sz" and value.isdigit():
            look = replace(look, size=int(value))
        elif name == "color":
            theme = one.get("themeColor")
            ink: Paint = WHITE if theme in {"background1", "light1"} and not one.get("themeShade") else None
            look = replace(look, ink=ink if theme else (0, 0, 0) if value == "auto" else hex_colour(value))
        elif name == "highlight":
            look = replace(look, ground=_HIGHLIGHTS.get(value, value) or look.ground)
    return replace(look, ground=_shade(properties, look.ground))


def _shade(properties: Node, ground: Paint) -> Paint:
    shade = properties.first("shd")
    if shade is None:
        return ground
    if shade.get("themeFill") and not hex_colour(shade.get("fill")):
        return None
    return ground if shade.get("fill", "auto") in {"auto", ""} else hex_colour(shade.get("fill"))


def _shade_of(shade: Node) -> Paint:
    return hex_colour(shade.get("fill"))
