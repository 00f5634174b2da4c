"""Pieces of HTML; whatever they are given is escaped."""

from __future__ import annotations

import base64
import math
from html import escape

import numpy as np

from data.images import encode_image


def text(words: object) -> str:
    """Returns words that can't be markup."""
    return escape(str(words), quote=True)


def png_uri(pixels: np.ndarray) -> str:
    """Returns uint8 [S, S, 3] as the address of a PNG, with the bytes that attack.py writes."""
    return "data:image/png;base64," + base64.b64encode(encode_image(pixels)).decode()


def picture(pixels: np.ndarray, described: str, sentence: str, download: str = "") -> str:
    """Returns an image with a sentence under it.

    Args:
      pixels: uint8 [S, S, 3].
      described: for those who don't see it.
      sentence: below.
      download: the name under which it can be saved; empty: it can't.
    """
    uri = png_uri(pixels)
    link = f' <a href="{uri}" download="{text(download)}">Save as PNG</a>' if download else ""
    return (
        f'<figure><img src="{uri}" alt="{text(described)}">'
        f"<figcaption>{text(sentence)}{link}</figcaption></figure>"
    )


def arrows(cosine: float, color: str) -> str:
    """Returns the gradient and a step as two arrows that enclose the angle of that cosine."""
    angle = math.acos(min(max(cosine, -1.0), 1.0))
    # In a half-plane, since of an angle in so many dimensions nothing else is left.
    x, y = 100 + 80 * math.cos(angle), 95 - 80 * math.sin(angle)
    away = 'x="4" y="14"' if cosine >= 0 else 'x="196" y="14" text-anchor="end"'
    return (
        '<svg class="arrows" viewBox="0 0 200 120" role="img" '
        f'aria-label="Step and gradient enclose a cosine of {cosine:.2f}">'
        # Wider, so that a step that covers it leaves its edges.
        + _arrow(180, 95, "currentColor", 0.0, 6)
        + (_arrow(x, y, color, angle, 3) if cosine else "")
        + '<text x="180" y="115" text-anchor="end">gradient</text>'
        + (f"<text {away}>step, cosine {cosine:.2f}</text>" if cosine else "")
        + "</svg>"
    )


def _arrow(x: float, y: float, color: str, angle: float, width: int) -> str:
    head = 6 + 2 * width
    points = " ".join(
        f"{x - head * math.cos(angle + turn):.1f},{y + head * math.sin(angle + turn):.1f}"
        for turn in (0.4, -0.4)
    )
    # The line ends within the head, or its corners would blunt the point.
    end_x, end_y = x - width * math.cos(angle), y + width * math.sin(angle)
    return (
        f'<line x1="100" y1="95" x2="{end_x:.1f}" y2="{end_y:.1f}" stroke="{color}" '
        f'stroke-width="{width}"/>'
        f'<polygon points="{x:.1f},{y:.1f} {points}" fill="{color}"/>'
    )
