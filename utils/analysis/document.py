"""A table before it becomes Markdown, LaTeX or HTML: text with few kinds of emphasis."""

import math
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Span:
    """Some text.

    Attributes:
      text: without markup of any kind.
      bold: whether it stands out.
      marks: keys of MARK_NOTES: signs behind it, explained in the notes.
    """

    text: str
    bold: bool = False
    marks: tuple[str, ...] = ()


# What stands in one field; several spans from left to right, between slashes.
TableCell: TypeAlias = str | Span | tuple[Span, ...]


def spans_of(cell: TableCell) -> tuple[Span, ...]:
    """Returns what a cell is made of."""
    if isinstance(cell, str):
        return (Span(cell),)
    return (cell,) if isinstance(cell, Span) else cell


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
      title: its caption.
      header: names of the columns.
      rows: the first cell of each is its name; a row of one cell alone is a heading of those below.
      notes: sentences beneath it.
    """

    title: str
    header: tuple[TableCell, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    notes: tuple[str, ...] = ()


def number(value: float | None, form: str = ".1f") -> str:
    """Returns a number as text; nothing where there is none."""
    return "" if value is None or math.isnan(value) else format(value, form)


def interval(low: float, high: float, form: str = "+.1f") -> str:
    """Returns an interval as text."""
    return f"[{format(low, form)}, {format(high, form)}]"


MARK_NOTES = {
    "white-box": "white-box: the network that was attacked; not part of the black-box mean.",
    "significant": "the gain over sign differs from 0: exact test of flipped signs over images, "
    "p < 0.05; for one victim and seed it is McNemar's (no correction for many comparisons).",
    "significant-holm": "the gain over sign differs from 0: the same exact test, p < 0.05 when "
    "adjusted by Holm (1979) for all comparisons of this table.",
    "within-random": "not above its random control: the rate lies within the 95 % interval of what "
    "random signs reach with the same method and bound, or below it.",
}
