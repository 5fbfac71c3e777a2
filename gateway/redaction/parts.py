"""Parts of a request that no text scanner can read: which there are, and what of their data is passed over. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from gateway.model import Json

_KINDS: Final = {
    **dict.fromkeys(("image_url", "input_image", "image", "images"), "image"),
    **dict.fromkeys(("input_audio", "audio"), "audio"),
    **dict.fromkeys(("file", "input_file", "document", "documents", "file_data", "files"), "file"),
    **dict.fromkeys(("video", "video_url", "input_video", "videos"), "video"),
    **dict.fromkeys(("attachments", "file_ids"), "file"),
    **dict.fromkeys(("prompt_token_ids", "input_ids", "token_ids"), "tokens"),
    **dict.fromkeys(("prompt_embeds", "input_embeds", "inputs_embeds"), "tokens"),
}
_READABLE: Final = frozenset(
    (
        *("text", "input_text", "output_text", "refusal", "thinking", "reasoning", "reasoning_text", "summary_text"),
        *("tool_use", "tool_result", "tool_call", "function_call", "function_call_output"),
    )
)
_DECLARED: Final = frozenset(("tools", "functions", "response_format", "metadata", "tool_choice", "arguments"))
"""Below these, `file` or `image` names a parameter, not a part."""
_NUMBERED: Final = frozenset(("stop_token_ids", "allowed_token_ids", "bad_words_ids", "logit_bias"))
"""Numbers below these steer a model and say nothing."""
_CONTENT: Final = frozenset(("messages", "input", "prediction", "system"))
_DATA: Final = frozenset(("data", "file_data", "url", "image_url"))
_DATA_URL: Final = re.compile(
    r"data:(?:([a-z]{2,20})\\?/([\w.+-]{1,80}))?((?:;[^,;\"'\s]{1,80}){0,8}),[^\s\"')]", re.IGNORECASE
)
_BASE64_URL: Final = re.compile(r"data:[^,\s]{0,200};base64,[A-Za-z0-9+/=_\s-]*\Z", re.IGNORECASE)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=_-]+\Z")
_DIGITS: Final = re.compile(r"\d(?:[_+/-]?\d){6}")
_SURE: Final = 256
"""Base 64 of so many characters is data, whatever digits stand in it."""


def unscannable(body: Json) -> frozenset[str]:
    """Kinds of content in the request that no text scanner can read: `image`, `audio`, `file`, `video`, `tokens`.

    Told by key, by type in any case, by `data:` URLs anywhere; a part of a type that is not known counts as a file, and
    a row of numbers as a text given in token ids, bytes or vectors.
    """
    return frozenset(
        kind for key, item in body.items() if key not in ("gateway", "model") for kind in _field(key, item, (key,))
    )


def opaque_data(part: Json, path: tuple[str | int, ...]) -> frozenset[str]:
    """Keys of `part`, or of the object in it, whose value is data that no text scanner reads; empty for most objects.

    Only a part of a message's content has such data, and only where it is base 64 through and through.
    """
    if len(path) != 4 or path[0] not in ("messages", "input") or path[2] != "content":
        return frozenset()
    kind = part.get("type")
    if not isinstance(kind, str) or kind not in _KINDS:
        return frozenset()
    inner = [part, *(item for item in part.values() if isinstance(item, dict))]
    found = [(key, item) for one in inner for key, item in one.items() if key in _DATA and isinstance(item, str)]
    if not all(_is_data(item) for _, item in found if item):
        return frozenset()
    return frozenset(key for key, item in found if item)


def _is_data(text: str) -> bool:
    if _BASE64_URL.match(text):
        return True
    return _BASE64.match(text) is not None and (len(text) >= _SURE or _DIGITS.search(text) is None)


def _kinds(value: Any, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, str):
        yield from _urls(value)
    elif isinstance(value, list):
        if (
            len(value) > 1
            and not any(key in _NUMBERED or key in _DECLARED for key in path)
            and all(map(_is_number, value))
        ):
            yield "tokens"
        for item in value:
            kinds = list(_kinds(item, path))
            yield from kinds
            if not kinds and path[-1] == "content" and path[0] in _CONTENT and not _readable(item):
                yield "file"
    elif isinstance(value, dict):
        type_ = value.get("type")
        if isinstance(type_, str) and (kind := _KINDS.get(type_.casefold())):
            yield kind
        for key, item in value.items():
            yield from _urls(key)
            yield from _field(key, item, (*path, key))


def _field(key: str, item: Any, path: tuple[str, ...]) -> Iterator[str]:
    if item and not _DECLARED.intersection(path) and (kind := _KINDS.get(key.casefold())):
        yield kind
    yield from _kinds(item, path)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _readable(part: Any) -> bool:
    if not isinstance(part, dict):
        return isinstance(part, str)
    type_ = part.get("type")
    return type_ in _READABLE if isinstance(type_, str) else type_ is None and isinstance(part.get("text"), str)


def _urls(text: str) -> Iterator[str]:
    if "data:" not in text.lower():
        return
    for match in _DATA_URL.finditer(text):
        major = (match[1] or "text").lower()
        if major in ("image", "audio", "video"):
            yield major
        elif major != "text" or ";base64" in match[3].lower():
            yield "file"
