"""Presentations (PPTX): a page per slide, its title as heading, tables row by row, speaker notes marked as such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.retrieval.readers.archive import Package
from gateway.retrieval.readers.draft import Draft, Extracted, Limits, damaged
from gateway.retrieval.readers.paint import WHITE, hex_colour, unseen
from gateway.retrieval.readers.xml import Node
from gateway.retrieval.styles import Paint

MAIN: Final = "ppt/presentation.xml"
_TINY: Final = 200
"""Hundredths of a point."""
_OFF: Final = frozenset({"0", "false"})
_PLAIN: Final = {"bg1": "lt1", "tx1": "dk1", "bg2": "lt2", "tx2": "dk2"}


def read_pptx(data: bytes, limits: Limits) -> Extracted:
    """Slides in the order they are shown; hidden slides and comments are counted only."""
    package = Package(data, "pptx")
    root = package.xml(MAIN)
    if root is None:
        raise damaged("pptx")
    draft = Draft(limits)
    relations = package.relations(MAIN)
    core = package.xml("docProps/core.xml")
    if core is not None and (title := core.first("title")) is not None:
        draft.title = draft.clean(title.words())
    size = root.first("sldSz")
    extent = (_whole(size, "cx"), _whole(size, "cy")) if size is not None else (0, 0)
    number = 0
    for entry in root.first("sldIdLst") or ():
        _, part = relations.get(entry.get("r:id"), ("", ""))
        slide = package.xml(part)
        if slide is None:
            continue
        number += 1
        if slide.get("show") in _OFF:
            draft.hide("hidden_slide", _words(slide))
            continue
        draft.page(number)
        _Slide(package, part, slide, draft, extent).read()
    return draft.done()


class _Slide:
    def __init__(self, package: Package, part: str, slide: Node, draft: Draft, extent: tuple[int, int]) -> None:
        self._package = package
        self._slide = slide
        self._draft = draft
        self._extent = extent
        self._relations = package.relations(part)
        layout = self._related(self._relations, "slideLayout")
        beyond = package.relations(layout) if layout else {}
        master = self._related(beyond, "slideMaster")
        theme = self._related(package.relations(master), "theme") if master else ""
        self._theme = _theme(package.xml(theme) if theme else None)
        self._ground: Paint = WHITE
        for source in (slide, package.xml(layout), package.xml(master)):
            background = source.first("cSld", "bg") if source is not None else None
            if background is not None:
                fill = background.first("bgPr") or background
                self._ground = (
                    self._fill(fill, None) if fill.name == "bgPr" else self._colour(background.first("bgRef"))
                )
                break

    @staticmethod
    def _related(relations: Mapping[str, tuple[str, str]], kind: str) -> str:
        return next((target for one, target in relations.values() if one == kind), "")

    def read(self) -> None:
        tree = self._slide.first("cSld", "spTree")
        shapes = list(tree) if tree is not None else []
        # The title first, wherever it stands in the file.
        for shape in sorted(shapes, key=lambda one: not _is_title(one)):
            self._shape(shape)
        for kind, target in self._relations.values():
            if kind == "comments" and target in self._package.names:
                self._draft.hide("comment", _words(self._package.xml(target)))
            elif kind == "notesSlide" and (notes := self._package.xml(target)) is not None:
                spoken = [
                    _words(shape)
                    for shape in notes.all("sp")
                    if (mark := shape.first("nvSpPr", "nvPr", "ph")) is not None and mark.get("type") == "body"
                ]
                if any(words.strip() for words in spoken):
                    self._draft.text("Speaker notes: " + "\n".join(spoken).strip())

    def _shape(self, node: Node, depth: int = 0) -> None:
        if node.name not in {"sp", "grpSp", "graphicFrame", "pic", "cxnSp", "AlternateContent"}:
            return
        if depth == 0 and (kind := self._out_of_sight(node)):
            self._draft.hide(kind, _words(node))
        elif node.name in {"grpSp", "AlternateContent"}:
            for child in (node.first("Choice") or ()) if node.name == "AlternateContent" else node:
                self._shape(child, depth + 1)
        elif node.name == "graphicFrame":
            self._frame(node)
        elif node.name == "pic":
            named = node.first("nvPicPr", "cNvPr")
            self._draft.text(named.get("descr") if named is not None else "")
        elif (body := node.first("txBody")) is not None:
            self._text(node, body)

    def _frame(self, node: Node) -> None:
        """Tables, and the words of a diagram."""
        for table in node.all("tbl"):
            self._table(table)
        for related in node.all("relIds"):
            _, target = self._relations.get(related.get("r:dm"), ("", ""))
            self._draft.text(_words(self._package.xml(target)))

    def _text(self, node: Node, body: Node) -> None:
        properties = node.first("spPr")
        ground = self._fill(properties, self._ground) if properties is not None else self._ground
        if node.first("style", "fillRef") is not None and ground == self._ground:
            ground = None
        lines = [self._paragraph(one, ground) for one in body if one.name == "p"]
        text = "\n".join(line for line in lines if line.strip())
        if _is_title(node):
            self._draft.heading(text, 1)
        else:
            self._draft.text(text)

    def _out_of_sight(self, node: Node) -> str:
        for part in node:
            if (
                part.name.startswith("nv")
                and (named := part.first("cNvPr")) is not None
                and named.get("hidden")
                in {
                    "1",
                    "true",
                }
            ):
                return "style"
        frame = node.first("spPr", "xfrm") or node.first("grpSpPr", "xfrm") or node.first("xfrm")
        at, size = (frame.first("off"), frame.first("ext")) if frame is not None else (None, None)
        if at is None or size is None or not all(self._extent):
            return ""
        x, y = _whole(at, "x"), _whole(at, "y")
        beside = x >= self._extent[0] or y >= self._extent[1]
        return "outside" if beside or x + _whole(size, "cx") < 0 or y + _whole(size, "cy") < 0 else ""

    def _paragraph(self, node: Node, ground: Paint) -> str:
        parts: list[str] = []
        for run in node:
            if run.name == "br":
                parts.append("\n")
            if run.name not in {"r", "fld"} or (words := run.first("t")) is None:
                continue
            look = run.first("rPr")
            fill = look.first("solidFill") if look is not None else None
            size = _whole(look, "sz", 1800) if look is not None else 1800
            if size <= _TINY:
                self._draft.hide("tiny", words.words())
            elif fill is not None and unseen(self._colour(fill), ground):
                self._draft.hide("colour", words.words())
            else:
                parts.append(words.words())
        return "".join(parts)

    def _table(self, node: Node) -> None:
        rows: list[list[str]] = []
        properties = node.first("tblPr")
        marked = properties is not None and properties.get("firstRow") in {"1", "true"}
        for row in node:
            if row.name != "tr":
                continue
            cells: list[str] = []
            for cell in row:
                if cell.name != "tc":
                    continue
                body = cell.first("txBody")
                text = "\n".join(self._paragraph(one, None) for one in body or () if one.name == "p")
                if cell.get("vMerge") in {"1", "true"} and rows and len(cells) < len(rows[-1]):
                    text = rows[-1][len(cells)]
                cells.append(text)
            rows.append(cells)
        self._draft.table(rows, header=True if marked else None)

    def _fill(self, properties: Node, ground: Paint) -> Paint:
        for one in properties:
            if one.name == "solidFill":
                return self._colour(one)
            if one.name in {"gradFill", "blipFill", "pattFill", "grpFill"}:
                return None
        return ground

    def _colour(self, node: Node | None) -> Paint:
        for one in node or ():
            # A lighter or darker shade, or a transparent one, is another colour: not guessed.
            if any(True for _ in one):
                return None
            if one.name == "srgbClr":
                return hex_colour(one.get("val"))
            if one.name == "schemeClr":
                return self._theme.get(_PLAIN.get(one.get("val"), one.get("val")))
        return None


def _theme(root: Node | None) -> dict[str, Paint]:
    scheme = root.first("themeElements", "clrScheme") if root is not None else None
    found: dict[str, Paint] = {}
    for one in scheme or ():
        for colour in one:
            found[one.name] = hex_colour(colour.get("lastClr") or colour.get("val"))
    return found


def _is_title(node: Node) -> bool:
    mark = node.first("nvSpPr", "nvPr", "ph")
    return mark is not None and mark.get("type") in {"title", "ctrTitle"}


def _words(node: Node | None) -> str:
    """The text of every paragraph below, a line each."""
    if node is None:
        return ""
    lines = ["".join(words.words() for words in one.all("t")) for one in node.all("p")]
    return "\n".join(line for line in lines if line.strip()) or "".join(one.words() for one in node.all("text"))


def _whole(node: Node, name: str, usual: int = 0) -> int:
    value = node.get(name)
    return int(value) if value.removeprefix("-").isdigit() and len(value) < 15 else usual
