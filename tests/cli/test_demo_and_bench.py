"""The two commands that show everything at once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gateway.store.embedded import EmbeddedServer
from tests.apart import run_apart, run_sql
from tests.cli.conftest import run_command


@pytest.fixture
def elsewhere(
    server: EmbeddedServer, template: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """A database of its own on the shared server, and no Ollama of this machine."""
    name = re.sub(r"\W", "_", request.node.name)[:40]
    run_apart(run_sql(server.url("postgres"), f"CREATE DATABASE {name} TEMPLATE {template}"))
    monkeypatch.setenv("GATEWAY_DATABASE__URL", server.url(name))
    monkeypatch.setenv("GATEWAY_OLLAMA__DISCOVER", "false")


@pytest.mark.slow
def test_the_demo_tells_the_whole_story(elsewhere: None, tmp_path: Path) -> None:
    said = run_command("demo", "--keep", str(tmp_path / "demo"))
    assert said.code == 0, said.err
    story = said.out
    assert "[PERSON_" in story
    before, after = story.split("A policy changes")
    assert "refused    no rule allows you to read the collection hr" in before
    assert "refused" not in after
    assert "approved by Marta Okonjo" in before
    assert "approved by [PERSON]" in after
    assert "the log verifies" in after


@pytest.mark.slow
def test_the_bench_measures_everything_it_prints(elsewhere: None, tmp_path: Path) -> None:
    output = tmp_path / "figures.json"
    said = run_command("bench", "--seconds", "0.2", "--output", str(output), "--json")
    assert said.code == 0, said.err
    figures = json.loads(output.read_bytes())
    assert figures["start"]["ready_s"] > 0
    assert set(figures["requests"]) == {"direct", "privacy_off", "privacy_on"}
    for shapes in figures["requests"].values():
        assert set(shapes) == {"json_c1", "json_c32", "stream_c1", "stream_c32"}
        assert all(shape["errors"] == 0 and shape["requests"] > 0 for shape in shapes.values())
    assert figures["audit"]["appends"][2]["writers"] == 128
    assert json.loads(said.out).keys() == figures.keys()
