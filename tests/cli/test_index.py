"""`gateway index`: what it shows and does."""

from __future__ import annotations

import json

from tests.cli.conftest import Run


def test_show_and_maintain(gateway: Run) -> None:
    shown = gateway("index", "show", "--json")
    assert shown.code == 0, shown.err
    assert "points_rest" in {one["name"] for one in json.loads(shown.out)}
    assert "index_bytes" in gateway("index", "show").out
    done = gateway("index", "maintain", "--reindex")
    assert (done.code, done.err) == (0, "the index is in shape\n")


def test_partition_once(gateway: Run) -> None:
    done = gateway("index", "partition", "tenant of tests")
    assert done.code == 0, done.err
    names = {one["holds"] for one in json.loads(gateway("index", "show", "--json").out)}
    assert names == {"DEFAULT", "FOR VALUES IN ('tenant of tests')"}
    assert gateway("index", "partition", "tenant of tests").code == 2
