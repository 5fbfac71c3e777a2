"""The little of CSS that tells whether a page shows a text. Runs in the child; linear in the length of its input.

Rules count when their selector is one tag, class or id (or a tag with one of these), outside `@media` of paper or of
some screen sizes. Everything else a style sheet can do is not followed.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

Style: TypeAlias = Mapping[str, str]
Paint: TypeAlias = tuple[int, int, int] | str | None
"""Red, green and blue of 0..255; the name of a colour that is not in `_NAMED`; None when it cannot be told."""

BLACK: Final[Paint] = (0, 0, 0)
WHITE: Final[Paint] = (255, 255, 255)
NEAR: Final = 16
"""Two colours that differ by less in red, green and blue are one to the eye."""
_FAR: Final = {"px": 200.0, "pt": 150.0, "em": 30.0, "rem": 30.0, "%": 100.0, "vw": 100.0, "vh": 100.0, "": 200.0}
_TINY: Final = {"px": 1.5, "pt": 1.5, "em": 0.1, "rem": 0.1, "%": 10.0, "vw": 0.1, "vh": 0.1, "": 1.5}
_NAMED: Final[Mapping[str, tuple[int, int, int]]] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
    "ghostwhite": (248, 248, 255),
    "whitesmoke": (245, 245, 245),
    "floralwhite": (255, 250, 240),
    "mintcream": (245, 255, 250),
    "azure": (240, 255, 255),
    "red": (255, 0, 0),
    "lime": (0, 255, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "navy": (0, 0, 128),
    "yellow": (255, 255, 0),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "silver": (192, 192, 192),
}
_MOVES: Final = ("left", "top", "right", "bottom", "margin-left", "margin-top", "margin-right", "text-indent")
_SIDES: Final = ("width", "height", "max-width", "max-height")
_WANTED: Final = frozenset(
    {*_MOVES, *_SIDES, "display", "visibility", "content-visibility", "opacity", "font-size", "font", "overflow"}
    | {"clip", "clip-path", "transform", "color", "background", "background-color"}
)
_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_BRACE: Final = re.compile(r"[{};]")
_SELECTOR: Final = re.compile(r"(?=[^\s])(?:\*|[a-zA-Z][\w-]*+)?+(?:[.#][\w-]++)?")
_EVERYWHERE: Final = re.compile(r"@media\s+(?:only\s+)?(?:all|screen)|@(?:supports|layer)\b[^{]*")
_LENGTH: Final = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+))(px|pt|em|rem|%|vw|vh)?")
_SHRUNK: Final = re.compile(r"scale[xy3d]*\(\s*0?\.?0*\s*[,)]")
_SHIFTED: Final = re.compile(r"translate[xy3d]*\(([^()]*)\)")
_CLIPPED: Final = re.compile(r"inset\(\s*(?:[5-9]\d|100)%|circle\(\s*0|rect\((?:\s*[01](?:px)?[\s,)]){4}")
_TINY_FONT: Final = re.compile(r"(?:^|\s)[01](?:px|pt)?(?:\s|/)")
_PERCENT: Final = re.compile(r"rgba?\(\s*[\d.]+%")
_COLOUR: Final = re.compile(r"#[0-9a-f]{3,8}\b|(?:rgb|hsl)a?\([^()]*\)|[a-z-]+")


def declarations(text: str) -> dict[str, str]:
    """Property -> value of a style attribute or a rule's body, as far as it matters; `!name` where it is important."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition(":")
        name, value = name.strip().lower(), value.strip().lower()
        if name in _WANTED and value:
            plain, mark, _ = value.partition("!")
            found["!" + name if mark else name] = plain.strip()
    return found


def rules(sheet: str) -> dict[str, dict[str, str]]:
    """Simple selector (`p`, `.x`, `#x`, `p.x`, `p#x`, `*`) -> its declarations."""
    sheet = _COMMENT.sub(" ", sheet)
    found: dict[str, dict[str, str]] = {}
    blocks: list[tuple[str, bool]] = []
    at = 0
    for brace in _BRACE.finditer(sheet):
        text = sheet[at : brace.start()]
        if brace[0] == "{":
            prelude = text.strip()
            applies = not blocks or blocks[-1][1]
            if prelude.startswith("@"):
                applies = applies and bool(_EVERYWHERE.fullmatch(prelude.lower()))
            blocks.append((prelude, applies))
        elif brace[0] == "}":
            prelude, applies = blocks.pop() if blocks else ("", False)
            if applies and not prelude.startswith("@"):
                _add(found, prelude, declarations(text))
        elif blocks and not blocks[-1][0].startswith("@"):
            continue
        at = brace.end()
    return found


def merged(sheet: Mapping[str, Style], tag: str, names: Iterable[str], own: Style) -> dict[str, str]:
    """What holds for one element. names: its classes as `.x` and its id as `#x`; own: of its style attribute."""
    result: dict[str, str] = {}
    names = list(names)
    for key in ("*", tag, *names, *(tag + name for name in names)):
        result.update(sheet.get(key, ()))
    result.update(own)
    for name in [name for name in result if name.startswith("!")]:
        result[name[1:]] = result.pop(name)
    return result


def hides(style: Style) -> bool:
    """Whether an element with this style, and everything in it, is out of a reader's sight."""
    if style.get("display") == "none" or style.get("visibility") in {"hidden", "collapse"}:
        return True
    opacity = _LENGTH.fullmatch(style.get("opacity", ""))
    if opacity and float(opacity[1]) <= (5 if opacity[2] == "%" else 0.05):
        return True
    return (
        style.get("content-visibility") == "hidden"
        or _tiny(style.get("font-size", ""))
        or bool(_TINY_FONT.search(style.get("font", "")))
        or any(_far_off(style.get(move, "")) for move in _MOVES)
        or (style.get("overflow") in {"hidden", "clip"} and any(_tiny(style.get(side, "")) for side in _SIDES))
        or bool(_CLIPPED.search(style.get("clip", "") + " " + style.get("clip-path", "")))
        or bool(_SHRUNK.search(style.get("transform", "")))
        or any(
            _far_off(part.strip())
            for found in _SHIFTED.finditer(style.get("transform", ""))
            for part in found[1].split(",")
        )
    )


def painted(style: Style, behind: tuple[Paint, Paint]) -> tuple[Paint, Paint]:
    """(colour of text, colour behind it) of an element in one that has the colours `behind`."""
    ink, ground = behind
    for name in ("background", "background-color"):
        if (value := style.get(name)) is not None:
            ground = _ground(value, ground)
    if (value := style.get("color")) is not None:
        if value == "transparent" or _see_through(value):
            ink = ground
        elif value not in {"inherit", "currentcolor", "unset"}:
            ink = colour(value)
    return ink, ground


def alike(one: Paint, other: Paint) -> bool:
    """Whether text of one colour on the other cannot be read."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return all(abs(a - b) < NEAR for a, b in zip(one, other, strict=True))
    return one is not None and one == other


def colour(value: str) -> Paint:
    """One CSS colour."""
    value = value.strip().lower()
    if value.startswith("#"):
        digits = value[1:] if len(value) > 5 else "".join(digit * 2 for digit in value[1:])
        try:
            return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
        except ValueError:
            return None
    if value.startswith(("rgb", "hsl")):
        return _mixed(value, _numbers(value))
    if not value.isalpha() or value in {"initial", "revert"}:
        return None
    return _NAMED.get(value, value)


def _mixed(value: str, parts: list[float]) -> Paint:
    if len(parts) < 3:
        return None
    if value.startswith("hsl"):
        parts = [part * 255 for part in colorsys.hls_to_rgb(parts[0] / 360 % 1, parts[2] / 100, parts[1] / 100)]
    elif _PERCENT.match(value):
        parts = [part * 2.55 for part in parts]
    return round(parts[0]), round(parts[1]), round(parts[2])


def _add(found: dict[str, dict[str, str]], prelude: str, declared: Style) -> None:
    if not declared:
        return
    for selector in prelude.split(","):
        name = selector.strip()
        if _SELECTOR.fullmatch(name):
            tag = re.match(r"[^.#]*", name)
            kept = tag[0].lower() if tag else ""
            key = kept + name[len(kept) :]
            found.setdefault(key if key == "*" else key.removeprefix("*"), {}).update(declared)


def _far_off(value: str) -> bool:
    length = _LENGTH.fullmatch(value)
    return float(length[1]) <= -_FAR[length[2] or ""] if length else False


def _tiny(value: str) -> bool:
    length = _LENGTH.fullmatch(value)
    return float(length[1]) <= _TINY[length[2] or ""] if length else False


def _ground(value: str, behind: Paint) -> Paint:
    if "url(" in value or "gradient" in value or "var(" in value:
        return None
    for found in _COLOUR.finditer(value):
        if found[0] in {"none", "transparent", "inherit", "initial", "unset"} or _see_through(found[0]):
            return behind
        return colour(found[0])
    return behind


def _see_through(value: str) -> bool:
    if value.startswith("#"):
        return len(value) in {5, 9} and value[-1] == "0" and value[-2 if len(value) == 9 else -1] == "0"
    parts = _numbers(value) if value.startswith(("rgb", "hsl")) else []
    return len(parts) == 4 and parts[3] <= 0.05


def _numbers(value: str) -> list[float]:
    return [float(number) for number, _ in _LENGTH.findall(value[value.find("(") :])][:4]
