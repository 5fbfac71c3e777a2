"""The bench of scale: it loads, goes on where it was, measures and draws."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gateway.cli.bench import scale
from gateway.cli.bench.corpus import SHARES, Corpus
from gateway.cli.bench.plot import svg
from tests.cli.conftest import run_command


def test_documents_are_the_same_in_every_run() -> None:
    one, two = Corpus(3), Corpus(3)
    assert one.document(17) == two.document(17) != one.document(18)
    assert one.query(5, 100) == two.query(5, 100)
    allowed = [len(one.document(number).allow) for number in range(300)]
    assert set(allowed) >= {1, 2}


@pytest.mark.slow
def test_it_loads_measures_and_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "QUERIES", 5)
    monkeypatch.setattr(scale, "JUDGED", 3)
    monkeypatch.setattr(scale, "BATCH", 8)
    words = ("bench", "--only", "scale", "--keep", str(tmp_path), "--json")
    drawn = tmp_path / "scale.svg"
    said = run_command(*words, "--chunks", "100", "--chunks", "200", "--plot", str(drawn))
    assert said.code == 0, said.err
    found = json.loads(said.out)["scale"]
    assert [one["chunks"] for one in found] == [100, 200]
    for one in found:
        assert set(one["search"]) == set(SHARES)
        assert one["search"]["all"]["recall"] == 1.0
        assert one["bytes"]["points"]["whole"] > 0
        assert one["memory_mb"] > 1
    assert len(ET.parse(drawn).findall(".//{*}polyline")) == len(SHARES)
    again = run_command(*words, "--chunks", "200")
    assert json.loads(again.out)["scale"][1]["load_s"] == found[1]["load_s"]


def test_a_plot_of_one_size() -> None:
    search = {"all": {"share": 1.0, "p50_ms": 3.0}}
    assert ET.fromstring(svg([{"chunks": 10, "search": search}])).tag.endswith("svg")
