from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.access_file import Link, Rule, read_access
from gateway.policy.findings import Findings


def test_rules_links_and_roles_with_their_lines() -> None:
    found = Findings()
    file = read_access(
        "# who\n\nrole, hr, people, and pay\np , hr, collection:hr , read, allow  # trailing\n"
        "g, group:a, hr\np, user:bo, model:*, *, deny\n",
        found,
    )
    assert found.sorted() == ()
    assert file.roles == {"hr": "people, and pay"}
    assert file.rules == (
        Rule(4, "role:hr", "collection:hr", "read", "allow"),
        Rule(6, "user:bo", "model:*", "*", "deny"),
    )
    assert file.links == (Link(5, "group:a", "role:hr"),)
    assert file.rules[0].where == "access.csv:4"
    assert file.rules[0].text == "p, hr, collection:hr, read, allow"
    assert file.used_roles == {"hr"}


def test_names_follow_links_as_far_as_they_go() -> None:
    file = read_access("g, group:a, b\ng, b, c\ng, c, group:d\np, *, model:*, use, allow\n", Findings())
    assert file.names(("*", "group:a")) == {"*", "group:a", "role:b", "role:c", "group:d"}
    assert file.names(("role:c",)) == {"role:c", "group:d"}
    assert file.names(()) == frozenset()


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("q, hr, model:*, use, allow", "bad-rule: a line cannot start with q", "known: p, g, role"),
        ("p, hr, model:*, use", "bad-rule: a p line has 4 values, not 3", "write `p, who, what, action, allow`"),
        ("p, hr, modell:*, use, allow", "unknown-object: modell:* is of no known kind", "did you mean model?"),
        ("p, hr, model, use, allow", "unknown-object: model is of no known kind", "did you mean model?"),
        ("p, hr, model:, use, allow", "unknown-object: model: names no model", "`model:*` means every one"),
        ("p, hr, collection:hr, raed, allow", "unknown-action: nobody asks to raed a collection", "did you mean read?"),
        ("p, hr, admin:keys, reed, allow", "unknown-action: nobody asks to reed admin:keys", "did you mean read?"),
        ("p, hr, admin:keys, verify, allow", "unknown-action: nobody asks to verify admin:keys", None),
        ("p, hr, label:x, write, allow", "unknown-action: nobody asks to write a label", "known: read, *"),
        ("p, hr, model:*, use, alow", "unknown-effect: alow is neither allow nor deny", "did you mean allow?"),
        ("p, grop:hr, model:*, use, allow", "bad-rule: grop:hr names no caller", "did you mean group?"),
        ("p, h/r, model:*, use, allow", "bad-rule: h/r is no name of a caller", ""),
        ("p, , model:*, use, allow", "bad-rule: an empty field is no name of a caller", ""),
        ("p, hr, entity:PERSON, reveal, allow", "unknown-object: entity:PERSON is badly formed", None),
        ("p, hr, entity:person@hr, reveal, allow", "unknown-object: person is no entity type", "write PERSON"),
        ("p, hr, collection:a@b, read, allow", "unknown-object: collection:a@b: a collection's name holds no @", ""),
        (
            "p, hr, admin:polcy, read, allow",
            "unknown-object: there is no area polcy to administer",
            "did you mean policy?",
        ),
        ("g, group:x", "bad-rule: a g line has 2 values, not 1", "write `g, group:x, role`"),
        ("g, *, hr", None, None),
        ("g, hr, user:bo", None, None),
        ("role", "bad-rule: a role line is `role, name, what it is for`", ""),
    ],
)
def test_a_line_with_a_mistake_names_it(line: str, message: str | None, hint: str | None) -> None:
    found = Findings()
    file = read_access(f"\n{line}\n", found)
    (finding,) = found.sorted()
    assert (finding.where, finding.severity) == ("access.csv:2", "error")
    assert message is None or finding.message == message
    assert hint is None or finding.hint == hint
    assert not file.rules
    assert not file.links


def test_a_file_without_a_rule_is_an_error() -> None:
    found = Findings()
    read_access("# only words\n\n", found)
    assert [finding.message.partition(":")[0] for finding in found.sorted()] == ["empty-policy"]


@given(st.text(max_size=80))
def test_any_text_is_read_without_a_crash(text: str) -> None:
    read_access(text, Findings())
