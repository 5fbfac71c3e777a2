"""Markdown: its headings, and marks that must not stand inside a word. Pure; linear in the length of its input."""

from __future__ import annotations

import re

# None of these looks at a character more than a few times, whatever the text: groups stop where the next could begin.
_TARGET = r"\((?:<[^<>\n]*+>|[^()\n]*+(?:\([^()\n]*+\)[^()\n]*+)?+)\)"
_IMAGE = re.compile(rf"!\[([^\[\]\n]*+)\]{_TARGET}")
_LINK = re.compile(rf"(?<!!)\[([^\[\]\n]*+)\]{_TARGET}")
_EMPHASIS = re.compile(r"(?<![*\\])(\*{1,3})(?![*\s])([^*\n]*+)(?<![\s\\])\1(?!\*)")
_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def markdown_headings(text: str) -> list[tuple[int, int, int]]:
    """(start, end, level) of every `#` heading outside code fences; offsets without the marks."""
    found = []
    fence = ""
    at = 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if (mark := _FENCE.match(text, at, end)) is not None:
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence):
                fence = ""
        elif not fence and (heading := _ATX.match(text, at, end)) is not None:
            # In Python, not in the expression: trailing blanks and marks there are tried in every combination.
            body = text[heading.end() : end].rstrip(" \t")
            bare = body.rstrip("#")
            body = bare.rstrip(" \t") if bare != body and bare[-1:] in {"", " ", "\t"} else body
            if body:
                found.append((heading.end(), heading.end() + len(body), len(heading[1])))
        at = end + 1
    return found


def whole_words(text: str) -> str:
    """Markdown made of a document: images are their captions, and no mark of emphasis or link stands inside a word.

    An image's address would be a way out for data, and a value with marks in it would not be recognised.
    """
    text = _IMAGE.sub(lambda match: match[1], text)
    text = _LINK.sub(lambda match: match[1] if _inside_word(match) else match[0], text)
    return _EMPHASIS.sub(lambda match: match[2] if _inside_word(match) and not _product(match) else match[0], text)


def _inside_word(match: re.Match[str]) -> bool:
    """Whether the marked text goes on, before or behind, without a blank."""
    before, behind = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    return bool(before.strip(" \n\t|(") or behind.strip(" \n\t|).,;:!?"))


def _product(match: re.Match[str]) -> bool:
    """2*3*4 is no emphasis."""
    around = match.string[match.start() - 1 : match.start()], match.string[match.end() : match.end() + 1]
    return len(match[1]) == 1 and all(mark.isdigit() for mark in (*around, match[2][0], match[2][-1]))
