"""Word documents."""

# ruff: noqa: E501

from __future__ import annotations

import pytest

from gateway.errors import TooLarge, UnsupportedMedia
from tests.retrieval.office import docx, par, run, wtable, xml_part
from tests.retrieval.readers.reading import headings, read

HEADING = '<w:pStyle w:val="Heading1"/>'
WHITE = '<w:color w:val="FFFFFF"/>'


def test_order_headings_lists_and_links() -> None:
    found = read(
        docx(
            par(run("Pumps"), look=HEADING)
            + par(run("A "), '<w:hyperlink r:id="rId9">' + run("site") + "</w:hyperlink>", run("."))
            + par(run("first"), look="<w:numPr/>"),
            links=[("rId9", "hyperlink", "https://example.org/x")],
        ),
        "docx",
    )
    assert found.text == "# Pumps\n\nA site (https://example.org/x).\n\n- first\n"
    assert headings(found) == [("Pumps", 1)]


@pytest.mark.parametrize(
    ("look", "kind"),
    [
        ("<w:vanish/>", "style"),
        (WHITE, "colour"),
        ('<w:color w:val="FEFEFE"/>', "colour"),
        ('<w:color w:themeColor="background1"/>', "colour"),
        ('<w:color w:val="000000"/><w:shd w:fill="000000"/>', "colour"),
        ('<w:sz w:val="2"/>', "tiny"),
    ],
)
def test_runs_that_no_reader_sees(look: str, kind: str) -> None:
    found = read(docx(par(run("seen "), run("unseen", look))), "docx")
    assert found.text == "seen \n"
    assert found.hidden == {kind: 6}
    assert found.secret == "unseen"


@pytest.mark.parametrize(
    "look",
    [
        '<w:vanish w:val="0"/>',
        WHITE + '<w:shd w:fill="1F3864"/>',
        WHITE + '<w:highlight w:val="black"/>',
        '<w:color w:val="auto"/>',
        '<w:color w:val="808080"/>',
    ],
)
def test_runs_that_are_seen(look: str) -> None:
    found = read(docx(par(run("seen", look))), "docx")
    assert found.text == "seen\n"
    assert not found.hidden


def test_white_text_in_a_dark_cell_is_seen() -> None:
    cell = '<w:tcPr><w:shd w:fill="203864"/></w:tcPr>'
    table = f"<w:tbl><w:tr><w:tc>{cell}{par(run('Name', WHITE))}</w:tc><w:tc>{cell}{par(run('Pay', WHITE))}</w:tc></w:tr></w:tbl>"
    assert read(docx(table), "docx").text == "Name: Pay\n"


def test_deletions_comments_headers_and_insertions() -> None:
    found = read(
        docx(
            par(
                run("old "),
                "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>",
                "<w:ins>" + run("added") + "</w:ins>",
            )
            + '<w:sectPr><w:headerReference r:id="rId6"/></w:sectPr>',
            {
                "word/comments.xml": xml_part("comments", "<w:comment>" + par(run("remark")) + "</w:comment>"),
                "word/header1.xml": xml_part("hdr", par(run("page header"))),
            },
            [("rId5", "comments", "comments.xml"), ("rId6", "header", "header1.xml")],
        ),
        "docx",
    )
    assert found.text == "old added\n"
    assert found.hidden == {"deleted": 4, "comment": 6, "header_footer": 11}


def test_tables_keep_rows() -> None:
    table = wtable(
        ["Name", "City", "Phone"],
        ["Ada", '<w:tcPr><w:vMerge w:val="restart"/></w:tcPr>Bonn', "1"],
        ["Bob", "<w:tcPr><w:vMerge/></w:tcPr>", "2"],
    )
    found = read(docx(table + wtable(["Colour", "red"], ["Size:", "big"])), "docx")
    assert found.text == (
        "Name: Ada\nCity: Bonn\nPhone: 1\n\nName: Bob\nCity: Bonn\nPhone: 2\n\nColour: red\n\nSize: big\n"
    )


def test_footnotes_follow_their_paragraph() -> None:
    notes = xml_part("footnotes", '<w:footnote w:id="2">' + par(run("a note")) + "</w:footnote>")
    body = par(run("text"), '<w:r><w:footnoteReference w:id="2"/></w:r>') + par(run("next"))
    assert read(docx(body, {"word/footnotes.xml": notes}), "docx").text == "text\n\na note\n\nnext\n"


def test_text_boxes_are_read_once() -> None:
    box = f"<w:txbxContent>{par(run('boxed'))}</w:txbxContent>"
    body = par(
        f"<w:r><w:AlternateContent><w:Choice>{box}</w:Choice><w:Fallback>{box}</w:Fallback></w:AlternateContent></w:r>"
    )
    assert read(docx(body), "docx").text == "boxed\n"


def test_styles_hide_and_name_headings() -> None:
    styles = xml_part(
        "styles",
        '<w:style w:styleId="S1"><w:name w:val="heading 2"/></w:style>'
        '<w:style w:styleId="S2"><w:name w:val="ghost"/><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:styleId="S3"><w:name w:val="x"/><w:basedOn w:val="S2"/></w:style>'
        '<w:style w:styleId="S4"><w:basedOn w:val="S4"/></w:style>',
    )
    body = "".join(par(run(f"p{n}"), look=f'<w:pStyle w:val="S{n}"/>') for n in (1, 2, 3, 4))
    found = read(docx(body, {"word/styles.xml": styles}), "docx")
    assert found.text == "## p1\n\np4\n"
    assert found.hidden == {"style": 4}


@pytest.mark.parametrize("declared", ['<!DOCTYPE x [<!ENTITY a "aaaa">]>', '<!DOCTYPE x SYSTEM "file:///etc/passwd">'])
def test_entities_are_refused(declared: str) -> None:
    data = docx(par(run("x")), {"word/styles.xml": f"{declared}<w:styles/>"})
    with pytest.raises(UnsupportedMedia, match="document type"):
        read(data, "docx")


def test_deep_nesting_and_too_much_text() -> None:
    with pytest.raises(UnsupportedMedia, match="nested"):
        read(docx("<w:sdt>" * 300 + "</w:sdt>" * 300), "docx")
    with pytest.raises(TooLarge):
        read(docx(par(run("word " * 100)) * 20), "docx", chars=5000)
