"""Tables as Markdown, LaTeX and HTML."""

import html
from collections.abc import Callable

from utils.analysis.document import MARK_NOTES, Span, Table, TableCell, spans_of

_BETWEEN = " / "
# Kind of mark -> the sign, per format.
_MARKS = {
    "markdown": {"white-box": "†", "significant": "\\*"},
    "latex": {"white-box": "$^{\\dagger}$", "significant": "$^{*}$"},
    "html": {"white-box": "<sup>†</sup>", "significant": "<sup>*</sup>"},
}
_LATEX = {
    **{c: f"\\{c}" for c in "&%$#_{}"},
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "−": "$-$",
    "|": "$|$",
    "<": "$<$",
    ">": "$>$",
}


def to_markdown(table: Table) -> str:
    """Returns a Markdown table under a heading, its notes beneath."""

    def escape(text: str) -> str:
        return text.replace("|", "\\|").replace("*", "\\*")

    def cell(one: TableCell) -> str:
        return _cell(one, escape, lambda text: f"**{text}**", "markdown")

    lines = [f"### {escape(table.title)}", ""]
    if table.rows:
        lines.append(_row(table.header, cell))
        lines.append("|" + "|".join(["---"] + ["--:"] * (len(table.header) - 1)) + "|")
        lines += [*(_row(row, cell) for row in table.rows), ""]
    lines += [*(f"- {note}" for note in _notes(table, escape, "markdown"))]
    return "\n".join(lines) + "\n"


def to_latex(table: Table) -> str:
    """Returns a LaTeX table environment; it needs the package booktabs."""

    def escape(text: str) -> str:
        return "".join(_LATEX.get(character, character) for character in text)

    def line(cells: tuple[TableCell, ...]) -> str:
        made = (_cell(one, escape, lambda text: f"\\textbf{{{text}}}", "latex") for one in cells)
        return " & ".join(made) + " \\\\"

    notes = " ".join(_notes(table, escape, "latex"))
    return "\n".join(
        [
            "\\begin{table}",
            "\\centering",
            f"\\caption{{{escape(table.title)}. {notes}}}",
            f"\\begin{{tabular}}{{l{'r' * (len(table.header) - 1)}}}",
            "\\toprule",
            line(table.header),
            "\\midrule",
            *(line(row) for row in table.rows),
            "\\bottomrule",
            "\\end{tabular}",
            "\\end{table}",
            "",
        ]
    )


def to_html(table: Table) -> str:
    """Returns an HTML table in a box that scrolls sideways on narrow screens."""

    def cell(one: TableCell) -> str:
        return _cell(one, html.escape, lambda text: f"<b>{text}</b>", "html")

    def line(cells: tuple[TableCell, ...], tag: str) -> str:
        first, *others = (cell(one) for one in cells)
        scope = "col" if tag == "th" else "row"
        fields = "".join(f"<{tag}>{other}</{tag}>" for other in others)
        return f'<tr><th scope="{scope}">{first}</th>{fields}</tr>'

    body = "\n".join(line(row, "td") for row in table.rows)
    notes = "".join(f"<li>{note}</li>" for note in _notes(table, html.escape, "html"))
    return (
        f'<p class="caption">{html.escape(table.title)}</p>\n<div class="table"><table>'
        f"<thead>{line(table.header, 'th')}</thead>\n<tbody>{body}</tbody></table></div>\n"
        f'<ul class="notes">{notes}</ul>\n'
    )


def _cell(
    cell: TableCell, escape: Callable[[str], str], bold: Callable[[str], str], kind: str
) -> str:
    def span(one: Span) -> str:
        text = bold(escape(one.text)) if one.bold else escape(one.text)
        return text + _MARKS[kind].get(one.mark, "")

    return _BETWEEN.join(span(one) for one in spans_of(cell))


def _row(cells: tuple[TableCell, ...], cell: Callable[[TableCell], str]) -> str:
    return "| " + " | ".join(cell(one) for one in cells) + " |"


def _notes(table: Table, escape: Callable[[str], str], kind: str) -> list[str]:
    present = table.marks()
    signs = _MARKS[kind]
    marks = [f"{signs[m]} {escape(note)}" for m, note in MARK_NOTES.items() if m in present]
    return [*(escape(note) for note in table.notes), *marks]
