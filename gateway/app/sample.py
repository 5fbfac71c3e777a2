"""The sample company: reading its manifest, laying out its policies, and loading its documents."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gateway.app.files import shipped
from gateway.app.house import House
from gateway.model import Principal


@dataclass(frozen=True, slots=True)
class Person:
    """One of the sample's people."""

    name: str
    title: str
    roles: tuple[str, ...]
    groups: tuple[str, ...]

    @property
    def principal(self) -> Principal:
        """The caller this person is, without a key."""
        return Principal(f"sample:{self.name}", self.name, frozenset(self.roles), frozenset(self.groups))


@dataclass(frozen=True, slots=True)
class Paper:
    """One document of the sample."""

    path: str
    collection: str
    label: str
    allow: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question, and what each person should get."""

    id: str
    demo: bool
    ask: str
    people: tuple[str, ...]
    collections: tuple[str, ...]
    document: str
    facts: tuple[str, ...]
    permitted: dict[str, bool]
    page: int | None


@dataclass(frozen=True, slots=True)
class Sample:
    """The manifest."""

    folder: Path
    company: str
    people: dict[str, Person]
    papers: tuple[Paper, ...]
    questions: tuple[Question, ...]
    policy_lines: dict[str, tuple[str, ...]]
    change_file: str
    change_line: str
    change_note: str
    change_question: str


def read_sample() -> Sample:
    """The sample as it ships."""
    folder = shipped("sample")
    raw: dict[str, Any] = yaml.safe_load((folder / "sample.yaml").read_text("utf-8"))
    people = {
        each["name"]: Person(each["name"], each["title"], tuple(each["roles"]), tuple(each["groups"]))
        for each in raw["users"]
    }
    papers = tuple(Paper(d["path"], d["collection"], d["label"], tuple(d.get("allow", ()))) for d in raw["documents"])
    questions = tuple(
        Question(
            q["id"],
            q.get("demo", False),
            q["ask"],
            tuple(q["as"]),
            tuple(q["collections"]),
            q["document"],
            tuple(q["facts"]),
            dict(q["permitted"]),
            q.get("page"),
        )
        for q in raw["questions"]
    )
    change = raw["policy_change"]
    return Sample(
        folder,
        raw["company"],
        people,
        papers,
        questions,
        {name: tuple(lines) for name, lines in raw["policy_lines"].items()},
        change["file"],
        change["append"],
        change["note"],
        change["question"],
    )


def lay_policies(sample: Sample, folder: Path) -> None:
    """The default policies with the sample's own files over them and its lines added."""
    shutil.copytree(shipped("policies"), folder)
    shutil.copytree(sample.folder / "policies", folder, dirs_exist_ok=True)
    for name, lines in sample.policy_lines.items():
        append_lines(folder / name, lines)


def append_lines(file: Path, lines: tuple[str, ...]) -> None:
    """Add lines at the end of a policy file."""
    file.write_text(file.read_text("utf-8").rstrip("\n") + "\n\n" + "\n".join(lines) + "\n", "utf-8")


async def load_documents(house: House, sample: Sample, request: str, principal: Principal) -> AsyncIterator[str]:
    """Ingest every document of the sample; yields a line about each as it is done."""
    for paper in sample.papers:
        done = await house.ingest.ingest(
            principal,
            sample.folder / paper.path,
            name=paper.path,
            collection=paper.collection,
            label=paper.label,
            allow=paper.allow or None,
            request=request,
        )
        found = sum(done.counts.values())
        yield f"{paper.path:<40} {paper.label:<13} {done.chunks:>2} passages, {found:>2} personal values replaced"
