"""A short run of the fuzzer; the long one is a program of its own."""

from __future__ import annotations

import random
from pathlib import Path

from gateway.retrieval.formats import BY_SUFFIX, check, kind_of
from tests.retrieval.fuzz import mutated, run, samples


async def test_damaged_files_of_every_format_are_read_or_refused(tmp_path: Path) -> None:
    ends, bad = await run(60, 20_261_122, tmp_path / "work", count=10 * len(samples()))
    assert not bad, bad
    assert ends["read"]
    assert ends["unsupported_file"]


def test_samples_are_of_every_format_and_mutations_repeat() -> None:
    given = samples()
    assert {kind_of(name) for name in given} == set(BY_SUFFIX.values())
    for name, data in given.items():
        check(data, kind_of(name), 50_000_000)
        assert mutated(data, random.Random(7)) == mutated(data, random.Random(7))
