"""`gateway reembed`: what it says where there is nothing to do."""

from __future__ import annotations

import json

from tests.cli.conftest import Run


def test_the_embedder_in_force_needs_no_run(gateway: Run) -> None:
    plan = gateway("reembed", "--dry-run", "--json")
    assert plan.code == 0, plan.err
    found = json.loads(plan.out)
    assert (found["needed"], found["endpoint"], found["refused"]) == (False, "", 0)
    told = gateway("reembed", "--dry-run")
    assert "nowhere" in told.out
    assert told.err == "there is nothing to do\n"
    done = gateway("reembed")
    assert (done.code, done.out) == (0, f"the index is of {found['embedder']} already\n")
    assert json.loads(gateway("reembed", "--json").out)["status"] == "unneeded"


def test_abandon(gateway: Run) -> None:
    assert gateway("reembed", "--abandon").err == "there was nothing to throw away\n"
    refused = gateway("reembed", "--abandon", "--again")
    assert (refused.code, "--abandon" in refused.err) == (2, True)
