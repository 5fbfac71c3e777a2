"""Technical texts without people: logs, hashes, tables of numbers, change lists, configuration. Seeded."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Final

from gateway.redaction.ner.training.corpora import Example

_THINGS: Final = (
    "bucket segment shard replica worker node pod volume queue topic partition cache index page block frame request "
    "response session socket port thread process job task build release image layer cluster gateway proxy listener "
    "wal schema table row column migration lease token key header body chunk batch epoch checkpoint snapshot"
).split()
_VERBS: Final = (
    "started stopped failed retried evicted flushed opened closed created dropped merged split moved scaled".split()
)
_NAMES: Final = (
    "Jenkins Docker Maven Gradle Terraform Ansible Kafka Redis Postgres Nginx Envoy Istio Grafana Prometheus Jira Confluence "
    "GitHub GitLab Kubernetes Helm Argo Vault Consul Elastic Kibana Sentry Datadog Spark Airflow Django Flask Spring Tomcat "
    "Apache Lambda EKS S3 EC2 RDS IAM VPC GOMEMLIMIT HEALTHCHECK WAL gRPC TLS JSON YAML HTTP SQL API CPU GPU SSD"
).split()
_PROJECTS: Final = "JIRA PLAT SRE OPS WEB CORE INC REQ DATA SEC".split()
_WORDS: Final = "guard split raise lower bump pin drop add rename rework cache retry limit trace log check fix".split()


def texts(count: int, rng: random.Random) -> Iterator[Example]:
    """So many texts of several lines each."""
    for _ in range(count):
        make = rng.choice(_KINDS)
        yield Example("\n".join(make(rng) for _ in range(rng.randrange(1, 6))), (), (), frozenset(), "technical")


def _hex(rng: random.Random, low: int = 6, high: int = 40) -> str:
    length = rng.randrange(low, high)
    text = f"{rng.getrandbits(4 * length):0{length}x}"
    return text.upper() if rng.random() < 0.25 else text


def _base64(rng: random.Random) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return "".join(rng.choice(letters) for _ in range(rng.randrange(12, 60))) + rng.choice(("", "=", "=="))


def _number(rng: random.Random) -> str:
    return str(rng.randrange(10 ** rng.randrange(1, 8)))


def _log(rng: random.Random) -> str:
    return (
        f"2026-0{rng.randrange(1, 10)}-1{rng.randrange(10)} {rng.randrange(10, 24)}:{rng.randrange(10, 60)} "
        f"{rng.choice(('INFO', 'WARN', 'ERROR', 'DEBUG'))} {rng.choice(_THINGS)} {_number(rng)} {rng.choice(_VERBS)} "
        f"after {_number(rng)} ms, {rng.choice(_THINGS)}={_number(rng)} id={_hex(rng)}"
    )


def _wal(rng: random.Random) -> str:
    return f"checkpoint at {rng.randrange(9)}/{_hex(rng, 8, 9).upper()} wal segment {rng.getrandbits(64):024X} {rng.choice(_THINGS)}"


def _row(rng: random.Random) -> str:
    mark = rng.choice((",", "\t", " | ", ";"))
    return mark.join(rng.choice((_number(rng), _number(rng), rng.choice(_THINGS))) for _ in range(rng.randrange(3, 8)))


def _change(rng: random.Random) -> str:
    return (
        f"- {rng.choice(_WORDS).capitalize()} {rng.choice(_NAMES)} {rng.choice(_THINGS)} "
        f"({rng.choice(_PROJECTS)}-{_number(rng)}, #{_number(rng)})"
    )


def _ports(rng: random.Random) -> str:
    ports = ", ".join(str(rng.randrange(1000, 65000)) for _ in range(rng.randrange(1, 4)))
    return (
        f"EXPOSE {ports} {rng.choice(_NAMES)} listens on {rng.randrange(1000, 65000)}, {rng.choice(_NAMES)} on {ports}"
    )


def _config(rng: random.Random) -> str:
    key = f"{rng.choice(_THINGS)}_{rng.choice(_THINGS)}"
    value = rng.choice((_number(rng), _hex(rng), _base64(rng), rng.choice(_NAMES), "true", "nil", "null"))
    return f"{key.upper() if rng.random() < 0.5 else key}{rng.choice(('=', ': '))}{value}"


def _prose(rng: random.Random) -> str:
    return (
        f"{rng.choice(_NAMES)} {rng.choice(_VERBS)} the {rng.choice(_THINGS)} of {rng.choice(_NAMES)} {_number(rng)} times; "
        f"{rng.choice(_NAMES)} and {rng.choice(_NAMES)} run version {rng.randrange(9)}.{rng.randrange(40)}.{rng.randrange(9)} on "
        f"{rng.choice(_THINGS)} {_number(rng)}."
    )


def _trace(rng: random.Random) -> str:
    return f'  File "{rng.choice(_THINGS)}/{rng.choice(_THINGS)}.py", line {_number(rng)}, in {rng.choice(_THINGS)} at 0x{_hex(rng)}'


def _digest(rng: random.Random) -> str:
    return rng.choice((f"sha256:{_hex(rng, 40, 64)}", _base64(rng), f"etag {_hex(rng)} size {_number(rng)}"))


_KINDS: Final[tuple[Callable[[random.Random], str], ...]] = (
    *(_log, _wal, _row, _change, _ports, _config, _prose, _trace, _digest),
)
