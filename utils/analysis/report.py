"""One self-contained HTML page of finished runs: tables, figures, settings and commands."""

import base64
import html
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template

from utils.analysis.equal_l2 import equal_l2_rows
from utils.analysis.equal_l2_tables import equal_l2_tables
from utils.analysis.families import Family
from utils.analysis.figures import FIGURES
from utils.analysis.figures.drawing import figures_of
from utils.analysis.figures.selection import Choices, Selection
from utils.analysis.formats import to_html
from utils.analysis.layouts import lay_out
from utils.errors import ResultsError

_PAGE, _STYLE = (Path(__file__).with_suffix(suffix) for suffix in (".html", ".css"))
_DPI = 150


def build_report(found: Sequence[Family], choices: Choices, title: str, command: str) -> str:
    """Returns the HTML of a page that was made with a command; it needs nothing else.

    Raises:
      ResultsError: results or choices that can't be used.
    """
    sections = [_section(Selection(family, choices)) for family in found]
    runs = sum(len(family.runs) for family in found)
    summary = (
        f"{runs} run(s). Rates are in percent of all images, gains in points, perturbations in "
        "[0, 255] units. Success at one epsilon says little about modes that spend different "
        "lengths; where there is a sweep, see the gain at equal L2."
    )
    return Template(_PAGE.read_text("utf-8")).substitute(
        title=html.escape(title),
        style=_STYLE.read_text("utf-8"),
        summary=summary,
        sections="\n".join(sections),
        command=html.escape(command),
    )


def _section(selection: Selection) -> str:
    family, names = selection.family, selection.choices.figures
    parts = [f"<h2>{html.escape(family.title)}</h2>"]
    headline = [name for name in names if name == "equal_l2"]
    equal = [*_figures(selection, headline), *_equal_l2(family)]
    if equal:
        parts += ["<h3>Gain at equal L2</h3>", *equal]
    parts.append("<h3>Success by method and victim</h3>")
    _, tables = lay_out("paper", family)
    parts += map(to_html, tables)
    parts.append("<h3>Figures</h3>")
    parts += _figures(selection, [name for name in names if name not in headline])
    parts += ["<h3>Settings</h3>", _settings(family), _commands(family)]
    return "\n".join(parts)


def _figures(selection: Selection, names: Sequence[str]) -> Iterator[str]:
    """Yields one <figure> each, its PNG inside it; several of a kind share the caption."""
    described = set()
    for kind, name, figure in figures_of(selection, names):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=_DPI)
        data = base64.b64encode(buffer.getvalue()).decode()
        name = html.escape(name)
        caption = html.escape(FIGURES[kind].caption.format(bound=selection.family.quantity))
        yield (
            f'<figure id="{name}"><div class="figure"><img alt="{name}: {caption}" '
            f'src="data:image/png;base64,{data}"></div>'
            f"<figcaption>{'' if kind in described else caption}</figcaption></figure>"
        )
        described.add(kind)


def _equal_l2(family: Family) -> list[str]:
    try:
        return [to_html(table) for table in equal_l2_tables(family, equal_l2_rows(family))]
    except ResultsError:
        # Without a sweep there is nothing to compare at equal length.
        return []


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
