"""Late interaction (ColBERT) from a local folder: the best token of a passage for each of the question's.

How texts are marked and cut is read from the small files of the folder, as ColBERT and PyLate write them:

    artifact.metadata                    query_maxlen, doc_maxlen, query_token_id, doc_token_id, mask_punctuation,
                                         attend_to_mask_tokens
    config_sentence_transformers.json    query_length, document_length, query_prefix, document_prefix, skiplist_words,
                                         attend_to_expansion_tokens, do_query_expansion
    1_Dense/model.safetensors            the linear layer, where the ONNX file ends before it
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.errors import BadSettings
from gateway.retrieval.methods.deadline import Deadline
from gateway.retrieval.methods.encode import encode, longest, marker
from gateway.retrieval.methods.folder import HINT, small_file
from gateway.retrieval.methods.session import Model, output_of, runs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

SETTING: Final = "retrieval.reranker.path"
NAMES: Final = ("token_embeddings", "last_hidden_state", "embeddings", "contextual")
LINEAR: Final = "1_Dense/model.safetensors"


@dataclass(frozen=True, slots=True)
class Style:
    """How one model was trained to read."""

    query_length: int = 32
    document_length: int = 300
    query_marker: str = "[unused0]"
    document_marker: str = "[unused1]"
    expand: bool = True
    """Whether a question is filled up with [MASK] to its length."""
    attend: bool = False
    """Whether its other tokens see those."""
    skip: tuple[str, ...] = tuple(string.punctuation)
    """Tokens of a passage that are not compared with."""


class ColBert:
    """A Reranker. Scores are the mean over the question's tokens of the best inner product, -1 to 1.

    Raises BadSettings at construction when the folder cannot be one.
    """

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        self._model = Model(folder, SETTING, threads=threads)
        self._style = style_of(folder)
        self._most = longest(folder, None, SETTING)
        self._ready: tuple[str, Matrix | None, Marks] | None = None

    @property
    def id(self) -> str:
        """Kind, folder and a digest of its files."""
        return f"colbert/{self._model.folder.name}/{self._model.fingerprint}"

    async def start(self) -> None:
        """Checks and loads the model, and scores one pair."""
        await self._model.start()
        await self.scores("probe", ["probe"], 60.0)

    async def scores(self, query: str, texts: Sequence[str], timeout_s: float) -> list[float]:
        """See Reranker."""
        async with Deadline(timeout_s) as deadline:
            return await self._model.apart(self._scores, query, list(texts), deadline)

    def close(self) -> None:
        """Ends the threads."""
        self._model.close()

    def _scores(self, query: str, texts: list[str], deadline: Deadline) -> list[float]:
        _, _, marks = self._prepared()
        asked = self._question(query, marks)
        ids = []
        for text in texts:
            deadline.check()
            ids.append(self._marked(text, marks.document, min(self._style.document_length, self._most)))
        found = [0.0] * len(texts)
        for places in runs([len(row) for row in ids]):
            deadline.check()
            tokens = self._vectors([ids[place] for place in places])
            for at, place in enumerate(places):
                row = ids[place]
                kept = [number for number, token in enumerate(row) if token not in marks.skip]
                found[place] = max_sim(asked, tokens[at, kept])
        return found

    def _question(self, query: str, marks: Marks) -> Matrix:
        most = min(self._style.query_length, self._most)
        ids = self._marked(query, marks.query, most)
        mask = [1] * len(ids)
        if self._style.expand and marks.mask is not None:
            mask += [int(self._style.attend)] * (most - len(ids))
            ids += [marks.mask] * (most - len(ids))
        vectors: Matrix = self._vectors([ids], [mask])[0]
        return vectors

    def _marked(self, text: str, mark: int | None, most: int) -> list[int]:
        """The text's ids with its marker behind the first special token."""
        if mark is None:
            return encode(self._model.tokenizer, text, most)
        ids = encode(self._model.tokenizer, text, most - 1)
        return [*ids[:1], mark, *ids[1:]]

    def _vectors(self, rows: list[list[int]], masks: list[list[int]] | None = None) -> Matrix:
        """Token vectors of length 1: (rows, longest, d)."""
        import numpy as np  # noqa: PLC0415

        name, linear, _ = self._prepared()
        tokens = self._model.run(rows, name, masks=masks)
        if linear is not None:
            tokens = tokens @ linear.T
        lengths = np.linalg.norm(tokens, axis=2, keepdims=True)
        vectors: Matrix = tokens / np.maximum(lengths, 1e-12)
        return vectors

    def _prepared(self) -> tuple[str, Matrix | None, Marks]:
        if self._ready is None:
            name = output_of(self._model, NAMES, 3)
            if name is None:
                raise BadSettings(f"{SETTING}: the model gives no token vectors", hint=HINT)
            self._ready = (name, _linear(self._model.folder), marks_of(self._model.tokenizer, self._style))
        return self._ready


@dataclass(frozen=True, slots=True)
class Marks:
    """Token ids of a vocabulary that have a task of their own."""

    query: int | None
    document: int | None
    mask: int | None
    skip: frozenset[int]


def max_sim(query: Matrix, passage: Matrix) -> float:
    """Mean over the rows of `query` of the highest inner product with a row of `passage`; -1 when that has none."""
    if not len(passage):
        return -1.0
    return float((query @ passage.T).max(axis=1).mean())


def marks_of(tokenizer: Any, style: Style) -> Marks:
    """The ids of a style's markers. Raises BadSettings for a marker that is no single token of the vocabulary."""
    found: list[int | None] = []
    for text in (style.query_marker, style.document_marker):
        number = marker(tokenizer, (text, text.strip())) if text else None
        if text and number is None:
            raise BadSettings(f"{SETTING}: the marker {text!r} is not in the vocabulary", hint=HINT)
        found.append(number)
    skip = {number for word in style.skip if (number := tokenizer.token_to_id(word)) is not None}
    return Marks(found[0], found[1], marker(tokenizer, ("[MASK]", "<mask>")), frozenset(skip))


def style_of(folder: Path) -> Style:
    """How the folder's files say the model reads; ColBERTv2's ways where they say nothing."""
    theirs, pylate = small_file(folder, "artifact.metadata"), small_file(folder, "config_sentence_transformers.json")
    usual = Style()
    skip = pylate.get("skiplist_words")
    if skip is None:
        skip = () if theirs.get("mask_punctuation") is False else usual.skip
    try:
        return Style(
            query_length=_length(pylate.get("query_length") or theirs.get("query_maxlen"), usual.query_length),
            document_length=_length(pylate.get("document_length") or theirs.get("doc_maxlen"), usual.document_length),
            query_marker=_text(pylate.get("query_prefix", theirs.get("query_token_id")), usual.query_marker),
            document_marker=_text(pylate.get("document_prefix", theirs.get("doc_token_id")), usual.document_marker),
            expand=pylate.get("do_query_expansion") is not False,
            attend=bool(pylate.get("attend_to_expansion_tokens", theirs.get("attend_to_mask_tokens"))),
            skip=tuple(str(word) for word in skip),
        )
    except (TypeError, ValueError):
        raise BadSettings(f"{SETTING}: the small files of {folder} say what cannot be", hint=HINT) from None


def _length(value: object, usual: int) -> int:
    if value is None:
        return usual
    if not isinstance(value, int) or not 4 <= value <= 8192:
        raise ValueError
    return value


def _text(value: object, usual: str) -> str:
    if value is None:
        return usual
    if not isinstance(value, str):
        raise TypeError
    return value


def _linear(folder: Path) -> Matrix | None:
    """The weights (d out, d in) of a linear layer kept beside the model; None where the model has it inside."""
    from safetensors import SafetensorError  # noqa: PLC0415
    from safetensors.numpy import load_file  # noqa: PLC0415

    path = folder / LINEAR
    if not path.is_file():
        return None
    try:
        found: Matrix = load_file(path)["linear.weight"].astype("float32")
    except (OSError, KeyError, SafetensorError):
        raise BadSettings(f"{SETTING}: {path} holds no linear layer", hint=HINT) from None
    return found
