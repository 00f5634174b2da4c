"""One self-contained HTML page of finished runs: tables, figures, settings and commands."""

import base64
import hashlib
import html
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template
from typing import NamedTuple

from utils.analysis.amounts import AMOUNTS, L2
from utils.analysis.changes_table import changes_tables
from utils.analysis.document import Table
from utils.analysis.equal_amounts import equal_rows
from utils.analysis.equal_amounts_tables import equal_tables
from utils.analysis.families import Family
from utils.analysis.figures.selection import Choices, Selection
from utils.analysis.formats import to_html
from utils.analysis.iterations import courses, iteration_rows
from utils.analysis.iterations_table import iteration_tables
from utils.analysis.matrix_table import equal_matrix_tables, matrix_tables
from utils.analysis.paper_table import tall_tables
from utils.analysis.rates import RATES
from utils.analysis.report_figures import figures_html
from utils.analysis.report_settings import settings_html
from utils.analysis.source_matrix import equal_matrix_rows, matrix_rows
from utils.analysis.summary_rows import MEAN
from utils.analysis.words import in_words
from utils.errors import ResultsError

_PAGE, _STYLE, _SCRIPT = (Path(__file__).with_suffix(suffix) for suffix in (".html", ".css", ".js"))
# Of more families only the first is open.
_MOST_OPEN = 3
# Longer tables fold away.
_LONGEST = 60


def build_report(found: Sequence[Family], choices: Choices, title: str, command: str) -> str:
    """Returns the HTML of a page that was made with a command; it needs nothing else.

    Its policy has browsers load nothing and run no script but the page's own.

    Raises:
      ResultsError: results or choices that can't be used.
    """
    selections = [Selection(family, choices) for family in found]
    sections = [_section(each, number) for number, each in enumerate(selections)]
    runs = sum(len(family.runs) for family in found)
    reading = (
        f"{runs} run(s). Rates are in percent {RATES[found[0].rate]}, gains in points, lengths "
        "in [0, 255] units. Success at one epsilon says little about modes that spend different "
        "lengths; where there is a sweep, see the gain at equal L2."
    )
    many = len(found) > _MOST_OPEN
    style, script = _STYLE.read_text("utf-8"), _SCRIPT.read_text("utf-8")
    return Template(_PAGE.read_text("utf-8")).substitute(
        title=html.escape(title),
        style=style,
        style_hash=_digest(style),
        script=script,
        script_hash=_digest(script),
        result="" if many else "\n".join(section.words for section in sections),
        reading=html.escape(reading),
        contents="\n".join(section.links() for section in sections),
        sections="\n".join(
            section.html(opened=not many or section.number == 0, told=many) for section in sections
        ),
        command=html.escape(command),
    )


class _Part(NamedTuple):
    """A part of a family's section: the key of its anchor, its heading and HTML."""

    key: str
    name: str
    body: list[str]


class _Section(NamedTuple):
    """What the page says of one family.

    Attributes:
      number: its place, which makes its anchors its own.
      title: the family's.
      words: the result in words, as HTML.
      parts: those that aren't empty.
    """

    number: int
    title: str
    words: str
    parts: list[_Part]

    def links(self) -> str:
        """Returns an entry of the contents."""
        parts = ", ".join(f'<a href="#{p.key}{self.number}">{p.name}</a>' for p in self.parts)
        return f'<li><a href="#family{self.number}">{self.title}</a>: {parts}</li>'

    def html(self, opened: bool, told: bool) -> str:
        """Returns the section, with the result in words where that stands nowhere else."""
        parts = [
            f'<h3 id="{p.key}{self.number}">{p.name}</h3>\n' + "\n".join(p.body) for p in self.parts
        ]
        heading = f'<h2 id="family{self.number}">{self.title}</h2>'
        up = '<p class="up"><a href="#contents">Contents</a></p>'
        body = "\n".join([*([self.words] if told else []), *parts, up])
        state = " open" if opened else ""
        return f'<details class="family"{state}><summary>{heading}</summary>\n{body}\n</details>'


def _section(selection: Selection, number: int) -> _Section:
    family = selection.family
    words = " ".join(in_words(family, selection.size))
    parts = [part for part in _parts(selection) if part.body]
    return _Section(number, html.escape(family.title), f"<p>{html.escape(words)}</p>", parts)


def _parts(selection: Selection) -> Iterator[_Part]:
    family, rows, size = selection.family, selection.rows, selection.size
    changes = changes_tables(family, rows[rows["size"] == size])
    over_iterations = _over_iterations(family)
    matrix = _matrix(selection)
    # What the other parts don't show is among the figures.
    shown = [
        "equal_l2",
        *(["matrix"] if matrix else []),
        *(["iterations"] if over_iterations else []),
    ]

    def drawn(*names: str) -> list[str]:
        return figures_html(selection, [n for n in selection.choices.figures if n in names])

    equal = [*drawn("equal_l2"), *_equal(family, size)]
    yield _Part("equal", "Gain at equal L2 and SSIM", equal)
    yield _Part(
        "success", "Success by method and victim", list(map(_table, tall_tables(family, rows)))
    )
    if matrix:
        yield _Part("matrix", "Gain by source and victim", [*drawn("matrix"), *matrix])
    if over_iterations:
        yield _Part("iterations", "Over iterations", [*drawn("iterations"), *over_iterations])
    none = ["<p>No mode was run beside sign.</p>"]
    yield _Part("changes", "Images gained and lost", list(map(_table, changes)) or none)
    others = [name for name in selection.choices.figures if name not in shown]
    yield _Part("figures", "Figures", figures_html(selection, others))
    yield _Part("settings", "Settings", settings_html(family))


def _table(table: Table) -> str:
    """Returns a table, folded where it is long."""
    text, count = to_html(table), sum(len(row) > 1 for row in table.rows)
    if count <= _LONGEST:
        return text
    summary = f"<summary>{html.escape(table.title)} ({count} rows)</summary>"
    return f'<details class="long">{summary}{text}</details>'


def _equal(family: Family, size: float | None) -> list[str]:
    tables: list[str] = []
    try:
        for amount in AMOUNTS:
            rows = equal_rows(family, amount)
            # The means at all bounds; victim by victim at the one that the figures are of.
            shown = rows[(rows["victim"] == MEAN) | (rows["size"] == size)]
            tables += [_table(table) for table in equal_tables(family, shown, amount)]
    except ResultsError:
        # Without a sweep there is nothing to compare; folders from before SSIM have lengths alone.
        missing = "<p>Sign wasn't swept over the bound: there is nothing to compare with.</p>"
        return tables or [missing]
    return tables


def _matrix(selection: Selection) -> list[str]:
    """Returns the tables of a family that leads; none where there is no gain."""
    family, size, modes = selection.family, selection.size, selection.choices.modes
    sizes = [] if size is None else [size]
    tables = matrix_tables(family, matrix_rows(family, sizes, modes))
    try:
        rows = equal_matrix_rows(family, L2, sizes, modes)
        tables += equal_matrix_tables(family, rows, L2)
    except ResultsError:
        # Without a sweep there is nothing to compare at equal length, as the page says elsewhere.
        pass
    return [_table(table) for table in tables]


def _over_iterations(family: Family) -> list[str]:
    rows = iteration_rows(family) if courses(family) else None
    return [] if rows is None else [_table(table) for table in iteration_tables(family, rows)]


def _digest(text: str) -> str:
    """Returns what a policy names a page's own style or script by."""
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()
