"""Late interaction: markers, mask tokens, punctuation and the linear layer, MaxSim against the same sums by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from gateway.errors import BadSettings
from gateway.retrieval.methods.colbert import ColBert, Style, style_of
from tests.retrieval.methods.folders import WIDTH, Array, classifier, encoder, hidden, number, write_config

QUERY = "red apple"
TEXTS = ["green apple . pear", "cold water , warm fire !", "red apple", "."]
PUNCTUATION = {number(word) for word in ".,!:"}
LINEAR = np.random.default_rng(3).normal(size=(4, WIDTH)).astype(np.float32)


def unit(rows: Array) -> Array:
    scaled: Array = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return scaled


def by_hand(query: str, text: str, *, length: int, expand: bool, attend: bool, linear: Array | None = None) -> float:
    asked = [number("[CLS]"), number("[unused0]"), *(number(word) for word in query.split()), number("[SEP]")]
    mask = [1] * len(asked)
    if expand:
        mask += [int(attend)] * (length - len(asked))
        asked += [number("[MASK]")] * (length - len(asked))
    said = [number("[CLS]"), number("[unused1]"), *(number(word) for word in text.split()), number("[SEP]")]
    left, right = hidden(asked, mask), hidden(said)
    if linear is not None:
        left, right = left @ linear.T, right @ linear.T
    kept = [at for at, token in enumerate(said) if token not in PUNCTUATION]
    return float((unit(left) @ unit(right)[kept].T).max(axis=1).mean())


@pytest.mark.parametrize(("expand", "attend"), [(True, False), (True, True), (False, False)])
async def test_scores_as_by_hand_and_the_same_in_any_batch(tmp_path: Path, *, expand: bool, attend: bool) -> None:
    folder = encoder(tmp_path / "m")
    write_config(
        folder,
        "config_sentence_transformers.json",
        {
            "query_length": 9,
            "query_prefix": "[unused0] ",
            "document_prefix": "[unused1] ",
            "do_query_expansion": expand,
            "attend_to_expansion_tokens": attend,
            "skiplist_words": [".", ",", "!", ":"],
        },
    )
    colbert = ColBert(folder)
    await colbert.start()
    together = await colbert.scores(QUERY, TEXTS, 30)
    alone = [(await colbert.scores(QUERY, [text], 30))[0] for text in TEXTS]
    colbert.close()
    expected = [by_hand(QUERY, text, length=9, expand=expand, attend=attend) for text in TEXTS]
    assert together == pytest.approx(expected, abs=1e-5)
    assert alone == pytest.approx(together, abs=1e-6)
    assert max(range(4), key=together.__getitem__) == 2


async def test_a_linear_layer_beside_the_model_is_applied(tmp_path: Path) -> None:
    folder = encoder(tmp_path / "m")
    write_config(folder, "artifact.metadata", {"query_maxlen": 8, "doc_maxlen": 40, "attend_to_mask_tokens": False})
    (folder / "1_Dense").mkdir()
    save_file({"linear.weight": LINEAR}, folder / "1_Dense" / "model.safetensors")
    colbert = ColBert(folder)
    found = await colbert.scores(QUERY, TEXTS, 30)
    colbert.close()
    expected = [by_hand(QUERY, text, length=8, expand=True, attend=False, linear=LINEAR) for text in TEXTS]
    assert found == pytest.approx(expected, abs=1e-5)


def test_what_the_files_say_and_what_is_usual(tmp_path: Path) -> None:
    assert style_of(tmp_path) == Style()
    write_config(tmp_path, "artifact.metadata", {"query_maxlen": 16, "doc_token_id": "[D]", "mask_punctuation": False})
    assert style_of(tmp_path) == Style(query_length=16, document_marker="[D]", skip=())
    write_config(tmp_path, "artifact.metadata", {"query_maxlen": "long"})
    with pytest.raises(BadSettings, match="say what cannot be"):
        style_of(tmp_path)


async def test_a_marker_that_is_no_token_and_a_model_without_token_vectors_are_refused(tmp_path: Path) -> None:
    folder = encoder(tmp_path / "m")
    write_config(folder, "config_sentence_transformers.json", {"query_prefix": "[Q] "})
    colbert = ColBert(folder)
    with pytest.raises(BadSettings, match="is not in the vocabulary"):
        await colbert.start()
    colbert.close()
    other = ColBert(classifier(tmp_path / "n"))
    with pytest.raises(BadSettings, match="no token vectors"):
        await other.start()
    other.close()
