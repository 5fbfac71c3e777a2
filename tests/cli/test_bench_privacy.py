"""The part of the bench that needs no server: how much personal data is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli.bench import privacy
from gateway.evaluate import samples
from tests.cli.conftest import run_command


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privacy, "samples", lambda: samples(46))
    monkeypatch.delenv("GATEWAY_DATA", raising=False)


def test_without_data_it_measures_our_own_texts_and_says_so(few: None, tmp_path: Path) -> None:
    output = tmp_path / "figures.json"
    said = run_command("bench", "--only", "privacy", "--output", str(output))
    assert said.code == 0, said.err
    assert "not measured, for want of the data: synth_dataset_v2, generated_large" in said.out
    assert privacy.PUBLISHED in said.out
    figures = json.loads(output.read_bytes())["privacy"]
    assert list(figures["sets"]) == ["own"]
    own = figures["sets"]["own"]
    assert own["gateway"]["rows"] == own["stock"]["rows"] == 46
    assert own["gateway"]["types"]["EMAIL_ADDRESS"]["leaked"] == 0
    assert own["gateway"]["cost"]["peak_mb"] > 0


def test_a_folder_of_sets_is_measured_as_far_as_it_goes(few: None, tmp_path: Path) -> None:
    (tmp_path / "pii").mkdir()
    rows = [{"text": "a@example.com", "entities": [{"start": 0, "end": 13, "label": "EMAIL"}]}]
    (tmp_path / "pii" / "kiji_samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "ner" / "ler_de").mkdir(parents=True)
    (tmp_path / "ner" / "ler_de" / "test.conll").write_text("Jane B-PER\n\n" * 9)
    (tmp_path / "ner" / "btc").mkdir()
    (tmp_path / "ner" / "btc" / "h.conll").write_text("@ B-PER\njane B-PER\nthanks O\nJane B-PER\n")
    said = run_command("bench", "--only", "privacy", "--data", str(tmp_path), "--json")
    assert said.code == 0, said.err
    figures = json.loads(said.out)["privacy"]
    assert figures["data"] == str(tmp_path)
    assert list(figures["sets"]) == ["own", "kiji", "btc h", "ler_de test"]
    assert figures["sets"]["kiji"]["gateway"]["strict"]["f1"] == 1.0
    assert figures["sets"]["ler_de test"]["gateway"]["rows"] == 3
    assert figures["sets"]["btc h"]["gateway"]["spans"] == 1  # the handle is set aside
    assert "crossner test" in figures["absent"]


def test_nothing_else_can_be_measured_alone() -> None:
    assert run_command("bench", "--only", "everything").code == 2
