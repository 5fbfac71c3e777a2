"""How much personal data is found, on annotated sets that somebody keeps in a folder, with Presidio beside it.

The folder is laid out as below; what is not there is left out and named. Texts of our own are measured in any case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final

from gateway.cli import show
from gateway.cli.evaluate import grid, share
from gateway.evaluate import Annotated, Engine, Report, Task, gateway_engine, measure, read, samples
from gateway.model import Json

_CROSSNER: Final = tuple(
    f"ner/crossner/{kind}_test.conll" for kind in ("politics", "science", "music", "literature", "ai")
)

_HANDLE: Final = "HANDLE"


@dataclass(frozen=True, slots=True)
class Set:
    """One annotated set: files below the folder, taken as one, and every how manieth text is measured."""

    name: str
    files: tuple[str, ...]
    what: str
    every: int = 1
    handles: bool = True
    """Whether user names such as `@jane` count as the names they are labelled as."""


SETS: Final = (
    Set("synth_dataset_v2", ("pii/synth_dataset_v2.json",), "presidio-research's public yardstick, never tuned on"),
    Set(
        "generated_large", ("pii/generated_large.json",), "presidio-research's older generator; looked at while tuning"
    ),
    Set("kiji", ("pii/kiji_samples.jsonl",), "addresses, ids and names; the name model was trained on it"),
    Set("wnut17 test", ("ner/wnut17/test.conll",), "noisy user text, held out"),
    Set("btc h", ("ner/btc/h.conll",), "tweets, held out; user names such as @jane set aside", handles=False),
    Set("crossner test", _CROSSNER, "Wikipedia on five subjects, held out"),
    Set("ler_de test", ("ner/ler_de/test.conll",), "German court decisions, held out, one sentence in four", 4),
    Set("meddocan test", ("ner/meddocan_es/test.jsonl",), "Spanish clinical cases, held out"),
)
PUBLISHED: Final = "published for Presidio with en_core_web_lg on synth_dataset_v2: F2 by word 0.661"


def run(data: Path | None) -> Json:
    """Measure every set there is. Returns `{"data", "sets", "absent"}`; a set has `gateway` and `stock`."""
    figures: Json = {"data": str(data) if data else None, "sets": {}, "absent": []}
    with Engine("stock") as stock:
        own = Set("own", (), "sentences of our own, easy")
        figures["sets"][own.name] = _measured(own, samples(), stock)
        for one in SETS:
            files = [data / name for name in one.files] if data else []
            if not files or not all(file.is_file() for file in files):
                figures["absent"].append(one.name)
                continue
            texts = list(chain.from_iterable(read(file) for file in files))[:: one.every]
            texts = texts if one.handles else [_without_handles(text) for text in texts]
            figures["sets"][one.name] = _measured(one, texts, stock)
    return figures


def tell(figures: Json) -> None:
    """The table for people."""
    columns = ("set", "texts", "spans", "detector", "P", "R", "F1", "F2", "strict", "direct", "ms/KB", "MiB")
    rows: list[Sequence[object]] = []
    for name, figure in figures["sets"].items():
        for detector in ("gateway", "stock"):
            report = figure[detector]
            words, cost = report["words"], report["cost"]
            rates = (words["precision"], words["recall"], words["f1"], words["f2"])
            others = (report["strict"]["f1"], report["direct"]["recall"])
            rows.append(
                (
                    *((name, f"{report['rows']:,}", f"{report['spans']:,}") if detector == "gateway" else ("", "", "")),
                    detector,
                    *map(share, (*rates, *others)),
                    f"{cost['cpu_ms_per_kb']:.2f}",
                    cost["peak_mb"],
                )
            )
    grid(columns, rows)
    show.text("")
    show.text(
        "P, R, F1, F2: by word, any type. strict: F1 of spans. direct: share of names, numbers and addresses wholly"
    )
    show.text("covered. ms/KB: processor time, one thread. MiB: the most memory the detector's process held.")
    engines = {figure["stock"]["engine"] for figure in figures["sets"].values()}
    show.text(f"stock: {', '.join(sorted(engines))}; {PUBLISHED}")
    if figures["absent"]:
        show.text(f"not measured, for want of the data: {', '.join(figures['absent'])}")
    for name, figure in figures["sets"].items():
        if figure["not_looked_for"]:
            show.text(f"{name}: labelled, and no recognizer finds it: {', '.join(figure['not_looked_for'])}")


def _without_handles(one: Annotated) -> Annotated:
    marks = (replace(mark, label=_HANDLE) if one.text[mark.start] == "@" else mark for mark in one.marks)
    return replace(one, marks=tuple(marks))


def _measured(one: Set, texts: Sequence[Annotated], stock: Engine) -> Json:
    task = Task.of(texts, {_HANDLE: "ignore"})
    with gateway_engine(task) as ours:
        report = _report(f"{one.name}: ours", task, ours)
    return {
        "what": one.what,
        "every": one.every,
        "looked_for": task.entities,
        "not_looked_for": task.blind,
        "gateway": report.data(),
        "stock": _report(f"{one.name}: stock", task, stock, only_accepted=True).data(),
    }


def _report(what: str, task: Task, engine: Engine, *, only_accepted: bool = False) -> Report:
    with show.progress() as bar:
        step = bar.add_task(what, total=len(task.rows))
        return measure(task, engine, only_accepted=only_accepted, advance=lambda rows: bar.advance(step, rows))
