"""Probabilities of words into spans. Pure."""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from gateway.model import Span
from gateway.redaction.ner.labels import TYPES
from gateway.redaction.ner.words import JOINT, Read

LEAST: Final = {
    "PERSON": 0.4,
    "LOCATION": 0.5,
    "ORGANIZATION": 0.5,
    "STREET_ADDRESS": 0.3,
    "NRP": 0.5,
    "JOB_TITLE": 0.5,
}
"""How probable a word of an entity must be. A missed name costs more than a masked word."""
_SURE_BEGIN: Final = 0.75
_WALLS: Final = "|<>{}" + JOINT
"""Marks that end a cell, a tag, a field or a text: no entity goes on behind them."""
_GLUE: Final = ("'", "\u2019", "-", "\u2010", "\u2011")
_SURE_STREET: Final = 0.5
_STREET: Final = TYPES.index("STREET_ADDRESS")
_NAMED: Final = re.compile(r"[^\W\d_]{3}")
_LONGEST_NUMBER: Final = 5
_ROW: Final = re.compile(r"[,;]\S")
"""Values of a table, as CSV has them."""
_SURE_ROW: Final = 0.97
_SURE_NAME: Final = 0.8
_EDGE: Final = re.compile(r"[\w)\].]")
_TITLES: Final = frozenset(
    (
        *("mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "sir", "dame", "lord", "lady", "rev", "judge"),
        *(
            "justice",
            "captain",
            "capt",
            "herr",
            "herrn",
            "frau",
            "rechtsanwalt",
            "rechtsanwältin",
            "richter",
            "richterin",
        ),
        *(
            "monsieur",
            "madame",
            "mme",
            "mlle",
            "me",
            "m",
            "señor",
            "señora",
            "sr",
            "sra",
            "srta",
            "don",
            "doña",
            "dña",
            "d",
        ),
        *("dott", "dottor", "dottoressa", "signor", "signora", "sig", "avv", "ing", "meneer", "mevrouw", "dhr", "mevr"),
    )
)
_NEVER: Final = frozenset(
    (
        *("i", "me", "you", "he", "she", "it", "we", "they", "us", "him", "her", "them", "my", "your", "his", "our"),
        *("their", "mr", "mrs", "ms", "dr", "hon", "iban", "vcard"),
    )
)


def spans(text: str, read: Read, scores: Any, types: Sequence[str]) -> list[Span]:
    """Runs of words whose probability of one of `types` is high enough. `scores` [words, labels]."""
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
    kind_of = kinds.tolist()
    for at, (index, begin, street) in enumerate(zip(marked.tolist(), begins.tolist(), streets.tolist(), strict=True)):
        if text[read.starts[index]] in _WALLS:
            continue
        glued = bool(run) and kind_of[at] == kind_of[at - 1] and _glued(text, read, run[-1], index)
        apart = run and (index != run[-1] + 1 or begin or not (street or _together(text, read, index)))
        if apart and not glued:
            out += _span(text, read, rows[begun : begun + len(run)], wanted, run)
            run = []
        if not run:
            begun = at
        run.append(index)
    if run:
        out += _span(text, read, rows[begun : begun + len(run)], wanted, run)
    return out


@lru_cache(maxsize=64)
def _asked(types: tuple[str, ...]) -> tuple[Any, Any]:
    """The numbers of these types, and how probable each must be."""
    np: Any = importlib.import_module("numpy")
    wanted = [number for number, kind in enumerate(TYPES) if kind in types]
    return np.array(wanted, dtype=np.int64), np.array([LEAST[TYPES[number]] for number in wanted], dtype=np.float32)


def _span(text: str, read: Read, rows: Any, wanted: Sequence[int], run: Sequence[int]) -> list[Span]:
    """The run of words, if it can be what it is most probably; `rows` [words of the run, wanted types]."""
    sums = [sum(column) for column in zip(*rows.tolist(), strict=True)]
    best = sums.index(max(sums))
    kind = TYPES[wanted[best]]
    words = list(run)
    if kind == "PERSON":
        while len(words) > 1 and text[read.starts[words[0]] : read.ends[words[0]]].lower() in _TITLES:
            words = words[2:] if len(words) > 2 and text[read.starts[words[1]]] == "." else words[1:]
    while words and not _begins(text[read.starts[words[0]]]):
        words = words[1:]
    while words and not _EDGE.match(text[read.ends[words[-1]] - 1]):
        words = words[:-1]
    if not words:
        return []
    start, end = read.starts[words[0]], read.ends[words[-1]]
    value = text[start:end]
    if value.endswith(".") and not _keeps_stop(value):
        end -= 1
        value = value[:-1]
    if not any(c.isalnum() for c in value) or value.lower() in _NEVER or (len(value) < 2 and kind != "LOCATION"):
        return []
    if kind != "STREET_ADDRESS" and not any(c.isalpha() for c in value):
        return []
    if kind == "PERSON" and "@" in (text[start - 1 : start], text[end : end + 1]):
        return []  # An address or a handle: other recognizers know where it ends.
    score = sums[best] / len(run)
    if kind == "STREET_ADDRESS" and not _is_address(value, score):
        return []
    if kind == "STREET_ADDRESS":
        start, end = _with_numbers(text, read, start, end, words)
    return [Span(start, end, kind, round(min(score, 0.99), 3))]


def _glued(text: str, read: Read, before: int, index: int) -> bool:
    """Whether nothing but an apostrophe or hyphen stands between two words, as in a name of two parts."""
    return index == before + 2 and text[read.ends[before] : read.starts[index]] in _GLUE


def _together(text: str, read: Read, index: int) -> bool:
    """Whether this word stands in the line and the cell of the one before."""
    between = text[read.ends[index - 1] : read.starts[index]]
    return "\n" not in between and "\t" not in between


def _is_address(value: str, score: float) -> bool:
    """A street has a name, and a number unless the model is sure: numbers alone stand in every log."""
    least = _SURE_STREET if any(c.isdigit() for c in value) else _SURE_NAME
    is_row = _ROW.search(value) is not None and score < _SURE_ROW
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
