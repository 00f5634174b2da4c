"""The page's figures: SVG within the HTML, each with its caption, and why one is missing."""

import base64
import html
import io
from collections.abc import Iterator, Sequence

from matplotlib.figure import Figure

from utils.analysis.figures import FIGURES
from utils.analysis.figures.drawing import figures_of
from utils.analysis.figures.selection import NotDrawn, Selection

# More of one kind fold away.
_MOST_OF_A_KIND = 3
_PIXELS = (
    "the page shows images of the demo zoo alone, because it is passed on: figures.py draws it"
)


def figures_html(selection: Selection, names: Sequence[str]) -> list[str]:
    """Returns HTML of kinds of figures, and at the end of what couldn't be drawn.

    Several of a kind share the caption. A tap shows a figure at its own size where the screen is
    too narrow for that.

    Raises:
      ResultsError: a name that isn't in FIGURES.
    """
    drawn: dict[str, list[str]] = {}
    missing = []
    for kind, name, figure in _figures(selection, names):
        if isinstance(figure, NotDrawn):
            missing.append(f"<li>{html.escape(f'{name}: {figure}.')}</li>")
        else:
            of_kind = drawn.setdefault(kind, [])
            caption = FIGURES[kind].caption.format(bound=selection.family.quantity)
            of_kind.append(_one(name, html.escape(caption), figure, first=not of_kind))
    parts = []
    for kind, figures in drawn.items():
        if len(figures) > _MOST_OF_A_KIND:
            summary = f"<summary>{kind}: {len(figures)} figures</summary>"
            parts.append(f"<details>{summary}{''.join(figures)}</details>")
        else:
            parts += figures
    if missing:
        parts.append(f'<p class="missing">Not drawn:</p><ul class="notes">{"".join(missing)}</ul>')
    return parts


def _figures(
    selection: Selection, names: Sequence[str]
) -> Iterator[tuple[str, str, Figure | NotDrawn]]:
    record = selection.family.runs[0].record
    drawn = record.class_zoo == "demo" and record.prepared is None
    hidden = [] if drawn else [n for n in names if n in FIGURES and FIGURES[n].shows_images]
    yield from figures_of(selection, [name for name in names if name not in hidden])
    for name in hidden:
        yield name, name, NotDrawn(_PIXELS)


def _one(name: str, caption: str, figure: Figure, first: bool) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    data = base64.b64encode(buffer.getvalue()).decode()
    name = html.escape(name)
    width = round(96 * figure.get_size_inches()[0])
    return (
        f'<figure id="{name}"><label class="figure"><input type="checkbox">'
        f'<img width="{width}" alt="{name}: {caption}" '
        f'src="data:image/svg+xml;base64,{data}"></label>'
        f"<figcaption>{caption if first else ''}</figcaption></figure>"
    )
