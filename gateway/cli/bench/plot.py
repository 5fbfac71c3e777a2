"""A small SVG of how search grows, from the figures of `scale`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Final

from gateway.model import Json

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 360, 64, 48, 40, 150
COLOURS: Final = ("#1f6feb", "#bf5700", "#2da44e", "#8250df")


def svg(all_figures: Sequence[Json], key: str = "p50_ms", title: str = "search, p50 in milliseconds") -> str:
    """One line per share of what a caller may read, over the number of passages; both axes logarithmic."""
    ordered = sorted(all_figures, key=lambda one: int(one["chunks"]))
    sizes = [int(one["chunks"]) for one in ordered]
    values = [float(share[key]) for one in ordered for share in one["search"].values()]
    low, high = math.floor(math.log10(max(min(values), 1e-3))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)

    def across(size: int) -> float:
        first, last = math.log10(sizes[0]), math.log10(sizes[-1])
        part = (math.log10(size) - first) / (last - first) if last > first else 0.5
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def up(value: float) -> float:
        part = (math.log10(max(value, 1e-3)) - low) / (high - low)
        return HEIGHT - BOTTOM - part * (HEIGHT - BOTTOM - TOP)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
        "<style>text { font-size: 12px }</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="20">{escape(title)}</text>',
    ]
    for power in range(low, high + 1):
        y = up(10.0**power)
        parts.append(f'<line x1="{LEFT}" y1="{y:.0f}" x2="{WIDTH - RIGHT}" y2="{y:.0f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{10.0**power:g}</text>')
    at = HEIGHT - BOTTOM + 20
    parts += [f'<text x="{across(size):.0f}" y="{at}" text-anchor="middle">{size:,}</text>' for size in sizes]
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle">passages in the index</text>'
    )
    for place, name in enumerate(ordered[-1]["search"]):
        colour = COLOURS[place % len(COLOURS)]
        points = [(across(int(one["chunks"])), up(float(one["search"][name][key]))) for one in ordered]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        share = f"{float(ordered[-1]['search'][name]['share']):.1%} readable"
        y = TOP + 16 * place
        parts.append(f'<text x="{WIDTH - RIGHT + 12}" y="{y + 4}" fill="{colour}">{escape(share)}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
