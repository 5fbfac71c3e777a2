"""Each sentence of an answer against the passages it was made from: words, facts, negations; no language model.

What counts is the best stretch of a few neighbouring sentences of one passage. Facts (numbers, dates, codes, names,
tokens) must stand in a passage; where words leave it open, the likeness of meaning decides, if it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from gateway.retrieval.grounding.facts import (
    CODES,
    DATES,
    MASKS,
    NAMES,
    NUMBERS,
    TOKENS,
    Date,
    Facts,
    Number,
    facts_of,
    fold,
    without_marks,
)
from gateway.retrieval.sparse import is_english, is_foreign, words

SUPPORTED, PARTLY, UNSUPPORTED, NEUTRAL = "supported", "partly", "unsupported", "neutral"
WORDS, NEGATION, LANGUAGE, UNCHECKED = "words", "negation", "language", "unchecked"
"""Why not, beside the kinds of facts: few of its words; said the other way round; another language; not looked at."""

STRETCH: Final = 3
"""Neighbouring sentences of a passage that may support one sentence together."""
HIGH, MIDDLE, LOW = 0.72, 0.5, 0.3
"""Shares of a sentence's words in the best stretch: supported from HIGH, open from LOW on."""
NEAR, LIKE = 0.72, 0.55
"""Likeness (cosine) from which an open sentence is supported, or partly."""
FEW: Final = 8
"""Words of a greeting, or of what leads to a list."""
SAME_BEGINNING: Final = 5
"""Letters in which two words of one stem agree at least, and seven tenths of the longer."""
_SAYS_NOTHING: Final = re.compile(
    r"\b(?:(?:do|does|did|could|can|cannot|can't|don't|doesn't|didn't|am|is|are|was|were)\s*(?:not)?\s*"
    r"(?:say|know|find|found|mention|mentioned|contain|specify|specified|state|stated|sure|able|unable|provide)\b"
    r"|no (?:information|passage|document|mention)|not (?:mentioned|stated|specified|found|sure|clear|able)|unable to|"
    r"sagen\b.{0,40}\bnichts|enthalten? (?:dazu )?(?:keine|nichts)|keine (?:angabe|information)\w*|"
    r"weiß (?:ich )?nicht)",
    re.IGNORECASE,
)
_DENIES: Final = re.compile(
    r"\b(?:no|not|n't|unable|cannot|can't|don't|doesn't|didn't|sure|nichts?|keine?)\b|n't\b", re.IGNORECASE
)
_POLITE: Final = re.compile(
    r"^\W*(?:hello|hi|hey|dear|thanks?|thank you|sorry|sure|certainly|of course|great|good (?:morning|day)|welcome|"
    r"you're welcome|please|let me know|feel free|i hope|hope this|i apologi[sz]e|if you (?:have|need)|"
    r"hallo|guten tag|danke|gern(?:e)?|bitte|entschuldigung|ich hoffe|wenn sie)\b",
    re.IGNORECASE,
)
_NOT: Final = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|nicht|nie|niemals|ohne|weder|kein\w{0,2})\b"
    r"|n['\u2019]t\b",
    re.IGNORECASE,
)
_FILLING: Final = (
    "according passage passages document documents answer question following here says said state states stated "
    "also therefore however thus moreover additionally note please based laut gemäß dokument dokumente"
)


@lru_cache(maxsize=1)
def _filling() -> frozenset[str]:
    """Stems of words that say nothing of the matter; at first use, since the stemmer is loaded with it."""
    return frozenset(words(_FILLING))


@dataclass(frozen=True, slots=True)
class Source:
    """One passage as the answer's reader sees it."""

    sentences: tuple[str, ...]
    above: str = ""
    """Title and headings: words that count wherever in the passage the rest stands."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one sentence."""

    supported: str
    """`supported`, `partly`, `unsupported`, or `neutral`: it claims nothing."""
    why: tuple[str, ...] = ()
    places: tuple[tuple[int, int, int], ...] = ()
    """(passage, first, last sentence) where it stands, from 0, best first."""
    score: float = 0.0
    """0..1, for measuring."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    passage: int
    first: int
    last: int
    stems: frozenset[str] = field(repr=False)
    text: str = field(repr=False)

    @property
    def range(self) -> range:
        """Its sentences."""
        return range(self.first, self.last + 1)


class Evidence:
    """The passages of one answer, read once."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._stretches: list[_Stretch] = []
        self.facts: list[Facts] = []
        self.folded: list[str] = []
        for number, source in enumerate(sources):
            above = frozenset(words(source.above))
            stems = [frozenset(words(one)) for one in source.sentences]
            for first in range(len(stems)):
                last = min(first + STRETCH, len(stems)) - 1
                joined = above.union(*stems[first : last + 1])
                text = " ".join(source.sentences[first : last + 1])
                self._stretches.append(_Stretch(number, first, last, joined, text))
            whole = "\n".join((source.above, *source.sentences))
            self.facts.append(facts_of(whole, names=False))
            self.folded.append(fold(whole))
        self._sentences = [source.sentences for source in sources]

    def ranked(self, stems: Sequence[str]) -> list[tuple[float, _Stretch]]:
        """Share of the stems in each stretch, best first; of equals the one with less beside them."""
        wanted = set(stems)
        found = [(_share(wanted, stretch.stems), stretch) for stretch in self._stretches]
        return sorted(found, key=lambda pair: (-pair[0], len(pair[1].stems), pair[1].passage, pair[1].first))

    def narrowed(self, stretch: _Stretch, stems: Iterable[str]) -> tuple[int, int, int]:
        """Passage, first and last sentence of the least part of a stretch that holds as much of the stems as all of it.

        Its own sentences alone count, not what stands above.
        """
        wanted = set(stems)
        own = {at: frozenset(words(self.text(stretch.passage, at, at))) for at in stretch.range}
        most = _share(wanted, frozenset().union(*own.values()))
        parts = [(first, last) for first in own for last in own if first <= last]
        for first, last in sorted(parts, key=lambda part: (part[1] - part[0], part[0])):
            if _share(wanted, frozenset().union(*(own[at] for at in range(first, last + 1)))) >= most:
                return stretch.passage, first, last
        return stretch.passage, stretch.first, stretch.last

    def denies(self, place: tuple[int, int, int], stems: Iterable[str]) -> bool:
        """Whether the sentence of a place that shares most with the stems is a negation."""
        passage, first, last = place
        wanted = set(stems)
        nearest = max(
            (self.text(passage, at, at) for at in range(first, last + 1)),
            key=lambda text: _share(wanted, frozenset(words(text))),
        )
        return _NOT.search(nearest) is not None

    def text(self, passage: int, first: int, last: int) -> str:
        """Sentences of a passage, joined."""
        return " ".join(self._sentences[passage][first : last + 1])


@dataclass(frozen=True, slots=True)
class Weighed:
    """A sentence weighed by words and facts; `verdict` may still ask how alike it is to `text`."""

    share: float
    places: tuple[tuple[int, int, int], ...]
    missing: tuple[str, ...]
    turned: bool
    language: bool
    claims: bool
    text: str = field(default="", repr=False)
    """The best stretch."""

    @property
    def open(self) -> bool:
        """Whether likeness of meaning can change the verdict."""
        hard = set(self.missing) & {TOKENS, CODES, DATES, NUMBERS}
        return self.claims and not hard and not self.turned and LOW <= self.share < HIGH and bool(self.text)


def weigh(sentence: str, evidence: Evidence) -> Weighed:
    """Weigh one sentence."""
    plain = without_marks(sentence).strip()
    stems = [stem for stem in dict.fromkeys(words(plain)) if stem not in _filling() and not stem.isdecimal()]
    facts = facts_of(plain)
    hedges = not _hard(facts) and _SAYS_NOTHING.search(plain) is not None and _DENIES.search(plain) is not None
    polite = _POLITE.match(plain) is not None and not _hard(facts) and len(stems) <= FEW
    leads = plain.endswith(":") and not _hard(facts) and len(stems) <= FEW
    if plain.endswith("?") or hedges or polite or leads or not (stems or facts):
        return Weighed(0.0, (), (), turned=False, language=False, claims=False)
    ranked = evidence.ranked(stems) if stems else []
    near = ranked[0][1].text if ranked and ranked[0][0] else ""
    if is_foreign([plain, near]):
        # Where every noun has a capital, a capital makes no name.
        facts = replace(facts, names=())
    held = [_held(facts, there, text) for there, text in zip(evidence.facts, evidence.folded, strict=True)]
    best, places, text = _places(stems, ranked, held, evidence)
    missing = tuple(kind for kind in _kinds(facts) if not _everywhere(kind, facts, held))
    turned = bool(places) and best >= MIDDLE and _turned(plain, [evidence.denies(place, stems) for place in places])
    # A few words tell a language badly; where many of them are found it is the same one.
    other = best < MIDDLE and ((is_foreign([plain]) and is_english(text)) or (is_english(plain) and is_foreign([text])))
    return Weighed(best, tuple(places), missing, turned=turned, language=other, claims=True, text=text)


def judge(weighed: Weighed, alike: float | None = None) -> Verdict:
    """The verdict; `alike` is the cosine of the sentence with `weighed.text`, None where it is not known."""
    if not weighed.claims:
        return Verdict(NEUTRAL)
    hard = [kind for kind in weighed.missing if kind not in {NAMES, MASKS}]
    why = list(weighed.missing)
    share = weighed.share
    level = 2 if share >= HIGH else 1 if share >= MIDDLE else 0
    if weighed.open and alike is not None:
        level = 2 if alike >= NEAR else 1 if alike >= LIKE or share >= MIDDLE else 0
    if weighed.language and not hard and level < 2:
        level = 1
        why.append(LANGUAGE)
    elif level < 2:
        why.append(WORDS)
    if weighed.turned:
        level = 0
        why.append(NEGATION)
    if hard:
        level = 0
    elif weighed.missing:
        level = min(level, 1) if MASKS in weighed.missing else min(level, 1 if share >= HIGH else 0)
    score = min(1.0, 0.6 * share + 0.4 * (alike if alike is not None else share))
    score *= (0.3 if hard else 1.0) * (0.5 if NAMES in weighed.missing else 1.0) * (0.5 if weighed.turned else 1.0)
    places = weighed.places if level else ()
    return Verdict((UNSUPPORTED, PARTLY, SUPPORTED)[level], tuple(dict.fromkeys(why)), places, round(score, 4))


def _share(wanted: set[str], there: frozenset[str]) -> float:
    if not wanted:
        return 0.0
    missing = wanted - there
    if not missing:
        return 1.0
    begun: dict[str, list[str]] = {}
    for stem in there:
        if len(stem) >= SAME_BEGINNING:
            begun.setdefault(stem[:SAME_BEGINNING], []).append(stem)
    alike = sum(any(_same(stem, other) for other in begun.get(stem[:SAME_BEGINNING], ())) for stem in missing)
    return (len(wanted) - len(missing) + alike) / len(wanted)


def _same(one: str, other: str) -> bool:
    longer = max(len(one), len(other))
    agree = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return agree >= SAME_BEGINNING and agree >= 0.7 * longer


def _turned(plain: str, denied: Sequence[bool]) -> bool:
    """Whether a sentence says no where its places do not, or the first one says no and it does not."""
    return not any(denied) if _NOT.search(plain) else denied[0]


def _hard(facts: Facts) -> bool:
    return bool(facts.tokens or facts.codes or facts.dates or facts.numbers)


def _kinds(facts: Facts) -> tuple[str, ...]:
    held = (
        (TOKENS, facts.tokens), (MASKS, facts.masks), (CODES, facts.codes), (DATES, facts.dates),
        (NUMBERS, facts.numbers), (NAMES, facts.names),
    )  # fmt: skip
    return tuple(kind for kind, some in held if some)


def _held(facts: Facts, there: Facts, text: str) -> dict[str, set[object]]:
    """Which of the facts one passage holds, by kind."""
    found: dict[str, set[object]] = {
        TOKENS: set(facts.tokens & there.tokens),
        MASKS: set(facts.masks & there.masks),
        CODES: {code for code in facts.codes if code in text},
        DATES: {one for one in facts.dates if any(one.agrees(other) for other in there.dates)},
        NUMBERS: {one for one in facts.numbers if any(one.agrees(other) for other in there.numbers)},
        NAMES: {name for name in facts.names if all(_stands(word, text) for word in name)},
    }
    found[NUMBERS] |= {one for one in facts.numbers if any(_of_date(one, date) for date in there.dates)}
    return found


def _of_date(number: Number, date: Date) -> bool:
    """A year alone is held by a full date."""
    return date.year is not None and not number.unit and date.year in number.values


def _stands(word: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}", text) is not None


def _everywhere(kind: str, facts: Facts, held: Sequence[dict[str, set[object]]]) -> bool:
    """Whether every fact of a kind stands in one passage or another."""
    wanted = {
        TOKENS: facts.tokens, MASKS: facts.masks, CODES: facts.codes, DATES: facts.dates, NUMBERS: facts.numbers,
        NAMES: facts.names,
    }[kind]  # fmt: skip
    there: set[object] = set().union(*(one[kind] for one in held)) if held else set()
    return all(one in there for one in wanted)


def _places(
    stems: Sequence[str],
    ranked: Sequence[tuple[float, _Stretch]],
    held: Sequence[dict[str, set[object]]],
    evidence: Evidence,
) -> tuple[float, list[tuple[int, int, int]], str]:
    """The share of the stems that is found, where, and the best stretch; a second passage where it adds words."""
    counts = [sum(map(len, one.values())) for one in held]
    if not ranked or ranked[0][0] == 0.0:
        best = max(range(len(counts)), key=lambda n: counts[n], default=-1)
        if best < 0 or not counts[best]:
            return 0.0, [], ""
        return (1.0 if not stems else 0.0), [(best, 0, 0)], ""
    top = max(share for share, _ in ranked)
    # Among stretches that say nearly as much, the one whose passage holds the facts.
    share, first = max(
        (pair for pair in ranked if pair[0] >= top - 0.1), key=lambda pair: (counts[pair[1].passage], pair[0])
    )
    places = [evidence.narrowed(first, stems)]
    rest = [stem for stem in stems if not _share({stem}, first.stems)]
    if rest:
        for _, stretch in evidence.ranked(rest)[:1]:
            more = _share(set(rest), stretch.stems) * len(rest) / len(set(stems))
            if stretch.passage != first.passage and more >= 0.25 and share >= LOW:
                places.append(evidence.narrowed(stretch, rest))
                share += more
    return min(1.0, share), places, first.text
