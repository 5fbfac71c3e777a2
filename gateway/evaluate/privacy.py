"""How much personal data a detector finds in an annotated set, what it leaves, and what it costs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.evaluate.engines import Engine
from gateway.evaluate.labels import Meaning, Means, asked, counted_as
from gateway.evaluate.rows import Annotated, meanings, understood
from gateway.evaluate.scoring import Counted, Row, Tally
from gateway.model import Json

_BATCH_ROWS: Final = 64
_BATCH_CHARACTERS: Final = 65_536


@dataclass(frozen=True, slots=True)
class Task:
    """A set made ready to be measured."""

    rows: tuple[Row, ...]
    entities: tuple[str, ...]
    """What to look for."""
    blind: tuple[str, ...]
    """What is counted and nobody looks for."""
    accepted: frozenset[str]
    """Every type of finding that some label of the set accepts."""
    counted_as: Mapping[str, str]

    @classmethod
    def of(cls, texts: Sequence[Annotated], own: Mapping[str, Means] | None = None) -> Task:
        """Raises Invalid for labels without a meaning."""
        means = meanings(texts, own).values()
        entities, blind = asked(means)
        accepted = frozenset(name for one in means if isinstance(one, Meaning) for name in one.accepts)
        return cls(tuple(understood(texts, own)), entities, blind, accepted, counted_as(means))


@dataclass(frozen=True, slots=True)
class Report:
    """One detector on one set."""

    engine: str
    rows: int
    tally: Tally = field(repr=False)
    cost: Json

    def data(self, *, texts: bool = False) -> Json:
        """Everything as JSON; with `texts` also what leaked, which is personal data."""
        tally, all_types = self.tally, self.tally.all
        data: Json = {
            "engine": self.engine,
            "rows": self.rows,
            "spans": all_types.true,
            "words": tally.words.shown(1, 2),
            "characters": tally.characters.shown(1, 2),
            **spans_shown(all_types),
            "direct": _kept(tally.direct),
            "quasi": _kept(tally.quasi),
            "types": {name: _type(tally.types[name]) for name in self.names},
            "cost": self.cost,
        }
        if texts:
            shown = defaultdict(list)
            for leak in tally.leaks:
                shown[leak.type].append(leak.text)
            data["leaked_texts"] = dict(shown)
        return data

    @property
    def names(self) -> list[str]:
        """The types of the table: those with most spans first, then those that were only found."""
        types = self.tally.types
        return sorted(types, key=lambda name: (-types[name].true, -types[name].found, name))


def measure(
    task: Task, engine: Engine, *, only_accepted: bool = False, advance: Callable[[int], None] = lambda _: None
) -> Report:
    """Run a detector over a set. `only_accepted` drops findings of types the set has no label for.

    Raises RedactionUnavailable when the detector fails.
    """
    tally = Tally(task.counted_as)
    engine.restart_clock()
    for batch in _batches(task.rows):
        for row, found in zip(batch, engine.find([row.text for row in batch]), strict=True):
            tally.add(row, [span for span in found if not only_accepted or span.type in task.accepted])
        advance(len(batch))
    return Report(engine.name, len(task.rows), tally, engine.cost)


def gateway_engine(task: Task, policy: Path | None = None) -> Engine:
    """Our detector: by a policy as it stands, or looking for exactly what the set labels."""
    return Engine("gateway", policy=policy, entities=task.entities)


def spans_shown(counted: Counted) -> Json:
    """The two ways of counting spans, for JSON."""
    precision, recall, f1 = (None if value is None else round(value, 4) for value in counted.overlap)
    return {"strict": counted.strict.shown(1), "overlap": {"precision": precision, "recall": recall, "f1": f1}}


def _type(counted: Counted) -> Json:
    return {"spans": counted.true, "found": counted.found, **spans_shown(counted), **_kept(counted)}


def _kept(counted: Counted) -> Json:
    kept = counted.kept
    return {
        "spans": counted.true,
        "leaked": counted.leaked,
        "untouched": counted.untouched,
        "recall": None if kept is None else round(kept, 4),
    }


def _batches(rows: Sequence[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row.text)
        if len(batch) >= _BATCH_ROWS or size >= _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
