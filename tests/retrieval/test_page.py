"""What of an HTML page is kept: what its reader sees."""

from __future__ import annotations

import pytest

from gateway.errors import UnsupportedMedia
from gateway.retrieval.extract import extract
from gateway.retrieval.page import DEPTH, visible
from gateway.retrieval.readers.draft import Limits


def text(page: str) -> str:
    return extract(page.encode(), "html", Limits(1, 100_000), empty=True).text.strip()


@pytest.mark.parametrize(
    "hidden",
    [
        '<p style="color:#fff;background:white">x</p>',
        '<p style="color:#FFFFFF">x</p>',
        '<p style="color: rgb(254, 254, 254)">x</p>',
        '<p style="color:hsl(0,0%,100%)">x</p>',
        '<p style="color:transparent">x</p>',
        '<p style="color:rgba(0,0,0,0)">x</p>',
        '<div style="background:#000"><span>x</span></div>',
        '<table bgcolor="tomato"><tr><td><font color="tomato">x</font></td></tr></table>',
        "<p hidden>x</p>",
        '<p style="position:absolute;left:-9999px">x</p>',
        '<p style="text-indent:-100em">x</p>',
        '<p style="transform: translateX(-9999px)">x</p>',
        '<p style="transform: scale(0)">x</p>',
        '<p style="opacity:0">x</p>',
        '<p style="font-size:0">x</p>',
        '<p style="font:0/0 serif">x</p>',
        '<p style="display:none">x</p>',
        '<p style="DISPLAY : none !important; display: block">x</p>',
        '<p style="visibility:hidden"><b>x</b></p>',
        '<p style="width:1px;height:1px;overflow:hidden">x</p>',
        '<p style="clip:rect(0,0,0,0)">x</p>',
        "<style>.n{display:none}</style><p class='m n'>x</p>",
        "<style>/* } */ a, #n { color: white }</style><p id=n>x</p>",
        "<style>@media screen { p.n { opacity: 0 } }</style><p class=n>x</p>",
        "<b><div hidden></b>x</div>",
        "<span><div hidden></span>x</div>",
        "<div><b hidden></div>x</b>",
        "<ul><li hidden><ul></li>x</ul></ul>",
        "<div hidden><p>x</div>",
        "<template>x</template>",
        "<noscript>x</noscript>",
        "<svg><text>x</text></svg>",
        "<script>'<p>'; x</script>",
        "<!-- <p>x</p> -->",
        "<p title='x > x'></p>",
        "<p><a",
    ],
)
def test_what_is_not_seen_is_dropped(hidden: str) -> None:
    assert text(f"<p>before</p>{hidden if hidden.endswith('<a') else hidden + '<p>after</p>'}").replace("\n", "") in {
        "beforeafter",
        "before",
    }


@pytest.mark.parametrize(
    "seen",
    [
        '<p style="color:#fff;background:#036">x</p>',
        '<p style="color:white;background:url(dark.png)">x</p>',
        "<style>@media print{.n{display:none}}</style><p class=n>x</p>",
        "<style>.a .n{display:none}</style><p class=n>x</p>",
        '<p aria-hidden="false" style="opacity:.9;left:-3px;font-size:small">x</p>',
        "<p hidden>no<p>x",
        "<div><p>x</div>",
        '<body bgcolor="black" text="white"><p>x</p></body>',
        '<div style="color:white"><p style="color:black">x</p></div>',
    ],
)
def test_what_is_seen_stays(seen: str) -> None:
    assert text(seen) == "x"


@pytest.mark.parametrize(
    "page",
    [
        "<p>ja<b>ne.r</b>oe@exa<i>mple.com</i></p>",
        "<p>jane<a href='https://x.example'>.roe</a>@example.com</p>",
        "<p>ja<wbr>ne<code>.roe</code>@exa&shy;mple<!-- -->.com</p>",
        "<p>jane.<x-y>roe</x-y>@<span style='color:red'>example</span>.com</p>",
    ],
)
def test_inline_tags_do_not_cut_a_value(page: str) -> None:
    assert text(page) == "jane.roe@example.com"


def test_alternative_text_counts_as_text() -> None:
    assert text('<p>See <img src="https://x.example/?q=1" alt="a &lt;plate&gt;"> here</p>') == "See a <plate> here"
    assert text('<p hidden><img src="u" alt="a plate"></p>') == ""


def test_title_and_structure() -> None:
    title, page = visible("<svg><title>no</title></svg><TITLE>A &amp;\n b</TITLE><ul><li>one<li>two</ul>")
    assert (title, page) == ("A & b", "<ul><li>one</li><li>two</li></ul>")


def test_nested_too_deeply() -> None:
    with pytest.raises(UnsupportedMedia, match="deeply"):
        visible("<div>" * (DEPTH + 1))


def test_links_that_run_something_are_dropped() -> None:
    assert text("<a href=' java\nscript:x'>a</a> <a href='https://x.example/'>b</a>") == "a [b](https://x.example/)"
