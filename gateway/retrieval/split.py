"""Cutting a text into passages with LlamaIndex's SentenceSplitter. Runs in the child."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from importlib.machinery import PathFinder
from itertools import accumulate, pairwise
from types import ModuleType, SimpleNamespace
from typing import Any, TypeAlias

from gateway.retrieval.graph import weights_dir

Split: TypeAlias = Callable[[str], list[tuple[int, int]]]
VERSION = "sentences/3"
# A sentence ends at a full stop, question or exclamation mark before white space, or at a line's end before a list
# item, a heading or a table row; every character belongs to some sentence. A run of marks is
# tried once, from its first.
_SENTENCE = re.compile(
    r".+?(?:(?<![.!?\u3002\uff01\uff1f])[.!?\u3002\uff01\uff1f]++[\"'\u00bb\u201d\u2019)\]]*+(?=\s)\s*+"
    r"|\n(?=[ \t]{0,8}(?:[-*#|>\u2022]|\d{1,4}[.)]\s)))|.+",
    re.DOTALL,
)
PARAGRAPH = "\n\n"
BLOCK = 40_000
"""Characters measured in one go at most."""


def sentences(text: str) -> list[str]:
    """The text in sentences; joined they are the text again."""
    return _SENTENCE.findall(text)


def word_pieces() -> Callable[[str], Sequence[int]]:
    """A function from text to its tokens as the built-in embedder counts them, however long it is."""
    from tokenizers import Tokenizer  # noqa: PLC0415

    tokenizer = Tokenizer.from_file(str(weights_dir() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def splitter(
    count: Callable[[str], Sequence[int]], tokens: int, overlap: int
) -> Callable[[str], list[tuple[int, int]]]:
    """A function from text to the (start, end) of its passages, LlamaIndex's SentenceSplitter inside.

    `count` gives a text's tokens; `tokens` is a passage's length and `overlap` what neighbours share, at most. Nothing
    is downloaded: no NLTK sentence model, no tiktoken.
    """
    SentenceSplitter, manager = _sentence_splitter()  # noqa: N806 - a class

    lengths: list[int] = []

    class Places(SentenceSplitter):  # type: ignore[misc,valid-type]
        """Merges numbers in place of the pieces' text: where a passage stands is then known, not searched for."""

        def _merge(self, splits: list[Any], chunk_size: int) -> list[str]:
            lengths[:] = [len(split.text) for split in splits]
            numbered = [replace(split, text=f"{at} ") for at, split in enumerate(splits)]
            merged: list[str] = super()._merge(numbered, chunk_size)
            return merged

    inner = Places(
        chunk_size=tokens,
        chunk_overlap=overlap,
        paragraph_separator=PARAGRAPH,
        tokenizer=count,
        chunking_tokenizer_fn=sentences,
        callback_manager=manager,
    )

    def split(text: str) -> list[tuple[int, int]]:
        found = []
        passages = [passage.split() for passage in inner.split_text(text)]
        places = list(accumulate(lengths, initial=0))
        for numbers in passages:
            start, end = places[int(numbers[0])], places[int(numbers[-1]) + 1]
            body = text[start:end]
            start += len(body) - len(body.lstrip())
            if body.strip():
                found.append((start, start + len(body.strip())))
        return found

    return split


_STOOD_IN = tuple(f"llama_index.core{rest}" for rest in ("", ".node_parser", ".node_parser.text", ".settings"))


@cache
def _sentence_splitter() -> tuple[Any, Any]:
    """LlamaIndex's class and a callback manager without handlers.

    The package's front door imports everything it has: 2.3 s of processor and 100 MiB. For this one module the packages
    on the way to it are put there empty, and taken away after; should a release not like that, the front door is used.
    """
    if not any(name.split(".")[0] == "llama_index" for name in sys.modules):
        try:
            for name in _STOOD_IN[:3]:
                _put_empty(name)
            _put("llama_index.core", global_handler=None)
            # The global defaults name a remote provider and drag everything in; ours is the only splitter here.
            sys.modules["llama_index.core.settings"] = ModuleType("llama_index.core.settings")
            _put("llama_index.core.settings", Settings=SimpleNamespace(_callback_manager=None))
            module = importlib.import_module("llama_index.core.node_parser.text.sentence")
            callbacks = importlib.import_module("llama_index.core.callbacks.base")
            return module.SentenceSplitter, callbacks.CallbackManager([])
        except (ImportError, AttributeError):
            _forget(name for name in list(sys.modules) if name.split(".")[0] == "llama_index")
        finally:
            _forget(_STOOD_IN)
    from llama_index.core.callbacks import CallbackManager  # noqa: PLC0415
    from llama_index.core.node_parser import SentenceSplitter  # noqa: PLC0415

    return SentenceSplitter, CallbackManager([])


def _forget(names: Iterable[str]) -> None:
    for name in names:
        sys.modules.pop(name, None)


def _put(module: str, **values: object) -> None:
    vars(sys.modules[module]).update(values)


def _put_empty(name: str) -> None:
    parent = importlib.import_module(name.rpartition(".")[0])
    spec = PathFinder.find_spec(name, parent.__path__)
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError(name)
    module = ModuleType(name)
    module.__path__ = list(spec.submodule_search_locations)
    module.__spec__ = spec
    sys.modules[name] = module


def boundaries(
    text: str, headings: Sequence[tuple[int, int, int]], split: Split, pages: Sequence[tuple[int, int, int]] = ()
) -> list[tuple[int, int]]:
    """(start, end) of each passage in order; neighbours may overlap.

    headings: (start, end, level); pages: (number, start, end). No passage reaches over a heading or the end of a page,
    so that each stands under one heading and is cited with the page it is on.
    """
    return [
        (start + left, start + right)
        for start, end in _sections(text, headings, [start for _, start, _ in pages])
        for left, right in split(text[start:end])
    ]


def _sections(text: str, headings: Sequence[tuple[int, int, int]], pages: Sequence[int]) -> list[tuple[int, int]]:
    """The text cut before each heading that follows a body, at pages, and where a stretch is too long to measure."""
    cuts = [0]
    body_from = 0
    for start, end, _ in headings:
        line = text.rfind("\n", 0, start) + 1
        if text[body_from:line].strip():
            cuts.append(line)
        body_from = end
    cuts = sorted({*cuts, *pages, len(text)})
    done: list[tuple[int, int]] = []
    for left, right in pairwise(cuts):
        start = left
        while right - start > BLOCK:
            cut = max(text.rfind(mark, start + BLOCK // 2, start + BLOCK) for mark in (PARAGRAPH, "\n", " "))
            cut = cut if cut > start else start + BLOCK
            done.append((start, cut))
            start = cut
        if text[start:right].strip():
            done.append((start, right))
    return done
