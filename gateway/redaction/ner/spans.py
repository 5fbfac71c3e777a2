"""Probabilities of words into spans. Pure."""

from __future__ import annotations

import importlib
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from gateway.model import Span
from gateway.redaction.ner.borders import turned, whole_name
from gateway.redaction.ner.called import CALLED, NAMES_TOO, NEVER, NO_BODY, NO_PART
from gateway.redaction.ner.labels import TYPES
from gateway.redaction.ner.listed import entries, heads
from gateway.redaction.ner.nations import PEOPLES
from gateway.redaction.ner.words import FLAGS, JOINT, Read

LEAST: Final = {
    "PERSON": 0.25,
    "LOCATION": 0.5,
    "ORGANIZATION": 0.5,
    "STREET_ADDRESS": 0.3,
    "NRP": 0.5,
    "JOB_TITLE": 0.5,
}
"""How probable a word of an entity must be. A missed name costs more than a masked word."""
_SURE_BEGIN: Final = 0.75
_BESIDE: Final = 0.15
"""How probable a capitalised word beside a found name must be to belong to it."""
_WALLS: Final = "|<>{}" + JOINT
"""Marks that end a cell, a tag, a field or a text: no entity goes on behind them."""
_HYPHENS: Final = ("-", "\u2010", "\u2011")
_GLUE: Final = ("'", "\u2019", *_HYPHENS)
_SURE_STREET: Final = 0.5
_STREET: Final = TYPES.index("STREET_ADDRESS")
_PERSON: Final = TYPES.index("PERSON")
_NRP: Final = TYPES.index("NRP")
_NAMED: Final = re.compile(r"[^\W\d_]{3}")
_LONGEST_NUMBER: Final = 5
_ROW: Final = re.compile(r"[,;]\S")
"""Values of a table, as CSV has them."""
_CELLS: Final = "   "
"""Columns of a form are so far apart."""
_SURE_ROW: Final = 0.97
_SURE_NAME: Final = 0.8
_SENTENCE: Final = re.compile(
    r"(?<=[^\W\d_]{4})(?<!blvd)(?<!bldg)(?<!pkwy)(?<!terr)(?<!cres)\.\s+(?=(?-i:[A-Z\u00c0-\u00de]))"
    r"|,\s+(?=(?-i:[a-z\u00df-\u00ff]{4,})\Z)"
    r"|[,;]\s+(?=(?:(?:steuer|personal|sozial)|(?:tel|mobil|phone|fax|e-?mail|iban|bic|geb|born|dob|ssn|nif|dni|bsn|nhs|siret"
    r"|c\.f|cod|vat|ust|n[\u00ba\u00b0]|n|n\u00e9e?|nat[oa]|nacid[oa])(?![^\W_])))"
    r"|[,;]?\s+(?=\d{7})",
    re.IGNORECASE,
)
"""Where an address ends and something else is said."""
_TO: Final = frozenset(
    (
        *("at", "in", "an", "zu", "te", "aan", "bei", "en", "au", "\u00e0", "a", "presso", "of", "from", "to", "chez"),
        *("still", "now", "noch", "immer", "jetzt", "nog", "steeds", "toujours", "ahora", "adesso"),
    )
)
"""What stands before an address and is none of it."""
_NO_STREET: Final = re.compile(
    r"(?i)(?:aktenzeichen|az|case|claim|art(?:icle|ikel)?|section|docket|pc|wpc|rg|sect|[\w-]{2,20}nummer|j'ai|ai|hat|bin|ho|tengo)\b"
    r"|cours? d['\u2019]|.{0,40}\b(?:matr\u00edcula|kennzeichen|kenteken|arr\u00eat n\u00b0)|(?:hosp(?:ital)?"
    r"|nhs|policy|file|ref)[ ]no\b"
)
_NOT_YET: Final = re.compile(r"\d[\d ]{4,}\n[ ]*|(?:\d{3,}[ ]){3,}|h\d\d,?[ ](?:(?:au|\u00e0)[ ])?")
"""A telephone number or an hour that stands before an address."""
_ENDED: Final = re.compile(r",?\s*\n\s*[-\u2013]\s|(?<=\d),[ ]\d{3}\Z")
_SOMEBODY: Final = re.compile(
    r"(?:(?:M|Mme|Mlle|Mrs?|Ms|Dr|Herrn?|Frau|Sra?|Sig)\.?[ ])?(?P<name>[^\W\d_a-z][^\W\d_]+"
    r"(?:[ -][^\W\d_a-z][^\W\d_]+){1,2})(?P<end>,[ ]|[ ]?\n[ ]*)(?=\d)"
)
"""Who lives there, before the number of the house."""
_TIME: Final = re.compile(
    r"(?i)\A\d{1,2}[ ](?:january|february|march|april|may|june|july|august|september|october|november|december)\Z"
    r"|\d[ ]?(?:jahren?|ans|a\u00f1os|anni|jaar|years?|months?|uhr|uur|heures?|h[ ]\d\d)\b"
)
_CAPITALISED: Final = re.compile(r"\b[A-Z][a-z]")
_AROUND: Final = 200
_ON_LISTS: Final = 1 << FLAGS.index("first") | 1 << FLAGS.index("last")
_FIRST: Final = 1 << FLAGS.index("first")
_OTHER: Final = 1 << FLAGS.index("common")
_PLACE: Final = 1 << FLAGS.index("place")
_BUILDING: Final = re.compile(
    r"\b(?:House|Court|Cottage|Lodge|Villas?|Hall|Tower|Farm|Mill|Building|Centre|Center|Works|Park|Place|Street|Road"
    r"|Mansions?|Heights|Point|Wharf|Gardens?|School|Office|Hotel|Plaza|Manor|Terrace|Lane|Close|Green|Residence)\b"
)
_EDGE: Final = re.compile(r"[\w)\].]")
_LETTER: Final = re.compile(r"[A-Z]\.?")
_LINE: Final = re.compile(r"(?:^|\n)[ \d\t\"(]*\Z")
_REACH: Final = 16
_DAY: Final = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\Z")
_DATE: Final = re.compile(r",?[ ](?:\d|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?[ ]\d)")


def spans(text: str, read: Read, scores: Any, types: Sequence[str], texts: Sequence[int] = (0,)) -> list[Span]:
    """Runs of words whose probability of one of `types` is high enough. `scores` [words, labels].

    `texts`: where texts begin that were joined by `JOINT`; none says anything of another.
    """
    wanted, least = _asked(tuple(types))
    each = scores[:, 1::2] + scores[:, 2::2]
    if len(wanted) < len(TYPES):
        each = each[:, wanted]
    marked = (each >= least).any(1).nonzero()[0]
    if not len(marked):
        return []
    rows = each[marked]
    kinds = wanted[rows.argmax(1)]
    first, rest = scores[marked, 1 + 2 * kinds], scores[marked, 2 + 2 * kinds]
    # Two entities of one kind seldom stand side by side with nothing between them.
    begins = first > _SURE_BEGIN * (first + rest)
    streets = kinds == _STREET
    out: list[Span] = []
    run: list[int] = []
    begun = 0
    free = _Free(text, read, scores, frozenset(marked.tolist()))
    kind_of = kinds.tolist()
    for at, (index, begin, street) in enumerate(zip(marked.tolist(), begins.tolist(), streets.tolist(), strict=True)):
        if text[read.starts[index]] in _WALLS:
            continue
        glued = bool(run) and kind_of[at] == kind_of[at - 1] and _glued(text, read, run[-1], index)
        apart = run and (index != run[-1] + 1 or begin or not _together(text, read, index, lines=street))
        if apart and not glued:
            out += _span(free, rows[begun : begun + len(run)], wanted, run)
            run = []
        if not run:
            begun = at
        run.append(index)
    if run:
        out += _span(free, rows[begun : begun + len(run)], wanted, run)
    return _with_listed(free, turned(text, out), texts) if _PERSON in wanted else turned(text, out)


def _with_listed(free: _Free, found: list[Span], texts: Sequence[int]) -> list[Span]:
    """Spans in order, with the names that stand in a row with names, in each of the `texts` by itself."""
    starts = [span.start for span in found]
    more = [
        one
        for begin, behind in pairwise((*texts, len(free.text) + len(JOINT)))
        for one in _listed(free, found[bisect_left(starts, begin) : bisect_left(starts, behind)], begin, behind)
    ]
    if not more:
        return found
    heads_of = {(one.start, one.end) for one in more}
    found = [span for span in found if span.type == "PERSON" or (span.start, span.end) not in heads_of]
    ends = [span.end for span in found]
    starts = [span.start for span in found]
    free_ones = [one for one in more if bisect_left(ends, one.start + 1) >= bisect_left(starts, one.end)]
    return sorted([*found, *free_ones], key=lambda span: span.start)


def _listed(free: _Free, found: Sequence[Span], begin: int, behind: int) -> list[Span]:
    text = free.text[begin : behind - len(JOINT)]
    if "\n" not in text:
        return []
    inside = [_moved(span, -begin) for span in found]
    more = [
        *heads(text, inside, lambda at: free.is_name(at + begin)),
        *entries(text, inside, lambda at: free.is_only_name(at + begin)),
    ]
    return [_moved(one, begin) for one in more]


def _moved(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by, span.type, span.score)


@dataclass(frozen=True, slots=True)
class _Free:
    """Words that are part of nothing by themselves, and what they may belong to."""

    text: str
    read: Read
    scores: Any
    marked: frozenset[int]

    def is_common(self, words: Sequence[int]) -> bool:
        """Whether words in small letters are on no list of names, in a text that writes others in capitals."""
        known = (int(self.read.known[self.read.firsts[word]]) for word in words)
        if any(flags & _ON_LISTS for flags in known):
            return False
        first, last = self.read.starts[words[0]], self.read.ends[words[-1]]
        return len(_CAPITALISED.findall(self.text, max(0, first - _AROUND), last + _AROUND)) > 1

    def is_behind(self, first: int, last: int) -> bool:
        """Whether the last of some words is in small letters and on no list, though the first has a capital."""
        text, starts, ends = self.text, self.read.starts, self.read.ends
        flags = int(self.read.known[self.read.firsts[last]])
        return text[starts[first] : ends[first]].istitle() and text[starts[last] : ends[last]].islower() and not flags

    def is_name(self, start: int) -> bool:
        """Whether the word that begins there is a first name, and no ordinary word."""
        word = bisect_left(self.read.starts, start)
        flags = int(self.read.known[self.read.firsts[word]])
        return self.read.starts[word] == start and bool(flags & _FIRST) and not flags & _OTHER

    def is_only_name(self, start: int) -> bool:
        """The same, and no place."""
        word = bisect_left(self.read.starts, start)
        return self.is_name(start) and not int(self.read.known[self.read.firsts[word]]) & _PLACE

    def is_listed(self, start: int, end: int) -> bool:
        """Whether one of the words between is a first name that no other word is, and none is a building's."""
        first = bisect_left(self.read.starts, start)
        last = bisect_left(self.read.starts, end)
        known = [int(self.read.known[self.read.firsts[word]]) for word in range(first, last)]
        return any(flags & _FIRST and not flags & _OTHER for flags in known) and not _BUILDING.search(
            self.text, start, end
        )

    def beside(self, index: int, step: int) -> int | None:
        """The word next to a name, on the side of `step` (-1 or 1), if it belongs to the name; otherwise None."""
        text, starts, ends = self.text, self.read.starts, self.read.ends
        at = index + step
        if not 0 <= at < len(starts):
            return None
        least = _BESIDE
        if text[starts[at] : ends[at]] in _HYPHENS and 0 <= at + step < len(starts):
            # `Vasquez-Lund`: nobody is called by half of such a word.
            at += step
            least = 0.0
        first, last = sorted((index, at))
        between = text[ends[first] : starts[last]]
        word = text[starts[at] : ends[at]]
        if between != " " if least else len(between) != 1:
            return None
        if at in self.marked or not word[0].isupper() or not word.isalpha() or word.lower() in NO_PART:
            return None
        label = 1 + 2 * _PERSON
        return at if least == 0.0 or self.scores[at, label] + self.scores[at, label + 1] >= least else None


@lru_cache(maxsize=64)
def _asked(types: tuple[str, ...]) -> tuple[Any, Any]:
    """The numbers of these types, and how probable each must be."""
    np: Any = importlib.import_module("numpy")
    wanted = [number for number, kind in enumerate(TYPES) if kind in types]
    return np.array(wanted, dtype=np.int64), np.array([LEAST[TYPES[number]] for number in wanted], dtype=np.float32)


def _span(free: _Free, rows: Any, wanted: Sequence[int], run: Sequence[int]) -> list[Span]:
    """The run of words, if it can be what it is most probably; `rows` [words of the run, wanted types]."""
    text, read = free.text, free.read
    sums = [sum(column) for column in zip(*rows.tolist(), strict=True)]
    best = sums.index(max(sums))
    kind = TYPES[wanted[best]]
    words = _settled(free, run, kind)
    if not words:
        return []
    start, end = read.starts[words[0]], read.ends[words[-1]]
    value = text[start:end]
    if value.endswith(".") and not _keeps_stop(value):
        end -= 1
        value = value[:-1]
    if kind != "NRP" and value.lower() in PEOPLES and _NRP in wanted:
        return [Span(start, end, "NRP", round(min(sums[best] / len(run), 0.99), 3))]
    score = _of_name(max(row[best] for row in rows.tolist())) if kind == "PERSON" else sums[best] / len(run)
    if not _can_be(kind, value):
        return []
    if kind == "PERSON" and (
        # An address or a handle: other recognizers know where it ends. Or the first letter of `C.F.`.
        "@" in (text[start - 1 : start], text[end : end + 1])
        or (value.endswith(".") and text[end : end + 1].isalnum())
        or (_DAY.match(value) and _DATE.match(text, end))
        or (_LETTER.fullmatch(value) and _LINE.search(text, max(0, start - _REACH), start))
        or (score < _SURE_NAME and value.islower() and free.is_common(words))
    ):
        return []
    if kind == "STREET_ADDRESS":
        return _street(free, start, value, words, score)
    if kind == "PERSON":
        start, end = whole_name(text, start, end)
    return [Span(start, end, kind, round(min(score, 0.99), 3))]


def _street(free: _Free, start: int, value: str, words: Sequence[int], score: float) -> list[Span]:
    """An address without what stands around it; and who lives there, if a name stands before it."""
    text, read = free.text, free.read
    somebody: list[Span] = []
    if early := _NOT_YET.match(value):
        start += early.end()
        value = value[early.end() :]
        if not any(map(str.isdigit, value)):
            return []
    if (who := _SOMEBODY.match(value)) and free.is_listed(start + who.start("name"), start + who.end("name")):
        somebody = [Span(start + who.start("name"), start + who.end("name"), "PERSON", 0.8)]
        start += who.end()
        value = value[who.end() :]
    value = _SENTENCE.split(_ENDED.split(value, maxsplit=1)[0], maxsplit=1)[0]
    if not _is_address(value, score):
        return []
    inside = [word for word in words if start <= read.starts[word] and read.ends[word] <= start + len(value)]
    start, end = _with_numbers(text, read, start, start + len(value), inside)
    while end < len(text) and text[end].isalnum():
        end += 1  # `EH3 7HT`: the model reads digits and letters apart
    return [*somebody, Span(start, end, "STREET_ADDRESS", round(min(score, 0.99), 3))]


def _of_name(probability: float) -> float:
    """The score of a name by its surest word: a policy's usual threshold (0.4) where it is just probable enough."""
    least = LEAST["PERSON"]
    return max(probability, 0.4 + 0.6 * (probability - least) / (1 - least))


def _can_be(kind: str, value: str) -> bool:
    """Whether a value has what every value of its kind has."""
    if value.lower() in NEVER or (kind == "ORGANIZATION" and value.lower() in NO_BODY):
        return False
    if len(value) < 2 and kind != "LOCATION":
        return False
    return any(c.isalpha() for c in value) or (kind == "STREET_ADDRESS" and any(c.isalnum() for c in value))


def _settled(free: _Free, run: Sequence[int], kind: str) -> list[int]:
    """The words of a run without what may not begin or end it; a name with what belongs to it on both sides."""
    text, read = free.text, free.read
    words = list(run)
    if kind == "PERSON":
        while words and (word := text[read.starts[words[0]] : read.ends[words[0]]].lower()) in CALLED:
            if len(words) == 1:
                return words if word in NAMES_TOO else []
            words = words[2:] if len(words) > 2 and text[read.starts[words[1]]] == "." else words[1:]
    while words and not _begins(text[read.starts[words[0]]]):
        words = words[1:]
    while kind == "STREET_ADDRESS" and len(words) > 1 and text[read.starts[words[0]] : read.ends[words[0]]] in _TO:
        words = words[1:]
    while words and not _EDGE.match(text[read.ends[words[-1]] - 1]):
        words = words[:-1]
    if kind == "PERSON":
        while len(words) > 1 and free.is_behind(words[0], words[-1]):
            words = words[:-1]
    if words and kind == "PERSON":
        while (before := free.beside(words[0], -1)) is not None:
            words.insert(0, before)
        while (after := free.beside(words[-1], 1)) is not None:
            words.append(after)
    return words


def _glued(text: str, read: Read, before: int, index: int) -> bool:
    """Whether nothing but an apostrophe or hyphen stands between two words, as in a name of two parts."""
    return index == before + 2 and text[read.ends[before] : read.starts[index]] in _GLUE


def _together(text: str, read: Read, index: int, *, lines: bool) -> bool:
    """Whether this word stands in the cell of the one before, and in its line unless `lines` may follow."""
    between = text[read.ends[index - 1] : read.starts[index]]
    return (lines or ("\n" not in between and "\t" not in between)) and _CELLS not in between.rpartition("\n")[
        0
    ] + between


def _is_address(value: str, score: float) -> bool:
    """A street has a name, and a number unless the model is sure: numbers alone stand in every log."""
    least = _SURE_STREET if any(c.isdigit() for c in value) else _SURE_NAME
    is_row = _ROW.search(value) is not None and score < _SURE_ROW
    if _NO_STREET.match(value) or _TIME.search(value):
        return False
    return score >= least and not is_row and len(value.split()) > 1 and _NAMED.search(value) is not None


def _with_numbers(text: str, read: Read, start: int, end: int, words: Sequence[int]) -> tuple[int, int]:
    """An address and the numbers that touch it: the house's, the flat's, the postcode."""
    first, last = words[0] - 1, words[-1] + 1
    if first >= 0 and text[read.ends[first] : start] == " " and _is_number(text[read.starts[first] : read.ends[first]]):
        start = read.starts[first]
    while last < len(read.starts) and text[end : read.starts[last]] in (" ", "\n"):
        if not _is_number(text[read.starts[last] : read.ends[last]]):
            break
        end = read.ends[last]
        last += 1
    return start, end


def _is_number(word: str) -> bool:
    return word.isdigit() and len(word) <= _LONGEST_NUMBER


def _begins(character: str) -> bool:
    return character.isalnum() or character in "#("


def _keeps_stop(value: str) -> bool:
    """Whether a stop at the end belongs to the value: `J. R.`, `Acme Inc.`, `Jr.`."""
    last = value.rsplit(" ", 1)[-1]
    return len(last) <= 2 or last.lower() in ("jr.", "sr.", "inc.", "ltd.", "corp.", "co.", "s.a.", "bros.")
