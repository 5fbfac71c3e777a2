"""Names that stand where others were found: at the head of a chat's lines, in numbered lists. Pure.

The model reads a line for its words; whether `Ines: ja warte` names a speaker is plain from the lines around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from gateway.model import Span
from gateway.redaction.ner.called import NO_PART

_HEAD: Final = re.compile(
    r"(?m)^(?:> ?)?(?:\[[^\]\n]{1,30}\][ ])?(?P<name>[^\W\d_][^\W\d_]+(?:['\u2019-][^\W\d_]+)?):[ \n]"
)
_ENTRY: Final = re.compile(
    r"(?m)^[ \t]{0,4}(?:\d{1,2}[.)]|[-*\u2022])[ ]{1,2}(?P<name>[^\W\d_a-z][^\W\d_]+"
    r"(?:[ ][^\W\d_a-z][^\W\d_]*\.?){0,2})[ \t]*$"
)
_ROLES: Final = frozenset(
    ("bot", "ai", "host", "guest", "agent", "customer", "system", "sender", "support", "client", "user")
)
_FEW: Final = 2
_SURE: Final = 0.6
Known = Callable[[int], bool]
"""Whether a name begins at an offset."""


def heads(text: str, found: Sequence[Span], known: Known) -> Iterator[Span]:
    """Speakers beside speakers: `known` tells whether a word that begins there is a name."""
    speakers = {
        text[span.start : span.end]
        for span in found
        if span.type == "PERSON" and text[span.end : span.end + 1] == ":" and _begins(text, span.start)
    }
    if not speakers:
        return
    taken = {span.start for span in found if span.type == "PERSON"}
    for match in _HEAD.finditer(text):
        name = match["name"]
        if match.start("name") in taken or name.lower() in NO_PART or name.lower() in _ROLES:
            continue
        if name in speakers or (name[0].isupper() and not name.isupper() and known(match.start("name"))):
            yield Span(*match.span("name"), "PERSON", _SURE)


def entries(text: str, found: Sequence[Span], known: Known) -> Iterator[Span]:
    """Names alone in the lines of a list, where at least two and half of its lines are such."""
    row: list[re.Match[str]] = []
    taken = {span.start for span in found}
    for match in _ENTRY.finditer(text):
        if row and match.start() != row[-1].end() + 1:
            yield from _names(row, taken, known)
            row = []
        row.append(match)
    yield from _names(row, taken, known)


def _names(row: Sequence[re.Match[str]], taken: set[int], known: Known) -> Iterator[Span]:
    named = [match for match in row if known(match.start("name"))]
    if len(named) < _FEW or 2 * len(named) < len(row):
        return
    for match in named:
        if match.start("name") not in taken:
            yield Span(*match.span("name"), "PERSON", _SURE)


def _begins(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] in "\n]" or text[at - 2 : at] in ("] ", "> ")
