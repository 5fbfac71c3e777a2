"""A citation's passage on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run


def test_a_passage_is_shown_as_the_caller_may_see_it(gateway: Run, tmp_path: Path) -> None:
    (tmp_path / "mast.md").write_text("# Masts\n\nZeppelins need a mast of 50 metres.\n")
    assert gateway("ingest", str(tmp_path / "mast.md"), "-k", "handbook", "--label", "internal").code == 0
    found = gateway("search", "zeppelin mast", "-k", "handbook", "--json")
    assert found.code == 0, found.err
    (hit, *_) = json.loads(found.out)["results"]
    shown = gateway("document", "show", hit["document"], "--passage", "0")
    assert "mast of 50 metres" in shown.out
    assert "version 1" in shown.out
    told = json.loads(gateway("document", "show", hit["document"], "--passage", "0", "--json").out)
    assert (told["id"], told["replaced"]) == (hit["passage"], False)
    assert gateway("document", "show", hit["document"], "--passage", "77").code == 1
    refused = gateway("document", "show", hit["document"], "--passage", "0", "--as", "nobody")
    assert (refused.code, "metres" in refused.out) == (1, False)
