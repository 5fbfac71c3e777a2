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


def test_replicas_are_a_list_of_secrets(tmp_path: Path) -> None:
    """From the file, from the environment, or from secret files."""
    (tmp_path / "second").write_text("postgresql://two/gateway\n")
    file = tmp_path / "gateway.yaml"
    file.write_text("database:\n  replicas:\n    - postgresql://one/gateway\n    - file: second\n")
    loaded = load(file, {}, tmp_path).settings.database.replicas
    assert [one.get_secret_value() for one in loaded] == ["postgresql://one/gateway", "postgresql://two/gateway"]
    assert "two" not in repr(loaded)
    for variable, value in (("", "postgresql://one/a postgresql://two/a"), ("_FILE", str(tmp_path / "both"))):
        (tmp_path / "both").write_text("postgresql://one/a\npostgresql://two/a\n")
        loaded = load(None, {f"GATEWAY_DATABASE__REPLICAS{variable}": value}, tmp_path).settings.database.replicas
        assert [one.get_secret_value() for one in loaded] == ["postgresql://one/a", "postgresql://two/a"]


SOURCE = """
sources:
  - name: papers
    kind: s3
    bucket: papers
    access_key_id: AK
    secret_access_key: {env: S3_SECRET}
    collection: papers
    roles: [librarian]
    under:
      - {path: hr, label: confidential, allow: ["group:hr"]}
"""


def test_a_source_with_its_secret_and_parts(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text(SOURCE)
    found = load(tmp_path / "gateway.yaml", {"S3_SECRET": "s3-secret-value"}, tmp_path)
    (source,) = found.settings.sources
    assert source.secret_access_key is not None
    assert source.secret_access_key.get_secret_value() == "s3-secret-value"
    assert "s3-secret-value" not in repr(found.settings)
    assert source.under[0].allow == ("group:hr",)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("    bucket: papers\n", ""), "needs bucket"),
        (("kind: s3", "kind: ftp"), "kind"),
        (("name: papers", "name: Pa pers"), "name"),
        (("bucket:", "buckett:"), "did you mean bucket"),
        (("path: hr", "pth: hr"), "did you mean path"),
        (("sources:\n", "sources:\n  - {name: papers, kind: folder, path: x, collection: y}\n"), "source named twice"),
    ],
)
def test_mistakes_in_a_source_are_named(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    (tmp_path / "gateway.yaml").write_text(SOURCE.replace(*change))
    with pytest.raises(BadSettings) as refused:
        load(tmp_path / "gateway.yaml", {"S3_SECRET": "s3-secret-value"}, tmp_path)
    assert words in str(refused.value)
    assert "s3-secret-value" not in str(refused.value)


def test_qdrant_needs_an_address_and_takes_several(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"index: qdrant needs qdrant\.urls"):
        load(None, {"GATEWAY_INDEX": "qdrant"}, tmp_path)
    environ = {"GATEWAY_INDEX": "qdrant", "GATEWAY_QDRANT__URLS": "http://a:6333 http://b:6333"}
    settings = load(None, environ, tmp_path).settings
    assert settings.qdrant.urls == ("http://a:6333", "http://b:6333")
    assert settings.qdrant.prefix == "gateway"
