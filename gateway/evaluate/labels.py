"""What a set's labels mean here: which types to look for, what counts as right, and what counts in no figure.

A label is looked up without its B- or I-, in capitals, without underscores, hyphens and blanks: `First_Name` is
FIRSTNAME. Whoever calls things differently gives a map of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from gateway.errors import Invalid
from gateway.evaluate.label_names import (
    ASIDE,
    DATES,
    DEMOGRAPHIC,
    KNOWN,
    NOTHING,
    NUMBERLESS,
    QUASI,
    SECRETS,
    WEB,
)
from gateway.redaction.entities import ENTITIES

IGNORE: Final = "ignore"
_PREFIX: Final = re.compile(r"^[BIELSU]-")
_MARKS: Final = re.compile(r"[\W_]+")
_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one label stands for."""

    type: str
    """What it is counted under."""
    asks: tuple[str, ...]
    """Entity types to look for; a finding of one of them, or of one next to them, is right."""

    @property
    def accepts(self) -> frozenset[str]:
        """The types a right finding may have, neighbours among them: a town found as an address is found."""
        own = frozenset((self.type, *self.asks))
        for near in (_places(), DATES, WEB):
            if own & near:
                own |= near
        return own

    @property
    def direct(self) -> bool:
        """Whether such a value names a person by itself."""
        return self.type not in QUASI.split()


Means = Meaning | str | None
"""A meaning, `ignore`, or None for what is no personal data."""


def known_types() -> frozenset[str]:
    """Every entity type some recognizer finds."""
    return frozenset(entity.type for entity in ENTITIES)


def meaning(label: str, own: Mapping[str, Means] | None = None) -> Means:
    """What a label means, by one's own map first. Raises KeyError for a label that nobody knows."""
    plain = _plain(label)
    if own is not None:
        if plain in own:
            return own[plain]
        if "*" in own:
            return own["*"]
    built = _built_in()
    if plain in built:
        return built[plain]
    stripped = _PREFIX.sub("", label.strip()).upper()
    if stripped in known_types():
        return Meaning(stripped, (stripped,))
    raise KeyError(label)


def read_map(path: Path) -> dict[str, Means]:
    """A map of one's own: `label: TYPE`, `label: [TYPE, TYPE]`, `label: ignore`, `label: null`; `*` for the rest.

    Raises Invalid.
    """
    try:
        tree = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise Invalid(f"cannot read {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise Invalid(f"{path} is not YAML") from None
    if not isinstance(tree, dict):
        raise Invalid(f"{path} is not a map of labels", hint="one `LABEL: TYPE` a line")
    own: dict[str, Means] = {}
    for label, value in tree.items():
        names = [value] if isinstance(value, str) else value
        key = "*" if label == "*" else _plain(str(label))
        if names is None or value == IGNORE:
            own[key] = value
            continue
        if not isinstance(names, list) or not names or not all(_is_type(name) for name in names):
            raise Invalid(
                f"{path}: {_shown(str(label))} maps to no entity type",
                hint="an entity type, a list of them, `ignore`, or `null` for what is no personal data",
            )
        own[key] = Meaning(names[0], tuple(names))
    return own


def asked(meanings: Iterable[Means]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(types to look for, types that are counted and that no recognizer finds), each sorted."""
    found: set[str] = set()
    blind: set[str] = set()
    for one in meanings:
        if isinstance(one, Meaning):
            able = known_types().intersection(one.asks)
            found |= able
            blind |= set() if able else {one.type}
    return tuple(sorted(found)), tuple(sorted(blind))


def counted_as(meanings: Iterable[Means]) -> dict[str, str]:
    """Type of a finding -> what it is counted under; the most particular meaning wins."""
    kinds = sorted({one for one in meanings if isinstance(one, Meaning)}, key=lambda m: (-len(m.asks), m.type))
    return {name: kind.type for kind in kinds for name in kind.asks} | {kind.type: kind.type for kind in kinds}


def unknown(labels: Iterable[str]) -> Invalid:
    """The error that names labels without a meaning."""
    names = ", ".join(_shown(label) for label in sorted(labels)[:20])
    return Invalid(
        f"labels without a known meaning: {names}",
        hint="say what they mean with --map FILE: `LABEL: TYPE`, `LABEL: ignore`, or `LABEL: null`",
    )


def _plain(label: str) -> str:
    return _MARKS.sub("", _PREFIX.sub("", label.strip())).upper()


def _is_type(name: object) -> bool:
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _shown(label: str) -> str:
    """A label as it may stand in a message; what does not look like one may be content."""
    return label if re.fullmatch(r"[\w./ -]{1,40}", label) else "(not a name)"


def _built_in() -> dict[str, Means]:
    built: dict[str, Means] = {}
    for kind, labels in KNOWN.items():
        built |= dict.fromkeys((_plain(kind), *labels.split()), Meaning(kind, _asks(kind)))
    built |= dict.fromkeys(NOTHING.split())
    built |= dict.fromkeys(ASIDE.split(), IGNORE)
    return built


def _asks(kind: str) -> tuple[str, ...]:
    several = {
        "ZIP_CODE": _places(),
        "DATE_TIME": DATES,
        "DOMAIN_NAME": WEB,
        "SECRET": SECRETS,
        "DEMOGRAPHIC": DEMOGRAPHIC,
    }
    if kind in several:
        return tuple(sorted(several[kind]))
    if kind in NUMBERLESS:
        return (kind,)
    return tuple(sorted(known_types() - NUMBERLESS - SECRETS - _places()))


def _places() -> frozenset[str]:
    ends = ("_POSTCODE", "_PLZ", "_ZIP", "_POSTAL_CODE", "ZIP_CODE")
    return frozenset({"LOCATION", "STREET_ADDRESS", *(name for name in known_types() if name.endswith(ends))})
