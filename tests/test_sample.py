"""The sample company: its files, its people, and that policy decides as its manifest says."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
import yaml

from gateway import policy
from gateway.crypto import KeyRing
from gateway.model import EVERYONE, Passage, Principal
from gateway.redaction.redactor import Redactor

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "docs" / "sample"
MANIFEST: dict[str, Any] = yaml.safe_load((SAMPLE / "sample.yaml").read_text("utf-8"))
DOCUMENTS: dict[str, dict[str, Any]] = {entry["path"]: entry for entry in MANIFEST["documents"]}
QUESTIONS: list[dict[str, Any]] = MANIFEST["questions"]
MADE = {
    "legal/supply-agreement.pdf": "source/supply-agreement.txt",
    "handbook/travel-and-expenses.docx": "source/travel-and-expenses.txt",
}


def words(path: str) -> str:
    """A document's text with its white space made even; of a made document, its source."""
    text = (SAMPLE / MADE.get(path, path)).read_text("utf-8")
    return " ".join(text.split())


# Files


def test_every_document_is_listed_and_every_listed_document_exists() -> None:
    collections = {entry["collection"] for entry in DOCUMENTS.values()}
    lying = {
        path.relative_to(SAMPLE).as_posix()
        for collection in collections
        for path in (SAMPLE / collection).rglob("*")
        if path.is_file()
    }
    assert lying == set(DOCUMENTS)
    assert collections == {"handbook", "hr", "finance", "engineering", "legal"}
    for path, entry in DOCUMENTS.items():
        assert path.startswith(f"{entry['collection']}/")
        assert 0 < (SAMPLE / path).stat().st_size < 60_000
    kinds = {Path(path).suffix for path in DOCUMENTS}
    assert kinds == {".md", ".txt", ".html", ".csv", ".pdf", ".docx"}


def test_made_documents_are_reproduced_byte_for_byte(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(SAMPLE / "make.py"), str(tmp_path)], check=True)
    made = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert made == set(MADE)
    for name in MADE:
        assert (tmp_path / name).read_bytes() == (SAMPLE / name).read_bytes(), f"{name}: run docs/sample/make.py"


def test_pdf_has_the_pages_of_its_source() -> None:
    data = (SAMPLE / "legal/supply-agreement.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b(?!s)", data)) == len(pages("legal/supply-agreement.pdf")) == 3


def pages(path: str) -> list[str]:
    return [" ".join(page.split()) for page in (SAMPLE / MADE[path]).read_text("utf-8").split("\n---\n")]


def test_account_numbers_have_right_checksums() -> None:
    found = set(re.findall(r"\b[A-Z]{2}\d{2}(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?\b", every_text()))
    assert len(found) >= 10
    for written in found:
        number = written.replace(" ", "")
        assert int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1, written


def test_telephone_numbers_are_valid_and_from_ranges_kept_for_fiction() -> None:
    found = set(re.findall(r"\+\d{2}[\d ]{8,}\d", every_text()))
    assert len(found) >= 20
    for written in found:
        assert phonenumbers.is_valid_number(phonenumbers.parse(written)), written
        assert written.startswith(("+44 20 7946 0", "+49 30 23125 ")), written


def test_mail_addresses_end_in_reserved_domains() -> None:
    found = set(re.findall(r"[\w.+-]+@[\w.-]+\w", every_text()))
    assert len(found) >= 15
    assert all(re.search(r"[@.]example\.(com|net|org)$", address) for address in found), found


def every_text() -> str:
    return "\n".join(words(path) for path in DOCUMENTS)


# People, questions and policy


def people() -> dict[str, Principal]:
    return {
        user["name"]: Principal(user["name"], user["name"], frozenset(user["roles"]), frozenset(user["groups"]))
        for user in MANIFEST["users"]
    }


def sample_policy(*further: str) -> policy.Bundle:
    files = dict(policy.load_files(ROOT / "policies"))
    files |= {path.name: path.read_bytes() for path in (SAMPLE / "policies").iterdir()}
    added = {name: list(lines) for name, lines in MANIFEST["policy_lines"].items()}
    added.setdefault("access.csv", []).extend(further)
    for name, lines in added.items():
        files[name] += "".join(f"\n{line}" for line in lines).encode() + b"\n"
    assert [finding for finding in policy.check(files) if finding.severity == "error"] == []
    assert [outcome for outcome in policy.run_tests(files) if outcome.status == "failed"] == []
    return policy.build(files)


def stands_in_the_way(bundle: policy.Bundle, who: Principal, question: Mapping[str, Any]) -> str | None:
    """What keeps one person from the document that answers a question; None when nothing does."""
    entry = DOCUMENTS[question["document"]]
    plan = bundle.plan(who, question["collections"], sorted({d["collection"] for d in DOCUMENTS.values()}))
    if entry["collection"] not in plan.collections:
        return "collection"
    if entry["label"] not in plan.labels:
        return "label"
    passage = Passage(
        id="p",
        document="d",
        title="",
        source=question["document"],
        collection=entry["collection"],
        label=entry["label"],
        tenant=who.tenant,
        allow=tuple(entry.get("allow", [EVERYONE])),
        deny=(),
        ordinal=0,
        page=None,
        start=0,
        end=0,
        text="",
        score=0.0,
    )
    return None if plan.admits(passage) else "document"


def check_question(bundle: policy.Bundle, question: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    refused_by = {name: stands_in_the_way(bundle, who, question) for name, who in people().items()}
    assert {name: way is None for name, way in refused_by.items()} == expected["permitted"]
    assert {name: way for name, way in refused_by.items() if way} == expected.get("refused_by", {})
    collection = DOCUMENTS[question["document"]]["collection"]
    for kind in {kind for kinds in expected.get("restores", {}).values() for kind in kinds}:
        sees = {name for name, who in people().items() if bundle.reveals(who, kind, collection)}
        readers = {name for name, may in expected["permitted"].items() if may}
        stated = {name for name, kinds in expected["restores"].items() if kind in kinds}
        assert sees & readers == stated


def test_questions_are_well_formed() -> None:
    names = set(people())
    assert len(QUESTIONS) >= 10
    assert len({question["id"] for question in QUESTIONS}) == len(QUESTIONS)
    for question in QUESTIONS:
        assert question["ask"].endswith("?")
        assert question["as"]
        assert set(question["as"]) <= names == set(question["permitted"])
        assert set(question.get("restores", {})) <= names
        assert question["document"] in DOCUMENTS
        assert DOCUMENTS[question["document"]]["collection"] in question["collections"]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_document_holds_the_facts(question: dict[str, Any]) -> None:
    for fact in question["facts"]:
        assert " ".join(fact.split()) in words(question["document"])
    if question["document"].endswith(".pdf"):
        on_page = pages(question["document"])[question["page"] - 1]
        assert all(fact in on_page for fact in question["facts"])


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_policy_decides_as_the_manifest_says(question: dict[str, Any]) -> None:
    check_question(sample_policy(), question, question)


def test_policy_change_turns_the_refusal_and_keeps_the_names_masked() -> None:
    change = MANIFEST["policy_change"]
    assert change["file"] == "access.csv"
    question = next(question for question in QUESTIONS if question["id"] == change["question"])
    check_question(sample_policy(change["append"]), question, change)
    turned = {name for name in people() if change["permitted"][name] and not question["permitted"][name]}
    assert turned == {"emil"}
    assert change["restores"]["emil"] == []


def test_demo_shows_a_refusal_and_a_restored_name() -> None:
    demo = [question for question in QUESTIONS if question.get("demo")]
    first, second = (user["name"] for user in MANIFEST["users"][:2])
    assert len(demo) == 3
    assert any(question["permitted"][first] and not question["permitted"][second] for question in demo)
    assert any(
        question["permitted"][first]
        and question["permitted"][second]
        and question.get("restores", {}).get(first)
        and question["restores"].get(second) == []
        for question in demo
    )
    assert MANIFEST["policy_change"]["question"] in {question["id"] for question in demo}


def test_privacy_file_is_the_default_and_two_recognizers() -> None:
    default = yaml.safe_load((ROOT / "policies" / "privacy.yaml").read_text("utf-8"))
    own = yaml.safe_load((SAMPLE / "policies" / "privacy.yaml").read_text("utf-8"))
    added = [one for one in own["recognizers"] if one not in default["recognizers"]]
    assert [one["type"] for one in added] == ["EMPLOYEE_ID", "PERSON"]
    own["recognizers"] = [one for one in own["recognizers"] if one in default["recognizers"]]
    assert own == default


def test_every_name_in_the_deny_list_is_somebody_in_the_documents() -> None:
    own = yaml.safe_load((SAMPLE / "policies" / "privacy.yaml").read_text("utf-8"))
    names = own["recognizers"][-1]["deny_list"]
    text = every_text()
    assert names == sorted(set(names))
    assert [name for name in names if name not in text] == []


def test_every_titled_name_is_in_the_deny_list() -> None:
    own = yaml.safe_load((SAMPLE / "policies" / "privacy.yaml").read_text("utf-8"))
    names = set(own["recognizers"][-1]["deny_list"])
    titled = re.findall(r"\b(?:Mr|Ms|Dr|Professor) ([A-Z][a-z]+(?: van)? [A-Z][a-z]+)", every_text())
    labelled = re.findall(
        r"(?:Employee|Name|Emergency contact|Author): (?:Dr )?([A-Z][a-z]+ [A-Z][a-z]+)", every_text()
    )
    assert len(titled) > 15
    assert set(titled) | set(labelled) <= names


async def test_detector_finds_all_personal_data_and_nothing_else(ring: KeyRing) -> None:
    bundle = sample_policy()
    redactor = Redactor(ring, timeout_s=60)
    await redactor.start()
    try:
        found = await redactor.redact([words(path) for path in DOCUMENTS], bundle.privacy, "default")
    finally:
        redactor.close()
    types = {kind for one in found for kind in one.redacted.counts}
    expected = {
        "PERSON",
        "EMAIL_ADDRESS",
        "PHONE_NUMBER",
        "IBAN_CODE",
        "DATE_OF_BIRTH",
        "EMPLOYEE_ID",
        "STREET_ADDRESS",
    }
    assert types == expected
    left = "\n".join(one.redacted.text for one in found)
    assert not re.search(r"@[\w-]+\.|\+\d{2} |\b[A-Z]{2}\d{2} [A-Z0-9]{4} |\bTI-\d{4}\b", left)
    assert [name for recognizer in bundle.privacy.recognizers for name in recognizer.deny_list if name in left] == []
