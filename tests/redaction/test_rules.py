"""Our own rules: shown less of a text, they find no less."""

from __future__ import annotations

import pytest

from gateway.redaction.entities import BY_TYPE
from gateway.redaction.rules import RULES, Rule
from gateway.redaction.scene import Scene

TEXT = (
    "Dear Dr Jane Roe, DOB: 12/03/1984, lives at 12 Elm Street, Springfield, IL 62704; patient number: 00412377. "
    "An application (no. 36244/06) of someone aged 34 with license plate 788 BBS. The password: Tr0ub4dor and the key "
    "sk-ant-api03-Zx9fK2mQ7wLp4Tn8Rv1 of user jroe77 at postgres://app:s3cret@db.acme.example/app since 21 June 1978. "
)
EVERY = [(type_, rule) for type_, rules in RULES.items() for rule in rules]


def test_every_type_of_the_table_exists() -> None:
    assert set(RULES) <= set(BY_TYPE)


@pytest.mark.parametrize(("type_", "rule"), EVERY, ids=[f"{t}-{r.name}" for t, r in EVERY])
def test_windows_change_nothing(type_: str, rule: Rule) -> None:
    filler = "and nothing else was said about it that day or the next in the whole of the long report "
    text = TEXT + filler * 6 + TEXT
    plain = {(one[0], one[1]) for one in rule.find(text)}
    assert {(start, end) for start, end, _ in rule.spans(Scene(text))} == plain
    assert rule.could(text.lower()) or not plain
