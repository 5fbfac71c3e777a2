"""A citation's passage on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run


def test_a_passage_is_shown_as_the_caller_may_see_it(gateway: Run, tmp_path: Path) -> None:
    (tmp_path / "airships.md").write_text("# Airships\n\nAn airship needs a tower of 50 metres.\n")
    assert gateway("ingest", str(tmp_path / "airships.md"), "-k", "handbook", "--label", "internal").code == 0
    found = gateway("search", "airship tower", "-k", "handbook", "--as", "employee", "--json")
    assert found.code == 0, found.err
    (hit, *_) = json.loads(found.out)["results"]
    words = ("document", "show", hit["document"], "--as", "employee", "--passage")
    shown = gateway(*words, "0")
    assert "tower of 50 metres" in shown.out
    assert "version 1" in shown.out
    told = json.loads(gateway(*words, "0", "--json").out)
    assert (told["id"], told["replaced"]) == (hit["passage"], False)
    absent = gateway(*words, "77")
    assert (absent.code, "no such passage" in absent.err) == (1, True)
    # Whoever runs the gateway reads no collection, nor does an auditor.
    for who in ((), ("--as", "auditor")):
        refused = gateway("document", "show", hit["document"], "--passage", "0", *who)
        assert (refused.code, refused.out) == (1, "")
