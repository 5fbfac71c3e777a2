"""Running a pattern on texts made to be hard for it, and measuring: the proof beside the theory of `ambiguity`."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final

from gateway.policy.ambiguity import SEARCH, loops, moves
from gateway.policy.automaton import EDGE, Automaton
from gateway.policy.syntax import compiled

LENGTH: Final = 9_000
"""Characters of the longest hostile text; the detector hands a pattern no more at once."""
SLOW_S: Final = 0.1
"""CPU seconds a pattern may take on such a text."""
SUSPECT_S: Final = 0.015
GROWTH: Final = 9.0
"""A text four times as long may take so many times as long: about 4 when time is in proportion, 16 when it squares."""
TIMEOUT_S: Final = 1.0
MAX_LOOPS: Final = 12
MAX_RUNS: Final = 12
LENGTHS: Final = (6, 12, 20, 29, 45, 90)

Attack = tuple[str, str, str]
"""What stands before, what is repeated, what stands after."""


def is_slow(pattern: str, automaton: Automaton, loose: Automaton) -> bool:
    """Whether some hostile text makes the pattern take too long, or longer than in proportion. Takes some 20 ms.

    loose: the pattern's automaton with counted repeats as endless ones.
    """
    if _has_no_choice(automaton):
        return False
    engine = compiled(pattern)
    return any(_slow(engine, attack) for attack in dict.fromkeys(attacks(loose)))


def _has_no_choice(automaton: Automaton) -> bool:
    """Whether there is no loop, and never more than one way to go on: then there is nothing to go back to."""
    return not any(number >= 0 for number in loops(automaton)) and all(
        not automaton.reads[one] & automaton.reads[two]
        for ends in (automaton.whole.first, *automaton.follow)
        for (one, _), (two, _) in combinations(ends, 2)
    )


def written(attack: Attack, length: int) -> str:
    """A hostile text of about this length."""
    before, repeated, after = attack
    return before + repeated * max(1, length // len(repeated)) + after


def _slow(engine: Any, attack: Attack) -> bool:
    long = written(attack, LENGTH)
    cost = _cost(engine, long)
    if cost < SUSPECT_S:
        return False
    cost = min(cost, _cost(engine, long))
    if cost > SLOW_S:
        return True
    short = written(attack, LENGTH // 4)
    return cost > SUSPECT_S and cost > GROWTH * min(_cost(engine, short) for _ in range(3))


def _cost(engine: Any, text: str) -> float:
    """CPU seconds of this thread: what else the machine does at the time counts little."""
    start = time.thread_time()
    try:
        for _ in engine.finditer(text, timeout=TIMEOUT_S):
            pass
    except TimeoutError:
        return math.inf
    return time.thread_time() - start


def attacks(automaton: Automaton) -> Iterator[Attack]:
    """Texts that begin to match many times and never quite do."""
    whole = _way(automaton, {at for at, _ in automaton.whole.last})
    tails = ("", "\x00", "\x00" + whole)
    rounds = [(_way(automaton, {at}), _round(automaton, at)) for at in _some(automaton)]
    runs = sorted({*"".join((whole, *(word for _, word in rounds))), *_readable(automaton)})[:MAX_RUNS]
    for character in runs:
        # Short runs between what nothing reads: for counted repeats, which a long run satisfies.
        yield from (("", character * length + "\x00", "") for length in LENGTHS)
    for before, word in rounds:
        yield from (("", before + word * length + "\x00", "") for length in LENGTHS if word)
    for cut in range(1, min(len(whole), 8)):
        yield "", whole[:-cut] + "\x00", ""
    for tail in tails:
        yield from (("", character, tail) for character in runs)
        for word in (whole, whole[:-1], whole[1:]):
            if word:
                yield "", word, tail
        for before, word in rounds:
            if word:
                yield before, word, tail
                yield "", before + word, tail
                yield before + word * 50, word + before, tail


def _some(automaton: Automaton) -> list[int]:
    """A position of each loop, and a few more of large ones."""
    inside: dict[int, list[int]] = {}
    for at, number in enumerate(loops(automaton)):
        if number >= 0:
            inside.setdefault(number, []).append(at)
    return [at for members in inside.values() for at in (members[0], *members[1:3])][:MAX_LOOPS]


def _readable(automaton: Automaton) -> Iterator[str]:
    """A character for each set that some position reads."""
    for mask in dict.fromkeys(automaton.reads):
        yield from (c for at, c in enumerate(automaton.characters) if at != EDGE and mask >> at & 1)


def _way(automaton: Automaton, targets: set[int]) -> str:
    """A shortest text that leads from the beginning to one of the positions; empty when none does."""
    return _walk(automaton, SEARCH, EDGE, targets)


def _round(automaton: Automaton, at: int) -> str:
    """A shortest text that leads from a position back to it."""
    before = next((c for c in range(len(automaton.characters)) if c != EDGE and automaton.reads[at] >> c & 1), EDGE)
    return _walk(automaton, at, before, {at})


def _walk(automaton: Automaton, start: int, before: int, targets: set[int]) -> str:
    came: dict[tuple[int, int], tuple[int, int]] = {}
    waiting = deque([(start, before)])
    while waiting:
        state = waiting.popleft()
        for character in range(1, len(automaton.characters)):
            for to in moves(automaton, state[0], state[1], character):
                following = (to, character)
                if to == SEARCH or following in came:
                    continue
                came[following] = state
                if to in targets:
                    return _spelt(automaton, came, following, (start, before))
                waiting.append(following)
    return ""


def _spelt(
    automaton: Automaton, came: dict[tuple[int, int], tuple[int, int]], state: tuple[int, int], start: tuple[int, int]
) -> str:
    out = [automaton.characters[state[1]]]
    while (state := came[state]) != start:
        out.append(automaton.characters[state[1]])
    return "".join(reversed(out))
