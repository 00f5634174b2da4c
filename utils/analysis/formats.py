"""Tables as Markdown, LaTeX and HTML: whatever a name holds is shown as text, in one line."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass

from utils.analysis.document import MARK_NOTES, Span, Table, TableCell, spans_of
from utils.text import one_line


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
        present = {mark for cell in cells for span in spans_of(cell) for mark in span.marks}
        marks = [f"{self.marks[m]} {self.escape(n)}" for m, n in MARK_NOTES.items() if m in present]
        return [*map(self.escape, table.notes), *marks]

    def _span(self, span: Span) -> str:
        text = self.escape(span.text)
        signs = "".join(self.marks[mark] for mark in span.marks)
        return (self.bold.format(text) if span.bold else text) + signs


_LATEX_CHARACTERS = {
    **{c: f"\\{c}" for c in "&%$#_{}"},
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "\u2212": "$-$",
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


# The hyphen of a negative number; in a name it is one.
_MINUS = re.compile(r"(?<![\w.)\]-])-(?=[0-9.])")


def _escape_latex(text: str) -> str:
    text = _MINUS.sub("\u2212", one_line(text))
    return "".join(_LATEX_CHARACTERS.get(character, character) for character in text)


def _escape_html(text: str) -> str:
    return html.escape(one_line(text))


_MARKDOWN = _Markup(
    lambda text: _MARKDOWN_MARKUP.sub(r"\\\g<0>", one_line(text)),
    "**{}**",
    {"white-box": "†", "significant": "\\*", "significant-holm": "\\*", "within-random": "‡"},
)
_LATEX = _Markup(
    _escape_latex,
    "\\textbf{{{}}}",
    {
        "white-box": "$^{\\dagger}$",
        "significant": "$^{*}$",
        "significant-holm": "$^{*}$",
        "within-random": "$^{\\ddagger}$",
    },
)
_HTML = _Markup(
    _escape_html,
    "<b>{}</b>",
    {
        "white-box": "<sup>†</sup>",
        "significant": "<sup>*</sup>",
        "significant-holm": "<sup>*</sup>",
        "within-random": "<sup>‡</sup>",
    },
)


_INTERVAL = re.compile(r"\[[-+.0-9]+, [-+.0-9]+\]")
# Of more columns the heads stand upright.
_UPRIGHT = 6


def _filled(cells: list[str], table: Table) -> list[str]:
    """Returns a row's cells, those of a heading filled up."""
    return [*cells, *[""] * (len(table.header) - len(cells))]


def to_markdown(table: Table) -> str:
    """Returns a Markdown table under a heading, its notes beneath."""
    lines = [f"### {_MARKDOWN.escape(table.title)}", ""]
    if table.rows:
        cells = map(_MARKDOWN.cells, (table.header, *table.rows))
        head, *rows = (f"| {' | '.join(_filled(row, table))} |" for row in cells)
        lines += [head, "|---|" + "--:|" * (len(table.header) - 1), *rows, ""]
    lines += [f"- {note}" for note in _MARKDOWN.notes(table)]
    return "\n".join(lines) + "\n"


def to_latex(table: Table) -> str:
    """Returns a LaTeX table environment, what it needs in a comment above."""
    width = len(table.header)
    first, *others = _LATEX.cells(table.header)
    upright = width > _UPRIGHT
    heads = [first, *(f"\\rotatebox{{90}}{{{other}}}" if upright else other for other in others)]
    # The {} keeps a [ or * at a row's start from being an argument of what stands before it.
    rows = (
        f"\\multicolumn{{{width}}}{{l}}{{\\textit{{{row[0]}}}}} \\\\"
        if len(row) < width
        else "{}" * row[0].startswith(("[", "*")) + " & ".join(row) + " \\\\"
        for row in map(_LATEX.cells, table.rows)
    )
    lines = (
        f"% In the preamble: \\usepackage{{booktabs{',graphicx' if upright else ''}}}",
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{_LATEX.escape(table.title)}. {' '.join(_LATEX.notes(table))}}}",
        f"\\begin{{tabular}}{{l{'r' * (len(table.header) - 1)}}}",
        *("\\toprule", " & ".join(heads) + " \\\\", "\\midrule", *rows, "\\bottomrule"),
        *("\\end{tabular}", "\\end{table}", ""),
    )
    return "\n".join(lines)


def to_html(table: Table) -> str:
    """Returns an HTML table in a box that scrolls sideways where nothing else helps.

    Many columns have upright heads, so that the numbers beneath decide the width.
    """
    width = len(table.header)

    def line(cells: tuple[TableCell, ...], tag: str) -> str:
        first, *others = _HTML.cells(cells)
        if len(cells) < width:
            return f'<tr class="group"><th scope="rowgroup" colspan="{width}">{first}</th></tr>'
        scope = "col" if tag == "th" else "row"
        if tag == "th":
            others = [f"<span>{other}</span>" for other in others]
        others = [_INTERVAL.sub(r'<span class="interval">\g<0></span>', other) for other in others]
        fields = "".join(f"<{tag}>{other}</{tag}>" for other in others)
        return f'<tr><th scope="{scope}">{first}</th>{fields}</tr>'

    many = ' class="many"' if width > _UPRIGHT else ""
    body = "\n".join(line(row, "td") for row in table.rows)
    notes = "".join(f"<li>{note}</li>" for note in _HTML.notes(table))
    return (
        f'<p class="caption">{_escape_html(table.title)}</p>\n'
        f'<div class="table"><table{many}>'
        f"<thead>{line(table.header, 'th')}</thead>\n<tbody>{body}</tbody></table></div>\n"
        f'<ul class="notes">{notes}</ul>\n'
    )
