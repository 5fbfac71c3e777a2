"""The short form of the red team's run: nothing that was found leaks, nothing is restored wrongly, no attack works."""

from __future__ import annotations

import json

import pytest

from tests.redteam.evidence import stands, views
from tests.redteam.run import run
from tests.redteam.score import Score
from tests.world import World

COUNT = 60


@pytest.mark.slow
async def test_nothing_leaks_and_no_attack_works(own_world: World) -> None:
    score = await run(own_world, COUNT, seed=7)
    assert score.talks == COUNT
    assert sum(score.found.values()) > 2 * COUNT
    assert not score.leaked, score.table()
    assert not score.wrong, score.table()
    assert not score.shown, score.table()
    assert score.withheld > 10
    assert not any(score.attacks.values()), score.table()
    assert score.clean
    assert score.restored > COUNT // 3
    assert score.exact == score.restored, score.table()
    imitated = score.imitated
    assert imitated is not None
    assert not imitated.leaked, imitated.table()
    assert not any(imitated.attacks.values()), imitated.table()
    assert imitated.exact == imitated.restored > COUNT // 10, imitated.table()
    json.loads(score.dumps())


@pytest.mark.parametrize(
    "sent",
    [
        '{"a": "to jane.roe@acme.example now"}',
        '{"a": "to JANE.ROE@acme.example now"}',
        '{"a": "to jane.roe%40acme.example now"}',
        '{"a": "to jane.roe&#64;acme.example now"}',
        '{"a": "{\\"b\\": \\"jane.roe\\\\u0040acme.example\\"}"}',
        '{"jane.roe@acme.example": 1}',
        "no json: jane.roe@acme.example",
    ],
)
def test_the_judge_sees_a_leak_when_there_is_one(sent: str) -> None:
    assert stands("jane.roe@acme.example", views(sent.encode()))


def test_the_judge_does_not_see_what_is_not_there() -> None:
    texts = views(
        b'{"role": "user", "content": "a user of roles, [PERSON_5vxgthc6w4xf], maryjane.roe@acme.example.org"}'
    )
    for value in ("role", "jane", "PERSON_5vxgthc6w4x", "ab"):
        assert not stands(value, texts)


def test_a_score_with_a_leak_is_not_clean() -> None:
    score = Score()
    assert score.as_json()["leak_rate"] == 0
    score.leaked["PERSON"] += 1
    assert not score.clean
    assert "PERSON" in score.table()
