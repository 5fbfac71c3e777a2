"""Reading the pages of a scan with Tesseract, where it is installed: a program of its own, with limits, per page."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
from typing import Final

from gateway.errors import Invalid

LANGUAGES: Final = re.compile(r"[A-Za-z0-9_/]{2,40}(?:\+[A-Za-z0-9_/]{2,40}){0,9}")
MAX_TEXT: Final = 2_000_000
"""Bytes of one page's text."""
_KEPT_ENV: Final = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TESSDATA_PREFIX")
# Limits are set between the start of a process and the program in it: memory, processor time, no core file.
_LAUNCH: Final = """
import os, resource, sys
memory, seconds = int(sys.argv[1]), int(sys.argv[2])
for what, value in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
    hard = resource.getrlimit(what)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, value))
os.execv(sys.argv[3], sys.argv[3:])
"""


class Recogniser:
    """Tesseract for the pages of scans.

    languages: as Tesseract takes them, e.g. `eng+deu`; timeout_s: of one page; max_pages: of one document.
    """

    def __init__(
        self,
        program: str,
        *,
        languages: str = "eng",
        timeout_s: float = 60.0,
        max_pages: int = 200,
        memory_mb: int = 2048,
    ) -> None:
        self._program = program
        self._languages = languages
        self._timeout_s = timeout_s
        self._memory = memory_mb << 20
        self.max_pages = max_pages

    async def read(self, picture: bytes) -> str:
        """The text of one page, drawn as PGM. Raises Invalid when it takes too long or the program fails."""
        command = [self._program, "stdin", "stdout", "-l", self._languages]
        limits = [str(self._memory), str(int(self._timeout_s) + 1)]
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", _LAUNCH, *limits, *command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={
                **{name: os.environ[name] for name in _KEPT_ENV if name in os.environ},
                "OMP_THREAD_LIMIT": "1",
            },
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                text, _ = await child.communicate(picture)
        except TimeoutError:
            raise Invalid(
                f"recognising one scanned page took longer than {self._timeout_s:g} s",
                hint="raise ingest.ocr_timeout_s",
            ) from None
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                await asyncio.shield(child.wait())
        if child.returncode != 0:
            raise Invalid(
                "tesseract cannot read a scanned page",
                hint=f"are its languages installed? ingest.ocr_languages is {self._languages}",
            )
        return text[:MAX_TEXT].decode("utf-8", "replace").replace("\f", "")


def find_recogniser(
    *, languages: str = "eng", timeout_s: float = 60.0, max_pages: int = 200, memory_mb: int = 2048
) -> Recogniser | None:
    """The recogniser, where Tesseract is on PATH; else None."""
    program = shutil.which("tesseract")
    if program is None:
        return None
    return Recogniser(program, languages=languages, timeout_s=timeout_s, max_pages=max_pages, memory_mb=memory_mb)
