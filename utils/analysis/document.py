"""A table before it becomes Markdown, LaTeX or HTML: text with few kinds of emphasis."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Span:
    """Some text.

    Attributes:
      text: without markup of any kind.
      bold: whether it stands out.
      mark: "white-box" or "significant": a sign behind it, explained in the notes.
    """

    text: str
    bold: bool = False
    mark: str = ""


@dataclass(frozen=True)
class Cell:
    """What stands in one field, from left to right, between slashes."""

    spans: tuple[Span, ...]

    @classmethod
    def of(cls, text: str) -> "Cell":
        """Makes one of plain text."""
        return cls((Span(text),))


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
      title: its caption.
      header: names of the columns.
      rows: the first cell of each is its name.
      notes: sentences beneath it.
    """

    title: str
    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = field(default=())

    def marks(self) -> set[str]:
        """Returns the marks that occur."""
        cells = [*self.header, *(cell for row in self.rows for cell in row)]
        return {span.mark for cell in cells for span in cell.spans if span.mark}


MARK_NOTES = {
    "white-box": "white-box: the network that was attacked; not part of the black-box mean.",
    "significant": "the gain over sign differs from 0: exact McNemar p < 0.05 for one victim, 95 % "
    "bootstrap interval over images for means (no correction for many comparisons).",
}
