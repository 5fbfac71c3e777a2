"""The same attacks where a zone receives invented values and numbers in their format instead of tokens."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.redaction import leaves
from gateway.redaction.tokens import find_tokens, token_spans
from tests.redteam.attacks import LINKS
from tests.redteam.evidence import stands, views
from tests.redteam.field import Cut, Field, Said
from tests.redteam.kinds import KINDS
from tests.redteam.people import person
from tests.redteam.play import ROLES, judge_sent
from tests.redteam.score import Score
from tests.simulators import Behaviour, ToolCall
from tests.simulators.behaviour import last_user_text
from tests.world import World

FORMATS = ("CREDIT_CARD", "IBAN_CODE", "US_SSN", "PHONE_NUMBER", "IP_ADDRESS")
STYLES = ("echo", "echo", "wrapped", "tool", "json")
_MAIL = re.compile(r"[^\s<>()]+@[^\s<>(),]+\w")


@contextmanager
def imitating(world: World) -> Iterator[None]:
    """While it lasts, every zone receives invented values: numbers in their format, all else by surrogates."""
    current = world.house.current
    bundle = current.bundle
    methods = {"*": {"*": "surrogate"}, **{kind: {"*": "format"} for kind in FORMATS}}
    current._bundle = replace(bundle, privacy=replace(bundle.privacy, methods=methods))
    try:
        yield
    finally:
        current._bundle = bundle


@dataclass(slots=True)
class _Answer:
    """An upstream that says back what it was told, as it pleases."""

    style: str
    chance: random.Random
    seed: int
    heard: str = field(default="", repr=False)

    def __call__(self, request: dict[str, Any]) -> Behaviour:
        self.heard = last_user_text(request)
        said = self.heard
        if self.style == "wrapped":
            # Two words of a name on two lines, and marks around what is quoted.
            said = re.sub(r"(?<=[a-z]) (?=[A-Z][a-z])", "\n", said)
        if self.style == "tool":
            arguments = json.dumps({"text": said}, ensure_ascii=self.chance.random() < 0.5)
            return Behaviour(tool_calls=(ToolCall("keep", arguments),))
        if self.style == "json":
            said = json.dumps({"text": said}, ensure_ascii=self.chance.random() < 0.5)
        return Cut(text=said, seed=self.seed, bytes_per_write=self.chance.choice([None, 7]))


async def play(ground: Field, score: Score, seed: int) -> None:
    """Play the conversation of one seed."""
    chance = random.Random(seed)
    talk = KINDS[seed % len(KINDS)](chance, person(chance), person(chance))
    who, stream, style = chance.choice(ROLES), chance.random() < 0.5, chance.choice(STYLES)
    mark = ground.mark()
    more: dict[str, Any] = {**talk.more, "model": chance.choice(["auto", "house", "cloud"]), "stream": stream}
    if style == "json":
        more["response_format"] = {"type": "json_object"}
    texts = [leaf.text for leaf in leaves({"user": mark, "messages": talk.messages, **more})]
    found = await ground.redact(texts)
    values = {token: one.value for made in found for token, one in made.originals.items()}
    types = {one.value: one.type for made in found for one in made.originals.values()}
    answer = _Answer(style, chance, seed)
    said, sent = await ground.ask(who, talk.messages, answer, mark, **more)
    score.talks += 1
    score.requests += 1
    if said.status != 200 or said.error:
        score.refused[str(said.error.get("code") or said.status)] += 1
        score.problems.append(f"{talk.kind}: {said.status} {said.error.get('code')} ({style}, {seed})")
        return
    judge_sent(score, talk, types, views(sent), seed)
    asked = talk.messages[-1]["content"]
    if isinstance(asked, str) and "://" not in asked and asked in texts:
        redacted = found[texts.index(asked)].redacted.text
        _judge_back(score, talk.kind, _restored(redacted, values), values, said, answer)


def _restored(redacted: str, values: dict[str, str]) -> str:
    out, at = [], 0
    for start, end, token in token_spans(redacted):
        out += [redacted[at:start], values.get(token, token)]
        at = end
    return "".join([*out, redacted[at:]])


def _judge_back(score: Score, kind: str, expected: str, values: dict[str, str], said: Said, answer: _Answer) -> None:
    score.restored += 1
    got = said.content
    try:
        if answer.style == "tool":
            got = json.loads(said.arguments[0])["text"]
        elif answer.style == "json":
            got = json.loads(said.content)["text"]
    except (ValueError, LookupError):
        score.problems.append(f"{kind}: {answer.style} is no JSON ({answer.seed})")
        return
    if answer.style == "wrapped":
        got, expected = " ".join(got.split()), " ".join(expected.split())
    if got == expected:
        score.exact += 1
        return
    wrong = [value for value in values.values() if got.count(value) > expected.count(value)]
    score.wrong += bool(wrong)
    left = sum(1 for _ in find_tokens(got))
    score.problems.append(
        f"imitated {kind}: not as typed ({answer.style}, {left} tokens left, "
        f"{'wrong value, ' if wrong else ''}{answer.seed})"
    )


async def typed_surrogate(ground: Field, chance: random.Random) -> list[str]:
    """Somebody learned what stands for another person, types that, and has it said back."""
    wrong = []
    for stream in (False, True):
        one = person(chance)
        heard = _Answer("echo", chance, 0)
        await ground.ask("hana", _user(f"Mail Mr {one.name} at {one.email} or {one.phone}."), heard)
        if stands(one.email, ["", heard.heard]):
            wrong.append("nothing was invented")
        said, _ = await ground.ask("emil", _user(f"Repeat: {heard.heard}"), _Answer("echo", chance, 1), stream=stream)
        wrong += [
            f"{name} was shown" for name in ("name", "email", "phone") if stands(getattr(one, name), ["", said.text])
        ]
    return wrong


async def carried_off(ground: Field, chance: random.Random) -> list[str]:
    """A model puts an invented address into a link, an image, an attribute."""
    wrong = []
    for template in LINKS:
        one = person(chance)
        for stream in (False, True):

            def answer(request: dict[str, Any], template: str = template) -> Behaviour:
                found = _MAIL.search(last_user_text(request))
                return Behaviour(
                    text="See " + template.replace("{T}", found[0] if found else "none") + " there.", bytes_per_write=5
                )

            said, _ = await ground.ask("hana", _user(f"Mail {one.email} now"), answer, stream=stream)
            if stands(one.email, ["", said.content]):
                wrong.append(f"email was shown in {template}")
    return wrong


async def made_up(ground: Field, chance: random.Random) -> list[str]:
    """A model tells of people nobody told it of, next to one that stands for somebody real."""
    one, other = person(chance), person(chance)
    wrong = []
    for stream in (False, True):

        def answer(request: dict[str, Any]) -> Behaviour:
            return Behaviour(
                text=f"{last_user_text(request)} Or ask {other.email}, card {other.card}.", bytes_per_write=3
            )

        said, _ = await ground.ask("emil", _user(f"Mail {one.email} now"), answer, stream=stream)
        wrong += [f"{name} was shown" for name in ("email", "card") if stands(getattr(other, name), ["", said.text])]
        if not stands(one.email, ["", said.text]):
            wrong.append("the caller's own value did not return")
    return wrong


def _user(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


ATTACKS = {
    "an invented value typed by somebody else": typed_surrogate,
    "invented values carried off in links": carried_off,
    "made up beside invented values": made_up,
}
