"""`/v1/redact` and `/v1/restore`: there and back, for the one who asked, and for nobody else."""

from __future__ import annotations

import json
import random
from typing import Any

from tests.redteam.evidence import stands
from tests.redteam.field import Field
from tests.redteam.kinds import KINDS
from tests.redteam.people import person
from tests.redteam.play import ROLES
from tests.redteam.score import Score


async def play(ground: Field, score: Score, seed: int) -> None:
    """Some texts redacted, restored by their owner, and not by another."""
    chance = random.Random(seed)
    texts = [
        str(message["content"])
        for make in chance.sample(KINDS, 3)
        for message in make(chance, person(chance), person(chance)).messages
        if isinstance(message.get("content"), str)
    ]
    who, other = chance.sample(ROLES, 2)
    score.talks += 1
    score.requests += 3
    done = await ground.post(who, "/v1/redact", {"texts": texts})
    if done.status != 200:
        score.refused[str(done.error.get("code"))] += 1
        return
    results = done.body["results"]
    redacted = [one["redacted"] for one in results]
    for text, one in zip(texts, results, strict=True):
        for span in one["spans"]:
            value = text[span["start"] : span["end"]]
            score.found[span["type"]] += 1
            if stands(value, ["", one["redacted"]]):
                score.leaked[span["type"]] += 1
                score.problems.append(f"redact: {span['type']} still there ({seed})")
    back = await ground.post(who, "/v1/restore", {"texts": redacted, "everywhere": True})
    score.restored += 1
    restored = [one["restored"] for one in back.body.get("results", [])]
    expected = _as_first_written(texts, results)
    score.exact += restored == expected
    if restored != expected:
        score.problems.append(f"restore: not as it was ({seed})")
    others = await ground.post(other, "/v1/restore", {"texts": redacted})
    for value in {
        text[span["start"] : span["end"]] for text, one in zip(texts, results, strict=True) for span in one["spans"]
    }:
        if stands(value, ["", "\n".join(redacted)]):
            continue  # Each text is scanned by itself: what one gives away is not found in another.
        score.withheld += 1
        if stands(value, ["", others.text]):
            score.shown += 1
            score.problems.append(f"restore: shown to another ({seed})")


def _as_first_written(texts: list[str], results: list[dict[str, Any]]) -> list[str]:
    """The texts with every value in the spelling in which its token was first given."""
    first: dict[str, str] = {}
    written: list[str] = []
    for text, one in zip(texts, results, strict=True):
        out, at = "", 0
        for span in one["spans"]:
            value = first.setdefault(span["token"], _unescaped(text[span["start"] : span["end"]]))
            out += text[at : span["start"]] + value
            at = span["end"]
        written.append(out + text[at:])
    return written


def _unescaped(value: str) -> str:
    """A value written with JSON's escapes returns as what it means, which is the same JSON."""
    return str(json.loads(f'"{value}"')) if "\\u" in value else value
