"""Whether a pattern can cost more than time in proportion to the text, wherever in the text it begins.

A backtracking matcher that fails has tried every way of reading. There are exponentially many when one loop can read
the same text in two ways and be where it was; polynomially many when, on the same text, one loop can go round, a second
one too, and a way leads from the first to the second. The search for a place to begin is itself such a first loop.
Weideman et al., "Analyzing Matching Time Behavior of Backtracking Regular Expression Matchers by Using Ambiguity of
NFA" (2016) has the theory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.policy.automaton import EDGE, Automaton, Ends, TooComplexError

EXPONENTIAL: Final = "can take exponential time: what is repeated can be read in two ways, as in (a+)+ or (a|ab)+"
POLYNOMIAL: Final = "can take quadratic time: two repeats after each other can read the same text, as in \\d+\\d*x"
QUADRATIC: Final = "can take quadratic time: at every place of a long run it reads to the end of the run, as in a.*b"
STEPS: Final = 400_000
"""Steps of the search before a pattern counts as too complex."""
SEARCH: Final = -1
"""The state in which a match has not begun."""


def ambiguity(automaton: Automaton) -> str | None:
    """What makes the pattern slow; None when nothing does. Raises TooComplexError when that cannot be told."""
    return _Search(automaton).run()


def loops(automaton: Automaton) -> list[int]:
    """For each position the number of the loop it is part of; -1 for none."""
    return _loops([{to for to, _ in ends} for ends in automaton.follow])


def moves(automaton: Automaton, at: int, before: int, character: int) -> Iterator[int]:
    """Where one can be after reading a character, one entry for each way. SEARCH may begin, or go on searching."""
    if at == SEARCH:
        yield SEARCH
    for to, condition in automaton.whole.first if at == SEARCH else automaton.follow[at]:
        if automaton.reads[to] >> character & 1 and condition.after[before] >> character & 1:
            yield to


class _Search:
    def __init__(self, automaton: Automaton) -> None:
        self.automaton = automaton
        self.reads = automaton.reads
        self.follow = automaton.follow
        self.first: Ends = automaton.whole.first
        self.characters = [at for at in range(len(automaton.characters)) if at != EDGE]
        self.accept: dict[int, list[tuple[int, ...]]] = {}
        for at, condition in automaton.whole.last:
            if condition.sure:
                self.accept.setdefault(at, []).append(condition.after)
        self.loop = loops(automaton)
        self.steps = 0

    def run(self) -> str | None:
        for component in sorted({number for number in self.loop if number >= 0}):
            inside = {at for at, number in enumerate(self.loop) if number == component}
            if self._exponential(inside):
                return EXPONENTIAL
        worst = None
        looped = [at for at, number in enumerate(self.loop) if number >= 0]
        before = self._before(looped)
        for two in looped:
            for one in (SEARCH, *looped):
                if (
                    (one == SEARCH or self.loop[one] != self.loop[two])
                    and one in before[two]
                    and self._chained(one, two)
                ):
                    worst = worst or (QUADRATIC if one == SEARCH else POLYNOMIAL)
        return worst

    def _before(self, looped: list[int]) -> dict[int, set[int]]:
        """For each position in a loop, the positions (and SEARCH) from which it can be reached."""
        back: dict[int, set[int]] = {}
        for at, ends in enumerate(self.follow):
            for to, _ in ends:
                back.setdefault(to, set()).add(at)
        for to, _ in self.first:
            back.setdefault(to, set()).add(SEARCH)
        found: dict[int, set[int]] = {}
        for target in looped:
            seen, waiting = {target}, [target]
            while waiting:
                for at in back.get(waiting.pop(), ()):
                    if at not in seen:
                        seen.add(at)
                        waiting.append(at)
            found[target] = seen
        self.reach = found
        return found

    def _step(self, count: int = 1) -> None:
        self.steps += count
        if self.steps > STEPS:
            raise TooComplexError

    def _exponential(self, inside: set[int]) -> bool:
        """Whether two different ways through the loop read the same text and meet again."""
        waiting: list[tuple[int, int, int]] = []
        seen: set[tuple[int, int, int]] = set()
        for at in inside:
            for before in self.characters:
                if not self.reads[at] >> before & 1:
                    continue
                for character in self.characters:
                    ways = [to for to in moves(self.automaton, at, before, character) if to in inside]
                    self._step(1 + len(ways))
                    if len(ways) != len(set(ways)):
                        return True
                    waiting += [(i, j, character) for i in ways for j in ways if i < j]
        while waiting:
            state = waiting.pop()
            if state in seen:
                continue
            seen.add(state)
            one, two, before = state
            for character in self.characters:
                left = [to for to in moves(self.automaton, one, before, character) if to in inside]
                right = [to for to in moves(self.automaton, two, before, character) if to in inside]
                self._step(1 + len(left) * len(right))
                if not set(left).isdisjoint(right):
                    return True
                waiting += [(min(i, j), max(i, j), character) for i in left for j in right]
        return False

    def _chained(self, one: int, two: int) -> bool:
        """Whether some text leads round the loop of `one`, round the loop of `two`, and from `one` to `two`.

        Round the loop of `two` only without coming by an end of the pattern: where a match can end, none fails.
        """
        useful = self.reach[two]
        for last in self.characters:
            if not self.reads[two] >> last & 1 or (one != SEARCH and not self.reads[one] >> last & 1):
                continue
            goal = (one, two, two, last)
            waiting, seen = [(one, one, two, last)], set()
            while waiting:
                a, b, c, before = waiting.pop()
                for character in self.characters:
                    if self._ends(c, before, character):
                        continue
                    rounds = [
                        to for to in moves(self.automaton, c, before, character) if self.loop[to] == self.loop[two]
                    ]
                    if not rounds:
                        continue
                    stays = [to for to in moves(self.automaton, a, before, character) if self._same(one, to)]
                    middle = {to for to in moves(self.automaton, b, before, character) if to in useful}
                    self._step(1 + len(rounds) * len(stays) * len(middle))
                    for state in ((i, j, k, character) for i in stays for j in middle for k in rounds):
                        if state == goal:
                            return True
                        if state not in seen:
                            seen.add(state)
                            waiting.append(state)
        return False

    def _same(self, one: int, to: int) -> bool:
        return to == SEARCH if one == SEARCH else to != SEARCH and self.loop[to] == self.loop[one]

    def _ends(self, at: int, before: int, character: int) -> bool:
        """Whether a match may end at this position before this character."""
        return any(after[before] >> character & 1 for after in self.accept.get(at, ()))


def _loops(edges: list[set[int]]) -> list[int]:
    """For each position the number of the loop (strongly connected component) it is part of; -1 for none."""
    back: list[set[int]] = [set() for _ in edges]
    for at, targets in enumerate(edges):
        for to in targets:
            back[to].add(at)
    loop = [-1] * len(edges)
    left = set(range(len(edges)))
    for root in _finished(edges):
        if root in left:
            members = _within(root, back, left)
            left -= members
            if len(members) > 1 or root in edges[root]:
                for member in members:
                    loop[member] = root
    return loop


def _finished(edges: list[set[int]]) -> list[int]:
    """Positions, those whose ways are all walked last come first (Kosaraju's order)."""
    seen: set[int] = set()
    order: list[int] = []
    for root in range(len(edges)):
        work = [] if root in seen else [(root, iter(edges[root]))]
        seen.add(root)
        while work:
            at, rest = work[-1]
            following = next((to for to in rest if to not in seen), None)
            if following is None:
                order.append(at)
                work.pop()
            else:
                seen.add(following)
                work.append((following, iter(edges[following])))
    return order[::-1]


def _within(root: int, back: list[set[int]], left: set[int]) -> set[int]:
    members, waiting = {root}, [root]
    while waiting:
        fresh = (back[waiting.pop()] & left) - members
        members |= fresh
        waiting += fresh
    return members
