"""Public question sets in the folder form that `gateway eval retrieval` reads.

    python -m gateway.evaluate.retrieval_convert cranfield FOLDER OUT
    python -m gateway.evaluate.retrieval_convert squad FILE.json OUT
    python -m gateway.evaluate.retrieval_convert halueval FILE.jsonl OUT

`cranfield` reads cran.all.1400.xml, cran.qry.xml and cranqrel.trec.txt; `squad` reads SQuAD and XQuAD files (one
paragraph answers a question); `halueval` reads the question answering part, a piece of knowledge per question.
"""

from __future__ import annotations

import argparse
import html
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import orjson

from gateway.errors import Invalid

_GAP: Final = re.compile(r"\s+")


@dataclass(slots=True)
class Made:
    """A set under construction: documents as (title, text), questions, and the grade of a document for a question."""

    documents: dict[str, tuple[str, str]] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)
    grades: dict[tuple[str, str], int] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write corpus.jsonl, queries.jsonl and qrels/test.tsv into `folder`."""
        (folder / "qrels").mkdir(parents=True, exist_ok=True)
        corpus = ({"_id": key, "title": title, "text": text} for key, (title, text) in self.documents.items())
        _lines(folder / "corpus.jsonl", map(orjson.dumps, corpus))
        _lines(
            folder / "queries.jsonl",
            (orjson.dumps({"_id": key, "text": text}) for key, text in self.questions.items()),
        )
        rows = (f"{question}\t{document}\t{grade}" for (question, document), grade in self.grades.items())
        _lines(folder / "qrels" / "test.tsv", (row.encode() for row in ("query-id\tcorpus-id\tscore", *rows)))


def cranfield(folder: Path) -> Made:
    """1,400 abstracts. A judgement names its question by place in the file, not by its number."""
    made = Made()
    for document in re.findall(r"<doc>(.*?)</doc>", (folder / "cran.all.1400.xml").read_text("utf-8"), re.DOTALL):
        title, text = _element(document, "title"), _element(document, "text")
        # The abstract repeats its title.
        made.documents[_element(document, "docno")] = title, text.removeprefix(title).strip()
    topics = re.findall(r"<title>(.*?)</title>", (folder / "cran.qry.xml").read_text("utf-8"), re.DOTALL)
    made.questions = {str(place): _plain(topic) for place, topic in enumerate(topics, 1)}
    for line in (folder / "cranqrel.trec.txt").read_text("utf-8").splitlines():
        question, _, document, grade = line.split()
        if int(grade) > 0:
            made.grades[question, document] = int(grade)
    return made


def squad(file: Path) -> Made:
    """Paragraphs, each under its article's title where that is told, and their questions."""
    made = Made()
    for article_at, article in enumerate(orjson.loads(file.read_bytes())["data"]):
        title = str(article.get("title", "")).replace("_", " ")
        for at, paragraph in enumerate(article["paragraphs"]):
            key = f"{article_at}.{at}"
            made.documents[key] = title, paragraph["context"]
            for question in paragraph["qas"]:
                made.questions[question["id"]] = question["question"]
                made.grades[question["id"], key] = 1
    return made


def halueval(file: Path) -> Made:
    """Each question's knowledge is its one answer; equal knowledge is one document."""
    made = Made()
    keys: dict[str, str] = {}
    for at, line in enumerate(file.read_bytes().splitlines()):
        row = orjson.loads(line)
        key = keys.setdefault(row["knowledge"], str(at))
        made.documents[key] = "", row["knowledge"]
        made.questions[f"q{at}"] = row["question"]
        made.grades[f"q{at}", key] = 1
    return made


READERS: Final[Mapping[str, Callable[[Path], Made]]] = {"cranfield": cranfield, "squad": squad, "halueval": halueval}


def convert(kind: str, source: Path, folder: Path) -> Made:
    """Read a set of a kind in `READERS` and write it to `folder`. Raises Invalid."""
    try:
        made = READERS[kind](source)
    except OSError as error:
        raise Invalid(f"cannot read {source}: {error.strerror}") from None
    except (KeyError, ValueError, AttributeError, TypeError):
        raise Invalid(f"{source} is not a {kind} set", hint="name the publisher's own file or folder") from None
    made.write(folder)
    return made


def _element(xml: str, name: str) -> str:
    found = re.search(rf"<{name}>(.*?)</{name}>", xml, re.DOTALL)
    if found is None:
        raise ValueError(name)
    return _plain(found[1])


def _plain(text: str) -> str:
    return _GAP.sub(" ", html.unescape(text)).strip()


def _lines(file: Path, lines: Iterable[bytes]) -> None:
    with file.open("wb") as out:
        out.writelines(line + b"\n" for line in lines)


def main(arguments: list[str] | None = None) -> int:
    """The command line of this module."""
    parser = argparse.ArgumentParser(description="Convert a public question set for `gateway eval retrieval`.")
    parser.add_argument("kind", choices=sorted(READERS))
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args(arguments)
    convert(given.kind, given.source, given.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
