"""Tokens back to values in an answer, whole or as it streams. Pure.

Only tokens named in the two maps are touched: `values` come back, `masks` are shown as their type, every other token
stays as it is. A value that was put back is never read again, so a token inside it is not restored.
"""

from __future__ import annotations

import json as json_module
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Final

from gateway.redaction.json_source import JsonSource
from gateway.redaction.places import JsonPlaces, Places
from gateway.redaction.tokens import Written, mask_of
from gateway.redaction.written import CONTEXT

_HOST_LIKE: Final = re.compile(r"[A-Za-z0-9_-]{0,64}")
"""What may stand between a token and the dot that makes a host's name of them."""


class Known:
    """What one answer's tokens stand for, prepared once for all its texts and streams.

    `values`: token to original; `masks`: token to what is shown instead.
    """

    def __init__(self, values: Mapping[str, str], masks: Mapping[str, str] | None = None) -> None:
        self.values = values
        self.masks = masks or {}
        self.written = Written((*values, *self.masks))

    def restorer(self, *, json: bool = False) -> Restorer:
        """A restorer for one stream of text, made at no cost that grows with the tokens."""
        return Restorer(self.values, self.masks, json=json, written=self.written)

    def restore(self, text: str, *, json: bool = False) -> str:
        """A whole text at once."""
        return self.restorer(json=json).whole(text)


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
        self._reset()

    def feed(self, text: str) -> str:
        """The next piece in, what is certain out.

        Kept back is at most the beginning of a known token, or a whole one whose next characters may make it part of
        a host's name.
        """
        if not self._written:
            return text
        self._text += text
        return self._advance(final=False)

    def flush(self) -> str:
        """What was kept back. The restorer may be fed again afterwards, as a new text."""
        rest = self._advance(final=True)
        self._reset()
        return rest

    def whole(self, text: str) -> str:
        """A whole text at once; only on a restorer that keeps nothing back."""
        self._text = text if self._written else ""
        return self.flush() if self._written else text

    def _reset(self) -> None:
        self._places: Places | JsonPlaces = JsonPlaces() if self._json else Places()
        self._source = JsonSource()
        self._unread: list[str] = []
        self._before = ""

    def _advance(self, *, final: bool) -> str:
        reading = self._written.read(self._text, self._before, final=final)
        out: list[str] = []
        at, until = 0, reading.until
        for hit in reading.hits:
            host = hit.token in self._values and self._begins_host(hit.end, final=final)
            if host is None:
                until = hit.start
                break
            self._put(out, self._text[at : hit.start] + hit.before)
            self._put(out, self._shown(hit.token, host=host) + hit.after)
            at = hit.end
        if at < until:
            self._put(out, self._text[at:until])
            at = until
        # A few characters stay as context, as they are read: they say whether the next one begins a word.
        self._before = (self._before + reading.view[:at])[-CONTEXT:]
        self._text = self._text[at:]
        return "".join(out)

    def _begins_host(self, end: int, *, final: bool) -> bool | None:
        """Whether what follows a token makes it part of a host's name or address; None when more text must tell."""
        text = self._text
        match = _HOST_LIKE.match(text, end)
        at = match.end() if match else end
        if at - end == 64:
            return False
        if at == len(text):
            return False if final else None
        if text[at] not in ".@":
            return False
        if at + 1 == len(text):
            return False if final else None
        return text[at + 1].isalnum()

    def _put(self, out: list[str], piece: str) -> None:
        out.append(piece)
        self._unread.append(piece)

    def _shown(self, token: str, *, host: bool) -> str:
        value = self._values.get(token)
        if value is None:
            return self._masks[token]
        # Read only when a value asks: most of an answer is never looked at.
        unread = "".join(self._unread)
        self._unread.clear()
        self._places.read(unread)
        self._source.read(unread)
        if host or self._places.inside:
            return mask_of(token)
        if self._json or self._source.in_string:
            return json_module.dumps(value, ensure_ascii=False)[1:-1]
        return value


class Restorers:
    """One restorer for each place of an answer that streams by itself, made when first fed."""

    def __init__(self, values: Mapping[str, str], masks: Mapping[str, str] | None = None) -> None:
        self._known = Known(values, masks)
        self._open: dict[Hashable, Restorer] = {}

    def feed(self, place: Hashable, text: str, *, json: bool = False) -> str:
        """Feed the restorer of `place`, such as `(0, "content")` or `(0, "tool", 1)`."""
        restorer = self._open.get(place)
        if restorer is None:
            restorer = self._known.restorer(json=json)
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
    return Restorer(values, masks, json=json).whole(text)


def mask(text: str, tokens: Iterable[str]) -> str:
    """The text for somebody who may see none of these tokens' values: `[PERSON]` for each of them."""
    return restore(text, {}, {token: mask_of(token) for token in tokens})
