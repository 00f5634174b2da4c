"""What is drawn: what a user may choose, and a family seen through that."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import pandas as pd
from matplotlib.figure import Figure

from utils.analysis.class_names import ClassNames, class_names
from utils.analysis.families import Family
from utils.analysis.runs import FinishedRun
from utils.analysis.summary_rows import summary_rows
from utils.errors import ResultsError
from utils.success import REFERENCE


class NotDrawn(str):
    """Why a figure can't be drawn of these runs, as a sentence's end."""


# What a kind of figure yields: (suffix of the file's name, figure or why there is none) each.
Drawn: TypeAlias = Iterator[tuple[str, Figure | NotDrawn]]
NO_IMAGE = NotDrawn("no image is classified correctly by every victim: choose one with --images")
ONE_SIZE = NotDrawn("curves need several epsilons (sweep.py), and this was run at one")


@dataclass(frozen=True)
class Choices:
    """Narrows what is drawn.

    Attributes:
      figures: kinds of figures, in this order; those that the results can't give are left out.
      max_epsilon: for figures of a single one; None: the largest bound with a corrected mode.
      methods: which to draw; none: all.
      images: ids for the figures of single images; none: one that every victim gets right.
      modes: whose gain the matrix shows, as for `matrix_rows`.
      class_names: file with names for label numbers, as for `class_names`.
    """

    figures: tuple[str, ...]
    max_epsilon: float | None = None
    methods: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    class_names: Path | None = None

    @classmethod
    def of(cls, options: argparse.Namespace) -> "Choices":
        """Takes them from the flags of `figure_parser`."""
        return cls(**{name: getattr(options, name) for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Selection:
    """What of a family is drawn."""

    family: Family
    choices: Choices

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The summary rows, of all methods."""
        return summary_rows(self.family)

    @cached_property
    def class_names(self) -> ClassNames:
        """Names beside label numbers."""
        record = self.family.runs[0].record
        input_csv = Path(record.flags.input_csv)
        return class_names(record.class_zoo, self.choices.class_names, input_csv)

    @property
    def methods(self) -> dict[str, str]:
        """Method -> its usual name, of those to draw."""
        wanted = self.choices.methods
        titles = self.family.method_titles
        return {name: titles[name] for name in titles if not wanted or name in wanted}

    @property
    def size(self) -> float | None:
        """The bound's size for figures of a single one; None where it wasn't run."""
        sizes = self.family.sizes_of(self.choices.max_epsilon)
        corrected = {run.size for run in self.family.runs if set(run.record.modes) - {REFERENCE}}
        return max(corrected.intersection(sizes) or sizes, default=None)

    @property
    def runs(self) -> list[FinishedRun]:
        """The runs for figures of a single bound: one a method, of the first seed if it can be."""
        seed, size = self.family.runs[0].seed, self.size
        of_size = [run for run in self.family.runs if run.size == size]
        of_size.sort(key=lambda run: run.seed != seed)
        first = {run.method: run for run in reversed(of_size)}
        return [first[method] for method in self.methods if method in first]

    @property
    def how_chosen(self) -> str:
        """How `images` were chosen, for a caption."""
        return "" if self.choices.images else "the first that every victim gets right when clean, "

    @property
    def images(self) -> list[str]:
        """The images to draw.

        Raises:
          ResultsError: one isn't in the results.
        """
        for image_id in self.choices.images:
            if image_id not in self.family.image_ids:
                raise ResultsError(f"Image {image_id} is not in these results: check its ImageId.")
        if self.choices.images:
            return list(self.choices.images)
        table = self.family.runs[0].per_image
        right = (table["clean_label"] == table["true_label"]).groupby(table["image_id"]).all()
        return [image_id for image_id in self.family.image_ids if right[image_id]][:1]
