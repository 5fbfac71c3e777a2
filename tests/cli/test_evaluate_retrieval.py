"""`gateway eval retrieval`, as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import run_command
from tests.evaluate.test_retrieval_data import write
from tests.retrieval.methods.folders import encoder
from tests.retrieval.models import model_dir


def configured(tmp_path: Path) -> Path:
    """A gateway.yaml whose data directory has the embedder's file already."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cache").symlink_to(model_dir())
    file = tmp_path / "gateway.yaml"
    file.write_text("data_dir: data\n")
    return file


def test_figures_for_programs_and_a_gate(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    words = ("eval", "retrieval", str(write(folder)), "--config", str(configured(tmp_path)), "--ablate")
    said = run_command(*words, "--json", "--min-ndcg", "0.9")
    assert said.code == 0, said.err
    data = json.loads(said.out)
    assert (data["documents"], data["questions"], data["ndcg@10"], data["failed"]) == (2, 2, 1.0, False)
    assert set(data["arms"]) == {"fused", "dense", "sparse"}
    assert data["ms_per_query"] > 0


def test_what_is_wrong_is_said_before_anything_is_indexed(tmp_path: Path) -> None:
    said = run_command("eval", "retrieval", str(tmp_path))
    assert said.code == 2
    assert "corpus.jsonl" in said.err
    said = run_command("eval", "retrieval", str(write(tmp_path)), "--chunk-tokens", "32")
    assert said.code == 2
    assert "--chunk-tokens" in said.err


def test_what_is_configured_is_measured(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    file = configured(tmp_path)
    encoder(tmp_path / "data" / "own")
    file.write_text("data_dir: data\nretrieval:\n  embedder: {kind: onnx, path: own}\n")
    words = ("eval", "retrieval", str(write(folder)), "--config", str(file), "--json")
    own, built_in = run_command(*words), run_command(*words, "--built-in")
    assert (own.code, built_in.code) == (0, 0), own.err + built_in.err
    assert json.loads(own.out)["embedder"].startswith("onnx")
    assert not json.loads(built_in.out)["embedder"].startswith("onnx")
