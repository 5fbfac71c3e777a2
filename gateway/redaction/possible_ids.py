"""Ids that a text may hold, before it is known which tokens there are: for asking which of them are known. Pure."""

from __future__ import annotations

import re
from typing import Final

from gateway.redaction.known_ids import ID_LENGTH, read_form
from gateway.redaction.legible import legible

_RUN: Final = re.compile(rf"[0-9A-Za-z]{{{ID_LENGTH},}}")


def ids_in(text: str) -> dict[str, None]:
    """Every id that `text` could hold in one piece, in order: runs of letters and digits, and longer ones' ends.

    Read as a token's id is read, so that any case and the usual misreadings count. An id that is written with blanks or
    marks inside is not among them.
    """
    view, _ = legible(text, final=True)
    read = (read_form(run[0][-ID_LENGTH:]) for run in _RUN.finditer(view))
    return dict.fromkeys(one for one in read if "?" not in one)
