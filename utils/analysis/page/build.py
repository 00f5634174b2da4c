"""Builds the page: tables, figures, settings and commands of families of runs."""

import html
import json
import re
from collections.abc import Sequence
from pathlib import Path
from string import Template

from utils.analysis.class_names import class_names
from utils.analysis.equal_l2 import equal_l2_rows, equal_l2_tables
from utils.analysis.families import Family, families
from utils.analysis.figures import Choices
from utils.analysis.formats import to_html
from utils.analysis.layout import lay_out
from utils.analysis.page.embedded import figure_html
from utils.analysis.runs import load_runs
from utils.errors import ResultsError

_HERE = Path(__file__).resolve().parent


def build_page(
    results: Sequence[Path],
    figures: Sequence[str],
    title: str,
    command: str,
    class_names_file: Path | None = None,
    **choices: object,
) -> str:
    """Returns the page's HTML; it needs no other file and no network.

    Args:
      results: folders with finished runs.
      figures: names of figures, in this order; those that the results can't give are left out.
      title: the page's.
      command: what it was made with.
      class_names_file: as for `class_names`.
      **choices: fields of Choices.

    Raises:
      ResultsError: results or names that can't be used.
    """
    found = families(load_runs(results))
    sections = []
    for family in found:
        named = Choices(class_names=class_names(family.zoo, class_names_file), **choices)
        sections.append(_section(family, figures, named))
    runs = sum(len(family.runs) for family in found)
    summary = (
        f"{runs} run(s). Rates are in percent of all images, gains in points, perturbations in "
        "[0, 255] units. Success at one epsilon says little about modes that spend different "
        "lengths; where there is a sweep, see the gain at equal L2."
    )
    return Template((_HERE / "page.html").read_text("utf-8")).substitute(
        title=html.escape(title),
        style=(_HERE / "style.css").read_text("utf-8"),
        summary=summary,
        sections="\n".join(sections),
        command=html.escape(command),
    )


def _section(family: Family, figures: Sequence[str], choices: Choices) -> str:
    parts = [f"<h2>{html.escape(family.title)}</h2>"]
    headline = [name for name in figures if name == "equal_l2"]
    equal = [*figure_html(family, headline, choices), *_equal_l2(family)]
    if equal:
        parts += ["<h3>Gain at equal L2</h3>", *equal]
    parts.append("<h3>Success by method and victim</h3>")
    _, tables = lay_out("paper", [family])
    parts += map(to_html, tables)
    parts.append("<h3>Figures</h3>")
    parts += figure_html(family, [name for name in figures if name not in headline], choices)
    parts += ["<h3>Settings</h3>", _settings(family), _commands(family)]
    return "\n".join(parts)


def _equal_l2(family: Family) -> list[str]:
    try:
        return [to_html(table) for table in equal_l2_tables(family, equal_l2_rows(family))]
    except ResultsError:
        # Without a sweep there is nothing to compare at equal length.
        return []


def _settings(family: Family) -> str:
    records = [run.record for run in family.runs]
    rows = {
        "methods": ", ".join(family.methods),
        "modes": ", ".join(family.modes),
        "epsilons": ", ".join(f"{epsilon:g}" for epsilon in family.epsilons),
        "seeds": ", ".join(str(seed) for seed in sorted({run.seed for run in family.runs})),
        "victims": ", ".join(family.victims),
        "device": ", ".join(sorted({name for record in records for name in record["device"]})),
        "versions": ", ".join(
            f"{name} {number}" for name, number in records[0]["versions"].items()
        ),
        "computing time": f"{sum(sum(r['seconds'].values()) for r in records) / 60:.0f} min",
    }
    common = {
        name: value
        for name, value in records[0]["flags"].items()
        if all(record["flags"].get(name) == value for record in records)
    }
    rows |= {f"--{name}": json.dumps(value) for name, value in common.items()}
    lines = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(str(value))}</td></tr>'
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
        for command in run.record["commands"]
    )
    text = html.escape("\n".join(commands))
    return f"<details><summary>Commands that made it</summary><pre>{text}</pre></details>"
