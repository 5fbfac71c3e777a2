"""A whole run: conversations, documents, texts, attacks, and a look at what was left behind."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable

from tests.redteam import documents, imitations, play, texts, traces
from tests.redteam.attacks import ATTACKS
from tests.redteam.evidence import strong
from tests.redteam.field import Field
from tests.redteam.people import person
from tests.redteam.score import Score
from tests.world import World

AT_ONCE = 6
DOCUMENT_EVERY = 20
TEXTS_EVERY = 10
IMITATED_EVERY = 4
"""One conversation more for so many, where zones receive invented values."""

Progress = Callable[[int, int], None]


async def run(world: World, count: int, seed: int = 0, progress: Progress = lambda done, of: None) -> Score:
    """Play `count` conversations and every attack; the same seed plays the same."""
    ground, score, log = Field(world), Score(), traces.Kept()
    root = logging.getLogger()
    root.addHandler(log)
    start = time.monotonic()
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with gate:
            at = seed * 1_000_003 + number
            if number % DOCUMENT_EVERY == DOCUMENT_EVERY - 1:
                await documents.play(ground, score, at)
            elif number % TEXTS_EVERY == TEXTS_EVERY - 2:
                await texts.play(ground, score, at)
            else:
                await play.play(ground, score, at)
            progress(score.talks, count)

    try:
        await asyncio.gather(*(one(number) for number in range(count)))
        for number, (name, attack) in enumerate(ATTACKS.items()):
            score.attacks[name] = await attack(ground, random.Random(seed * 97 + number))
        with imitations.imitating(world):
            score.imitated = await imitated(ground, gate, count, seed)
        score.attacks |= await traces.search(ground, log, people_of(count + count // IMITATED_EVERY, seed))
        await ground.clear()
    finally:
        root.removeHandler(log)
        await ground.close()
    score.seconds = time.monotonic() - start
    return score


async def imitated(ground: Field, gate: asyncio.Semaphore, count: int, seed: int) -> Score:
    """A part of the conversations, documents and attacks of their own, where zones receive invented values."""
    score = Score()
    start = time.monotonic()

    async def one(number: int) -> None:
        async with gate:
            # People and documents that have not been met: a document that is known already is not brought in again.
            at = seed * 1_000_003 + count + number
            if number % DOCUMENT_EVERY == DOCUMENT_EVERY - 1:
                await documents.play(ground, score, at)
            else:
                await imitations.play(ground, score, at)

    await asyncio.gather(*(one(number) for number in range(count // IMITATED_EVERY)))
    for number, (name, attack) in enumerate(imitations.ATTACKS.items()):
        score.attacks[name] = await attack(ground, random.Random(seed * 89 + number))
    score.seconds = time.monotonic() - start
    return score


def people_of(count: int, seed: int) -> set[str]:
    """The e-mail addresses and numbers of everybody who was written about. Names may stand where nobody found them."""
    found: set[str] = set()
    for number in range(count):
        chance = random.Random(seed * 1_000_003 + number)
        for one in (person(chance), person(chance)):
            found |= {v for v in (one.email, one.phone, one.card, one.iban, one.ssn) if strong(v)}
    return found
