"""BM25 as sparse vectors: saturated term weights on the document's side, inverse document frequency on the query's.

The inner product of the two is the BM25 score, so that one index and one WHERE clause serve both arms of a search.

Beside the words stand two kinds of terms of less weight:

- pairs of neighbouring words. Nobody is found by a pair alone and nobody counts how many passages hold one (there are
  too many different ones): it weighs the same in every query that has it;
- pieces of words, of texts that are plainly not English: five letters each, every second one about. They find parts
  of compound words and other endings without a dictionary or a stemmer of that language. A question has them unless it
  is plainly English.
"""

from __future__ import annotations

import math
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Any
from zlib import crc32

from gateway.retrieval.embed import TOKEN

DIMENSION = 1_000_000_000
"""Size of the term space; a term's id is 1..DIMENSION - 1."""
PAIRS = 800_000_000
"""Ids from here up to `LEARNED` are of pairs of words: no passage is found by them, and none is counted."""
LEARNED = 900_000_000
"""Ids from here up are of learned terms (methods/learned.py), whose weights come without statistics."""
VERSION = "bm25/3"
K1, B = 1.2, 0.75
USUAL_LENGTH = 120.0
"""Terms of a usual chunk. A constant, not the corpus's mean: a stored weight stays right when documents come and go."""
USUAL_PIECES = 350.0
"""The same for pieces of words, which have a length of their own."""
PART_WEIGHT = 2.0
"""Of a word that may be part of a name, in a query: where the name's token is another one, nothing else finds it."""
PAIR_WEIGHT = 1.8
"""Of a pair in a query: 0.3 of the inverse document frequency that a pair usually has."""
PIECE_WEIGHT = 0.4
"""Of a piece in a query, times its inverse document frequency."""
PIECE = 5
"""Letters in a piece; a word's beginning and end count as one."""
ENGLISH, FOREIGN = 0.08, 0.05
"""Share of function words that are English alone, or of other languages, from which a text is plainly one or other."""
MAX_QUERY_TERMS = 256
LONGEST_WORD = 64

_WORD = re.compile(TOKEN.pattern + r"|\w+(?:['\u2019]\w+)?")
_STOP = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be been but by can could did do does for from had has have he her his how i if in into is "
        "it its me my no not of on or our she so than that the their them then there these they this those to was we "
        "were what when where which who whom whose why will with would you your",
    )
)
_PLAIN = _STOP - frozenset(re.findall(r"\w+", "a am an as at do for her i in is it me no not of on so was we will"))
"""Function words that are English alone, of those above."""
_FOREIGN = frozenset(
    re.findall(
        r"\w+",
        # German, French, Spanish, Italian, Dutch, Portuguese, the Scandinavian languages, Polish.
        "das dem den der des ein eine einen einer für im ist mit nicht oder sich und von werden wird wurde zu "
        "aux avec ces cette dans des est et le les ne ou par pas pour qui sur une "
        "con del el en es las los para por que se su un una y "
        "che da della di gli il nel per sono "
        "aan dat een het met niet op van voor zijn "
        "dos em não os uma "
        "af att det ikke och og på som till är "
        "jest na nie się w z że",
    )
)
_LATIN_END = "\u024f"
_local = threading.local()


def document_terms(texts: Iterable[str], parts: Iterable[str] = ()) -> dict[int, float]:
    """Term id -> weight of one chunk.

    texts: the chunk's redacted text, then titles above it; parts: keyed digests of the words of names in it, so that a
    surname alone finds the full name's token. Tokens of redaction are terms as they stand.
    """
    texts = list(texts)
    stems = [words(text) for text in texts]
    counts = Counter(map(term_id, (stem for text in stems for stem in text)))
    norm = _norm(counts.total(), USUAL_LENGTH)
    weights = _saturated(Counter(pair_id(*pair) for text in stems for pair in pairwise(text)), norm)
    if is_foreign(texts):
        found = Counter(piece_id(piece) for text in texts for piece in pieces_of(text))
        weights |= _saturated(found, _norm(found.total(), USUAL_PIECES))
    weights |= _saturated(counts, norm)
    once = (K1 + 1.0) / (1.0 + norm)
    for part in parts:
        weights[part_id(part)] = once
    return weights


def query_terms(text: str, parts: Iterable[str] = ()) -> dict[int, float]:
    """Term id -> count in the query, or share of one; of a pair its whole weight. `parts` as in `document_terms`.

    At most 256 terms: the first words, then parts, pairs and pieces.
    """
    stems = words(text)
    counts: dict[int, float] = {}

    def add(term: int, weight: float) -> None:
        if term in counts or len(counts) < MAX_QUERY_TERMS:
            counts[term] = counts.get(term, 0.0) + weight

    for stem in stems:
        add(term_id(stem), 1.0)
    for part in dict.fromkeys(parts):
        add(part_id(part), PART_WEIGHT)
    for pair in pairwise(stems):
        add(pair_id(*pair), PAIR_WEIGHT)
    if not is_english(text):
        for piece in pieces_of(text):
            add(piece_id(piece), PIECE_WEIGHT)
    return counts


def weigh(terms: Mapping[int, float], counts: Mapping[int, int], chunks: int) -> dict[int, float]:
    """Query weights: count times inverse document frequency; terms that occur nowhere drop out.

    counts: term -> how many of the `chunks` passages that the caller may read hold it, so that those he may not read do
    not move his scores. Terms of learned models come with their weight, and so do pairs, which count beside words only.
    """
    found: dict[int, float] = {}
    for term, count in terms.items():
        holding = counts.get(term, 0)
        if term >= LEARNED:
            found[term] = count
        elif holding and term < PAIRS:
            found[term] = count * idf(max(chunks, holding), holding)
    if found:
        found |= {term: weight for term, weight in terms.items() if PAIRS <= term < LEARNED}
    return found


def looked_up(weights: Iterable[int]) -> list[int]:
    """Those of the terms by which a passage is found, in order: all but pairs."""
    return sorted(term for term in weights if not PAIRS <= term < LEARNED)


def idf(chunks: int, holding: int) -> float:
    """Inverse document frequency of a term that `holding` of `chunks` chunks hold; always positive."""
    return math.log(1.0 + (chunks - holding + 0.5) / (holding + 0.5))


def words(text: str) -> list[str]:
    """The terms of a text in order: tokens of redaction without their form, other words case-folded and stemmed."""
    plain: list[str] = []
    found: list[str] = []
    places: list[int] = []
    for match in _WORD.finditer(_composed(text)):
        if match[1] is not None:
            # Every form of one value is the same term: `Roe` is found where `Jane Roe` is meant.
            found.append(match[0] if match[2] is None else match[0].removesuffix(f"{match[2]}]") + "]")
            continue
        word = match[0].casefold()[:LONGEST_WORD]
        if word in _STOP:
            continue
        places.append(len(found))
        found.append("")
        plain.append(word)
    for place, stem in zip(places, _stem(plain), strict=True):
        found[place] = stem
    return found


def is_english(text: str) -> bool:
    """Whether a text is plainly English, told by its function words. False where nothing tells."""
    plain, _, every = _told([text])
    return plain > ENGLISH * every


def is_foreign(texts: Iterable[str]) -> bool:
    """Whether texts together are plainly not English: by function words of other languages, or by their letters."""
    plain, foreign, every = _told(texts)
    return foreign > max(plain, FOREIGN * every)


def _told(texts: Iterable[str]) -> tuple[int, int, int]:
    """How many words are English function words, how many speak for another language, and how many there are."""
    every = [match[0].casefold() for text in texts for match in _WORD.finditer(_composed(text)) if match[1] is None]
    foreign = sum(word in _FOREIGN or word[0] > _LATIN_END for word in every)
    return sum(word in _PLAIN for word in every), foreign, len(every)


def pieces_of(text: str) -> list[str]:
    """Pieces of the text's words, function words and redacted values left out.

    Of any two neighbouring pieces of a word at least one is taken, always the same one, wherever the two stand: so two
    words that share six letters in a row share a piece.
    """
    taken: list[str] = []
    for match in _WORD.finditer(_composed(text)):
        word = match[0].casefold()[:LONGEST_WORD]
        if match[1] is not None or word in _STOP:
            continue
        word = f"_{word}_"
        every = [word[at : at + PIECE] for at in range(max(1, len(word) - PIECE + 1))]
        order = [crc32(piece.encode("utf-8", "surrogatepass")) for piece in every]
        last = len(every) - 1
        taken += [
            piece
            for at, piece in enumerate(every)
            if last == 0 or (at > 0 and order[at] <= order[at - 1]) or (at < last and order[at] <= order[at + 1])
        ]
    return taken


def term_id(term: str) -> int:
    """1..PAIRS - 1, the same in every process and version."""
    return _number(b"w", term, PAIRS)


def part_id(part: str) -> int:
    """As `term_id`, for a keyed digest of a name's word; never the id of the same string in a text but by chance."""
    return _number(b"p", part, PAIRS)


def piece_id(piece: str) -> int:
    """As `term_id`, for a piece of a word."""
    return _number(b"g", piece, PAIRS)


def pair_id(first: str, second: str) -> int:
    """PAIRS..LEARNED - 1, for two terms that follow each other."""
    return PAIRS - 1 + _number(b"2", f"{first} {second}", LEARNED - PAIRS + 1)


def _number(kind: bytes, value: str, end: int) -> int:
    digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8, person=kind).digest()
    return int.from_bytes(digest, "big") % (end - 1) + 1


def _norm(length: int, usual: float) -> float:
    return K1 * (1.0 - B + B * length / usual)


def _saturated(counts: Mapping[int, int], norm: float) -> dict[int, float]:
    return {term: count * (K1 + 1.0) / (count + norm) for term, count in counts.items()}


def _composed(text: str) -> str:
    """Letters with their accents as one character, ligatures and wide forms as plain letters."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _stem(plain: Sequence[str]) -> list[str]:
    # One stemmer per thread: its cache is not safe to share.
    stemmer: Any = getattr(_local, "stemmer", None)
    if stemmer is None:
        import Stemmer  # noqa: PLC0415

        stemmer = _local.stemmer = Stemmer.Stemmer("english")
    return list(stemmer.stemWords(plain))
