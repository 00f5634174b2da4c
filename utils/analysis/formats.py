"""Tables as Markdown, LaTeX and HTML: whatever a name holds is shown as text, in one line."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass

from utils.analysis.document import MARK_NOTES, Span, Table, TableCell, one_line, spans_of


@dataclass(frozen=True)
class _Markup:
    """How a format writes text.

    Attributes:
      escape: text -> what stands for it.
      bold: with "{}" for the text.
      marks: key of MARK_NOTES -> its sign.
    """

    escape: Callable[[str], str]
    bold: str
    marks: dict[str, str]

    def cells(self, cells: tuple[TableCell, ...]) -> list[str]:
        """Returns each cell's text."""
        return [" / ".join(map(self._span, spans_of(cell))) for cell in cells]

    def notes(self, table: Table) -> list[str]:
        """Returns its notes, and what the marks in it mean."""
        cells = [cell for row in (table.header, *table.rows) for cell in row]
        present = {span.mark for cell in cells for span in spans_of(cell)}
        marks = [f"{self.marks[m]} {self.escape(n)}" for m, n in MARK_NOTES.items() if m in present]
        return [*map(self.escape, table.notes), *marks]

    def _span(self, span: Span) -> str:
        text = self.escape(span.text)
        return (self.bold.format(text) if span.bold else text) + self.marks.get(span.mark, "")


_LATEX_CHARACTERS = {
    **{c: f"\\{c}" for c in "&%$#_{}"},
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "−": "$-$",
    "|": "$|$",
    "<": "$<$",
    ">": "$>$",
}
# What Markdown reads as markup. An underscore or a tilde within a word, a lone < and brackets that
# no link follows are none, and stay readable.
_MARKDOWN_MARKUP = re.compile(
    r"[\\|*`$]|(?<![^\W_])_|_(?![^\W_])|~(?=~)|(?<=~)~|<(?=[A-Za-z/!?])|\](?=[(\[:])|!(?=\[)"
    r"|&(?=#?\w+;)"
)


def _escape_latex(text: str) -> str:
    return "".join(_LATEX_CHARACTERS.get(character, character) for character in one_line(text))


def _escape_html(text: str) -> str:
    return html.escape(one_line(text))


_MARKDOWN = _Markup(
    lambda text: _MARKDOWN_MARKUP.sub(r"\\\g<0>", one_line(text)),
    "**{}**",
    {"white-box": "†", "significant": "\\*"},
)
_LATEX = _Markup(
    _escape_latex,
    "\\textbf{{{}}}",
    {"white-box": "$^{\\dagger}$", "significant": "$^{*}$"},
)
_HTML = _Markup(
    _escape_html, "<b>{}</b>", {"white-box": "<sup>†</sup>", "significant": "<sup>*</sup>"}
)


def to_markdown(table: Table) -> str:
    """Returns a Markdown table under a heading, its notes beneath."""
    lines = [f"### {_MARKDOWN.escape(table.title)}", ""]
    if table.rows:
        cells = map(_MARKDOWN.cells, (table.header, *table.rows))
        head, *rows = (f"| {' | '.join(row)} |" for row in cells)
        lines += [head, "|---|" + "--:|" * (len(table.header) - 1), *rows, ""]
    lines += [f"- {note}" for note in _MARKDOWN.notes(table)]
    return "\n".join(lines) + "\n"


def to_latex(table: Table) -> str:
    """Returns a LaTeX table environment; it needs the package booktabs."""
    cells = map(_LATEX.cells, (table.header, *table.rows))
    # The {} keeps a [ or * at a row's start from being an argument of what stands before it.
    head, *rows = (
        "{}" * row[0].startswith(("[", "*")) + " & ".join(row) + " \\\\" for row in cells
    )
    lines = (
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{_LATEX.escape(table.title)}. {' '.join(_LATEX.notes(table))}}}",
        f"\\begin{{tabular}}{{l{'r' * (len(table.header) - 1)}}}",
        *("\\toprule", head, "\\midrule", *rows, "\\bottomrule"),
        *("\\end{tabular}", "\\end{table}", ""),
    )
    return "\n".join(lines)


def to_html(table: Table) -> str:
    """Returns an HTML table in a box that scrolls sideways on narrow screens."""

    def line(cells: tuple[TableCell, ...], tag: str) -> str:
        first, *others = _HTML.cells(cells)
        scope = "col" if tag == "th" else "row"
        fields = "".join(f"<{tag}>{other}</{tag}>" for other in others)
        return f'<tr><th scope="{scope}">{first}</th>{fields}</tr>'

    body = "\n".join(line(row, "td") for row in table.rows)
    notes = "".join(f"<li>{note}</li>" for note in _HTML.notes(table))
    return (
        f'<p class="caption">{_escape_html(table.title)}</p>\n<div class="table"><table>'
        f"<thead>{line(table.header, 'th')}</thead>\n<tbody>{body}</tbody></table></div>\n"
        f'<ul class="notes">{notes}</ul>\n'
    )
