"""How a mode looks in every table and figure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from utils.text import one_line


@dataclass(frozen=True)
class Face:
    """A mode's look.

    Attributes:
      title: with the paper's name, where it has one.
      color, marker, line: marker and dashes tell modes apart without colour, too.
    """

    title: str
    color: str = "#7F7F7F"
    marker: str = "*"
    line: str | tuple[int, tuple[int, ...]] = "-"

    @property
    def style(self) -> dict[str, Any]:
        """Its colour, marker and line for `plot`."""
        return {"color": self.color, "marker": self.marker, "linestyle": self.line}


# In the tables' order; the colours are Okabe and Ito's.
_FACES = {
    "sign": Face("sign", "#0072B2", "o", "-"),
    "affine": Face("affine (FGNM_N)", "#D55E00", "s", "--"),
    "test": Face("test (FGNM_K)", "#009E73", "^", "-."),
    "raw": Face("raw", "#CC79A7", "D", ":"),
    "staircase": Face("staircase", "#E69F00", "v", (0, (5, 1))),
    "rescale": Face("rescale (FGRM)", "#F0E442", "p", (0, (4, 1, 1, 1, 1, 1))),
    "matched": Face("matched", "#000000", "P", (0, (3, 1, 1, 1))),
    "random": Face("random", "#56B4E9", "x", (0, (1, 2))),
}


def face(mode: str) -> Face:
    """Returns a mode's face; a default one under its own name where it is unknown."""
    # A legend leaves out what begins with an underscore.
    title = one_line(mode)
    return _FACES.get(mode) or Face(" " + title if title.startswith("_") else title)


def in_order(modes: Iterable[str]) -> list[str]:
    """Returns each mode once, in the tables' order; unknown ones last, as they came."""
    known = list(_FACES)
    return sorted(
        dict.fromkeys(modes), key=lambda mode: known.index(mode) if mode in known else len(known)
    )
