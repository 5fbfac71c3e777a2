"""SPLADE: a masked language model's logits as weights of its vocabulary's words, from a local folder.

A text's weight for a word is the highest log(1 + relu(logit)) over its tokens (Formal et al. 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import BadSettings
from gateway.model import Zone
from gateway.retrieval.methods.base import Ledger, heaviest
from gateway.retrieval.methods.encode import encode, longest
from gateway.retrieval.methods.learned import STRETCH, TermIds
from gateway.retrieval.methods.session import Model, output_of, runs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SETTING: Final = "retrieval.splade.path"
QUERY_SETTING: Final = "retrieval.splade.query_path"
NAMES: Final = ("logits", "sparse_embedding", "sentence_embedding")
MOST_TOKENS: Final = 256
RUN_TOKENS: Final = 256
"""A run's logits take 4 bytes x tokens x vocabulary: 31 MB here."""


class Side:
    """One model and how it reads: documents' or queries'."""

    def __init__(self, folder: Path, setting: str, threads: int, most: int) -> None:
        self.model = Model(folder, setting, threads=threads)
        self._max_tokens = min(longest(folder, None, setting), MOST_TOKENS)
        self._most = most
        self._output: str | None = None

    async def weights(self, texts: Sequence[str]) -> list[dict[int, float]]:
        """Vocabulary entry -> weight, the heaviest `most` of each text."""
        ids = await self.model.apart(self._encode, list(texts))
        found: list[dict[int, float]] = [{} for _ in texts]
        for places in runs([len(row) for row in ids], RUN_TOKENS):
            rows = await self.model.apart(self._run, [ids[place] for place in places])
            for place, row in zip(places, rows, strict=True):
                found[place] = row
        return found

    def _encode(self, texts: list[str]) -> list[list[int]]:
        tokenizer = self.model.tokenizer
        return [encode(tokenizer, text, self._max_tokens) for text in texts]

    def _run(self, rows: list[list[int]]) -> list[dict[int, float]]:
        if self._output is None:
            self._output = output_of(self.model, NAMES[:1], 3) or output_of(self.model, NAMES[1:], 2)
        found = None if self._output is None else self.model.run(rows, self._output)
        if found is None or found.shape[-1] < self.model.tokenizer.get_vocab_size():
            raise BadSettings(
                f"{self.model.setting}: the model gives no logits", hint="export it with --task fill-mask"
            )
        pooled = found if found.ndim == 2 else saturate(found, [len(row) for row in rows])
        if pooled.shape[1] > STRETCH:
            raise BadSettings(f"{self.model.setting}: a vocabulary of more than {STRETCH} words does not fit")
        return [heaviest(_above_zero(row), self._most) for row in pooled]


class Splade:
    """A SparseEncoder over one folder, or two where questions have a model of their own.

    document_terms, query_terms: the heaviest terms kept of a text. Raises BadSettings at construction when a folder
    cannot be one.
    """

    def __init__(
        self,
        folder: Path,
        query_folder: Path | None = None,
        *,
        threads: int = 1,
        document_terms: int = 256,
        query_terms: int = 64,
    ) -> None:
        self._documents = Side(folder, SETTING, threads, document_terms)
        shared = query_folder is None or query_folder == folder
        self._queries = None if shared else Side(query_folder or folder, QUERY_SETTING, threads, query_terms)
        self._document_terms = document_terms
        self._query_terms = query_terms
        self._ids = TermIds(f"splade/{self._documents.model.fingerprint}")

    @property
    def id(self) -> str:
        """The documents' model and what is kept of its terms; the queries' model may change without a new index."""
        model = self._documents.model
        return f"splade/{model.folder.name.replace(' ', '-')}/{model.fingerprint}/{self._document_terms}"

    @property
    def zone(self) -> Zone:
        """Runs in this process."""
        return Zone.LOCAL

    @property
    def endpoint(self) -> str:
        """Nothing leaves."""
        return ""

    async def start(self) -> None:
        """Checks and loads the models, and weighs one word with each."""
        for side in filter(None, (self._documents, self._queries)):
            await side.model.start()
            await side.weights(["probe"])

    async def encode_documents(
        self,
        texts: Sequence[str],
        ledger: Ledger | None = None,  # noqa: ARG002
    ) -> list[dict[int, float]]:
        """See SparseEncoder."""
        return [self._placed(row) for row in await self._documents.weights(texts)]

    async def encode_query(self, text: str, ledger: Ledger | None = None) -> dict[int, float]:  # noqa: ARG002
        """See SparseEncoder."""
        found = (await (self._queries or self._documents).weights([text]))[0]
        return self._placed(heaviest(found, self._query_terms))

    def close(self) -> None:
        """Ends the threads."""
        for side in filter(None, (self._documents, self._queries)):
            side.model.close()

    def _placed(self, weights: dict[int, float]) -> dict[int, float]:
        return {self._ids.of(number): weight for number, weight in weights.items()}


def saturate(logits: NDArray[np.float32], lengths: Sequence[int]) -> NDArray[np.float32]:
    """(rows, longest, vocabulary) to (rows, vocabulary): the highest log(1 + relu(x)) over each row's own tokens."""
    import numpy as np  # noqa: PLC0415

    inside = np.arange(logits.shape[1])[None, :] < np.asarray(lengths)[:, None]
    # The logarithm grows with its argument, so it is taken once, of the maximum.
    highest = np.where(inside[:, :, None], logits, 0).max(axis=1)
    weights: NDArray[np.float32] = np.log1p(np.maximum(highest, 0)).astype(np.float32)
    return weights


def _above_zero(row: NDArray[np.float32]) -> dict[int, float]:
    places = row.nonzero()[0]
    return {place: weight for place, weight in zip(places.tolist(), row[places].tolist(), strict=True) if weight > 0}
