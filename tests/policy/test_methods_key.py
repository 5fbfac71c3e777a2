from __future__ import annotations

from gateway.model import Zone
from gateway.policy.names import METHODS, ONE_WAY
from tests.policy.test_privacy_file import policy_of


def test_methods_are_written_out_by_zone_and_the_type_counts_before_the_star() -> None:
    policy, findings = policy_of(
        'methods: {PERSON: surrogate, CREDIT_CARD: {external: block}, "*": {local: token, external: format}}\n'
    )
    assert findings == []
    assert policy.methods == {
        "PERSON": {"*": "surrogate"},
        "CREDIT_CARD": {"external": "block"},
        "*": {"local": "token", "external": "format"},
    }
    asked = [policy.method(kind, zone) for kind in ("PERSON", "CREDIT_CARD", "URL") for zone in Zone]
    assert asked == [*("surrogate",) * 3, "token", "token", "block", "token", "token", "format"]
    assert [zone for zone in Zone if policy.blocks("CREDIT_CARD", zone)] == [Zone.EXTERNAL]


def test_only_methods_without_return_draw_a_warning() -> None:
    warned = {method for method in METHODS if policy_of(f"methods: {{PERSON: {method}}}\n")[1]}
    assert warned == ONE_WAY
