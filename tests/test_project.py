"""What surrounds the code: make targets, locks, package, licence and containers."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.settings import load

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = ROOT / "compose"
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def pins(lock: str) -> dict[str, set[str]]:
    """Name -> the versions a lock pins, each checked to carry a hash."""
    text = (ROOT / lock).read_text("utf-8").replace("\\\n", " ")
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"([a-z0-9][a-z0-9.-]*)==(\S+)(?: ; [^#]+?)?((?:\s+--hash=sha256:[0-9a-f]{64})+)\s*", line)
        assert match, f"{lock}: not a hash-pinned requirement: {line[:60]}"
        found.setdefault(match[1], set()).add(match[2])
    return found


# The Makefile and CI


def test_make_targets_have_help() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert phony
    targets = phony[1].split()
    assert {"setup", "run", "demo", "test", "check", "bench", "help", "lock"} <= set(targets)
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in targets:
        assert re.search(rf"^{target}:.* ## \S", text, re.MULTILINE), f"{target} has no help"
        assert re.search(rf"^  make {target} +\S", listed, re.MULTILINE), f"{target} is not in `make help`"


def test_make_alone_prints_help() -> None:
    alone = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "make setup" in alone


def test_ci_calls_make_check() -> None:
    script = ROOT / ".ci" / "run"
    text = script.read_text("utf-8")
    assert os.access(script, os.X_OK)
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in text
    assert "make check" in text
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_checks_run_every_tool() -> None:
    planned = subprocess.run(["make", "-n", "check"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for tool in ("ruff format --check", "ruff check", "mypy", "lint-imports", "pytest"):
        assert tool in planned


# Locks and package


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_are_pinned_by_hash_and_name_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert len(pins(lock)) > 5
    assert not re.search(r"https?:|file:|index-url|find-links|trusted-host| @ ", text)


def test_locks_hold_what_the_project_asks_for() -> None:
    asked = project()
    runtime, dev, build = (pins(lock) for lock in LOCKS)
    for requirement in asked["project"]["dependencies"]:
        assert name_of(requirement) in runtime
    for requirement in asked["dependency-groups"]["dev"]:
        assert name_of(requirement) in dev
    for requirement in [*asked["build-system"]["requires"], "editables", "uv"]:
        assert name_of(requirement) in build
    for name, versions in runtime.items():
        assert dev[name] == versions, f"{name} differs between the locks; run `make lock`"


def test_the_embedder_brings_no_framework_along() -> None:
    heavy = {"torch", "sentence-transformers", "transformers", "tensorflow"}
    assert not heavy & set(pins("requirements-dev.lock"))


def test_no_version_known_to_be_malicious_is_locked() -> None:
    assert not pins("requirements.lock")["litellm"] & {"1.82.7", "1.82.8"}


def name_of(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match
    return match[0].lower().replace("_", "-")


def test_paths_that_go_into_the_wheel_exist() -> None:
    build = project()["tool"]["hatch"]["build"]["targets"]["wheel"]
    for source in [*build["force-include"], *build["packages"]]:
        assert (ROOT / source).is_dir()
    for name in project()["project"]["license-files"]:
        assert (ROOT / name).is_file()
    assert (ROOT / project()["project"]["readme"]).is_file()


def test_licence_is_the_whole_text() -> None:
    digest = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()
    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


# Containers


def composed() -> dict[str, Any]:
    loaded = yaml.safe_load((COMPOSE / "docker-compose.yaml").read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def with_qdrant() -> dict[str, Any]:
    """What qdrant.yaml adds."""
    loaded = yaml.safe_load((COMPOSE / "qdrant.yaml").read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize("service", ["init", "gateway", "work", "database", "ollama", "pull", "qdrant"])
def test_every_service_is_hardened_and_limited(service: str) -> None:
    entry = (composed()["services"] | {"qdrant": with_qdrant()["services"]["qdrant"]})[service]
    assert entry["read_only"] is True
    assert entry["cap_drop"] == ["ALL"]
    assert "cap_add" not in entry
    assert "privileged" not in entry
    assert "no-new-privileges:true" in entry["security_opt"]
    limits = entry["deploy"]["resources"]["limits"]
    assert {"cpus", "memory", "pids"} <= set(limits)


def test_only_the_gateway_is_reachable_and_only_on_loopback() -> None:
    services = composed()["services"]
    assert [name for name, entry in services.items() if "ports" in entry] == ["gateway"]
    assert all(port.startswith("127.0.0.1:") for port in services["gateway"]["ports"])


def test_database_and_ollama_have_no_way_out() -> None:
    file = composed()
    assert file["networks"]["inside"]["internal"] is True
    for service in ("database", "ollama", "init"):
        assert file["services"][service]["networks"] == ["inside"]


def test_only_named_volumes_and_no_docker_socket() -> None:
    file = composed()
    for entry in file["services"].values():
        for volume in entry.get("volumes", []):
            assert volume.split(":")[0] in file["volumes"]


def test_images_are_pinned() -> None:
    file = composed()
    images = {entry["image"] for entry in file["services"].values()}
    assert all(re.fullmatch(r"[a-z0-9/]+:v?\d+\.\d+[\w.-]*", image) for image in images), images
    assert any(image.startswith("pgvector/pgvector:") and image.endswith("-pg18") for image in images)
    version = re.search(r'__version__ = "(.+)"', (ROOT / "gateway" / "__init__.py").read_text("utf-8"))
    assert version
    assert f"gateway:{version[1]}" in images


def test_qdrant_is_inside_pinned_and_closed_and_everybody_knows_of_it(tmp_path: Path) -> None:
    file = with_qdrant()
    services = file["services"]
    qdrant = services.pop("qdrant")
    assert qdrant["networks"] == ["inside"]
    assert "ports" not in qdrant
    assert re.fullmatch(r"qdrant/qdrant:v\d+\.\d+\.\d+-unprivileged", qdrant["image"])
    client = next(iter(pins("requirements.lock")["qdrant-client"]))
    assert qdrant["image"].startswith(f"qdrant/qdrant:v{client.rpartition('.')[0]}.")
    assert qdrant["environment"]["QDRANT__TELEMETRY_DISABLED"] == "true"
    assert "QDRANT__SERVICE__API_KEY" not in qdrant["environment"]
    assert "/run/secrets/qdrant_api_key" in qdrant["entrypoint"][-1]
    assert "/readyz" in str(qdrant["healthcheck"]["test"])
    assert [one.split(":")[0] for one in qdrant["volumes"]] == list(file["volumes"])
    ours = {name for name, entry in composed()["services"].items() if entry["image"].startswith("gateway:")}
    assert set(services) == ours
    secret = tmp_path / "key"
    secret.write_text("an example", "utf-8")
    for entry in services.values():
        assert entry["secrets"] == ["qdrant_api_key"] == list(file["secrets"])
        assert entry["depends_on"]["qdrant"]["condition"] == "service_healthy"
        environ = {**entry["environment"], "GATEWAY_QDRANT__API_KEY_FILE": str(secret)}
        settings = load(COMPOSE / "gateway.yaml", environ, tmp_path).settings
        assert (settings.index, settings.qdrant.urls) == ("qdrant", ("http://qdrant:6333",))
        assert settings.qdrant.api_key


def test_a_worker_runs_beside_the_gateway() -> None:
    services = composed()["services"]
    assert services["work"]["command"] == ["work"]
    assert "ports" not in services["work"]
    assert services["work"]["volumes"] == services["gateway"]["volumes"]


def test_ollama_has_its_cloud_switched_off() -> None:
    services = composed()["services"]
    for entry in services.values():
        if entry["image"].startswith("ollama/"):
            assert entry["environment"]["OLLAMA_NO_CLOUD"] == "1"


def test_services_report_their_health() -> None:
    services = composed()["services"]
    assert "pg_isready" in services["database"]["healthcheck"]["test"]
    assert services["ollama"]["healthcheck"]["test"][1] == "ollama"
    assert services["gateway"]["depends_on"]["database"]["condition"] == "service_healthy"
    assert "/readyz" in (COMPOSE / "Dockerfile").read_text("utf-8").split("HEALTHCHECK")[1]


def test_secrets_are_files_and_none_is_committed() -> None:
    file = composed()
    for secret in file["secrets"].values():
        assert secret["file"].startswith("./secrets/")
    for entry in file["services"].values():
        for name in entry.get("environment", {}):
            assert "PASSWORD" not in name.upper() or name.endswith("_FILE")
    assert "/secrets/" in (COMPOSE / ".gitignore").read_text("utf-8").splitlines()


def test_settings_of_the_composed_gateway_load(tmp_path: Path) -> None:
    secret = tmp_path / "database_url"
    secret.write_text("postgresql://gateway:example@database:5432/gateway", "utf-8")
    environ = {"GATEWAY_DATABASE__URL_FILE": str(secret)}
    settings = load(COMPOSE / "gateway.yaml", environ, tmp_path).settings
    assert settings.data_dir == Path("/var/lib/gateway")
    assert settings.server.host == "0.0.0.0"
    assert settings.database.url
    assert "example" not in repr(settings)
    assert settings.ollama.url == "http://ollama:11434"
    assert composed()["services"]["gateway"]["ports"][0].endswith(f":{settings.server.port}")


def test_image_is_pinned_checked_by_hash_and_not_root() -> None:
    text = (COMPOSE / "Dockerfile").read_text("utf-8")
    assert re.search(r"^ARG PYTHON=3\.\d+\.\d+-slim", text, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"python:${PYTHON}"}
    assert text.count("--require-hashes") == 2
    final = text.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER (?!0|root)\d+:\d+$", final, re.MULTILINE)
    assert final.index("USER ") < final.index("ENTRYPOINT")
    # onnxruntime looks up its maker's host from native code, where no blocked Python socket would notice.
    for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "LITELLM_LOCAL_MODEL_COST_MAP", "ORT_DISABLE_TELEMETRY"):
        assert re.search(rf"^    {variable}=(1|True) ", final, re.MULTILINE)


def test_builder_receives_what_the_image_copies() -> None:
    allowed = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        if line.startswith("!")
    }
    copied: set[str] = set()
    for line in re.findall(r"^COPY (?!--from)(.+)$", (COMPOSE / "Dockerfile").read_text("utf-8"), re.MULTILINE):
        copied.update(part for part in line.split()[:-1] if not part.startswith("--"))
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)
