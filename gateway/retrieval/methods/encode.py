"""From text to token ids as a model was trained to read them: cut by hand, so that threads may share one tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from gateway.errors import BadSettings
from gateway.retrieval.methods.folder import small_file

USUAL: Final = 512
"""Tokens read where no file of the folder says how many."""


def encode(tokenizer: Any, text: str, most: int) -> list[int]:
    """Ids with the model's special tokens, at most `most` in all; the end of a longer text is not seen."""
    found = tokenizer.encode(text, add_special_tokens=False)
    found.truncate(max(1, most - tokenizer.num_special_tokens_to_add(False)))
    ids: list[int] = tokenizer.post_process(found).ids
    return ids


def encode_pair(tokenizer: Any, first: str, second: str, most: int, first_most: int) -> tuple[list[int], list[int]]:
    """Ids and token types of two texts together, at most `most`: the second is cut to what the first leaves.

    The first is cut only where it is longer than `first_most`.
    """
    left = tokenizer.encode(first, add_special_tokens=False)
    left.truncate(first_most)
    right = tokenizer.encode(second, add_special_tokens=False)
    right.truncate(max(1, most - tokenizer.num_special_tokens_to_add(True) - len(left.ids)))
    both = tokenizer.post_process(left, right)
    return both.ids, both.type_ids


def longest(folder: Path, asked: int | None, setting: str) -> int:
    """Tokens that a model reads: as asked, else as its small files say, and never more than its positions."""
    config = small_file(folder, "config.json")
    positions = config.get("max_position_embeddings")
    if isinstance(positions, int) and config.get("model_type") in ("roberta", "xlm-roberta", "camembert", "mpnet"):
        # Their positions begin behind the padding's.
        positions -= 2
    said = (
        asked
        or small_file(folder, "sentence_bert_config.json").get("max_seq_length")
        or small_file(folder, "tokenizer_config.json").get("model_max_length")
    )
    known = [value for value in (said, positions) if isinstance(value, int) and 0 < value < 1_000_000]
    found = min(known, default=USUAL)
    if found < 8:
        raise BadSettings(f"{setting}: {found} tokens are too few to read anything")
    return found


def marker(tokenizer: Any, candidates: Sequence[str]) -> int | None:
    """The id of the first candidate that is one token of the vocabulary."""
    found = (tokenizer.token_to_id(candidate) for candidate in candidates)
    return next((number for number in found if number is not None), None)
