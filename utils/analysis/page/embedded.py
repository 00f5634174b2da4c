"""Figures inside an HTML page."""

import base64
import html
import io
from collections.abc import Iterator, Sequence

from matplotlib import pyplot as plt

from utils.analysis.families import Family
from utils.analysis.figures import FIGURES, Choices
from utils.analysis.figures.drawing import figures_of

_DPI = 150


def figure_html(family: Family, names: Sequence[str], choices: Choices) -> Iterator[str]:
    """Yields one <figure> each, its PNG inside it; several of a kind share the caption."""
    described = set()
    for name, figure in figures_of(family, names, choices):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=_DPI)
        plt.close(figure)
        kind = max((k for k in FIGURES if name == k or name.startswith(k + "_")), key=len)
        caption = "" if kind in described else FIGURES[kind].caption
        described.add(kind)
        data = base64.b64encode(buffer.getvalue()).decode()
        yield (
            f'<figure id="{html.escape(name)}"><div class="figure"><img alt="{html.escape(name)}: '
            f'{html.escape(FIGURES[kind].caption)}" src="data:image/png;base64,{data}"></div>'
            f"<figcaption>{html.escape(caption)}</figcaption></figure>"
        )
