"""An embedder from a folder: pooling, prefixes, cutting and batching against the same sums in NumPy."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from gateway.errors import BadSettings
from gateway.model import Zone
from gateway.retrieval.methods.onnx import OnnxEmbedder, recipe_of
from tests.retrieval.methods.folders import Array, encoder, hidden, number, write_config

TEXTS = ["red apple", "cold water . warm fire", "stone", "blue pear , green pear , red pear !"]


def ids(text: str, most: int = 512) -> list[int]:
    body = [number(word) for word in text.split()][: most - 2]
    return [number("[CLS]"), *body, number("[SEP]")]


def unit(row: Array) -> Array:
    length: Array = row / np.linalg.norm(row)
    return length


@pytest.mark.parametrize(
    ("pooling", "by_hand"),
    [
        ("mean", lambda rows: rows.mean(axis=0)),
        ("cls", lambda rows: rows[0]),
        ("max", lambda rows: rows.max(axis=0)),
        ("last", lambda rows: rows[-1]),
    ],
)
async def test_pooling_as_by_hand_and_the_same_in_any_batch(tmp_path: Path, pooling: str, by_hand: object) -> None:
    folder = encoder(tmp_path / "m", types=True)
    write_config(folder, "embedder.json", {"pooling": pooling})
    embedder = OnnxEmbedder(folder)
    together = await embedder.embed_documents(TEXTS)
    alone = np.vstack([await embedder.embed_query(text) for text in TEXTS])
    expected = np.vstack([unit(by_hand(hidden(ids(text)))) for text in TEXTS])  # type: ignore[operator]
    embedder.close()
    np.testing.assert_allclose(together, expected, atol=1e-6)
    np.testing.assert_allclose(alone, expected, atol=1e-6)
    assert embedder.dimension == 6
    assert (embedder.zone, embedder.endpoint) == (Zone.LOCAL, "")


async def test_a_sentence_embedding_counts_before_pooling_of_our_own_unless_pooling_is_said(tmp_path: Path) -> None:
    folder = encoder(tmp_path / "m", name="token_embeddings", sentence=True)
    whole = OnnxEmbedder(folder)
    found = await whole.embed_query("red apple")
    whole.close()
    np.testing.assert_allclose(found, unit(hidden(ids("red apple")).sum(axis=0)), atol=1e-6)
    write_config(folder, "1_Pooling/config.json", {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False})
    first = OnnxEmbedder(folder)
    found = await first.embed_query("red apple")
    first.close()
    np.testing.assert_allclose(found, unit(hidden(ids("red apple"))[0]), atol=1e-6)
    assert whole.id != first.id


async def test_prefixes_length_and_cut_dimensions(tmp_path: Path) -> None:
    folder = encoder(tmp_path / "m")
    write_config(
        folder, "config_sentence_transformers.json", {"prompts": {"query": "query : ", "document": "passage : "}}
    )
    write_config(folder, "sentence_bert_config.json", {"max_seq_length": 8})
    embedder = OnnxEmbedder(folder, dimensions=4)
    document = (await embedder.embed_documents(["red apple . blue pear ! cold water"]))[0]
    query = await embedder.embed_query("red apple")
    embedder.close()
    cut = ids("passage : red apple . blue pear ! cold water", 8)
    assert len(cut) == 8
    np.testing.assert_allclose(document, unit(hidden(cut).mean(axis=0)[:4]), atol=1e-6)
    np.testing.assert_allclose(query, unit(hidden(ids("query : red apple")).mean(axis=0)[:4]), atol=1e-6)


async def test_the_model_under_onnx_is_found_and_checked_against_its_sums(tmp_path: Path) -> None:
    folder = encoder(tmp_path / "m")
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")
    names = ("onnx/model.onnx", "tokenizer.json")
    sums = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}" for name in names]
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n")
    embedder = OnnxEmbedder(folder)
    await embedder.start()
    embedder.close()
    with (folder / "tokenizer.json").open("a") as file:
        file.write(" ")
    spoilt = OnnxEmbedder(folder)
    with pytest.raises(BadSettings, match="is not the file that SHA256SUMS names"):
        await spoilt.start()
    spoilt.close()
    assert spoilt.id != embedder.id


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"retrieval\.embedder\.path names no folder"):
        OnnxEmbedder(tmp_path / "nowhere")
    with pytest.raises(BadSettings, match=r"no model\.onnx and no tokenizer\.json"):
        OnnxEmbedder(tmp_path)


async def test_what_is_no_model_is_refused_in_our_words(tmp_path: Path) -> None:
    folder = encoder(tmp_path / "m")
    (folder / "model.onnx").write_bytes(b"not a model")
    broken = OnnxEmbedder(folder)
    with pytest.raises(BadSettings, match="does not load"):
        await broken.start()
    broken.close()
    folder = encoder(tmp_path / "n")
    (folder / "tokenizer.json").write_text("{}")
    broken = OnnxEmbedder(folder)
    with pytest.raises(BadSettings, match="is no tokenizer"):
        await broken.start()
    broken.close()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("embedder.json", {"pooling": "median"}, "no such pooling"),
        ("embedder.json", {"poling": "mean"}, "'poling' is unknown"),
        ("embedder.json", {"normalize": False}, "always brought to length 1"),
        ("embedder.json", {"max_tokens": 2}, "too few"),
        ("1_Pooling/config.json", {"pooling_mode_weightedmean_tokens": True}, "not known here"),
        ("2_Dense/config.json", {}, "dense layer"),
    ],
)
def test_files_that_ask_for_what_is_not_done_are_refused(tmp_path: Path, name: str, content: object, told: str) -> None:
    write_config(tmp_path, name, content)
    with pytest.raises(BadSettings, match=told):
        recipe_of(tmp_path, "", "", None)


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(BadSettings, match="is not a JSON object"):
        recipe_of(tmp_path, "", "", None)
