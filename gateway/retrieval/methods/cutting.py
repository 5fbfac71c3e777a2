"""Other ways to cut a text, with LlamaIndex's parsers: sentences with windows, and a hierarchy. Runs in the child.

The parsers are given numbers and ranges in place of text: where a node stands is then known rather than searched for,
and their repeated hashing of whole texts costs nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final, TypeAlias

from gateway.retrieval.split import Split, boundaries, sentences, splitter

Range: TypeAlias = tuple[int, int]
Count: TypeAlias = Callable[[str], Sequence[int]]

SENTENCES, WINDOW, HIERARCHY = "sentences", "window", "hierarchy"
WAYS: Final = (SENTENCES, WINDOW, HIERARCHY)


@dataclass(frozen=True, slots=True)
class Way:
    """How to cut. `tokens` and `overlap` are of a passage, and of a leaf of the hierarchy."""

    kind: str = SENTENCES
    tokens: int = 200
    overlap: int = 40
    window: int = 3
    """Sentences on each side of the one that is embedded."""
    sizes: tuple[int, ...] = ()
    """Tokens of the passages above the leaves, largest first."""

    @property
    def id(self) -> str:
        """Names everything here that changes what the index holds."""
        base = f"{self.tokens}/{self.overlap}"
        if self.kind == WINDOW:
            return f"{base}/window/{self.window}"
        return f"{base}/hierarchy/{'-'.join(map(str, self.sizes))}" if self.kind == HIERARCHY else base


@dataclass(frozen=True, slots=True)
class Cut:
    """Passages as offsets of the text, in order."""

    chunks: list[Range]
    """What is returned."""
    focus: list[Range]
    """What is embedded of each; empty where it is the same."""
    parents: list[tuple[int, int, int, int, int]]
    """(start, end, level, first chunk, last chunk); level 1 is the lowest."""


def cut(
    text: str,
    headings: Sequence[tuple[int, int, int]],
    pages: Sequence[tuple[int, int, int]],
    way: Way,
    count: Count,
) -> Cut:
    """The text cut as `way` says; no passage, window or parent reaches over a heading or the end of a page.

    headings: (start, end, level); pages: (number, start, end); count: a text's tokens.
    """
    if way.kind == WINDOW:
        return _windows(text, headings, pages, way, count)
    if way.kind == HIERARCHY:
        return _hierarchy(text, headings, pages, way, count)
    return Cut(boundaries(text, headings, splitter(count, way.tokens, way.overlap), pages), [], [])


# --- sentences with a window -----------------------------------------------------------------------------------------


def _windows(
    text: str, headings: Sequence[tuple[int, int, int]], pages: Sequence[tuple[int, int, int]], way: Way, count: Count
) -> Cut:
    """Each sentence, and the sentences around it of the same section."""
    chunks: list[Range] = []
    focus: list[Range] = []
    for left, right in _sections(text, headings, pages):
        places = _sentences(text, left, right, way, count)
        for at, (first, last) in enumerate(_around(len(places), way.window)):
            focus.append(places[at])
            chunks.append((places[first][0], places[last][1]))
    return Cut(chunks, focus, [])


def _sections(
    text: str, headings: Sequence[tuple[int, int, int]], pages: Sequence[tuple[int, int, int]]
) -> list[Range]:
    return boundaries(text, headings, lambda section: [(0, len(section))], pages)


def _sentences(text: str, left: int, right: int, way: Way, count: Count) -> list[Range]:
    """The sentences of a stretch without the white space around them; longer ones in parts of at most `way.tokens`."""
    divide = splitter(count, way.tokens, 0)
    found: list[Range] = []
    at = left
    for sentence in sentences(text[left:right]):
        body = sentence.strip()
        start = at + len(sentence) - len(sentence.lstrip())
        at += len(sentence)
        if len(body) > way.tokens and len(count(body)) > way.tokens:
            found += ((start + first, start + last) for first, last in divide(body))
        elif body:
            found.append((start, start + len(body)))
    return found


def _around(sentences_: int, window: int) -> list[Range]:
    """(first, last) sentence of each one's window, as LlamaIndex's SentenceWindowNodeParser makes them."""
    if not sentences_:
        return []
    parser, document = _window_parser(window)
    # Its splitter reads how many there are from the text, and numbers them.
    nodes = parser.build_window_nodes_from_documents([document(text=str(sentences_))])
    numbers = ([int(number) for number in node.metadata["window"].split()] for node in nodes)
    return [(first[0], first[-1]) for first in numbers]


@cache
def _window_parser(window: int) -> tuple[Any, Any]:
    from llama_index.core import Document  # noqa: PLC0415
    from llama_index.core.node_parser import SentenceWindowNodeParser  # noqa: PLC0415

    made = SentenceWindowNodeParser.from_defaults(
        sentence_splitter=lambda text: [str(number) for number in range(int(text))],
        window_size=window,
        include_prev_next_rel=False,
    )
    return made, Document


# --- a hierarchy -----------------------------------------------------------------------------------------------------


def _hierarchy(
    text: str, headings: Sequence[tuple[int, int, int]], pages: Sequence[tuple[int, int, int]], way: Way, count: Count
) -> Cut:
    """Leaves, and the passages above them. What would hold a single part is left out."""
    split = [splitter(count, size, 0) for size in way.sizes] + [splitter(count, way.tokens, way.overlap)]
    leaves: list[Range] = []
    parents: list[tuple[int, int, int, int, int]] = []
    for left, right in _sections(text, headings, pages):
        cutters = [partial(_within, text[left:right], one) for one in split]
        for start, end, depth, below in _tree(cutters, right - left):
            if depth == len(way.sizes):
                leaves.append((left + start, left + end))
            elif below > 1:
                # Its leaves come next, so that they are numbered from here on.
                parents.append((left + start, left + end, len(way.sizes) - depth, len(leaves), len(leaves) + below - 1))
    # Two of one extent are one; the lower level stands for both.
    lowest: dict[Range, tuple[int, int, int, int, int]] = {}
    for parent in sorted(parents, key=lambda one: one[2]):
        lowest.setdefault(parent[3:], parent)
    return Cut(leaves, [], sorted(lowest.values(), key=lambda one: (one[3], -one[2])))


def _within(section: str, split: Split, start: int, end: int) -> list[Range]:
    return [(start + first, start + last) for first, last in split(section[start:end])]


def _tree(cutters: Sequence[Callable[[int, int], list[Range]]], length: int) -> list[tuple[int, int, int, int]]:
    """(start, end, depth, leaves below) of every node, each before what is below it; depth 0 is the largest."""
    parser, document, child, parent = _hierarchical_parser(len(cutters))
    for level, cutter in enumerate(cutters):
        parser.node_parser_map[str(level)].cutter = cutter
    nodes = parser.get_nodes_from_documents([document(text=f"0:{length}")])
    by_id = {node.node_id: node for node in nodes}
    found: list[tuple[int, int, int, int]] = []

    def visit(node: Any, depth: int) -> int:
        place = len(found)
        start, end = map(int, node.text.split(":"))
        found.append((start, end, depth, 1))
        below = [visit(by_id[one.node_id], depth + 1) for one in node.relationships.get(child, [])]
        found[place] = (start, end, depth, sum(below) or 1)
        return sum(below) or 1

    for node in nodes:
        if parent not in node.relationships:
            visit(node, 0)
    return found


@cache
def _hierarchical_parser(levels: int) -> tuple[Any, Any, Any, Any]:
    from llama_index.core import Document  # noqa: PLC0415
    from llama_index.core.node_parser import HierarchicalNodeParser  # noqa: PLC0415
    from llama_index.core.node_parser.interface import TextSplitter  # noqa: PLC0415
    from llama_index.core.schema import NodeRelationship  # noqa: PLC0415

    class Ranges(TextSplitter):
        """Divides a range, written `start:end`, into ranges."""

        cutter: Any = None

        def split_text(self, text: str) -> list[str]:
            start, end = map(int, text.split(":"))
            return [f"{first}:{last}" for first, last in self.cutter(start, end)]

    numbers = itertools.count()
    plain: dict[str, Any] = {
        "include_metadata": False,
        "include_prev_next_rel": False,
        "id_func": lambda *_: str(next(numbers)),
    }
    made = HierarchicalNodeParser.from_defaults(
        node_parser_ids=[str(level) for level in range(levels)],
        node_parser_map={str(level): Ranges(**plain) for level in range(levels)},
        include_metadata=False,
        include_prev_next_rel=False,
    )
    return made, Document, NodeRelationship.CHILD, NodeRelationship.PARENT
