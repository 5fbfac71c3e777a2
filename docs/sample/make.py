# ruff: noqa: INP001
"""Write the sample's binary documents, a PDF and a DOCX, the same bytes every time.

Run `python docs/sample/make.py [FOLDER]`; without a folder the files beside this script are replaced. Needs reportlab.
The text lies in `source/`, one paragraph a block: `# ` title, `## ` heading, `| ` table row, `---` a new page.
"""

from __future__ import annotations

import sys
import zipfile
from html import escape
from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Spacer

HERE = Path(__file__).resolve().parent
MADE = {
    "legal/supply-agreement.pdf": "source/supply-agreement.txt",
    "handbook/travel-and-expenses.docx": "source/travel-and-expenses.txt",
}
ZIP_TIME = (2026, 1, 1, 0, 0, 0)

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def blocks(source: str) -> list[tuple[str, str]]:
    """Split a source into (kind, text): `title`, `heading`, `row`, `page` or `text`; wrapped lines are joined."""
    found: list[tuple[str, str]] = []
    for block in source.strip().split("\n\n"):
        lines = block.strip().splitlines()
        if lines[0].startswith("|"):
            found.extend(("row", line.strip("| ")) for line in lines)
        elif lines[0] == "---":
            found.append(("page", ""))
        elif lines[0].startswith("## "):
            found.append(("heading", lines[0][3:]))
        elif lines[0].startswith("# "):
            found.append(("title", lines[0][2:]))
        else:
            found.append(("text", " ".join(lines)))
    return found


def write_pdf(source: str, target: Path) -> None:
    """A PDF with the standard fonts, uncompressed and without a clock in it, so that its bytes never change."""
    styles = getSampleStyleSheet()
    parts = blocks(source)
    title = next(text for kind, text in parts if kind == "title")
    style = {"title": "Title", "heading": "Heading2", "text": "BodyText", "row": "Code"}
    story: list[Any] = []
    for kind, text in parts:
        if kind == "page":
            story.append(PageBreak())
        else:
            story.extend([Paragraph(escape(text), styles[style[kind]]), Spacer(1, 4)])

    def footer(canvas: Any, document: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(72, 40, str(document.page))

    document = SimpleDocTemplate(str(target), pagesize=A4, title=title, author="", invariant=1, pageCompression=0)
    document.build(story, onFirstPage=footer, onLaterPages=footer)


def write_docx(source: str, target: Path) -> None:
    """A DOCX by hand: the parts that a reader needs, stored uncompressed with a fixed date."""
    title = next(text for kind, text in blocks(source) if kind == "title")
    body: list[str] = []
    rows: list[str] = []
    for kind, text in [*blocks(source), ("end", "")]:
        if kind == "row":
            cells = "".join(f"<w:tc>{_paragraph(cell.strip())}</w:tc>" for cell in text.split("|"))
            rows.append(f"<w:tr>{cells}</w:tr>")
            continue
        if rows:
            body.append(f"<w:tbl><w:tblPr/>{''.join(rows)}</w:tbl>")
            rows = []
        if kind in {"title", "heading", "text"}:
            body.append(_paragraph(text, {"title": "Title", "heading": "Heading1"}.get(kind)))
    parts = {
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_MAIN}.document.main+xml"/>'
        f'<Override PartName="/word/styles.xml" ContentType="{_MAIN}.styles+xml"/>'
        '<Override PartName="/docProps/core.xml"'
        ' ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>',
        "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
        f'<Relationship Id="r2" Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/>'
        "</Relationships>",
        "docProps/core.xml": f'{_XML}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title></cp:coreProperties>',
        "word/_rels/document.xml.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "word/styles.xml": f'{_XML}<w:styles xmlns:w="{_W}">'
        + "".join(
            f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/></w:style>'
            for key, name in (("Normal", "Normal"), ("Title", "Title"), ("Heading1", "heading 1"))
        )
        + "</w:styles>",
        "word/document.xml": f'{_XML}<w:document xmlns:w="{_W}"><w:body>{"".join(body)}</w:body></w:document>',
    }
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, text in parts.items():
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text)


def _paragraph(text: str, style: str | None = None) -> str:
    look = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{look}<w:r><w:t xml:space="preserve">{escape(text, quote=False)}</w:t></w:r></w:p>'


def main(folder: Path) -> None:
    """Write every made document under `folder`."""
    for name, source in MADE.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        write = write_pdf if target.suffix == ".pdf" else write_docx
        write((HERE / source).read_text("utf-8"), target)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
