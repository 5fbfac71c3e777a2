"""What doctor says of configured search methods."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.cli.doctor import _embedder, _methods, _settings
from gateway.errors import BadSettings
from gateway.settings import Database, Loaded, RerankerModel, Retrieval, Settings, SpladeModel, TextEmbedding
from gateway.store import Store
from tests.retrieval.methods.folders import classifier, encoder, masked_model


def loaded(folder: Path, database_url: str = "postgresql://unused", **retrieval: object) -> Loaded:
    database = Database(url=SecretStr(database_url))
    return Loaded(Settings(data_dir=folder, database=database, retrieval=Retrieval(**retrieval)), {}, None)


async def test_paths_dimension_and_identity_are_told(tmp_path: Path, database_url: str, database: Store) -> None:
    embedder = TextEmbedding(kind="onnx", path=encoder(tmp_path / "e"))
    found = await _embedder(loaded(tmp_path, database_url, embedder=embedder))
    assert found.state == "ok"
    assert found.found.startswith("onnx/e/")
    assert found.found.endswith("6 dimensions, in this process")
    await database.execute("INSERT INTO embedders VALUES ('another/one', 384, true, now())")
    found = await _embedder(loaded(tmp_path, database_url, embedder=embedder))
    assert found.state == "problem"
    assert "another/one, 384 dimensions" in found.found
    assert "gateway reembed" in found.mend


async def test_learned_terms_and_reranker_are_tried(tmp_path: Path) -> None:
    splade, reranker = masked_model(tmp_path / "s"), classifier(tmp_path / "r")
    found = await _methods(
        loaded(
            tmp_path,
            sparse="splade",
            splade=SpladeModel(path=splade),
            reranker=RerankerModel(kind="cross-encoder", path=reranker),
        )
    )
    assert found.state == "ok"
    assert "splade/s/" in found.found
    assert "cross-encoder/r/" in found.found
    (reranker / "model.onnx").write_bytes(b"")
    with pytest.raises(BadSettings, match="does not load"):
        await _methods(loaded(tmp_path, reranker=RerankerModel(kind="cross-encoder", path=reranker)))


def test_what_an_embedder_is_made_with_is_not_printed(tmp_path: Path) -> None:
    given = TextEmbedding(
        kind="llama_index", class_path="a.b:C", arguments={"token": "planted-token"}, api_key=SecretStr("planted-key")
    )
    shown = {row["name"]: row["value"] for row in _settings(loaded(tmp_path, embedder=given))}
    assert shown["retrieval.embedder.arguments"] == "token"
    assert not any(secret in value for value in shown.values() for secret in ("planted-token", "planted-key"))
