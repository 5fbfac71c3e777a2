"""A passage as one caller sees it, with the places of the sentences that were cited."""

from __future__ import annotations

from gateway.chat.links import link
from gateway.chat.sight import Sight
from gateway.model import Json, Passage
from gateway.retrieval import name_of, sentences


def show_passage(passage: Passage, sight: Sight, highlight: tuple[int, int] | None) -> Json:
    """The passage restored; `highlights` are code points of the text shown, one range for each sentence asked for.

    The cuts are those of the redacted text, so that they are the same whatever values return.
    """
    parts: list[str] = []
    ranges: list[Json] = []
    at = length = 0
    for number, (start, end) in enumerate(sentences(passage.text)):
        before, own = sight.show(passage.text[at:start]), sight.show(passage.text[start:end])
        if highlight is not None and highlight[0] <= number <= highlight[1]:
            ranges.append({"start": length + len(before), "end": length + len(before) + len(own)})
        parts += [before, own]
        length += len(before) + len(own)
        at = end
    parts.append(sight.show(passage.text[at:]))
    return {
        "object": "passage",
        "id": passage.id,
        "passage": name_of(passage),
        "document": passage.document,
        "version": passage.version,
        "collection": passage.collection,
        "label": passage.label,
        "title": sight.show(passage.title),
        "source": sight.show(passage.source),
        "heading": sight.show(passage.heading),
        "page": passage.page,
        "start": passage.start,
        "end": passage.end,
        "text": "".join(parts),
        "highlights": ranges,
        "url": link(passage),
    }
