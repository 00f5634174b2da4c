"""What a user may choose about figures."""

from dataclasses import dataclass, field

from utils.analysis.class_names import ClassNames
from utils.analysis.families import Family
from utils.errors import ResultsError


@dataclass(frozen=True)
class Choices:
    """Narrows what is drawn.

    Attributes:
      epsilon: for figures of a single one; None: the largest with a corrected mode.
      methods: which to draw; none: all.
      images: ids for the figures of single images; none: one that every victim gets right.
      class_names: names beside label numbers.
    """

    epsilon: float | None = None
    methods: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    class_names: ClassNames = field(default_factory=ClassNames)

    def methods_of(self, family: Family) -> list[str]:
        """Returns the methods to draw."""
        return [name for name in family.methods if not self.methods or name in self.methods]

    def epsilon_of(self, family: Family) -> float | None:
        """Returns the epsilon for figures of a single one; None where it wasn't run."""
        if self.epsilon is not None:
            return self.epsilon if self.epsilon in family.epsilons else None
        corrected = [run.epsilon for run in family.runs if set(run.record["modes"]) - {"sign"}]
        return max(corrected or family.epsilons)

    def images_of(self, family: Family) -> list[str]:
        """Returns the images to draw.

        Raises:
          ResultsError: one isn't in the results.
        """
        for image_id in self.images:
            if image_id not in family.image_ids:
                raise ResultsError(f"Image {image_id} is not in these results: check its ImageId.")
        if self.images:
            return list(self.images)
        table = family.runs[0].per_image
        right = (table["clean_label"] == table["true_label"]).groupby(table["image_id"]).all()
        return [image_id for image_id in family.image_ids if right[image_id]][:1]
