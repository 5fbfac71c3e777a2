from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from gateway.crypto import KeyRing
from gateway.crypto.keysource import read_command, write_new
from gateway.crypto.ringfile import RingCommand
from gateway.errors import BadKeyRing, Conflict


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_command_that_prints_the_ring(tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    made = KeyRing.create(path)
    assert KeyRing.parse(RingCommand(("cat", str(path))).read(), "it").root == made.root


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ([], "empty"),
        (["/no/such/program"], "cannot be started"),
        (["bad\0name"], "cannot be started"),
        (python("import sys; print('{}'); sys.exit(3)"), "exit code 3"),
        (python("import os; os.abort()"), "exit code -6"),
        (python("print('hello')"), "not JSON"),
        (python("pass"), "not JSON"),
        (python("while True: print('x' * 10000)"), "too much"),
    ],
)
def test_a_command_that_does_not(argv: list[str], says: str) -> None:
    with pytest.raises(BadKeyRing, match=says):
        KeyRing.parse(RingCommand(tuple(argv), timeout_s=20).read(), "it")


def test_the_words_are_not_read_by_a_shell(tmp_path: Path) -> None:
    with pytest.raises(BadKeyRing):
        KeyRing.parse(RingCommand(("echo", "x; touch", str(tmp_path / "made"))).read(), "it")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.sleep(60)",
        # Closes its output and lives on.
        "import os, time; os.close(1); time.sleep(60)",
        # Leaves a child behind that keeps the output open.
        "import subprocess; subprocess.Popen(['sleep', '60.25'])",
        # Never stops talking, slowly.
        "import time\nwhile True: print('x', flush=True); time.sleep(.05)",
    ],
)
def test_a_command_that_hangs_is_ended_in_time(code: str) -> None:
    started = time.monotonic()
    with pytest.raises(BadKeyRing, match="longer than"):
        read_command(python(code), 0.5)
    assert time.monotonic() - started < 40
    left = [process.pid for process in psutil.process_iter() if "60.25" in _cmdline(process)]
    assert not left


def _cmdline(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline()) if process.status() != psutil.STATUS_ZOMBIE else []
    except psutil.Error:
        return []


def test_what_the_command_says_on_its_error_output_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadKeyRing) as caught:
        read_command(python("import sys; sys.stderr.write('s3cret'); sys.exit(1)"), 20)
    assert "s3cret" not in str(caught.value) + "".join(capfd.readouterr())


def test_of_many_writers_one_wins(tmp_path: Path) -> None:
    path = tmp_path / "file"

    def attempt(number: int) -> int | None:
        try:
            write_new(path, str(number).encode() * 100)
        except Conflict:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        won = [number for number in pool.map(attempt, range(10, 60)) if number is not None]
    assert len(won) == 1
    assert path.read_bytes() == str(won[0]).encode() * 100
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
