"""A policy from a folder or from one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import BadPolicy, Invalid
from gateway.evaluate.policy import policy_at

SHIPPED = Path(__file__).resolve().parents[2] / "policies"


def test_a_folder_is_read_with_its_whole_bundle(tmp_path: Path) -> None:
    assert policy_at(SHIPPED).enabled
    with pytest.raises(BadPolicy):
        policy_at(tmp_path)


def test_a_file_is_read_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "privacy.yaml"
    file.write_text("entities: [PERSON, EMAIL_ADDRESS]\nthreshold: 0.6\n")
    policy = policy_at(file)
    assert set(policy.entities) == {"PERSON", "EMAIL_ADDRESS"}
    assert policy.threshold == 0.6


def test_a_wrong_file_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "privacy.yaml"
    file.write_text("enabled: true\nthreshold: much\n")
    with pytest.raises(BadPolicy, match=r"privacy\.yaml:2"):
        policy_at(file)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot read"):
        policy_at(tmp_path / "privacy.yaml")
    (tmp_path / "privacy.yaml").write_bytes(b"\xff")
    with pytest.raises(BadPolicy, match="not UTF-8"):
        policy_at(tmp_path / "privacy.yaml")
