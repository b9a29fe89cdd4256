"""Small SVG figures for the model card: lines, and heat maps without any film."""

from __future__ import annotations

import numpy as np

COLOURS = ("#0b6e99", "#c4442d", "#4f8a2f", "#8a5fb0", "#b8860b", "#555555")
_LEFT, _TOP, _SIDE = 46, 26, 260


def lines(title: str, series: list[dict], x_label: str, y_label: str, x_range, y_range) -> str:
    """A chart; each series has ``name``, ``x``, ``y`` and maybe ``dashed``, ``dots``."""
    width, height = _LEFT + _SIDE + 14, _TOP + _SIDE + 44 + 15 * len(series)
    out = _begin(title, width, height)

    def place(x, y) -> str:
        across = (x - x_range[0]) / (x_range[1] - x_range[0])
        up = (y - y_range[0]) / (y_range[1] - y_range[0])
        return f"{_LEFT + across * _SIDE:.1f},{_TOP + (1 - up) * _SIDE:.1f}"

    for share in (0, 0.25, 0.5, 0.75, 1):
        x = x_range[0] + share * (x_range[1] - x_range[0])
        y = y_range[0] + share * (y_range[1] - y_range[0])
        left, right = place(x_range[0], y), place(x_range[1], y)
        out.append(f'<polyline points="{left} {right}" stroke="#ddd" fill="none"/>')
        at_y = _TOP + (1 - share) * _SIDE + 4
        out.append(f'<text x="{_LEFT - 6}" y="{at_y:.0f}" text-anchor="end">{y:.3g}</text>')
        at_x = _LEFT + share * _SIDE
        out.append(f'<text x="{at_x:.0f}" y="{_TOP + _SIDE + 15}" text-anchor="middle">{x:.3g}</text>')
    middle = _LEFT + _SIDE / 2
    out.append(f'<text x="{middle}" y="{_TOP + _SIDE + 30}" text-anchor="middle">{x_label}</text>')
    turn = f'transform="rotate(-90 11 {_TOP + _SIDE / 2})"'
    out.append(f'<text x="11" y="{_TOP + _SIDE / 2}" text-anchor="middle" {turn}>{y_label}</text>')
    for number, one in enumerate(series):
        colour = one.get("colour", COLOURS[number % len(COLOURS)])
        points = [place(x, y) for x, y in zip(one["x"], one["y"])]
        dash = ' stroke-dasharray="4 3"' if one.get("dashed") else ""
        out.append(f'<polyline points="{" ".join(points)}" stroke="{colour}" fill="none"{dash}/>')
        if one.get("dots"):
            out += [
                f'<circle cx="{p.split(",")[0]}" cy="{p.split(",")[1]}" r="2.5" fill="{colour}"/>'
                for p in points
            ]
        y = _TOP + _SIDE + 48 + 15 * number
        out.append(f'<path d="M{_LEFT} {y - 4}h18" stroke="{colour}"{dash}/>')
        out.append(f'<text x="{_LEFT + 24}" y="{y}">{one["name"]}</text>')
    return "\n".join([*out, "</svg>\n"])


def heat(title: str, maps: list[tuple[str, np.ndarray]], note: str) -> str:
    """Square maps in a row, each scaled to its own largest value."""
    cell, gap = 8, 18
    side = maps[0][1].shape[0] * cell
    across = min(4, len(maps))
    down = -(-len(maps) // across)
    width = gap + across * (side + gap)
    height = 34 + down * (side + 30) + 16
    out = _begin(title, width, height)
    for number, (name, values) in enumerate(maps):
        left = gap + (number % across) * (side + gap)
        top = 44 + (number // across) * (side + 30)
        out.append(f'<text x="{left}" y="{top - 5}">{name}</text>')
        scaled = values / max(values.max(), 1e-9)
        for y, row in enumerate(scaled):
            for x, value in enumerate(row):
                shade = int(round(255 * (1 - value)))
                colour = f"#{255:02x}{shade:02x}{shade:02x}" if value > 0 else "#fff"
                out.append(
                    f'<rect x="{left + x * cell}" y="{top + y * cell}" '
                    f'width="{cell}" height="{cell}" fill="{colour}"/>'
                )
        out.append(
            f'<rect x="{left}" y="{top}" width="{side}" height="{side}" fill="none" stroke="#888"/>'
        )
    out.append(f'<text x="{gap}" y="{height - 8}">{note}</text>')
    return "\n".join([*out, "</svg>\n"])


def _begin(title: str, width: float, height: float) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">',
        f"<title>{title}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{width / 2}" y="16" text-anchor="middle" font-size="12">{title}</text>',
    ]
