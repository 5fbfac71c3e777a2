"""BM25 as sparse vectors: saturated term weights on the document's side, inverse document frequency on the query's.

The inner product of the two is the BM25 score, so that one index and one WHERE clause serve both arms of a search.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

from gateway.retrieval.embed import TOKEN

DIMENSION = 1_000_000_000
"""Size of the term space; a term's id is 1..DIMENSION - 1."""
VERSION = "bm25/1"
K1, B = 1.2, 0.75
USUAL_LENGTH = 120.0
"""Terms of a usual chunk. A constant, not the corpus's mean: a stored weight stays right when documents come and go."""
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
_local = threading.local()


def document_terms(texts: Iterable[str], parts: Iterable[str] = ()) -> dict[int, float]:
    """Term id -> weight of one chunk.

    texts: the chunk's redacted text, then titles above it; parts: keyed digests of the words of names in it, so that a
    surname alone finds the full name's token. Tokens of redaction are terms as they stand.
    """
    counts: dict[int, int] = {}
    for text in texts:
        for term in words(text):
            number = term_id(term)
            counts[number] = counts.get(number, 0) + 1
    length = sum(counts.values())
    norm = K1 * (1.0 - B + B * length / USUAL_LENGTH)
    weights = {number: count * (K1 + 1.0) / (count + norm) for number, count in counts.items()}
    once = (K1 + 1.0) / (1.0 + norm)
    for part in parts:
        weights[part_id(part)] = once
    return weights


def query_terms(text: str, parts: Iterable[str] = ()) -> dict[int, float]:
    """Term id -> count in the query. `parts` as in `document_terms`. At most 256 terms, the first ones."""
    counts: dict[int, float] = {}
    for term in words(text):
        number = term_id(term)
        if number in counts or len(counts) < MAX_QUERY_TERMS:
            counts[number] = counts.get(number, 0.0) + 1.0
    for part in parts:
        if len(counts) < MAX_QUERY_TERMS:
            counts[part_id(part)] = 1.0
    return counts


def idf(chunks: int, holding: int) -> float:
    """Inverse document frequency of a term that `holding` of `chunks` chunks hold; always positive."""
    return math.log(1.0 + (chunks - holding + 0.5) / (holding + 0.5))


def words(text: str) -> list[str]:
    """The terms of a text in order: tokens of redaction without their form, other words case-folded and stemmed."""
    plain: list[str] = []
    found: list[str] = []
    places: list[int] = []
    for match in _WORD.finditer(text):
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


def term_id(term: str) -> int:
    """1..DIMENSION - 1, the same in every process and version."""
    return _number(b"w", term)


def part_id(part: str) -> int:
    """As `term_id`, for a keyed digest of a name's word; never the id of the same string in a text but by chance."""
    return _number(b"p", part)


def _number(kind: bytes, value: str) -> int:
    digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8, person=kind).digest()
    return int.from_bytes(digest, "big") % (DIMENSION - 1) + 1


def _stem(plain: Sequence[str]) -> list[str]:
    # One stemmer per thread: its cache is not safe to share.
    stemmer: Any = getattr(_local, "stemmer", None)
    if stemmer is None:
        import Stemmer  # noqa: PLC0415

        stemmer = _local.stemmer = Stemmer.Stemmer("english")
    return list(stemmer.stemWords(plain))
