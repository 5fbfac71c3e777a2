"""Lists of known words: given and family names, places, and words that are none of it. Kept as hashes with flags."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from gateway.redaction.ner.training import pools
from gateway.redaction.ner.words import FLAGS, fold_word, hashed

_WORD: Final = re.compile(r"[^\W\d_]+")
_ORG_WORDS: Final = (
    "university universität universidad université università universiteit hospital klinikum ospedale hôpital "
    "ziekenhuis bank council court gericht amtsgericht landgericht ministry ministerium ministère ministerio "
    "department institute institut instituto association verband verein club fc united school college church party "
    "union committee commission agency authority foundation stiftung fondation museum company group holdings ltd inc "
    "llc llp plc corp gmbh ag kg sa sarl sas spa srl bv nv co sons partners airlines motors press times post news "
    "radio tv league federation"
).split()
_COMMON_LEAST: Final = 3


def gather(texts: Iterable[str], cities: Iterable[str], countries: Iterable[str]) -> dict[int, int]:
    """Hash -> flags, from Faker's lists, the places given, and the words the texts write small."""
    found: Counter[str] = Counter()
    small: Counter[str] = Counter()
    flags: dict[str, int] = {}

    def add(flag: str, values: Iterable[str]) -> None:
        bit = 1 << FLAGS.index(flag)
        for value in values:
            for word in _WORD.findall(value):
                if len(word) > 1:
                    flags[fold_word(word)] = flags.get(fold_word(word), 0) | bit

    first, last = names()
    add("first", first)
    add("last", last)
    add("place", cities)
    add("country", countries)
    add("org", [*_ORG_WORDS, *pools.KNOWN_ORGS])
    for jobs in pools.JOBS.values():
        add("job", jobs.split("|"))
    for nations in pools.NATIONALITIES.values():
        add("nrp", nations.split())
    for text in texts:
        for word in _WORD.findall(text):
            found[fold_word(word)] += 1
            if word.islower():
                small[fold_word(word)] += 1
    add("common", (word for word, count in small.items() if count >= _COMMON_LEAST and count * 3 > found[word]))
    return {hashed(word): bits for word, bits in flags.items()}


def names() -> tuple[set[str], set[str]]:
    """Given and family names of every Latin-script locale Faker has, and those of the pools."""
    first: set[str] = set()
    last: set[str] = set()
    locales: tuple[str, ...] = importlib.import_module("faker.config").AVAILABLE_LOCALES
    for locale in sorted(locales):
        try:
            provider: Any = importlib.import_module(f"faker.providers.person.{locale}").Provider
        except ImportError:
            continue
        for attribute in dir(provider):
            values = getattr(provider, attribute)
            if not isinstance(values, (tuple, list, dict)):
                continue
            words = [value for value in values if isinstance(value, str)]
            if attribute.startswith("first_name") or attribute.endswith("first_names"):
                first.update(words)
            elif attribute.startswith("last_name") or attribute.endswith("last_names"):
                last.update(words)
    own = vars(pools)
    for name, values in own.items():
        if name.endswith("_FIRST"):
            first.update(values)
        elif name.endswith("_LAST"):
            last.update(values)
    first.update(own["_SLAVIC"][0])
    last.update(own["_SLAVIC"][1])
    return {n for n in first if _latin(n)}, {n for n in last if _latin(n)}


def _latin(name: str) -> bool:
    return all(ord(c) < 0x250 or not c.isalpha() for c in name)
