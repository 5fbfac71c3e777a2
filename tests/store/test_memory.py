"""What memory there is: a container's limit counts, wherever in its groups it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.store.memory import whole_mb

MIB = 1 << 20


def files(folder: Path, cgroup: str, **limits: str) -> tuple[Path, Path]:
    (folder / "proc" / "self").mkdir(parents=True)
    (folder / "proc" / "self" / "cgroup").write_text(cgroup)
    for name, text in limits.items():
        file = folder / "groups" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder / "proc", folder / "groups"


@pytest.mark.parametrize(
    ("cgroup", "limits"),
    [
        ("0::/\n", {"memory.max": f"{64 * MIB}\n"}),
        ("0::/a.slice/b.service\n", {"a.slice/b.service/memory.max": "max\n", "a.slice/memory.max": f"{64 * MIB}\n"}),
        ("3:cpu:/x\n4:memory:/docker/1\n", {"memory/docker/1/memory.limit_in_bytes": f"{64 * MIB}\n"}),
    ],
)
def test_the_limit_of_a_group_counts(tmp_path: Path, cgroup: str, limits: dict[str, str]) -> None:
    assert whole_mb(*files(tmp_path, cgroup, **limits)) == 64


@pytest.mark.parametrize(
    ("cgroup", "limits"),
    [
        ("", {}),
        ("0::/\n", {"memory.max": "max\n"}),
        ("nonsense\n::\n", {"memory.max": "much\n"}),
        # Without a limit the first version states a number that no machine has.
        ("4:memory:/\n", {"memory/memory.limit_in_bytes": "9223372036854771712\n"}),
    ],
)
def test_without_one_the_machine_does(tmp_path: Path, cgroup: str, limits: dict[str, str]) -> None:
    machine = whole_mb(tmp_path / "none", tmp_path / "none")
    assert machine > 256
    assert whole_mb(*files(tmp_path, cgroup, **limits)) == machine
