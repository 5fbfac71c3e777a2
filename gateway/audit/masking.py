"""A record as it is shown by default: what happened, and neither who nor what was said. Pure.

Shown is only what is known to be no text of anybody's: numbers, and names of the kind that policies, catalogues and
this program give. Everything else is dots, so that a field that is new is hidden until it is named here.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.model import Json

DOTS: Final = "•••"
_ALWAYS: Final = frozenset(
    ("stream", "seq", "at", "kind", "request", "retention", "hash", "problem", "erased", "action", "policy")
)
_NAMED: Final = frozenset(
    (
        *("roles", "groups", "model", "model_asked", "object", "action", "rule", "collection", "collections", "label"),
        *("labels", "entities", "unscannable", "passages", "document", "documents", "left_out", "zone", "zones"),
        *("order", "endpoint", "sha256", "digest", "finish", "error", "code", "fault", "refusal", "passed", "mode"),
        *("status", "state", "of_kind", "kind", "stream", "hash", "filters", "detected", "withheld", "masked", "read"),
        *("job", "recipe", "format", "revealed", "id", "rolled_back", "kept_until", "expires"),
        *("ring_key", "ring_key_before", "ring_keys", "sealed_by", "rating"),
    )
)
"""Entries whose texts are shown, if they look like names."""
_NAME: Final = re.compile(r"[A-Za-z0-9_.:/*+-]{1,200}|entity:[A-Z0-9_*]+@[\w.*/-]{1,64}", re.ASCII)
_SHORT: Final = re.compile(r"[A-Za-z][A-Za-z0-9_. -]{0,63}", re.ASCII)
"""Roles and groups: a policy names them, blanks and all."""
_KEY: Final = re.compile(r"[A-Za-z0-9_.:/*@+-]{1,80}", re.ASCII)


def masked(told: Json) -> Json:
    """An opened record with everything personal hidden; `masked` says that it is."""
    shown = {name: value for name, value in told.items() if name in _ALWAYS}
    if "principal" in told:
        shown["principal"] = None if told["principal"] is None else DOTS
    if "detail" in told:
        shown["detail"] = _detail(told["detail"], "")
    if "content" in told:
        content = told["content"]
        shown["content"] = {_key(name): DOTS for name in content} if isinstance(content, dict) else None
    return shown | {"masked": True}


def _detail(value: object, name: str) -> object:
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, dict):
        return {_key(key): _detail(one, str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_detail(one, name) for one in value]
    if isinstance(value, str) and name in _NAMED:
        form = _SHORT if name in ("roles", "groups") else _NAME
        return value if form.fullmatch(value) else DOTS
    return DOTS


def _key(name: object) -> str:
    return name if isinstance(name, str) and _KEY.fullmatch(name) else DOTS
