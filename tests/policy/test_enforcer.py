from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from gateway.policy.access_file import Rule
from gateway.policy.enforcer import Enforcement
from tests.policy.samples import SHIPPED

MODEL = (SHIPPED / "model.conf").read_text(encoding="utf-8")
RULES = (
    Rule(1, "role:a", "model:*", "use", "allow"),
    Rule(2, "*", "model:secret", "use", "deny"),
    Rule(3, "role:a", "model:*", "use", "allow"),
)


def test_the_deciding_rule_is_named() -> None:
    enforcement = Enforcement(MODEL, RULES)
    assert enforcement.ask(frozenset({"role:a"}), "model:x", "use") == (True, RULES[0])
    assert enforcement.ask(frozenset({"role:a", "*"}), "model:secret", "use") == (False, RULES[1])
    assert enforcement.ask(frozenset({"role:b"}), "model:x", "use") == (False, None)


def test_no_rules_are_refused_since_casbin_would_allow() -> None:
    with pytest.raises(ValueError, match="no rules"):
        Enforcement(MODEL, [])


def test_a_refusal_writes_no_value_to_any_log(caplog: pytest.LogCaptureFixture) -> None:
    enforcement = Enforcement(MODEL, RULES)
    for name in ("casbin", "casbin.enforcer", "casbin.policy", "casbin.role"):
        logging.getLogger(name).disabled = False
    with caplog.at_level(0):
        logging.getLogger("casbin.enforcer").setLevel(0)
        enforcement.ask(frozenset({"role:b"}), "model:canary-7731", "use")
    assert "canary" not in caplog.text


def test_importing_the_room_does_not_import_casbin() -> None:
    code = "import sys, gateway.policy, gateway.identity; sys.exit('casbin' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
