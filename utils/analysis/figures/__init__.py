"""Figures of finished runs: one function each, all in one table."""

from collections.abc import Callable
from dataclasses import dataclass

from utils.analysis.figures.accuracy import accuracy_by_confidence, accuracy_over_bound
from utils.analysis.figures.cosine import cosine_per_step
from utils.analysis.figures.gain import gain_at_equal_l2
from utils.analysis.figures.image_path import image_over_bound
from utils.analysis.figures.selection import Drawn, Selection
from utils.analysis.figures.spectrum import perturbation_spectrum
from utils.analysis.figures.strip import image_strips
from utils.analysis.figures.success import success_over_bound, success_over_l2


@dataclass(frozen=True)
class Kind:
    """A kind of figure.

    Attributes:
      draw: makes the figures of it; none where the runs don't hold what it shows.
      caption: what it shows and how to read it; "{bound}" is what the bound's size is called.
    """

    draw: Callable[[Selection], Drawn]
    caption: str


FIGURES = {
    "equal_l2": Kind(
        gain_at_equal_l2,
        "Above: success against the mean L2 that the perturbations spent. Below: the gain over "
        "sign at the same {bound}, and over sign at the same mean L2 (95 % intervals).",
    ),
    "success_epsilon": Kind(
        success_over_bound,
        "Success against {bound}, per victim and averaged, with 95 % intervals. Modes of one "
        "{bound} spend different lengths: compare them in the next figure.",
    ),
    "success_l2": Kind(
        success_over_l2,
        "Success against the mean L2 actually spent, with 95 % intervals: the higher curve needs "
        "less perturbation for the same success.",
    ),
    "accuracy": Kind(
        accuracy_over_bound,
        "Top-1 and top-5 accuracy and the mean confidence in the predicted label, over the "
        "black-box victims; {bound} 0 is clean.",
    ),
    "accuracy_by_confidence": Kind(
        accuracy_by_confidence,
        "The same, split by the confidence in the clean image; small bins are joined.",
    ),
    "image": Kind(
        image_over_bound,
        "One image: every victim's confidence over {bound}. Filled markers: the true label; hollow "
        "ones: another label, named where the class flips.",
    ),
    "cosine": Kind(
        cosine_per_step,
        "How well each step, after the clip, follows the gradient at its point: 1 is exactly.",
    ),
    "strip": Kind(
        image_strips,
        "Clean image, perturbation amplified around grey, its signs, adversarial image, and each "
        "victim's label and confidence.",
    ),
    "spectrum": Kind(
        perturbation_spectrum,
        "Mean log power of the perturbations, each scaled to the same L2, over spatial frequency: "
        "0.5 cycles a pixel is the finest pattern.",
    ),
}
