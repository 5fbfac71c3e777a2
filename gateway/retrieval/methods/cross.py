"""A cross-encoder from a local folder: question and passage read together, one score a pair."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import BadSettings
from gateway.retrieval.methods.deadline import Deadline
from gateway.retrieval.methods.encode import encode_pair, longest
from gateway.retrieval.methods.session import Model, output_of, runs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SETTING: Final = "retrieval.reranker.path"
NAMES: Final = ("logits", "scores")


class CrossEncoder:
    """A Reranker. A question takes at most half of the tokens; only the passage is cut to what it leaves.

    Scores lie between 0 and 1: the logistic function of a single logit, or of the second less the first of two.
    Raises BadSettings at construction when the folder cannot be one.
    """

    def __init__(self, folder: Path, *, threads: int = 1, max_tokens: int | None = None) -> None:
        self._model = Model(folder, SETTING, threads=threads)
        self._max_tokens = longest(folder, max_tokens, SETTING)
        self._output: str | None = None

    @property
    def id(self) -> str:
        """Kind, folder and a digest of its files."""
        return f"cross-encoder/{self._model.folder.name}/{self._model.fingerprint}"

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
        tokenizer = self._model.tokenizer
        name = self._named()
        pairs = []
        for text in texts:
            deadline.check()
            pairs.append(encode_pair(tokenizer, query, text, self._max_tokens, self._max_tokens // 2))
        found = [0.0] * len(texts)
        for places in runs([len(ids) for ids, _ in pairs]):
            deadline.check()
            logits = self._model.run([pairs[at][0] for at in places], name, types=[pairs[at][1] for at in places])
            for place, score in zip(places, _probability(logits).tolist(), strict=True):
                found[place] = score
        return found

    def _named(self) -> str:
        if self._output is None:
            self._output = output_of(self._model, NAMES, 2)
        if self._output is None:
            raise BadSettings(f"{SETTING}: the model gives no logits", hint="export it with --task text-classification")
        return self._output


def _probability(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np  # noqa: PLC0415

    if logits.shape[1] > 2:
        raise BadSettings(
            f"{SETTING}: the model tells {logits.shape[1]} classes apart; a reranker has one or two",
            hint="choose one made for ranking",
        )
    margin = logits[:, -1] - logits[:, 0] if logits.shape[1] == 2 else logits[:, 0]
    # Written with tanh, since exp of a large logit does not fit.
    chance: NDArray[np.float32] = 0.5 * (1.0 + np.tanh(0.5 * margin))
    return chance
