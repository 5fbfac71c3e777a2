"""Presentations."""

from __future__ import annotations

from tests.retrieval.office import pptx, shape, slide_table
from tests.retrieval.readers.reading import headings, read


def test_slides_are_pages_with_title_first_and_notes_last() -> None:
    table = slide_table(["Item", "Price"], ["Lamp", "10"])
    found = read(
        pptx(shape("Body\nsecond") + shape("Title", kind="title") + table, shape("Next"), notes={1: "say hello"}),
        "pptx",
    )
    assert found.text == "# Title\n\nBody\nsecond\n\nItem: Lamp\nPrice: 10\n\nSpeaker notes: say hello\n\nNext\n"
    assert headings(found) == [("Title", 1)]
    assert [number for number, _, _ in found.pages] == [1, 2]


def test_what_the_audience_does_not_see() -> None:
    off = '<a:xfrm><a:off x="-5000000" y="0"/><a:ext cx="100" cy="100"/></a:xfrm>'
    found = read(
        pptx(
            shape("seen")
            + shape("white", look='sz="1800"><a:solidFill><a:srgbClr val="FFFFFF"/></a:solidFill>')
            + shape("away", at=off)
            + shape("hid", named='hidden="1"')
            + shape("small", look='sz="100">'),
            shape("never shown"),
            hidden=[2],
        ),
        "pptx",
    )
    assert found.text == "seen\n"
    assert found.hidden == {"colour": 5, "outside": 4, "style": 3, "tiny": 5, "hidden_slide": 11}


def test_white_on_a_filled_shape_is_seen() -> None:
    filled = '<a:solidFill><a:srgbClr val="102030"/></a:solidFill>'
    white = 'sz="1800"><a:solidFill><a:srgbClr val="FFFFFF"/></a:solidFill>'
    assert read(pptx(shape("seen", look=white, at=filled)), "pptx").text == "seen\n"
