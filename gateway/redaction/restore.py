"""Tokens back to values in an answer, whole or as it streams. Pure.

Only tokens named in the two maps are touched: `values` come back, `masks` are shown as their type, every other token
stays as it is. A value that was put back is never read again, so a token inside it is not restored.
"""

from __future__ import annotations

import json as json_module
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Final

from gateway.redaction.tokens import Written, mask_of

_CONTEXT: Final = 2048
"""Characters of output that are remembered to tell whether a token stands inside a link or an attribute."""

_SCHEME: Final = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}:/{1,2}|www\.|(?:mailto|data|javascript|tel|sms):|(?:\A|['(])//", re.IGNORECASE
)
_TAG: Final = re.compile(r"<[a-z!/]", re.IGNORECASE)
_DEFINITION: Final = re.compile(r"[ \t>]{0,8}\[[^\]\n]{1,200}\]:\s*\S*\Z")


def _carried_away(before: str) -> bool:
    """Whether what follows `before` stands where a browser or a tool would carry it off.

    That is inside a URL, the target of a Markdown link or image, a reference definition, or an HTML attribute. Values
    never go there (OWASP LLM02 and LLM05: data carried out by links).
    """
    piece = before[max(before.rfind(mark) for mark in ' \t\r\n<>"') + 1 :]
    if _SCHEME.search(piece):
        return True
    target = before.rfind("](")
    if target >= 0:
        inside = before[target + 2 :].lstrip()
        if ")" not in inside and "\n" not in inside:
            return True
    tag = _TAG.search(before, before.rfind(">") + 1)
    if tag and before.find("=", tag.end()) >= 0:
        return True
    return _DEFINITION.match(before, before.rfind("\n") + 1) is not None


class Restorer:
    """One stream of text: one choice, content block or tool call. Nothing that was returned is ever taken back."""

    def __init__(
        self,
        values: Mapping[str, str],
        masks: Mapping[str, str] | None = None,
        *,
        json: bool = False,
        written: Written | None = None,
    ) -> None:
        """`values`: token to original; `masks`: token to what is shown instead. `json`: the text is JSON source."""
        self._values = values
        self._masks = masks or {}
        self._json = json
        self._written = written or Written((*values, *self._masks))
        self._text = ""
        self._from = 0
        self._tail = ""

    def feed(self, text: str) -> str:
        """The next piece in, what is certain out; at most the beginning of a known token is kept back."""
        if not self._written:
            return text
        self._text += text
        return self._advance(self._written.held(self._text, self._from))

    def flush(self) -> str:
        """What was kept back. The restorer may be fed again afterwards, as a new text."""
        rest = self._advance(len(self._text))
        self._text, self._from, self._tail = "", 0, ""
        return rest

    def _advance(self, until: int) -> str:
        out: list[str] = []
        at = self._from
        for start, end, token in self._written.find(self._text, at):
            if start >= until:
                break
            self._put(out, self._text[at:start])
            self._put(out, self._shown(token))
            at = end
        if at < until:
            self._put(out, self._text[at:until])
            at = until
        # One character stays as context: it says whether the next one begins a word.
        keep = max(0, at - 1)
        self._text, self._from = self._text[keep:], at - keep
        return "".join(out)

    def _put(self, out: list[str], piece: str) -> None:
        out.append(piece)
        self._tail = (self._tail + piece)[-_CONTEXT:]

    def _shown(self, token: str) -> str:
        value = self._values.get(token)
        if value is None:
            return self._masks[token]
        if _carried_away(self._tail):
            return mask_of(token)
        return json_module.dumps(value, ensure_ascii=False)[1:-1] if self._json else value


class Restorers:
    """One restorer for each place of an answer that streams by itself, made when first fed."""

    def __init__(self, values: Mapping[str, str], masks: Mapping[str, str] | None = None) -> None:
        self._values, self._masks = values, masks or {}
        self._written = Written((*values, *self._masks))
        self._open: dict[Hashable, Restorer] = {}

    def feed(self, place: Hashable, text: str, *, json: bool = False) -> str:
        """Feed the restorer of `place`, such as `(0, "content")` or `(0, "tool", 1)`."""
        restorer = self._open.get(place)
        if restorer is None:
            restorer = Restorer(self._values, self._masks, json=json, written=self._written)
            self._open[place] = restorer
        return restorer.feed(text)

    def flush(self, place: Hashable) -> str:
        """What the restorer of `place` kept back; empty when there is none."""
        restorer = self._open.pop(place, None)
        return restorer.flush() if restorer else ""

    def places(self) -> tuple[Hashable, ...]:
        """Every place fed and not yet flushed, oldest first."""
        return tuple(self._open)

    def flush_all(self) -> Iterator[tuple[Hashable, str]]:
        """Each place that kept something back, and what."""
        for place in self.places():
            if rest := self.flush(place):
                yield place, rest


def restore(text: str, values: Mapping[str, str], masks: Mapping[str, str] | None = None, *, json: bool = False) -> str:
    """A whole text at once; the same as feeding it in any pieces."""
    restorer = Restorer(values, masks, json=json)
    return restorer.feed(text) + restorer.flush()


def mask(text: str, tokens: Iterable[str]) -> str:
    """The text for somebody who may see none of these tokens' values: `[PERSON]` for each of them."""
    return restore(text, {}, {token: mask_of(token) for token in tokens})
