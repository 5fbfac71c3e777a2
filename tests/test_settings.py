"""Settings: where values come from, and what is refused with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import BadSettings
from gateway.settings import Loaded, load


def read(folder: Path, yaml: str = "", **environ: str) -> Loaded:
    path = folder / "gateway.yaml"
    path.write_text(yaml)
    return load(path, environ, folder)


def refusal(folder: Path, yaml: str = "", **environ: str) -> str:
    with pytest.raises(BadSettings) as caught:
        read(folder, yaml, **environ)
    return str(caught.value)


def test_the_environment_wins_over_the_file_and_origins_are_kept(tmp_path: Path) -> None:
    found = read(tmp_path, "server:\n  port: 1\n  host: 0.0.0.0\n", GATEWAY_SERVER__PORT="2")
    assert (found.settings.server.port, found.settings.server.host) == (2, "0.0.0.0")
    assert found.origins["server.port"] == "environment GATEWAY_SERVER__PORT"
    assert found.origins["server.host"] == "gateway.yaml:3"
    assert found.origins["server.workers"] == "default"


@pytest.mark.parametrize("value", ["", "  "])
def test_a_secret_that_is_set_but_empty_is_refused(tmp_path: Path, value: str) -> None:
    said = refusal(tmp_path, GATEWAY_DATABASE__URL=value)
    assert "environment GATEWAY_DATABASE__URL: database.url is set but empty" in said
    assert "gateway.yaml:2: database.url is set but empty" in refusal(tmp_path, f"database:\n  url: '{value}'\n")
    (tmp_path / "url").write_text(value)
    assert "database.url" in refusal(tmp_path, GATEWAY_DATABASE__URL_FILE="url")
    assert "DB" in refusal(tmp_path, "database:\n  url: {env: DB}\n", DB=value)


def test_an_empty_key_of_a_model_is_refused_with_its_line(tmp_path: Path) -> None:
    said = refusal(tmp_path, "models:\n- name: a\n  provider: ollama\n  zone: local\n  api_key: ''\n")
    assert said.startswith("gateway.yaml:5: models.0.api_key is set but empty")


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("GATEWAY_SERVER_PORT", "GATEWAY_SERVER__PORT"),
        ("GATEWAY_DATABASE_URL", "GATEWAY_DATABASE__URL"),
        ("GATEWAY_DATABASE_URL_FILE", "GATEWAY_DATABASE__URL_FILE"),
        ("GATEWAY_KEYS_FILE", "GATEWAY_KEYS__FILE"),
        ("GATEWAY_DATADIR", "GATEWAY_DATA_DIR"),
        ("GATEWAY_SERVER_MAX_BODY_BYTES", "GATEWAY_SERVER__MAX_BODY_BYTES"),
        ("GATEWAY_SERVER__PROT", "GATEWAY_SERVER__PORT"),
    ],
)
def test_a_variable_that_almost_names_a_setting_is_refused(tmp_path: Path, variable: str, meant: str) -> None:
    said = refusal(tmp_path, **{variable: "1"})
    assert f"environment variable {variable} names no setting" in said
    assert f"did you mean {meant}?" in said


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    others = ("GATEWAY_KEY", "GATEWAY_CONFIG", "GATEWAY_TRACEBACK", "GATEWAY_PORT", "GATEWAY_KEY_FILE", "GATEWAYS")
    read(tmp_path, **dict.fromkeys(others, "x"))


def test_the_command_for_keys_is_split_as_a_shell_does(tmp_path: Path) -> None:
    found = read(tmp_path, GATEWAY_KEYS__COMMAND="vault read 'secret/our ring' --raw")
    assert found.settings.keys.command == ("vault", "read", "secret/our ring", "--raw")
    assert "GATEWAY_KEYS__COMMAND: a quote is not closed" in refusal(tmp_path, GATEWAY_KEYS__COMMAND="a 'b")


def test_values_that_do_not_go_together_are_refused_where_they_stand(tmp_path: Path) -> None:
    said = refusal(tmp_path, "server: {}\nretrieval:\n  chunk_tokens: 64\n  chunk_overlap: 64\n")
    assert said == "gateway.yaml:2: retrieval: chunk_overlap must be smaller than chunk_tokens"
    said = refusal(tmp_path, GATEWAY_DATABASE__POOL_MIN="17")
    assert said == "environment GATEWAY_DATABASE__POOL_MIN: database: pool_min must not be larger than pool_max"
    read(tmp_path, "retrieval: {chunk_tokens: 64, chunk_overlap: 63}\ndatabase: {pool_min: 16}\n")


def test_a_model_listed_twice_is_refused(tmp_path: Path) -> None:
    entry = "- {name: house, provider: ollama, zone: local}\n"
    said = refusal(tmp_path, f"models:\n{entry}{entry}")
    assert said == "gateway.yaml:1: models: model named twice: house"


def test_what_a_model_lacks_is_reported_where_the_model_stands(tmp_path: Path) -> None:
    said = refusal(tmp_path, "models:\n- {name: a, provider: ollama, zone: local}\n- name: b\n  provider: ollama\n")
    assert said == "gateway.yaml:3: models.1.zone: field required"


def test_a_wrong_value_is_named_and_not_repeated(tmp_path: Path) -> None:
    said = refusal(tmp_path, "server:\n  port: Jane Roe\n")
    assert said.startswith("gateway.yaml:2: server.port: ")
    assert "Jane" not in said
