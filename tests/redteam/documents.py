"""Documents brought in and asked about by people with different rights."""

from __future__ import annotations

import random
import re
from typing import Any

from tests.redteam.evidence import stands, views
from tests.redteam.field import Field
from tests.redteam.people import TYPES, Person, person
from tests.redteam.score import Score
from tests.simulators import Behaviour

HR_SEES = frozenset({"PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "IBAN_CODE", "DATE_OF_BIRTH"})
_SYLLABLES = re.findall(r"..", "badefigolumanepirosutavexozukraboli")


def topic(chance: random.Random) -> str:
    """A word that stands in no other document."""
    return "".join(chance.choice(_SYLLABLES) for _ in range(4))


def page(word: str, one: Person) -> str:
    """A document about one person."""
    return (
        f"# The {word} file\n\nEmployee: {one.name}\n\nThis is the {word} file of Mr {one.name}.\n\n"
        f"- E-mail: {one.email}\n- Phone: {one.phone}\n- IBAN: {one.iban}\n- Card: {one.card}\n"
        f"- DOB: {one.birth}\n- SSN: {one.ssn}\n"
    )


def quote(request: dict[str, Any]) -> Behaviour:
    """An upstream that says back every passage it was given."""
    texts = [m["content"] for m in request["messages"] if m["role"] == "system"]
    return Behaviour(text="\n".join(texts))


async def play(ground: Field, score: Score, seed: int) -> None:
    """One document: brought in, searched for and asked about, by one who may see and by one who may not."""
    chance = random.Random(seed)
    one, word = person(chance), topic(chance)
    collection, writer, seen = chance.choice([("hr", "hana", HR_SEES), ("engineering", "emil", frozenset[str]())])
    brought = await ground.upload(writer, collection, f"{word}.md", "internal", page(word, one))
    score.talks += 1
    score.requests += 1
    if brought.status != 201:
        score.refused[str(brought.status)] += 1
        score.problems.append(f"document: {brought.status} ({seed})")
        return
    found = (await ground.redact([page(word, one)]))[0]
    known = {original.value: original.type for original in found.originals.values()}
    for kind, value in ((TYPES[name], getattr(one, name)) for name in TYPES if name != "ip"):
        score.put_in[kind] += 1
        score.missed[kind] += not any(value in v or v in value for v in known)
    for said in await _ask(ground, score, writer, collection, word, known, seed):
        for value, kind in known.items():
            if kind in seen:
                continue
            score.withheld += 1
            if stands(value, ["", said]):
                score.shown += 1
                score.problems.append(f"document: {kind} of {collection} shown to {writer} ({seed})")
    outsider = "emil" if collection == "hr" else "hana"
    refused = await ground.post(outsider, "/v1/search", {"query": word, "collections": [collection]})
    if refused.status != 403:
        score.shown += 1
        score.problems.append(f"document: {collection} searched by {outsider} ({seed})")


async def _ask(
    ground: Field, score: Score, who: str, collection: str, word: str, known: dict[str, str], seed: int
) -> list[str]:
    """The file by search, as passages, from the extractive answerer, and from models, streamed and not."""
    found = await ground.post(who, "/v1/search", {"query": f"the {word} file", "collections": [collection], "top_k": 1})
    said = [found.text]
    messages = [{"role": "user", "content": f"What is in the {word} file?"}]
    for more in (
        {"gateway": {"collections": [collection], "mode": "passages", "top_k": 1}},
        {"gateway": {"collections": [collection], "top_k": 1}, "model": "extractive"},
        {"gateway": {"collections": [collection], "top_k": 1}, "model": "house"},
        {"gateway": {"collections": [collection], "top_k": 1}, "model": "cloud", "stream": True},
    ):
        answer, sent = await ground.ask(who, messages, quote, **more)
        score.requests += 1
        if answer.status != 200:
            score.refused[str(answer.error.get("code"))] += 1
            score.problems.append(f"document: {answer.status} {answer.error.get('code')} ({seed})")
        said.append(answer.text)
        texts = views(sent) if sent else []
        for value, kind in known.items():
            score.found[kind] += 1
            if texts and stands(value, texts):
                score.leaked[kind] += 1
                score.problems.append(f"leak of {kind} from a document ({seed})")
    return said
