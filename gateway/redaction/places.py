"""Where in an answer the next character would stand: in plain text, or where something may carry it off.

A small machine reads the answer once, from its beginning, and knows at every point whether it is inside a link's or
image's target, an image's description, a reference definition, an HTML tag, a CSS `url()`, or a run of characters
that is a URL. It looks back no distance, so nothing is far enough away to be forgotten; what it cannot tell it takes
for inside. Pure.
"""

from __future__ import annotations

import re
from typing import Final

_STEP: Final = re.compile(r"[^\W_]+|[\W_]")
_HELD: Final = 512
_OVERLAP: Final = 256
_HOST: Final = r"(?:[a-z0-9-]{1,63}\.){1,8}(?:[a-z]{2,24}|xn--[a-z0-9-]{1,40})"
_KNOWN: Final = "https?|wss?|ftps?|file|mailto|data|javascript|vbscript|tel|sms|blob|xmpp|intent"
_DISK: Final = r"(?-i:home|Users|root|var|tmp|etc|opt|usr|mnt|srv|Volumes|Library|export)"
"""Where paths of a disk begin: nothing is fetched by them."""
_URL: Final = re.compile(
    rf"[a-z][a-z0-9+.-]{{1,20}}:[\\/]|(?:{_KNOWN}):|www\."
    r"|[\0'(=,;|`\[{][\\/]{2}"
    rf"|(?<![@\w.-]){_HOST}(?::\d{{1,5}})?\.?[/?\#\\]"
    r"|\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?[/?\#\\]|localhost(?::\d{1,5})?[/?\#\\]|[a-z][a-z0-9-]{0,62}:\d{2,5}[/?\#\\]"
    r"|[?&][\w.~%-]{1,64}="
    rf"|\0[(\[{{'`]{{0,3}}(?:\.{{1,2}}/|/(?!{_DISK}/[\w./-]*\Z))[\w%~.-]{{1,64}}[/?\#]"
    r"|&\#0{0,5}(?:58|47|46|92|64|63|61|35|37)\b|&\#x0{0,5}(?:3a|2f|2e|5c|40|3f|3d|23|25)\b"
    r"|&(?:colon|sol|bsol|period|commat|quest|equals|num|percnt);|https?%3a",
    re.IGNORECASE,
)
_QUOTES: Final = "\"'`"


class Places:
    """One text, read piece by piece; however it is cut, the same."""

    def __init__(self) -> None:
        self._last = "\n"
        self._blank_line = True
        """Nothing but blanks since the line began."""
        self._run = "\0"
        """Characters since the last blank, quote or angle bracket, behind a mark that it begins there."""
        self._url = False
        self._run_quote: str = ""
        self._quoted_url: str = ""
        self._after_image = False
        self._brackets: list[bool] = []
        """Open square brackets: whether each begins an image's description."""
        self._label = False
        """The outermost open bracket stands where a reference definition may begin."""
        self._closed_label = False
        self._target = 0
        """Open parentheses of a link's target; 0 outside."""
        self._target_quote = ""
        self._target_begun = False
        self._escaped = False
        self._definition = ""
        """Inside a reference definition: `before` its target, `in` it, `angle`, `after` it."""
        self._tag = ""
        """Inside an HTML tag: `name`, `rest`, `equals`, `value`, a quote, `comment`."""
        self._tag_values = False
        self._tag_text = ""
        self._css = 0
        self._css_quote = ""

    @property
    def inside(self) -> bool:
        """Whether what comes next would be carried off with something."""
        return bool(
            self._target
            or self._css
            or self._quoted_url
            or any(self._brackets)
            or self._definition in ("before", "in", "angle", "title")
            or self._tag in ("comment", "equals", "value", '"', "'")
            or (self._tag and self._tag_values)
            or (self._tag == "name" and ":" in self._tag_text)
            or self._url
            or _URL.search(self._run)
        )

    def read(self, text: str) -> None:
        """Go on."""
        for match in _STEP.finditer(text):
            step = match[0]
            if step[0].isalnum():
                self._word(step)
            else:
                self._mark(step)

    def _word(self, word: str) -> None:
        if self._tag == "comment":
            self._tag_text = ""
        elif self._tag == "open":
            self._tag, self._tag_values, self._tag_text = ("name" if word[0].isalpha() else ""), False, ""
        elif self._tag == "equals":
            self._tag = "value"
        if self._definition == "before":
            self._definition = "in"
        elif self._definition == "after":
            self._definition = ""
        self._target_begun = self._target_begun or bool(self._target)
        self._escaped = self._closed_label = False
        # A list's number leaves the line as good as empty.
        self._blank_line = self._blank_line and word.isdigit()
        self._add(word)
        self._last = word[-1]

    def _mark(self, mark: str) -> None:
        self._in_css(mark)
        self._in_target(mark)
        self._in_definition(mark)
        self._in_brackets(mark)
        self._in_tag(mark)
        self._in_run(mark)
        self._escaped = mark == "\\" and not self._escaped
        if mark == "\n":
            if self._blank_line:
                # A blank line ends whatever Markdown began.
                self._brackets, self._target, self._definition, self._label = [], 0, "", False
            self._blank_line = True
        elif not mark.isspace() and mark not in ">-*+.)":
            self._blank_line = False
        self._last = mark

    def _in_css(self, mark: str) -> None:
        if self._css:
            if self._css_quote:
                if mark == self._css_quote and not self._escaped:
                    self._css_quote = ""
            elif mark in "\"'" and self._last in "( \t\n":
                self._css_quote = mark
            elif mark == ")" and not self._escaped:
                self._css = 0
        elif mark == "(" and self._run[-3:].lower() == "url":
            self._css, self._css_quote = 1, ""

    def _in_target(self, mark: str) -> None:
        if not self._target:
            if mark == "(" and self._last == "]":
                self._target, self._target_quote, self._target_begun = 1, "", False
            return
        if self._escaped:
            return
        if self._target_quote:
            if mark == self._target_quote:
                self._target_quote = ""
        elif mark == "<" and not self._target_begun:
            self._target_quote = ">"
        elif mark in "\"'" and self._last.isspace():
            self._target_quote = mark
        elif mark == "(":
            self._target += 1
        elif mark == ")":
            self._target -= 1
        self._target_begun = self._target_begun or not mark.isspace()

    def _in_definition(self, mark: str) -> None:
        if not self._definition:
            if mark == ":" and self._closed_label:
                self._definition = "before"
        elif self._definition == "before":
            if not mark.isspace():
                self._definition = "angle" if mark == "<" else "in"
        elif self._definition == "angle":
            if mark in ">\n" and not self._escaped:
                self._definition = "after"
        elif self._definition == "in":
            if mark.isspace():
                self._definition = "after"
        elif self._definition == "after":
            if not mark.isspace():
                self._definition = "title" if mark in "\"'(" else ""
        elif mark == "\n":
            self._definition = ""

    def _in_brackets(self, mark: str) -> None:
        self._closed_label = False
        if self._escaped:
            return
        if mark == "[":
            if not self._brackets:
                self._label = self._blank_line
            self._brackets.append(self._last == "!" or (self._last == "]" and self._after_image))
        elif mark == "]" and self._brackets:
            self._after_image = self._brackets.pop()
            self._closed_label = self._label and not self._brackets

    def _in_tag(self, mark: str) -> None:
        tag = self._tag
        if tag in ("", "open"):
            if mark == "<":
                self._tag = "open"
            elif tag:
                self._tag, self._tag_values, self._tag_text = ("name" if mark in "/!?" else ""), False, mark
        elif tag == "comment":
            self._tag_text = (self._tag_text + mark)[-3:] if mark in "->" else ""
            self._tag = "" if self._tag_text == "-->" else tag
        elif tag in ('"', "'"):
            self._tag = "rest" if mark == tag else tag
        elif tag == "equals":
            self._after_equals(mark)
        else:
            self._among_attributes(mark)

    def _after_equals(self, mark: str) -> None:
        if mark in "\"'":
            self._tag = mark
        elif mark == ">":
            self._tag = ""
        elif not mark.isspace():
            self._tag = "value"

    def _among_attributes(self, mark: str) -> None:
        if mark == ">":
            self._tag = ""
        elif mark == "=" and self._tag != "value":
            self._tag, self._tag_values = "equals", True
        elif mark.isspace():
            self._tag = "rest"
        elif self._tag == "name":
            self._tag_text += mark
            if self._tag_text.startswith("!--"):
                self._tag, self._tag_text = "comment", ""

    def _in_run(self, mark: str) -> None:
        if self._quoted_url:
            if mark in (self._quoted_url, "\n"):
                self._quoted_url = ""
                self._start_run("")
            return
        if mark.isspace() or mark in '<>"':
            url = self._url or (self._run_quote and mark in " \t" and _URL.search(self._run))
            quote = self._run_quote
            self._start_run(mark if mark == '"' else "")
            if url and quote and mark in " \t":
                # A URL in quotes goes on behind a blank, up to the quote that ends it.
                self._quoted_url = quote
            return
        if mark in _QUOTES and self._run in ("\0", "\0(", "\0=", "\0[", "\0{"):
            self._run_quote = mark
        elif mark == self._run_quote:
            self._run_quote = ""
        self._add(mark)

    def _start_run(self, quote: str) -> None:
        self._run = "\0"
        self._url = False
        self._run_quote = quote
        self._quoted_url = ""

    def _add(self, step: str) -> None:
        if self._url:
            return
        while len(self._run) + len(step) >= _HELD:
            # Cut at the same places however the text arrives.
            room = _HELD - len(self._run)
            self._run, step = self._run + step[:room], step[room:]
            if _URL.search(self._run):
                self._url = True
                return
            self._run = self._run[-_OVERLAP:]
        self._run += step


class JsonPlaces:
    """The same for JSON source: each string in it is a text of its own, read with its escapes undone."""

    _ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}

    def __init__(self) -> None:
        self._places = Places()
        self._escape = ""

    @property
    def inside(self) -> bool:
        """Whether what comes next would be carried off with something."""
        return self._places.inside

    def read(self, text: str) -> None:
        """Go on."""
        for character in text:
            if self._escape:
                self._escape += character
                self._unescape()
            elif character == "\\":
                self._escape = character
            elif character == '"':
                self._places = Places()
            else:
                self._places.read(character)

    def _unescape(self) -> None:
        escape = self._escape
        if escape[1] == "u" and len(escape) < 6:
            return
        self._escape = ""
        if escape[1] == "u":
            try:
                self._places.read(chr(int(escape[2:6], base=16)))
            except ValueError:
                self._places.read(escape)
        else:
            self._places.read(self._ESCAPES.get(escape[1], escape[1]))
