"""Small policies that tests change one thing in."""

from __future__ import annotations

from pathlib import Path

from gateway.model import Finding, Principal
from gateway.policy import Bundle, build, check, load_files

SHIPPED = Path(__file__).resolve().parents[2] / "policies"

ACCESS = """\
# a comment that stays
p, admin, admin:policy, activate, allow
p, staff, model:*, use, allow
p, staff, collection:handbook, read, allow
p, staff, label:public, read, allow
p, boss, label:secret, read, allow
p, boss, collection:*, read, allow
p, *, collection:vault, read, deny
g, boss, staff
g, group:board, boss
"""
ROUTING = """\
labels: [public, secret]
zones:
  public: [local, external]
  secret: [local]
default_label: public
"""
PRIVACY = "enabled: true\n"


def shipped() -> dict[str, bytes]:
    """The default policy."""
    return load_files(SHIPPED)


def files(**changed: str) -> dict[str, bytes]:
    """A small policy; pass `access=`, `routing=`, `privacy=`, `model=` or `access_test=` ... to replace a file."""
    made = {
        "model.conf": (SHIPPED / "model.conf").read_bytes(),
        "access.csv": ACCESS.encode(),
        "routing.yaml": ROUTING.encode(),
        "privacy.yaml": PRIVACY.encode(),
    }
    suffix = {"access": ".csv", "model": ".conf"}
    return made | {name + suffix.get(name, ".yaml"): text.encode() for name, text in changed.items()}


def bundle(**changed: str) -> Bundle:
    return build(files(**changed))


def found(**changed: str) -> list[Finding]:
    return check(files(**changed))


def codes(**changed: str) -> list[tuple[str, str]]:
    """(code, where) of everything found."""
    return [(finding.message.partition(":")[0], finding.where) for finding in found(**changed)]


def caller(*roles: str, groups: tuple[str, ...] = (), name: str = "someone") -> Principal:
    return Principal(id=f"key-{name}", name=name, roles=frozenset(roles), groups=frozenset(groups))
