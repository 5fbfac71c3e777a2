"""The sample company, asked through the whole gateway: every question by every one of its people."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from gateway.app.house import House
from gateway.app.sample import Question, Sample, lay_policies, load_documents, read_sample
from gateway.chat import Answer, split
from gateway.cli.root import OPERATOR
from gateway.errors import NotPermitted
from gateway.policy import load_files
from gateway.redaction import find_tokens
from gateway.store.embedded import EmbeddedServer
from tests.apart import run_apart, run_sql
from tests.world import World, open_world

SAMPLE = read_sample()
CASES = [(question, name) for question in SAMPLE.questions for name in SAMPLE.people]
MANIFEST = {each["id"]: each for each in yaml.safe_load((SAMPLE.folder / "sample.yaml").read_text())["questions"]}


@dataclass(frozen=True)
class Company:
    world: World
    sample: Sample

    def ask(self, question: Question, name: str) -> dict[str, Any]:
        """The passages one person gets for a question, restored for him, and the note of the answer."""
        body = {
            "model": "auto",
            "messages": [{"role": "user", "content": question.ask}],
            "gateway": {"collections": list(question.collections), "mode": "passages", "top_k": 6},
        }
        rest, options = split(body, {})
        principal = self.sample.people[name].principal

        async def run() -> Any:
            return await self.world.house.chat.ask(secrets.token_hex(16), principal, rest, options)

        answer = self.world.run(run())
        assert isinstance(answer, Answer)
        return answer.body


@pytest.fixture(scope="module")
def company(server: EmbeddedServer, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    name = f"sample_{secrets.token_hex(6)}"
    run_apart(run_sql(server.url("postgres"), f"CREATE DATABASE {name} TEMPLATE {template}"))
    folder = tmp_path_factory.mktemp("sample")
    lay_policies(SAMPLE, folder / "policies")
    world = open_world(folder, server.url(name), documents=False)

    async def load(house: House) -> int:
        return len([line async for line in load_documents(house, SAMPLE, "test", OPERATOR)])

    assert world.run(load(world.house)) == len(SAMPLE.papers)
    yield Company(world, SAMPLE)
    world.close()


@pytest.mark.parametrize(("question", "name"), CASES, ids=[f"{q.id}-{name}" for q, name in CASES])
def test_each_person_finds_what_he_may_read_and_nothing_else(company: Company, question: Question, name: str) -> None:
    refused_by = MANIFEST[question.id].get("refused_by", {}).get(name)
    if refused_by == "collection":
        with pytest.raises(NotPermitted):
            company.ask(question, name)
        return
    body = company.ask(question, name)
    text = body["choices"][0]["message"]["content"]
    cited = body["gateway"]["citations"]
    if not question.permitted[name]:
        assert not any(fact in text for fact in question.facts)
        return
    plain = " ".join(text.split())
    restores = set(MANIFEST[question.id].get("restores", {}).get(name, ()))
    if not restores and "restores" not in MANIFEST[question.id]:
        # A row of a table is rendered field by field.
        parts = [
            part
            for fact in question.facts
            for part in (fact.split(",") if ".csv" in question.document else fact.split(" | "))
        ]
        assert all(" ".join(part.split()) in plain for part in parts), plain
    page = question.page
    if page is not None:
        assert page in {citation["page"] for citation in cited}
    assert not list(find_tokens(text))


def test_what_one_may_see_another_reads_masked(company: Company) -> None:
    question = next(q for q in SAMPLE.questions if q.id == "accident")
    hana = company.ask(question, "hana")["choices"][0]["message"]["content"]
    emil = company.ask(question, "emil")["choices"][0]["message"]["content"]
    assert "Tomas Alder" in hana
    assert "Tomas Alder" not in emil
    assert "[PERSON]" in emil


def test_the_policy_change_permits_what_was_refused(company: Company) -> None:
    question = next(q for q in SAMPLE.questions if q.id == SAMPLE.change_question)
    house = company.world.house
    with pytest.raises(NotPermitted):
        company.ask(question, "emil")
    files = load_files(house.settings.path(house.settings.policies.dir))
    changed = {**files, SAMPLE.change_file: files[SAMPLE.change_file] + (SAMPLE.change_line + "\n").encode()}
    company.world.run(house.policies.activate("test", OPERATOR, changed, "test"))
    try:
        text = company.ask(question, "emil")["choices"][0]["message"]["content"]
        assert "410 euros" in text
        assert "Marta Okonjo" not in text
    finally:
        company.world.run(house.policies.rollback("test", OPERATOR, None))
    with pytest.raises(NotPermitted):
        company.ask(question, "emil")
