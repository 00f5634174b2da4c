"""The curve over epsilon as a picture that follows the page's colours."""

from __future__ import annotations

from collections.abc import Sequence

from utils.analysis.faces import face
from utils.page.curve import EPSILONS, Line
from utils.page.markup import text
from utils.success import REFERENCE

_LEFT, _TOP, _WIDTH, _HEIGHT = 44, 12, 420, 190


def chart_html(lines: Sequence[Line], epsilon: float, equal_l2: bool) -> str:
    """Returns the lines with the slider's epsilon marked.

    Args:
      lines: of `Curves`.
      epsilon: where the slider is.
      equal_l2: whether epsilon stands for the L2 length that it makes in every entry.
    """
    parts = [_axes(), _marker(epsilon), *map(_line, lines)]
    quantity = "epsilon, as an equal L2 length" if equal_l2 else "epsilon, of 255"
    keys = "".join(
        f'<li><svg viewBox="0 0 30 8" aria-hidden="true"><path d="M0 4 H30" '
        f'stroke="{face(line.mode).color}" stroke-width="{_width(line)}" {_dashes(line)}/></svg>'
        f"{text(face(line.mode).title)}: {text(line.who)}"
        f"{' (white-box)' if line.white_box else ''}</li>"
        for line in lines
    )
    return (
        '<div class="bench"><h3>Confidence in the class, over epsilon</h3>'
        f'<svg class="chart" viewBox="0 0 {_LEFT + _WIDTH + 12} {_TOP + _HEIGHT + 42}" role="img" '
        f'aria-label="Confidence in the class over epsilon">{"".join(parts)}'
        f'<text x="{_LEFT + _WIDTH / 2}" y="{_TOP + _HEIGHT + 36}" text-anchor="middle">'
        f'{quantity}</text></svg><ul class="keys">{keys}</ul>'
        "<p>Where a line falls sooner, that attack needs less to talk the network out of it. "
        "One image: it says nothing about others.</p></div>"
    )


def _x(epsilon: float) -> float:
    return _LEFT + _WIDTH * epsilon / EPSILONS[-1]


def _y(confidence: float) -> float:
    return _TOP + _HEIGHT * (1 - confidence)


def _axes() -> str:
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(
            f'<path class="grid" d="M{_LEFT} {_y(share):.1f} H{_LEFT + _WIDTH}"/>'
            f'<text x="{_LEFT - 6}" y="{_y(share) + 4:.1f}" text-anchor="end">{share:.0%}</text>'
        )
    for epsilon in (0, 4, 8, 16, 24, 32):
        parts.append(
            f'<text x="{_x(epsilon):.1f}" y="{_TOP + _HEIGHT + 17}" text-anchor="middle">'
            f"{epsilon}</text>"
        )
    return "".join(parts)


def _marker(epsilon: float) -> str:
    return f'<path class="marker" d="M{_x(epsilon):.1f} {_TOP} V{_TOP + _HEIGHT}"/>'


def _dashes(line: Line) -> str:
    return "" if line.white_box else 'stroke-dasharray="6 4"'


def _width(line: Line) -> float:
    # Drawn first, and wider: where another line covers it its edges still show.
    return 5.5 if line.mode == REFERENCE else 2.5


def _line(line: Line) -> str:
    points = " ".join(
        f"{_x(epsilon):.1f},{_y(share):.1f}"
        for epsilon, share in zip(EPSILONS, line.confidences, strict=True)
    )
    return (
        f'<polyline points="{points}" fill="none" stroke="{face(line.mode).color}" '
        f'stroke-width="{_width(line)}" {_dashes(line)}/>'
    )
