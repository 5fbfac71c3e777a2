"""One conversation played: sent, looked for in what the upstreams received, and compared with what comes back."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.redaction import leaves
from gateway.redaction.tokens import find_tokens, id_of, token_of, token_spans, type_of
from tests.redaction.mangling import cases
from tests.redteam.evidence import stands, views
from tests.redteam.field import Cut, Field, Said
from tests.redteam.kinds import KINDS, Talk
from tests.redteam.people import person
from tests.redteam.score import Score
from tests.simulators import Behaviour, ToolCall
from tests.simulators.behaviour import last_user_text

ROLES = ("hana", "emil", "clara", "root")
STYLES = ("echo", "echo", "echo", "mangled", "mangled", "tool", "json")


@dataclass(slots=True)
class Expectation:
    """What the upstream said, and so what must come back."""

    values: Mapping[str, str]
    style: str
    chance: random.Random
    text: str | None = None
    measured: bool = True
    seed: int = 0
    manglings: list[str] = field(default_factory=list)

    def answer(self, request: dict[str, Any]) -> Behaviour:
        """The upstream's answer: the last user text back, its tokens perhaps rewritten."""
        said, expected = self._rewritten(last_user_text(request))
        self.text = expected
        options: dict[str, Any] = {"seed": self.seed, "bytes_per_write": self.chance.choice([None, None, 7])}
        if self.style == "tool":
            arguments = json.dumps({"text": said}, ensure_ascii=self.chance.random() < 0.5)
            return Behaviour(tool_calls=(ToolCall("keep", arguments),), bytes_per_write=options["bytes_per_write"])
        if self.style == "json":
            said = json.dumps({"text": said}, ensure_ascii=self.chance.random() < 0.5)
        return Cut(text=said, **options)

    def _rewritten(self, text: str) -> tuple[str, str]:
        said, expected, at = [], [], 0
        for start, end, token in token_spans(text):
            written, back = token, self.values.get(token, token)
            plain = token == token_of(type_of(token), id_of(token))
            if self.style == "mangled" and token in self.values and plain:
                name, written, back = self.chance.choice(cases(type_of(token), id_of(token), back))
                self.manglings.append(name)
            said += [text[at:start], written]
            expected += [text[at:start], back]
            at = end
        # Values are not put into addresses; which stretches are such is not judged here.
        self.measured = "://" not in text
        return "".join([*said, text[at:]]), "".join([*expected, text[at:]])


async def play(ground: Field, score: Score, seed: int) -> None:
    """Play the conversation of one seed."""
    chance = random.Random(seed)
    talk = KINDS[seed % len(KINDS)](chance, person(chance), person(chance))
    who, stream, style = chance.choice(ROLES), chance.random() < 0.5, chance.choice(STYLES)
    mark = ground.mark()
    more: dict[str, Any] = {**talk.more, "model": chance.choice(["auto", "house", "cloud"])}
    if style == "json":
        more["response_format"] = {"type": "json_object"}
    if stream:
        more["stream"] = True
    if chance.random() < 0.2:
        more["gateway"] = {"collections": ["handbook"]} if who != "root" else {}
    body = {"user": mark, "messages": talk.messages, **more}
    body.pop("gateway", None)
    found = await ground.redact([leaf.text for leaf in leaves(body)])
    values: dict[str, str] = {}
    types: dict[str, str] = {}
    for one in found:
        for token, original in one.originals.items():
            values.setdefault(token, original.value)
            types.setdefault(original.value, original.type)
    expectation = Expectation(values, style, chance, seed=seed)
    said, sent = await ground.ask(who, talk.messages, expectation.answer, mark, **more)
    score.talks += 1
    score.requests += 1
    if said.status != 200 or said.error:
        score.refused[str(said.error.get("code") or said.status)] += 1
        score.problems.append(f"{talk.kind}: {said.status} {said.error.get('code')} ({style}, {seed})")
    judge_sent(score, talk, types, views(sent) if sent else [], seed)
    if sent and said.status == 200 and not said.error:
        judge_back(score, talk, expectation, said, stream=stream, seed=seed)


def judge_sent(score: Score, talk: Talk, types: Mapping[str, str], texts: list[str], seed: int) -> None:
    """Leaks of what was found; misses of what was there."""
    for value, kind in types.items():
        score.found[kind] += 1
        if texts and stands(value, texts):
            score.leaked[kind] += 1
            score.problems.append(f"leak of {kind} in {talk.kind} ({seed})")
    for kind, value in dict.fromkeys(talk.truth):
        score.put_in[kind] += 1
        if texts and stands(value, texts):
            score.missed[kind] += 1


def judge_back(score: Score, talk: Talk, expected: Expectation, said: Said, *, stream: bool, seed: int) -> None:
    """The caller must read what the upstream said, with the values he typed."""
    if expected.text is None or not expected.measured:
        return
    score.restored += 1
    got = said.content
    try:
        if expected.style == "tool":
            got = json.loads(said.arguments[0])["text"]
        elif expected.style == "json":
            got = json.loads(said.content)["text"]
    except (ValueError, LookupError):
        score.problems.append(f"{talk.kind}: {expected.style} is no JSON (stream {stream}, {seed})")
        return
    if got == expected.text:
        score.exact += 1
        return
    # Values of another token than the one written; what was not restored at all is no wrong value.
    wrong = [v for v in expected.values.values() if got.count(v) > expected.text.count(v)]
    score.wrong += bool(wrong)
    left = sum(1 for token in find_tokens(got) if token in expected.values)
    score.problems.append(
        f"{talk.kind}: not as typed ({expected.style}, stream {stream}, {left} tokens left, "
        f"{'wrong value, ' if wrong else ''}{expected.manglings}, {seed})"
    )
