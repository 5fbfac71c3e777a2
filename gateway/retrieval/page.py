"""An HTML page reduced to what its reader sees, before the parser sees it. Runs in the child; linear in its length.

Tags that only format are dropped, so that a value in two of them is one word again; what is out of sight is dropped
with everything in it. It follows the tags as browsers do, as far as hiding needs it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.errors import UnsupportedMedia
from gateway.retrieval.styles import BLACK, WHITE, Paint, alike, declarations, hides, merged, painted, rules


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


DEPTH: Final = 512
"""Elements open at once; browsers stop there too."""
_TAG: Final = re.compile(
    r"""</?+([a-zA-Z][^\s/>]*+)"""
    r"""((?:[\s/]++|[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?+)?+)*+)>"""
)
_ATTRIBUTE: Final = re.compile(r"""([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+))?+)?+""")
_RAW: Final = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript")
}
_VOID: Final = _names("area base br col embed hr img input link meta param source track wbr")
_BLOCKS: Final = _names(
    "html body div p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table thead tbody tfoot tr td th caption pre blockquote "
    "section article header footer main nav aside figure figcaption address details summary form fieldset legend "
    "select option optgroup hr br center menu button"
)
_KEPT: Final = _BLOCKS | {"a"}
_FORMATS: Final = _names("a b big code em font i nobr s small strike strong tt u")
_DROPPED: Final = _names("template svg math canvas audio video object datalist")
_WALLS: Final = frozenset({"table", "td", "th", "caption"})
_TABLE: Final = _names("table thead tbody tfoot tr td th caption html body")
_CELLS: Final = frozenset({"td", "th"})
_ENDS: Final = {
    "li": frozenset({"li", "p"}),
    "dt": frozenset({"dt", "dd", "p"}),
    "dd": frozenset({"dt", "dd", "p"}),
    "td": _CELLS | {"p"},
    "th": _CELLS | {"p"},
    "tr": _CELLS | {"tr", "p"},
    "tbody": _CELLS | {"tr", "thead", "tbody", "p"},
    "tfoot": _CELLS | {"tr", "thead", "tbody", "p"},
    "option": frozenset({"option"}),
    "optgroup": frozenset({"option", "optgroup"}),
}
"""What a start tag ends when it stands on top; other blocks end a paragraph."""
_P: Final = frozenset({"p"})
_INSIDE_P: Final = frozenset({"br", "button", "select", "option", "optgroup"})


@dataclass(frozen=True, slots=True)
class _Open:
    name: str
    hidden: bool
    paint: tuple[Paint, Paint]
    own: bool
    """Whether it hides or paints, so that it matters beyond the block it began in."""
    why: str = ""
    """The kind of text it hides."""


def visible(source: str, hide: Callable[[str, str], None] = lambda _kind, _text: None) -> tuple[str, str]:
    """(title, page): the page as HTML of plain structure. Raises UnsupportedMedia when it is nested too deeply.

    hide: called with the kind and the text of what is left out: `style`, `colour`, `comment` or `code`.
    """
    page = _Page(source, hide)
    return page.title, "".join(page.out)


class _Page:
    def __init__(self, source: str, hide: Callable[[str, str], None]) -> None:
        self._hide = hide
        self._why = ""
        sheets = [text for kind, name, text in _tokens(source) if kind == "raw" and name == "style"]
        self._rules = rules("\n".join(sheets))
        self._open: list[_Open] = []
        self._counts: dict[str, int] = {}
        self._hidden = 0
        self.title = ""
        self.out: list[str] = []
        for kind, name, text in _tokens(source):
            if kind == "text":
                self._text(text)
            elif kind == "raw":
                self._raw(name, text)
            elif kind == "comment":
                self._hide("comment", text)
            elif kind == "end":
                self._end(name)
            else:
                self._start(name, text)

    def _paint(self) -> tuple[Paint, Paint]:
        return self._open[-1].paint if self._open else (BLACK, WHITE)

    def _text(self, text: str) -> None:
        if self._hidden:
            self._hide(self._why, html.unescape(text))
        elif alike(*self._paint()):
            self._hide("colour", html.unescape(text))
        else:
            self.out.append(text)

    def _raw(self, name: str, text: str) -> None:
        if name == "title" and not self.title and not self._counts.get("svg"):
            self.title = " ".join(html.unescape(text).split())
        elif name in {"textarea", "xmp"}:
            self._text(text.replace("<", "&lt;"))
        else:
            self._hide("code", text)

    def _start(self, name: str, text: str) -> None:
        ends = _ENDS.get(name) or (_P if name in _BLOCKS - _INSIDE_P else frozenset())
        ended = []
        while ends and self._ends_above(ends):
            ended.append(self._pop())
        self._again(ended)
        attributes = {
            found[1].lower(): html.unescape(found[2] or found[3] or found[4] or "")
            for found in _ATTRIBUTE.finditer(text)
        }
        entry = self._entry(name, attributes)
        if name in _VOID:
            self._void(name, attributes, entry)
            return
        self._push(entry)
        if self._hidden or name not in _KEPT:
            return
        link = attributes.get("href", "")
        reference = f' href="{html.escape(link)}"' if name == "a" and not _bad(link) else ""
        if name != "a" or reference:
            self.out.append(f"<{name}{reference}>")

    def _ends_above(self, ends: frozenset[str]) -> bool:
        """Whether an element of these stands on top, formatting aside."""
        for entry in reversed(self._open):
            if entry.name not in _FORMATS:
                return entry.name in ends
        return False

    def _entry(self, name: str, attributes: dict[str, str]) -> _Open:
        own = {}
        if "color" in attributes and name == "font":
            own["color"] = attributes["color"].lower()
        if "bgcolor" in attributes:
            own["background-color"] = attributes["bgcolor"].lower()
        if "text" in attributes and name == "body":
            own["color"] = attributes["text"].lower()
        own.update(declarations(attributes.get("style", "")))
        names = [f".{one}" for one in dict.fromkeys(attributes.get("class", "").split())]
        if "id" in attributes:
            names.append(f"#{attributes['id']}")
        style = merged(self._rules, name, names, own)
        unused = name in _DROPPED or (name == "dialog" and "open" not in attributes)
        hidden = unused or "hidden" in attributes or hides(style)
        behind = self._paint()
        paint = painted(style, behind)
        return _Open(name, hidden, paint, hidden or paint != behind, "code" if unused else "style")

    def _void(self, name: str, attributes: dict[str, str], entry: _Open) -> None:
        if self._hidden or entry.hidden:
            return
        if name == "img" and attributes.get("alt", "").strip():
            self._text(f" {html.escape(attributes['alt'])} ")
        elif name in _KEPT:
            self.out.append(f"<{name}>")

    def _end(self, name: str) -> None:
        if not self._counts.get(name):
            return
        blocked = False
        for at in range(len(self._open) - 1, -1, -1):
            entry = self._open[at]
            if entry.name == name:
                break
            if (entry.name in _WALLS and name not in _TABLE) or (name == "li" and entry.name in {"ul", "ol"}):
                return
            blocked = blocked or entry.name in _BLOCKS
        if blocked and name in _FORMATS:
            self._count(self._open.pop(at), -1)
            return
        if blocked and name not in _KEPT:
            return
        popped = [self._pop() for _ in range(len(self._open) - at)]
        self._again(popped[:-1])

    def _again(self, ended: list[_Open]) -> None:
        """Formatting goes on behind the block it was opened in."""
        for entry in reversed(ended):
            if entry.name in _FORMATS and entry.own:
                self._push(entry)

    def _push(self, entry: _Open) -> None:
        if len(self._open) >= DEPTH:
            raise UnsupportedMedia("the page's elements are nested too deeply", hint="save it as text")
        self._open.append(entry)
        self._count(entry, 1)

    def _pop(self) -> _Open:
        entry = self._open.pop()
        if not self._hidden and entry.name in _KEPT:
            self.out.append(f"</{entry.name}>")
        self._count(entry, -1)
        return entry

    def _count(self, entry: _Open, by: int) -> None:
        if not self._hidden:
            self._why = entry.why
        self._counts[entry.name] = self._counts.get(entry.name, 0) + by
        self._hidden += by * entry.hidden


def _bad(link: str) -> bool:
    return not link or "".join(link.split()).lower().startswith(("javascript:", "data:", "vbscript:"))


def _tokens(source: str) -> Iterator[tuple[str, str, str]]:
    """(`text`, "", text), (`start`, name, attributes), (`end`, name, "") (`raw`, name, text) or (`comment`, "", text).

    What is not finished at the end of the file is not shown, as in a browser; so nothing is looked at twice.
    """
    at = 0
    while (mark := source.find("<", at)) >= 0:
        if mark > at:
            yield "text", "", source[at:mark]
        after = source[mark + 1 : mark + 2]
        if (tag := _TAG.match(source, mark)) is not None:
            name, at = tag[1].lower(), tag.end()
            if after == "/":
                yield "end", name, ""
            elif name in _RAW:
                end = _RAW[name].search(source, at)
                start, at = at, end.start() if end else len(source)
                yield "raw", name, source[start:at]
            else:
                yield "start", name, tag[2]
        elif after in {"!", "?", "/"} or (after.isascii() and after.isalpha()):
            comment = source.startswith("<!--", mark)
            close = "-->" if comment else ">"
            at = source.find(close, mark + 2) + len(close)
            if comment:
                yield "comment", "", source[mark + 4 : at - len(close) if at >= len(close) else len(source)]
            if at < len(close):
                return
        else:
            yield "text", "", "&lt;"
            at = mark + 1
    if at < len(source):
        yield "text", "", source[at:]
