"""Annotated sets from disk, brought to one convention: titles stand outside names, what a set does not tell is not asked.

The folder is laid out as `docs/name-model.md` says. Every reader yields `Example`.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

PER, LOC, ORG, ADR, NRP, JOB = "PERSON", "LOCATION", "ORGANIZATION", "STREET_ADDRESS", "NRP", "JOB_TITLE"

Labelled = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Example:
    """One text with what is known of it."""

    text: str
    spans: tuple[Labelled, ...]
    """(start, end, type), in order."""
    unknown: tuple[tuple[int, int], ...] = ()
    """Stretches about which the set says nothing we could use."""
    absent: frozenset[str] = frozenset()
    """Types the set does not annotate: a word outside its spans may be one of these."""
    source: str = ""


_CROSSNER: Final = {
    **dict.fromkeys(("person", "politician", "researcher", "musicalartist", "writer", "scientist"), PER),
    **dict.fromkeys(("location", "country"), LOC),
    **dict.fromkeys(("organisation", "university", "politicalparty", "band"), ORG),
    **dict.fromkeys(("magazine", "academicjournal", "misc", "event", "conference", "award", "product"), "?"),
}
_CONLL: Final = {"PER": PER, "LOC": LOC, "ORG": ORG, "MISC": "?"}
_WNUT: Final = {"person": PER, "location": LOC, "corporation": ORG, "group": ORG, "creative-work": "?", "product": "?"}
_SEC: Final = {"PER": "?", "LOC": LOC, "ORG": "?", "MISC": "?"}
_LER: Final = {
    **dict.fromkeys(("PER", "RR", "AN"), PER),
    **dict.fromkeys(("LD", "ST", "LDS"), LOC),
    **dict.fromkeys(("ORG", "UN", "INN", "GRT"), ORG),
    **dict.fromkeys(("STR", "MRK"), "?"),
}
_MEDDOCAN: Final = {
    **dict.fromkeys(("NOMBRE_SUJETO_ASISTENCIA", "NOMBRE_PERSONAL_SANITARIO"), PER),
    **dict.fromkeys(("TERRITORIO", "PAIS"), LOC),
    **dict.fromkeys(("HOSPITAL", "INSTITUCION", "CENTRO_SALUD"), ORG),
    "CALLE": ADR,
    "PROFESION": JOB,
    "FAMILIARES_SUJETO_ASISTENCIA": "?",
}
_KIJI_NAME: Final = ("FIRSTNAME", "SURNAME")
_KIJI_PLACE: Final = ("CITY", "STATE", "COUNTRY", "ZIP")

_TITLES: Final = frozenset(
    (
        "mr mrs ms miss mx dr prof professor sir dame lord lady rev president senator king queen pope captain st herr "
        "frau dr. prof. mr. mrs. ms. rev. sen. gov. rep. d. dña. dña don doña dra. sr. sra. sr sra dra"
    ).split()
)
_NO_BLANK_BEFORE: Final = re.compile(r"^(?:[.,;:!?%)\]}\u2019\u201d\u2026]|'s|n't|'[a-z]{1,2}|\u2019[a-z]{1,2})$")
_NO_BLANK_AFTER: Final = frozenset("([{$\u201c\u201e@#\u2018")


def spans_of(tags: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """(first, past the last, label) of IO or BIO tags."""
    at = 0
    while at < len(tags):
        tag = tags[at]
        if tag == "O":
            at += 1
            continue
        kind = tag[2:]
        end = at + 1
        while end < len(tags) and tags[end][2:] == kind and not tags[end].startswith("B-"):
            end += 1
        yield at, end, kind
        at = end


def joined(words: Sequence[str]) -> tuple[str, list[int]]:
    """Words as a person would write them, and where each begins."""
    out: list[str] = []
    starts: list[int] = []
    length = 0
    quoted = False
    glue = True
    for word in words:
        opening = word == '"' and not quoted
        closing = word == '"' and quoted
        if word == '"':
            quoted = not quoted
        if not glue and not closing and not _NO_BLANK_BEFORE.match(word):
            out.append(" ")
            length += 1
        starts.append(length)
        out.append(word)
        length += len(word)
        glue = opening or word in _NO_BLANK_AFTER
    return "".join(out), starts


def sentences(path: Path) -> Iterator[tuple[list[str], list[str]]]:
    """Words and tags of each sentence of a CoNLL file (first and last column)."""
    words: list[str] = []
    tags: list[str] = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        columns = line.split()
        if len(columns) < 2:
            if words:
                yield words, tags
            words, tags = [], []
        elif columns[0] != "-DOCSTART-":
            words.append(columns[0])
            tags.append(columns[-1])
    if words:
        yield words, tags


def conll(path: Path, types: Mapping[str, str], source: str, absent: frozenset[str]) -> Iterator[Example]:
    """A CoNLL file; a type mapped to `?` is not asked about, one that is not mapped is outside."""
    for words, tags in sentences(path):
        text, starts = joined(words)
        spans: list[Labelled] = []
        unknown: list[tuple[int, int]] = []
        for first, last, label in spans_of(tags):
            kind = types.get(label, "")
            start, end = starts[first], starts[last - 1] + len(words[last - 1])
            # A handle is found by its mark, not by this model.
            if kind == "?" or (words[first] in ("@", "#") or text[start] == "@"):
                unknown.append((start, end))
            elif kind:
                spans.append((start, end, kind))
        yield tidy(Example(text, tuple(spans), tuple(unknown), absent, source))


def tidy(example: Example) -> Example:
    """Titles cut off the beginning of names, quotes and stops off both ends."""
    spans: list[Labelled] = []
    for start, end, kind in example.spans:
        first = start
        if kind == PER:
            while (word := example.text[first:end].split(" ", 1)) and word[0].lower().rstrip(".") in _TITLES:
                if len(word) == 1:
                    break
                first += len(word[0]) + 1
        while first < end and example.text[first] in "\"' ":
            first += 1
        while end > first and example.text[end - 1] in "\"' ,":
            end -= 1
        if first < end:
            spans.append((first, end, kind))
    return replace(example, spans=tuple(spans))


_NO_FINE: Final = frozenset((ADR, NRP, JOB))


def english(folder: Path) -> Iterator[Example]:
    """Everything in English that a shipped model may be trained on, held-out parts left out."""
    ner = folder / "ner"
    for part in ("train", "dev"):
        yield from conll(ner / "wnut17" / f"{part}.conll", _WNUT, "wnut17", _NO_FINE)
    for part in "abefg":
        yield from conll(ner / "btc" / f"{part}.conll", _CONLL, "btc", _NO_FINE)
    yield from conll(ner / "wikigold.conll", _CONLL, "wikigold", _NO_FINE)
    for path in sorted((ner / "crossner").glob("*_train.conll")) + sorted((ner / "crossner").glob("*_dev.conll")):
        yield from conll(path, _CROSSNER, "crossner", _NO_FINE)
    yield from conll(ner / "sec" / "train_FIN5.conll", _SEC, "sec", _NO_FINE | {ORG, PER})


def german(folder: Path, every: int = 2) -> Iterator[Example]:
    """Every n-th sentence of the German decisions' first part."""
    for number, example in enumerate(conll(folder / "ner/ler_de/dev.conll", _LER, "ler_de", _NO_FINE)):
        if number % every == 0 or example.spans:
            yield example


def spanish(folder: Path, part: str = "train") -> Iterator[Example]:
    """The clinical cases, cut into groups of lines."""
    for line in (folder / f"ner/meddocan_es/{part}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        yield from _by_lines(row["text"], [(s["start"], s["end"], s.get("type") or s["label"]) for s in row["spans"]])


def _by_lines(text: str, labelled: Sequence[Labelled]) -> Iterator[Example]:
    cut = 0
    while cut < len(text):
        end = text.find("\n", min(cut + 260, len(text)))
        end = len(text) if end < 0 else end + 1
        if end - cut > 1200:
            stop = text.rfind(". ", cut, cut + 1200)
            end = stop + 2 if stop > cut else cut + 1200
        inside = [(s - cut, e - cut, k) for s, e, k in labelled if s >= cut and e <= end]
        known = [(s, e, _MEDDOCAN.get(k, "")) for s, e, k in inside]
        yield Example(
            text[cut:end],
            tuple(sorted((s, e, k) for s, e, k in known if k not in ("", "?"))),
            tuple((s, e) for s, e, k in known if k == "?"),
            frozenset((NRP, JOB)),
            "meddocan",
        )
        cut = end


def kiji(folder: Path) -> Iterator[Example]:
    """Names and addresses in short business texts; neighbouring parts are made one."""
    for line in (folder / "pii/kiji_samples.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        spans: list[Labelled] = []
        for entity in row["entities"]:
            start, end, label = entity["start"], entity["end"], entity["label"]
            kind = {"COMPANYNAME": ORG, "BUILDINGNUM": ADR, "STREET": ADR}.get(label, "")
            kind = PER if label in _KIJI_NAME else LOC if label in _KIJI_PLACE else kind
            if not kind:
                continue
            if spans and re.fullmatch(r"[ ,\n]{1,3}", row["text"][spans[-1][1] : start]):
                before = spans[-1]
                if before[2] == kind == PER or (before[2] == ADR and kind in (ADR, LOC)):
                    spans[-1] = (before[0], end, before[2])
                    continue
            if label != "ZIP":
                spans.append((start, end, kind))
        yield Example(row["text"], tuple(spans), (), frozenset((NRP, JOB)), "kiji")


def unlabelled(folder: Path, most: int = 3000) -> Iterator[Example]:
    """Questions without annotation, for what a teacher says of them."""
    paths = [folder / "routing/gsm8k_responses.csv", *sorted((folder / "routing/mmlu").glob("*.csv"))]
    count = 0
    for number, path in enumerate(paths):
        with path.open(encoding="utf-8", newline="") as source:
            for place, line in enumerate(csv.DictReader(source)):
                text = line["prompt"][:500]
                if number == 0 or place % 5 == 0:
                    count += 1
                    yield Example(text, (), ((0, len(text)),), frozenset(), "unlabelled")
                if count >= most:
                    return
