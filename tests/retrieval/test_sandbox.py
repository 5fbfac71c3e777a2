"""What a confined process may no longer do; tried in a child, since it is for good."""

from __future__ import annotations

import subprocess
import sys

import pytest

TRIES = """
import ctypes, pathlib, socket, subprocess, sys, threading
from gateway.retrieval.sandbox import confine, write_no_more

filtered = confine(1 << 30)
if not filtered:
    print("no filter here")
    sys.exit(0)

def tried(name, work):
    try:
        work()
        print(name, "worked")
    except BaseException as error:
        print(name, type(error).__name__)

tried("ipv4", lambda: socket.socket(socket.AF_INET))
tried("ipv6", lambda: socket.socket(socket.AF_INET6))
tried("unix", lambda: socket.socket(socket.AF_UNIX).close())
tried("program", lambda: subprocess.run(["/bin/true"]))
tried("memory", lambda: bytearray(2 << 30))
thread = threading.Thread(target=lambda: tried("thread", lambda: socket.socket()))
thread.start()
thread.join()
tried("file before", lambda: pathlib.Path(sys.argv[1]).write_text("x"))
write_no_more()
tried("file after", lambda: pathlib.Path(sys.argv[1] + "2").write_text("x"))
tried("raw", lambda: ctypes.CDLL(None).execve(b"/bin/true", None, None) == -1 or 1 / 0)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of system calls are Linux's")
def test_confined(tmp_path: object) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TRIES, f"{tmp_path}/out"], capture_output=True, text=True, check=True, timeout=30
    )
    if done.stdout.startswith("no filter"):
        pytest.skip("no filter for this processor")
    assert done.stdout.splitlines() == [
        "ipv4 PermissionError",
        "ipv6 PermissionError",
        "unix worked",
        "program PermissionError",
        "memory MemoryError",
        "thread PermissionError",
        "file before worked",
        "file after OSError",
        "raw worked",
    ]
