"""The built-in answerer: the sentences of the passages that bear on the question, quoted with their citations.

No language model is involved, and the answer says so. Sentences are scored by the rarity of the question's words in
them, by the rank of their passage and by their place in it.
"""

from __future__ import annotations

import math
import re
import secrets
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.model import Call, Json, Model, Outgoing, Passage
from gateway.routing.providers.base import Timeouts, dump

INTRO: Final = "No language model answered; these sentences of your documents bear on the question:"
NO_PASSAGES: Final = "Nothing found that you may read."
"""All that is said then: nobody learns from it whether there is something that he may not read."""
NO_MATCH: Final = "No language model answered, and no sentence of the passages found bears on the question."
MAX_SENTENCES: Final = 4
MAX_SENTENCE_CHARS: Final = 600
FEWEST_WORDS: Final = 3
_WORD: Final = re.compile(r"\w+", re.UNICODE)
# After a sentence's end, at an empty line, and before a list item, heading, table row or labelled field. A single line
# end inside a paragraph is only where the author's editor wrapped.
_BREAK: Final = re.compile(
    r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]*[A-Z0-9\[*_])"
    r"|\s*\n\s*\n\s*"
    r"|\s*\n\s*(?=\||[A-Z][\w -]{0,40}:\s)"
    r"|\s*\n\s*(?:[-*•]\s+|\d+[.)]\s+|#+\s+)"
)
_MARKUP: Final = re.compile(r"\*\*|__|`")
_STOP: Final = frozenset(
    """
    a an and are as at be been but by can could did do does for from had has have how i if in into is it its me my of
    on or our shall should so such than that the their them there these they this to us was we were what when where
    which who whom whose why will with would you your about any each may must not no many much
    """.split()  # noqa: SIM905 - a list of quoted words does not read
)


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    mark: int
    """Number of its passage, from 1."""
    place: int
    terms: frozenset[str]


class Extractive:
    """Answers from `call.passages`; nothing leaves the process."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def prepare(self, model: Model, call: Call) -> Outgoing:
        """Question and passages as JSON: what an egress record of another provider would show."""
        passages = [{"id": passage.id, "text": passage.text} for passage in call.passages]
        body = dump({"model": model.target, "question": call.question, "passages": passages})
        return Outgoing(model, body, call.stream, "built-in:extractive", call)

    async def complete(self, outgoing: Outgoing, timeouts: Timeouts) -> Json:  # noqa: ARG002 - never waits
        """The whole answer."""
        text = answer(outgoing.call.question, outgoing.call.passages)
        message = {"role": "assistant", "content": text}
        return {
            **self._head(outgoing.model, "chat.completion"),
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            "usage": _usage(outgoing.body, text),
        }

    async def stream(self, outgoing: Outgoing, timeouts: Timeouts) -> AsyncGenerator[Json, None]:  # noqa: ARG002
        """The same answer word by word."""
        head = self._head(outgoing.model, "chat.completion.chunk")
        text = answer(outgoing.call.question, outgoing.call.passages)
        for number, piece in enumerate(re.findall(r"\s*\S+", text)):
            delta = {"content": piece} if number else {"role": "assistant", "content": piece}
            yield {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None, "logprobs": None}]}
        yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "logprobs": None}]}
        yield {**head, "choices": [], "usage": _usage(outgoing.body, text)}

    async def close(self) -> None:
        """Nothing to let go of."""

    def _head(self, model: Model, kind: str) -> Json:
        return {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "object": kind,
            "created": int(self._now().timestamp()),
            "model": model.name,
        }


def answer(question: str, passages: Sequence[Passage]) -> str:
    """The answer's text. `[n]` cites the n-th passage."""
    if not passages:
        return NO_PASSAGES
    best = select(question, passages)
    if not best:
        return NO_MATCH
    return "\n".join([INTRO, *(f"- {sentence.text} [{sentence.mark}]" for sentence in best)])


def select(question: str, passages: Sequence[Passage]) -> list[_Sentence]:
    """At most MAX_SENTENCES sentences in the order of their passages; none that shares no word with the question."""
    sentences = [
        _Sentence(text, mark, place, frozenset(terms(text)))
        for mark, passage in enumerate(passages, start=1)
        for place, text in enumerate(split(passage.text))
    ]
    wanted = frozenset(terms(question))
    spread = Counter(term for sentence in sentences for term in sentence.terms & wanted)
    if not spread:
        return []
    weight = {term: math.log(1 + len(sentences) / count) for term, count in spread.items()}

    def score(sentence: _Sentence) -> float:
        found = sum(weight[term] for term in sentence.terms & wanted)
        # long sentences match by chance; an early sentence of a well-ranked passage is likelier to answer
        length = 1 + 0.2 * max(0.0, math.log((1 + len(sentence.terms)) / 20))
        return found / length * (1 + 0.5 / sentence.mark) * (1 + 0.1 / (1 + sentence.place))

    ranked = sorted(sentences, key=lambda sentence: (-score(sentence), sentence.mark, sentence.place))
    floor = 0.5 * score(ranked[0])
    picked: list[_Sentence] = []
    for sentence in ranked:
        if len(picked) == MAX_SENTENCES or score(sentence) < floor or not sentence.terms & wanted:
            break
        if all(sentence.terms != other.terms for other in picked):
            picked.append(sentence)
    return sorted(picked, key=lambda sentence: (sentence.mark, sentence.place))


def split(text: str) -> list[str]:
    """Sentences, list items and lines, trimmed; longer ones are cut at a word."""
    found = []
    for piece in _BREAK.split(text):
        sentence = _MARKUP.sub("", " ".join(piece.split()).strip("|#-*• "))
        if len(sentence) > MAX_SENTENCE_CHARS:
            sentence = sentence[:MAX_SENTENCE_CHARS].rsplit(" ", 1)[0] + " ..."
        # A heading or a lone number bears on many questions and answers none.
        if len(_WORD.findall(sentence)) >= FEWEST_WORDS:
            found.append(sentence)
    return found


def terms(text: str) -> list[str]:
    """Words that carry meaning, case folded, plain English endings taken off."""
    return [_stem(word) for word in _WORD.findall(text.casefold()) if word not in _STOP]


def _stem(word: str) -> str:
    for ending in ("ies", "ing", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word.removesuffix("e") if len(word) > 4 else word


def _usage(body: bytes, text: str) -> dict[str, int]:
    """Estimated at four bytes a token; nobody is billed by it."""
    asked, said = len(body) // 4, max(1, len(text.encode()) // 4)
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
