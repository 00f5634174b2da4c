"""One self-contained HTML page of finished runs: tables, figures, settings and commands."""

import base64
import html
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from string import Template

from utils.analysis.changes_table import changes_tables
from utils.analysis.equal_l2 import equal_l2_rows
from utils.analysis.equal_l2_tables import equal_l2_tables
from utils.analysis.families import Family
from utils.analysis.figures import FIGURES
from utils.analysis.figures.drawing import figures_of
from utils.analysis.figures.selection import Choices, NotDrawn, Selection
from utils.analysis.formats import to_html
from utils.analysis.iterations import courses, iteration_rows
from utils.analysis.iterations_table import iteration_tables
from utils.analysis.paper_table import tall_tables
from utils.analysis.rates import RATES
from utils.analysis.summary_rows import MEAN
from utils.analysis.words import in_words
from utils.errors import ResultsError

_PAGE, _STYLE = (Path(__file__).with_suffix(suffix) for suffix in (".html", ".css"))


def build_report(found: Sequence[Family], choices: Choices, title: str, command: str) -> str:
    """Returns the HTML of a page that was made with a command; it needs nothing else.

    Raises:
      ResultsError: results or choices that can't be used.
    """
    selections = [Selection(family, choices) for family in found]
    sections = [_section(selection, number) for number, selection in enumerate(selections)]
    runs = sum(len(family.runs) for family in found)
    reading = (
        f"{runs} run(s). Rates are in percent {RATES[found[0].rate]}, gains in points, lengths "
        "in [0, 255] units. Success at one epsilon says little about modes that spend different "
        "lengths; where there is a sweep, see the gain at equal L2."
    )
    said = [" ".join(in_words(family.family, family.size)) for family in selections]
    return Template(_PAGE.read_text("utf-8")).substitute(
        title=html.escape(title),
        style=_STYLE.read_text("utf-8"),
        result="\n".join(f"<p>{html.escape(text)}</p>" for text in said),
        reading=html.escape(reading),
        contents=_contents(found),
        sections="\n".join(sections),
        command=html.escape(command),
    )


_PARTS = {
    "equal": "Gain at equal L2",
    "success": "Success by method and victim",
    "iterations": "Over iterations",
    "changes": "Images gained and lost",
    "figures": "Figures",
    "settings": "Settings",
}


def _contents(found: Sequence[Family]) -> str:
    """Returns a list of links to all families and their parts."""
    lines = []
    for number, family in enumerate(found):
        shown = {k: n for k, n in _PARTS.items() if k != "iterations" or courses(family)}
        parts = ", ".join(f'<a href="#{key}{number}">{name}</a>' for key, name in shown.items())
        title = html.escape(family.title)
        lines.append(f'<li><a href="#family{number}">{title}</a>: {parts}</li>')
    return "\n".join(lines)


def _section(selection: Selection, number: int) -> str:
    family, names = selection.family, selection.choices.figures

    def heading(key: str) -> str:
        return f'<h3 id="{key}{number}">{_PARTS[key]}</h3>'

    headline = [name for name in names if name == "equal_l2"]
    own = [*headline, *(["iterations"] if courses(family) else [])]
    others = [name for name in names if name not in own]
    rows = selection.rows
    of_size = rows[rows["size"] == selection.size]
    changes = changes_tables(family, of_size)
    parts = [
        f'<h2 id="family{number}">{html.escape(family.title)}</h2>',
        heading("equal"),
        *_figures(selection, headline),
        *_equal_l2(family, selection.size),
        heading("success"),
        *map(to_html, tall_tables(family, rows)),
        *_over_iterations(selection, heading),
        heading("changes"),
        *map(to_html, changes),
        *([] if changes else ["<p>No mode was run beside sign.</p>"]),
        heading("figures"),
        *_figures(selection, others),
        heading("settings"),
        _settings(family),
        _commands(family),
    ]
    return "\n".join(parts)


def _over_iterations(selection: Selection, heading: Callable[[str], str]) -> list[str]:
    """Returns the part on iterations; nothing where it would be empty."""
    rows = iteration_rows(selection.family)
    if rows.empty:
        return []
    drawn = _figures(selection, [n for n in selection.choices.figures if n == "iterations"])
    tables = iteration_tables(selection.family, rows)
    return [heading("iterations"), *drawn, *map(to_html, tables)]


def _figures(selection: Selection, names: Sequence[str]) -> Iterator[str]:
    """Yields one <figure> each, its SVG inside it, and at the end what couldn't be drawn.

    Several of a kind share the caption. A tap shows a figure at its own size where the screen is
    too narrow for that.
    """
    described, missing = set(), []
    for kind, name, figure in figures_of(selection, names):
        if isinstance(figure, NotDrawn):
            missing.append(f"<li>{html.escape(f'{name}: {figure}.')}</li>")
            continue
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
        data = base64.b64encode(buffer.getvalue()).decode()
        name = html.escape(name)
        caption = html.escape(FIGURES[kind].caption.format(bound=selection.family.quantity))
        width = round(96 * figure.get_size_inches()[0])
        yield (
            f'<figure id="{name}"><label class="figure"><input type="checkbox">'
            f'<img width="{width}" alt="{name}: {caption}" '
            f'src="data:image/svg+xml;base64,{data}"></label>'
            f"<figcaption>{'' if kind in described else caption}</figcaption></figure>"
        )
        described.add(kind)
    if missing:
        yield f'<p class="missing">Not drawn:</p><ul class="notes">{"".join(missing)}</ul>'


def _equal_l2(family: Family, size: float | None) -> list[str]:
    try:
        rows = equal_l2_rows(family)
        # The means at all bounds; victim by victim at the one that the figures are of.
        shown = rows[(rows["victim"] == MEAN) | (rows["size"] == size)]
        return [to_html(table) for table in equal_l2_tables(family, shown)]
    except ResultsError:
        # Without a sweep there is nothing to compare at equal length.
        return ["<p>Sign wasn't swept over the bound: there is nothing to compare with.</p>"]


def _settings(family: Family) -> str:
    records = [run.record for run in family.runs]
    flags = [record.flags.model_dump() for record in records]
    values = {
        "methods": family.method_titles,
        "modes": family.modes,
        f"{family.quantity}s": [f"{size:g}" for size in family.sizes],
        "seeds": [str(seed) for seed in sorted({run.seed for run in family.runs})],
        "victims": family.victims,
        "device": sorted({name for record in records for name in record.device}),
        "versions": [f"{name} {number}" for name, number in records[0].versions.items()],
    }
    rows = {name: ", ".join(found) for name, found in values.items()}
    rows["computing time"] = f"{sum(sum(r.seconds.values()) for r in records) / 60:.0f} min"
    for name, value in flags[0].items():
        if all(other.get(name) == value for other in flags):
            rows[f"--{name}"] = json.dumps(value)
    lines = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(value)}</td></tr>'
        for name, value in rows.items()
    )
    return (
        "<details><summary>Flags and versions</summary>"
        f'<div class="table"><table class="settings"><tbody>{lines}</tbody></table></div></details>'
    )


def _commands(family: Family) -> str:
    commands = dict.fromkeys(
        # The folder of attack.py is of this machine and says nothing.
        re.sub(r"^\S*attack\.py", "python attack.py", command)
        for run in family.runs
        for command in run.record.commands
    )
    text = html.escape("\n".join(commands))
    return f"<details><summary>Commands that made it</summary><pre>{text}</pre></details>"
