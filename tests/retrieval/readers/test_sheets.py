"""Workbooks."""

# ruff: noqa: E501

from __future__ import annotations

import pytest

from gateway.errors import TooLarge
from gateway.retrieval.readers import sheets
from tests.retrieval.office import cells, xlsx
from tests.retrieval.readers.reading import headings, read


def test_sheets_are_pages_and_rows_say_their_columns() -> None:
    found = read(
        xlsx(
            {"Staff": cells(["List of staff"], ["Name", "Pay", "City"], ["Ada", 5100.5, "Bonn"]), "Two": cells(["x"])}
        ),
        "xlsx",
    )
    assert found.text == "# Staff\n\nList of staff\n\nName: Ada\nPay: 5100.5\nCity: Bonn\n\n# Two\n\nx\n"
    assert headings(found) == [("Staff", 1), ("Two", 1)]
    assert [number for number, _, _ in found.pages] == [1, 2]
    assert found.text[slice(*found.pages[1][1:])] == "# Two\n\nx"


def test_hidden_sheets_rows_and_columns() -> None:
    columns = '<cols><col min="3" max="3" hidden="1"/></cols>'
    rows = cells(["Name", "Pay", "Note", "City"], ["Ada", 1, "seen by none", "Bonn"], ["Bob", 2, "x", "Kiel"])
    rows = rows.replace('<row r="3">', '<row r="3" hidden="1">')
    found = read(xlsx({"A": columns + rows, "B": cells(["gone"])}, states={"B": "veryHidden"}), "xlsx")
    assert found.text == "# A\n\nName: Ada\nPay: 1\nCity: Bonn\n"
    assert found.hidden == {"hidden_column": 16, "hidden_row": 9, "hidden_sheet": 4}


def test_formats() -> None:
    styles = (
        '<numFmts><numFmt numFmtId="170" formatCode=";;;"/><numFmt numFmtId="171" formatCode="yyyy-mm-dd hh:mm"/></numFmts>'
        '<fonts><font/><font><color rgb="FFFFFFFF"/></font><font><sz val="1"/></font></fonts>'
        '<fills><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="solid"><fgColor rgb="FF203864"/></patternFill></fill></fills>'
        '<cellXfs><xf/><xf numFmtId="14"/><xf numFmtId="9"/><xf fontId="1" fillId="0"/><xf fontId="1" fillId="1"/>'
        '<xf fontId="2"/><xf numFmtId="170"/><xf numFmtId="171"/></cellXfs>'
    )
    row = "".join(
        f'<c r="{chr(64 + n)}1" s="{n}"><v>{value}</v></c>'
        for n, value in enumerate([45000, 0.125, 3, 4, 5, 6, 45000.5], 1)
    )
    found = read(xlsx({"S": f'<sheetData><row r="1">{row}</row></sheetData>'}, styles=styles), "xlsx")
    assert found.text == "# S\n\n2023-03-15 | 12.5% | 4 | 2023-03-15 12:00:00\n"
    assert found.hidden == {"colour": 1, "tiny": 1, "style": 1}


def test_shared_texts_merged_cells_and_values_of_formulas() -> None:
    body = (
        '<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>9</v></c></row>'
        '<row r="2"><c r="A2" t="inlineStr"><is><t>North</t></is></c><c r="B2"><f>1+1</f><v>2</v></c></row>'
        '<row r="3"><c r="B3" t="b"><v>1</v></c></row></sheetData><mergeCells><mergeCell ref="A2:A3"/></mergeCells>'
    )
    found = read(xlsx({"S": body}, strings=["Region", "Count"]), "xlsx")
    assert found.text == "# S\n\nRegion: North\nCount: 2\n\nRegion: North\nCount: TRUE\n"


def test_giant_sheets_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_CELLS", 50)
    with pytest.raises(TooLarge, match="50 cells"):
        read(xlsx({"S": cells(*[[1, 2, 3]] * 20)}), "xlsx")
    with pytest.raises(TooLarge, match="columns"):
        read(xlsx({"S": '<sheetData><row r="1"><c r="XFD1"><v>1</v></c></row></sheetData>'}), "xlsx")
    with pytest.raises(TooLarge, match="pages"):
        read(xlsx({f"S{n}": cells(["x"]) for n in range(5)}), "xlsx", pages=3)
