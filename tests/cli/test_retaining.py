"""`gateway audit prune` and `gateway audit hold` as people type them."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run


def test_nothing_is_pruned_where_every_class_is_kept(gateway: Run) -> None:
    told = gateway("audit", "prune", "--dry-run")
    assert told.code == 0, told.err
    assert told.out == "no record is over\n"
    assert "audit.retention" in told.err
    assert gateway("audit", "prune", "--bogus").code == 2


def test_young_records_stay_where_a_class_has_a_time(gateway: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_AUDIT__RETENTION__REQUESTS_DAYS", "30")
    told = gateway("audit", "prune", "--json")
    assert told.code == 0, told.err
    expected = {"dry_run": False, "records": {}, "held": {}, "not_as_written": 0, "statements": 0}
    assert json.loads(told.out) == expected


def test_a_hold_is_added_shown_stands_in_the_way_and_goes(gateway: Run) -> None:
    added = gateway("audit", "hold", "add", "--subject", "quirin", "--reason", "case 7", "--json")
    assert added.code == 0, added.err
    hold = json.loads(added.out)
    assert (hold["reason"], hold["class"], hold["released"]) == ("case 7", None, None)
    number = str(hold["hold"])
    shown = gateway("audit", "hold", "list", "--subject", "quirin")
    assert "case 7" in shown.out
    assert "quirin" not in shown.out
    erased = gateway("audit", "erase", "--subject", "quirin", "--reason", "ticket 12")
    assert erased.code == 1
    assert f"a legal hold keeps this: {number} (case 7)" in erased.err
    gone = gateway("audit", "hold", "remove", number, "--reason", "closed")
    assert gone.out == f"hold {number} released\n"
    (told,) = [one for one in json.loads(gateway("audit", "hold", "list", "--json").out) if one["hold"] == hold["hold"]]
    assert told["released"] is not None
    again = gateway("audit", "hold", "remove", number, "--reason", "closed")
    assert again.code == 1
    nothing = gateway("audit", "hold", "add", "--reason", "case 7")
    assert nothing.code == 2
    assert "a hold says what is held" in nothing.err
