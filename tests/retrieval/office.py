"""Invented office files, books and messages, written here part by part."""

# ruff: noqa: E501

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from tests.retrieval.files import archive

_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_P = "http://schemas.openxmlformats.org/package/2006/relationships"
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_PP = "http://schemas.openxmlformats.org/presentationml/2006/main"
_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def relations(*entries: tuple[str, str, str]) -> str:
    """(id, kind, target); a target with `://` is external."""
    body = "".join(
        f'<Relationship Id="{name}" Type="{_R}/{kind}" Target="{target}"'
        f"{' TargetMode=' + chr(34) + 'External' + chr(34) if '://' in target else ''}/>"
        for name, kind, target in entries
    )
    return f'<Relationships xmlns="{_P}">{body}</Relationships>'


def docx(body: str, parts: Mapping[str, str] | None = None, links: Sequence[tuple[str, str, str]] = ()) -> bytes:
    """A Word document of this body; parts: further parts by name."""
    return archive(
        {
            "[Content_Types].xml": _TYPES,
            "word/document.xml": f'<w:document xmlns:w="{_W}" xmlns:r="{_R}"><w:body>{body}</w:body></w:document>',
            "word/_rels/document.xml.rels": relations(*links),
            **{name: part.replace("<w:", "<w:", 1) for name, part in (parts or {}).items()},
        }
    )


def run(text: str, look: str = "") -> str:
    return f"<w:r><w:rPr>{look}</w:rPr><w:t xml:space='preserve'>{text}</w:t></w:r>"


def par(*runs: str, look: str = "") -> str:
    return f"<w:p><w:pPr>{look}</w:pPr>{''.join(runs)}</w:p>"


def wtable(*rows: Sequence[str], look: str = "") -> str:
    """A Word table; a cell that begins with `<w:tcPr` brings its own properties."""
    made = ""
    for row in rows:
        cells = ""
        for cell in row:
            given, _, text = cell.rpartition("</w:tcPr>")
            cells += f"<w:tc>{given + '</w:tcPr>' if given else ''}{par(run(text))}</w:tc>"
        made += f"<w:tr>{cells}</w:tr>"
    return f"<w:tbl><w:tblPr>{look}</w:tblPr>{made}</w:tbl>"


def xml_part(name: str, body: str) -> str:
    return f'<w:{name} xmlns:w="{_W}">{body}</w:{name}>'


def xlsx(
    sheets: Mapping[str, str], *, styles: str = "", strings: Sequence[str] = (), states: Mapping[str, str] | None = None
) -> bytes:
    """A workbook: sheet name -> the inside of its `worksheet`."""
    parts: dict[str, str | bytes] = {"[Content_Types].xml": _TYPES}
    listed = ""
    links = []
    for number, (name, body) in enumerate(sheets.items(), 1):
        state = (states or {}).get(name)
        listed += f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"{f" state={state!r}" if state else ""}/>'
        links.append((f"rId{number}", "worksheet", f"worksheets/sheet{number}.xml"))
        parts[f"xl/worksheets/sheet{number}.xml"] = f'<worksheet xmlns="{_S}">{body}</worksheet>'
    parts["xl/workbook.xml"] = f'<workbook xmlns="{_S}" xmlns:r="{_R}"><sheets>{listed}</sheets></workbook>'
    parts["xl/_rels/workbook.xml.rels"] = relations(*links)
    if styles:
        parts["xl/styles.xml"] = f'<styleSheet xmlns="{_S}">{styles}</styleSheet>'
    if strings:
        items = "".join(f"<si><t>{text}</t></si>" for text in strings)
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{_S}">{items}</sst>'
    return archive(parts)


def cells(*rows: Sequence[str | float | None], first: int = 1) -> str:
    """`sheetData` of inline texts and numbers."""
    made = ""
    for number, row in enumerate(rows, first):
        inside = ""
        for column, value in enumerate(row):
            place = f"{chr(65 + column)}{number}"
            if isinstance(value, str):
                inside += f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
            elif value is not None:
                inside += f'<c r="{place}"><v>{value}</v></c>'
        made += f'<row r="{number}">{inside}</row>'
    return f"<sheetData>{made}</sheetData>"


def pptx(*slides: str, notes: Mapping[int, str] | None = None, hidden: Sequence[int] = ()) -> bytes:
    """A presentation: the shapes of each slide; notes and hidden by number from 1."""
    parts: dict[str, str | bytes] = {"[Content_Types].xml": _TYPES}
    listed = ""
    links = []
    for number, shapes in enumerate(slides, 1):
        show = ' show="0"' if number in hidden else ""
        listed += f'<p:sldId id="{255 + number}" r:id="rId{number}"/>'
        links.append((f"rId{number}", "slide", f"slides/slide{number}.xml"))
        parts[f"ppt/slides/slide{number}.xml"] = (
            f'<p:sld xmlns:p="{_PP}" xmlns:a="{_A}" xmlns:r="{_R}"{show}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:sld>'
        )
        if notes and number in notes:
            parts[f"ppt/slides/_rels/slide{number}.xml.rels"] = relations(
                ("rId1", "notesSlide", f"../notesSlides/n{number}.xml")
            )
            parts[f"ppt/notesSlides/n{number}.xml"] = (
                f'<p:notes xmlns:p="{_PP}" xmlns:a="{_A}"><p:cSld><p:spTree>{shape(notes[number], kind="body")}'
                "</p:spTree></p:cSld></p:notes>"
            )
    parts["ppt/presentation.xml"] = (
        f'<p:presentation xmlns:p="{_PP}" xmlns:r="{_R}"><p:sldIdLst>{listed}</p:sldIdLst>'
        '<p:sldSz cx="9144000" cy="6858000"/></p:presentation>'
    )
    parts["ppt/_rels/presentation.xml.rels"] = relations(*links)
    return archive(parts)


def shape(text: str, *, kind: str = "", look: str = "", at: str = "", named: str = "") -> str:
    """A shape with one paragraph per line; look: the inside of each run's properties, with their attributes in front."""
    attributes, _, inside = look.partition(">")
    lines = "".join(
        f"<a:p><a:r><a:rPr {attributes}>{inside}</a:rPr><a:t>{line}</a:t></a:r></a:p>" for line in text.split("\n")
    )
    mark = f'<p:ph type="{kind}"/>' if kind else ""
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="x" {named}/><p:cNvSpPr/><p:nvPr>{mark}</p:nvPr></p:nvSpPr>'
        f"<p:spPr>{at}</p:spPr><p:txBody>{lines}</p:txBody></p:sp>"
    )


def slide_table(*rows: Sequence[str]) -> str:
    made = ""
    for row in rows:
        inside = "".join(f"<a:tc><a:txBody><a:p><a:r><a:t>{cell}</a:t></a:r></a:p></a:txBody></a:tc>" for cell in row)
        made += f"<a:tr>{inside}</a:tr>"
    return (
        '<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tblPr firstRow="1"/>'
        f"{made}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
    )


def odt(body: str, styles: str = "", parts: Mapping[str, str | bytes] | None = None) -> bytes:
    """An OpenDocument text of this body and these automatic styles."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{rest}"'
        for name, rest in (
            ("office", "office:1.0"),
            ("text", "text:1.0"),
            ("table", "table:1.0"),
            ("style", "style:1.0"),
            ("fo", "xsl-fo-compatible:1.0"),
            ("draw", "drawing:1.0"),
        )
    )
    content = (
        f'<office:document-content {spaces} xmlns:xlink="http://www.w3.org/1999/xlink">'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    return archive({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content, **(parts or {})})


def epub(chapters: Mapping[str, str], *, title: str = "The pump", parts: Mapping[str, str] | None = None) -> bytes:
    """A book: chapter file -> page."""
    items = "".join(
        f'<item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(chapters)
    )
    order = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": (
                '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
                '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
            ),
            "OEBPS/book.opf": (
                '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
                f"<dc:title>{title}</dc:title></metadata><manifest>{items}</manifest><spine>{order}</spine></package>"
            ),
            **{f"OEBPS/{name}": page for name, page in chapters.items()},
            **(parts or {}),
        }
    )


RTF = (
    rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}}{\colortbl;\red255\green255\blue255;\red0\green0\blue0;}"
    rb"{\info{\title Pump guide}{\subject secret subject}}"
    rb"{\header page header\par}"
    rb"\pard\outlinelevel0 Pumps\par\pard Stra\'dfe and \u8364? sign, {\b bo}{\i ld}.\par"
    rb"{\v hidden words\par}{\cf1 white words\par}{\fs1 tiny words\par}{\deleted gone words\par}"
    rb"{\*\annotation a comment}"
    rb"\trowd\cellx1000\cellx2000\cellx3000\pard\intbl Name\cell City\cell Phone\cell\row"
    rb"\trowd\cellx1000\cellx2000\cellx3000\pard\intbl Ada\cell Bonn\cell 123\cell\row\pard After.\par}"
)


def compound(streams: Mapping[tuple[str, ...], bytes]) -> bytes:
    """A compound file of these streams; all of them in ordinary sectors, folders made as needed."""
    folders = sorted({path[:depth] for path in streams for depth in range(1, len(path))})
    paths = [(), *folders, *streams]
    number = {path: at for at, path in enumerate(paths)}
    sectors: list[bytes] = []
    fat: list[int] = []

    def store(data: bytes) -> int:
        first = len(sectors)
        blocks = [data[at : at + 512].ljust(512, b"\0") for at in range(0, max(1, len(data)), 512)]
        for at, block in enumerate(blocks):
            sectors.append(block)
            fat.append(first + at + 1 if at + 1 < len(blocks) else 0xFFFFFFFE)
        return first

    starts = {path: store(data) for path, data in streams.items()}
    entries = b""
    for path in paths:
        name = (path[-1] if path else "Root Entry").encode("utf-16-le") + b"\0\0"
        kind = 5 if not path else 2 if path in streams else 1
        inside = [other for other in paths if other and other[:-1] == path]
        beside = [other for other in paths if other and path and other[:-1] == path[:-1]]
        after = beside[beside.index(path) + 1] if path and beside.index(path) + 1 < len(beside) else None
        entry = name.ljust(64, b"\0") + struct.pack("<HBB", len(name), kind, 1)
        entry += struct.pack(
            "<III", 0xFFFFFFFF, number[after] if after else 0xFFFFFFFF, number[inside[0]] if inside else 0xFFFFFFFF
        )
        entry += b"\0" * 36 + struct.pack("<III", starts.get(path, 0xFFFFFFFE), len(streams.get(path, b"")), 0)
        entries += entry
    directory = store(entries)
    tables = 1
    while tables * 128 < len(fat) + tables:
        tables += 1
    at = len(sectors)
    fat += [0xFFFFFFFD] * tables
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(tables * 512, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    header += struct.pack("<IIIIIIIII", 0, tables, directory, 0, 0, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", *[at + n for n in range(tables)], *[0xFFFFFFFF] * (109 - tables))
    return header + b"".join(sectors) + table


def msg(
    texts: Mapping[str, str],
    *,
    html: bytes | None = None,
    files: Sequence[tuple[str, bytes]] = (),
    inner: Mapping[str, str] | None = None,
) -> bytes:
    """An Outlook message: property number -> text."""
    streams: dict[tuple[str, ...], bytes] = {("__properties_version1.0",): b"\0" * 32}
    for tag, text in texts.items():
        streams[(f"__substg1.0_{tag}001F",)] = text.encode("utf-16-le")
    if html is not None:
        streams[("__substg1.0_10130102",)] = html
    for at, (name, data) in enumerate(files):
        folder = f"__attach_version1.0_#{at:08X}"
        streams[folder, "__substg1.0_3707001F"] = name.encode("utf-16-le")
        streams[folder, "__substg1.0_37010102"] = data
    if inner:
        folder = f"__attach_version1.0_#{len(files):08X}"
        streams[folder, "__substg1.0_3701000D", "__properties_version1.0"] = b"\0" * 24
        for tag, text in inner.items():
            streams[folder, "__substg1.0_3701000D", f"__substg1.0_{tag}001F"] = text.encode("utf-16-le")
    return compound(streams)
