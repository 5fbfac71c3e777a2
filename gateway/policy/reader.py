"""YAML that remembers its lines: every wrong key or value is reported with file and line, and all of them at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import yaml

from gateway.policy.findings import Findings, shown
from gateway.policy.names import did_you_mean

_KINDS = {"str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "null": "nothing"}


MAX_DEPTH: Final = 50
"""No policy nests deeper than a handful of levels; reading deep ones takes time that grows with the square."""


class _Loader(yaml.SafeLoader):
    """Refuses aliases and deep nesting: these files are small, and that is how a small file becomes a huge one."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not supported", problem_mark=event.start_mark)
        if self.depth >= MAX_DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {MAX_DEPTH} levels", problem_mark=mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


class Value:
    """One YAML node under one file's name. Every reader reports what is wrong and returns a harmless default."""

    __slots__ = ("_found", "file", "node")

    def __init__(self, file: str, node: yaml.Node, found: Findings) -> None:
        self.file, self.node, self._found = file, node, found

    @property
    def line(self) -> int:
        """1-based."""
        return int(self.node.start_mark.line) + 1

    def error(self, code: str, message: str, hint: str = "") -> None:
        """Report something about this very value."""
        self._found.error(code, self.file, self.line, message, hint)

    def warn(self, code: str, message: str, hint: str = "") -> None:
        """Report something about this very value that does not stop the bundle."""
        self._found.warn(code, self.file, self.line, message, hint)

    def _wrong(self, what: str, wanted: str) -> None:
        if isinstance(self.node, yaml.ScalarNode):
            kind = self.node.tag.rpartition(":")[2]
            hint = "put it in quotes" if wanted == "text" and kind in {"bool", "int", "float"} else ""
            self.error("bad-value", f"{what} must be {wanted}, not {_KINDS.get(kind, kind)}", hint)
        else:
            kind = "list" if isinstance(self.node, yaml.SequenceNode) else "mapping"
            self.error("bad-value", f"{what} must be {wanted}, not a {kind}")

    @property
    def is_null(self) -> bool:
        """Whether the value was left out."""
        return isinstance(self.node, yaml.ScalarNode) and self.node.tag == "tag:yaml.org,2002:null"

    def entries(self, what: str) -> list[tuple[str, int, Value]]:
        """A mapping's (key, line of the key, value), in order, duplicates reported and dropped."""
        if self.is_null:
            return []
        if not isinstance(self.node, yaml.MappingNode):
            self._wrong(what, "a mapping")
            return []
        seen: dict[str, tuple[str, int, Value]] = {}
        for key_node, value_node in self.node.value:
            key = Value(self.file, key_node, self._found)
            name = key.text(f"a key of {what}")
            if name in seen:
                key.error("duplicate-key", f"{shown(name)} stands twice in {what}")
            elif name:
                seen[name] = (name, key.line, Value(self.file, value_node, self._found))
        return list(seen.values())

    def fields(self, what: str, known: Sequence[str], required: Iterable[str] = ()) -> dict[str, Value]:
        """A mapping with a fixed set of keys; unknown ones are reported with the nearest known."""
        found: dict[str, Value] = {}
        for name, line, value in self.entries(what):
            if name in known:
                found[name] = value
            else:
                hint = did_you_mean(name, known)
                self._found.error("unknown-key", self.file, line, f"{what} has no key {shown(name)}", hint)
        for name in required:
            if name not in found:
                self.error("missing-key", f"{what} needs the key {name}")
        return found

    def items(self, what: str) -> list[Value]:
        """A list's values."""
        if self.is_null:
            return []
        if not isinstance(self.node, yaml.SequenceNode):
            self._wrong(what, "a list")
            return []
        return [Value(self.file, node, self._found) for node in self.node.value]

    def text(self, what: str, *, empty: bool = False) -> str:
        """A text."""
        node = self.node
        if not isinstance(node, yaml.ScalarNode) or node.tag != "tag:yaml.org,2002:str":
            self._wrong(what, "text")
            return ""
        if not node.value.strip() and not empty:
            self.error("bad-value", f"{what} is empty")
        return str(node.value)

    def texts(self, what: str) -> tuple[str, ...]:
        """A list of texts."""
        return tuple(text for item in self.items(what) if (text := item.text(f"an entry of {what}")))

    def one_of(self, what: str, known: Sequence[str], code: str = "bad-value") -> str:
        """A text out of a fixed set; the first of them when it is none."""
        text = self.text(what)
        if text and text not in known:
            self.error(code, f"{what} cannot be {shown(text)}", did_you_mean(text, known))
        return text if text in known else known[0]

    def flag(self, what: str, default: bool) -> bool:
        """True or false."""
        if isinstance(self.node, yaml.ScalarNode) and self.node.tag == "tag:yaml.org,2002:bool":
            return self.node.value.casefold() in {"true", "yes", "on"}
        self._wrong(what, "true or false")
        return default

    def number(self, what: str, default: float, low: float, high: float, *, whole: bool = False) -> float:
        """A number within bounds (both included)."""
        kinds = {"tag:yaml.org,2002:int"} | (set() if whole else {"tag:yaml.org,2002:float"})
        wanted = "a whole number" if whole else "a number"
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag not in kinds:
            self._wrong(what, wanted)
            return default
        try:
            value = float(self.node.value.replace("_", ""))
        except ValueError:
            self._wrong(what, f"{wanted} in plain decimal notation")
            return default
        if not math.isfinite(value) or not low <= value <= high:
            self.error("bad-value", f"{what} must lie between {low:g} and {high:g}")
            return default
        return value


def read_yaml(file: str, text: str, found: Findings) -> Value | None:
    """The root of one file's document; None (and a finding) when it is not YAML or is empty."""
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        found.error("bad-yaml", file, mark.line + 1 if mark else 0, shown(error.problem or "cannot be read", 120))
        return None
    except (yaml.YAMLError, RecursionError, ValueError):
        found.error("bad-yaml", file, 0, "cannot be read as YAML")
        return None
    if node is None:
        found.error("bad-yaml", file, 0, "the file is empty")
        return None
    return Value(file, node, found)


def decode(files: Mapping[str, bytes], file: str, found: Findings) -> str | None:
    """A file's text; None (and a finding) when it is missing or not UTF-8."""
    raw = files.get(file)
    if raw is None:
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found.error("not-utf8", file, raw[: error.start].count(b"\n") + 1, "the file is not UTF-8 text")
        return None
    return text
