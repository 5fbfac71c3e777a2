"""A sentence embedder from a local folder: `model.onnx` and `tokenizer.json` as model hubs have them.

How tokens become one vector is read from the small files beside it, in the order of what is most exact:

    embedder.json                      {"pooling", "query_prefix", "document_prefix", "normalize", "max_tokens"}
    1_Pooling/config.json              pooling, as sentence-transformers writes it
    config_sentence_transformers.json  prompts for queries and documents
    sentence_bert_config.json          the longest text in tokens
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.crypto.digest import sha256
from gateway.errors import BadSettings
from gateway.model import Zone
from gateway.retrieval.methods.base import LONGEST_DIMENSION, Ledger, unit
from gateway.retrieval.methods.encode import encode, longest
from gateway.retrieval.methods.folder import small_file
from gateway.retrieval.methods.session import Model, output_of, runs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gateway.retrieval.methods.base import Vectors

SETTING: Final = "retrieval.embedder.path"
OWN_FILE: Final = "embedder.json"
POOLINGS: Final = ("mean", "cls", "max", "last")
WHOLE: Final = ("sentence_embedding",)
TOKENS: Final = ("token_embeddings", "last_hidden_state")
_KEYS: Final = {"pooling": str, "query_prefix": str, "document_prefix": str, "normalize": bool, "max_tokens": int}
_THEIRS: Final = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_lasttoken": "last",
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a folder's model is used."""

    pooling: str
    """One of POOLINGS, or empty: the model's own `sentence_embedding`, else the mean."""
    query_prefix: str
    document_prefix: str
    max_tokens: int


class OnnxEmbedder:
    """A TextEmbedder over one folder. Raises BadSettings at construction when the folder cannot be one.

    query_prefix, document_prefix, dimensions: where given, they count before the folder's files; vectors are cut to
    their first `dimensions` numbers, which is right only for models trained for that.
    """

    def __init__(
        self,
        folder: Path,
        *,
        threads: int = 1,
        dimensions: int | None = None,
        query_prefix: str = "",
        document_prefix: str = "",
        max_tokens: int | None = None,
    ) -> None:
        self._model = Model(folder, SETTING, threads=threads)
        self._recipe = recipe_of(folder, query_prefix, document_prefix, max_tokens)
        self._cut = dimensions
        self._dimension = dimensions
        self._output: tuple[str, int] | None = None

    @property
    def id(self) -> str:
        """Folder name for people, and a digest of its files and of everything that decides a document's vector."""
        recipe = self._recipe
        how = f"{recipe.pooling or 'own'}/{recipe.max_tokens}/{self._cut or 'all'}"
        prefix = sha256(recipe.document_prefix.encode()).hex()[:8] if recipe.document_prefix else "plain"
        return f"onnx/{self._model.folder.name.replace(' ', '-')}/{self._model.fingerprint}/{how}/{prefix}"

    @property
    def dimension(self) -> int | None:
        """As first seen."""
        return self._dimension

    @property
    def zone(self) -> Zone:
        """Runs in this process."""
        return Zone.LOCAL

    @property
    def endpoint(self) -> str:
        """Nothing leaves."""
        return ""

    async def start(self) -> None:
        """Checks and loads the model, and embeds one word."""
        await self._model.start()
        await self.embed_query("probe")

    async def embed_documents(self, texts: Sequence[str], ledger: Ledger | None = None) -> Vectors:  # noqa: ARG002
        """See TextEmbedder."""
        return await self._embed([self._recipe.document_prefix + text for text in texts])

    async def embed_query(self, text: str, ledger: Ledger | None = None) -> Vectors:  # noqa: ARG002
        """See TextEmbedder."""
        row: Vectors = (await self._embed([self._recipe.query_prefix + text]))[0]
        return row

    def close(self) -> None:
        """Ends the threads."""
        self._model.close()

    async def _embed(self, texts: list[str]) -> Vectors:
        import numpy as np  # noqa: PLC0415

        ids = await self._model.apart(self._encode, texts)
        rows: list[Any] = [None] * len(texts)
        for places in runs([len(row) for row in ids]):
            pooled = await self._model.apart(self._run, [ids[place] for place in places])
            for place, row in zip(places, pooled, strict=True):
                rows[place] = row
        if not rows:
            return np.zeros((0, self._dimension or 1), np.float32)
        vectors = unit(rows, len(texts), self._dimension, "the embedder's model")
        self._dimension = vectors.shape[1]
        return vectors

    def _encode(self, texts: list[str]) -> list[list[int]]:
        tokenizer = self._model.tokenizer
        return [encode(tokenizer, text, self._recipe.max_tokens) for text in texts]

    def _run(self, rows: list[list[int]]) -> Vectors:
        name, axes = self._chosen()
        found = self._model.run(rows, name)
        pooled = found if axes == 2 else pool(found, [len(row) for row in rows], self._recipe.pooling or "mean")
        if self._cut is not None:
            if pooled.shape[1] < self._cut:
                raise BadSettings(f"the embedder's model has {pooled.shape[1]} dimensions, fewer than asked for")
            pooled = pooled[:, : self._cut]
        if pooled.shape[1] > LONGEST_DIMENSION:
            raise BadSettings(
                f"the embedder's model has {pooled.shape[1]} dimensions; an index takes {LONGEST_DIMENSION}",
                hint="set retrieval.embedder.dimensions if it was trained to be cut",
            )
        return pooled

    def _chosen(self) -> tuple[str, int]:
        if self._output is None:
            whole = None if self._recipe.pooling else output_of(self._model, WHOLE, 2)
            tokens = output_of(self._model, TOKENS, 3)
            if whole in WHOLE or (tokens is None and whole is not None):
                self._output = (str(whole), 2)
            elif tokens is not None:
                self._output = (tokens, 3)
            else:
                raise BadSettings(f"{SETTING}: the model gives neither token vectors nor a sentence's")
        return self._output


def pool(tokens: NDArray[np.float32], lengths: Sequence[int], how: str) -> Vectors:
    """(rows, longest, d) to (rows, d) over the first `lengths[row]` tokens of each row."""
    import numpy as np  # noqa: PLC0415

    inside = np.arange(tokens.shape[1])[None, :] < np.asarray(lengths)[:, None]
    if how == "cls":
        first: Vectors = tokens[:, 0]
        return first
    if how == "last":
        final: Vectors = tokens[np.arange(len(lengths)), np.asarray(lengths) - 1]
        return final
    if how == "max":
        highest: Vectors = np.where(inside[:, :, None], tokens, -np.inf).max(axis=1).astype(np.float32)
        return highest
    total = (tokens * inside[:, :, None]).sum(axis=1)
    mean: Vectors = (total / np.asarray(lengths)[:, None]).astype(np.float32)
    return mean


def recipe_of(folder: Path, query_prefix: str, document_prefix: str, max_tokens: int | None) -> Recipe:
    """What the folder's files say, and what was asked for before it. Raises BadSettings for what is not understood."""
    own = small_file(folder, OWN_FILE)
    for key, value in own.items():
        kind = _KEYS.get(key)
        if kind is None or type(value) is not kind:
            known = ", ".join(_KEYS)
            raise BadSettings(f"{folder / OWN_FILE}: {key!r} is unknown or of the wrong kind", hint=f"one of {known}")
    if own.get("normalize") is False:
        raise BadSettings(
            f"{folder / OWN_FILE}: vectors are always brought to length 1 here", hint="take normalize out"
        )
    if (folder / "2_Dense").is_dir() and not own.get("pooling"):
        raise BadSettings(
            f"{folder} has a dense layer behind its pooling",
            hint="export the whole model, or say pooling in embedder.json",
        )
    prompts = small_file(folder, "config_sentence_transformers.json").get("prompts") or {}
    pooling = own.get("pooling") or _theirs(folder)
    if pooling and pooling not in POOLINGS:
        raise BadSettings(f"{folder / OWN_FILE}: no such pooling", hint=f"one of {', '.join(POOLINGS)}")
    return Recipe(
        pooling=pooling,
        query_prefix=query_prefix or own.get("query_prefix") or str(prompts.get("query") or ""),
        document_prefix=document_prefix
        or own.get("document_prefix")
        or str(prompts.get("document") or prompts.get("passage") or ""),
        max_tokens=longest(folder, max_tokens or own.get("max_tokens"), SETTING),
    )


def _theirs(folder: Path) -> str:
    """Pooling as sentence-transformers states it; empty where it does not."""
    said = small_file(folder / "1_Pooling", "config.json")
    chosen = [how for key, how in _THEIRS.items() if said.get(key)]
    other = [
        key for key, value in said.items() if key.startswith("pooling_mode_") and value is True and key not in _THEIRS
    ]
    if len(chosen) > 1 or other:
        raise BadSettings(
            f"{folder / '1_Pooling'}: this way of pooling is not known here",
            hint=f"export the whole model with its sentence_embedding output; known: {', '.join(POOLINGS)}",
        )
    return chosen[0] if chosen else ""
