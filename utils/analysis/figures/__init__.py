"""Figures of finished runs: one function each, all in one table."""

from collections.abc import Callable
from dataclasses import dataclass

from utils.analysis.figures.accuracy import accuracy_by_confidence, accuracy_over_bound
from utils.analysis.figures.contact import contact_sheet
from utils.analysis.figures.cosine import cosine_per_step
from utils.analysis.figures.gain import gain_at_equal_l2
from utils.analysis.figures.image_path import image_over_bound
from utils.analysis.figures.iterations import success_over_iterations
from utils.analysis.figures.matrix import gains_by_source
from utils.analysis.figures.rates import rates_at_one_bound
from utils.analysis.figures.selection import Drawn, Selection
from utils.analysis.figures.spectrum import perturbation_spectrum
from utils.analysis.figures.strip import image_strips
from utils.analysis.figures.success import success_over_bound, success_over_l2, success_over_ssim


@dataclass(frozen=True)
class Kind:
    """A kind of figure.

    Attributes:
      draw: makes the figures of it, or says why the runs don't hold what it shows.
      caption: what it shows and how to read it; "{bound}" is what the bound's size is called.
      shows_images: whether pixels of the images are in it.
    """

    draw: Callable[[Selection], Drawn]
    caption: str
    shows_images: bool = False


FIGURES = {
    "equal_l2": Kind(
        gain_at_equal_l2,
        "Above: success against the mean L2 that the perturbations spent. Below: the gain over "
        "sign at the same {bound}, and over sign at the same mean L2 (95 % intervals).",
    ),
    "rates": Kind(
        rates_at_one_bound,
        "Success at one {bound}, per victim and averaged, with 95 % intervals. Grey bars: what "
        "needs no attack. Modes of one {bound} spend different lengths.",
    ),
    "matrix": Kind(
        gains_by_source,
        "The gain over sign at one {bound} by source and victim, in points with 95 % intervals, a "
        "panel a method and mode; bold where it differs from 0. Modes of one {bound} spend "
        "different lengths: where sign was swept, a second figure compares at the same mean L2.",
    ),
    "success_epsilon": Kind(
        success_over_bound,
        "Success against {bound}, per victim and averaged, with 95 % intervals; 0 is clean. Modes "
        "of one {bound} spend different lengths: compare them in the next figure.",
    ),
    "success_l2": Kind(
        success_over_l2,
        "Success against the mean L2 actually spent, with 95 % intervals; 0 is clean. The higher "
        "curve needs less perturbation for the same success.",
    ),
    "success_ssim": Kind(
        success_over_ssim,
        "Success against how visible the perturbations are, as 1 - mean SSIM (the further right, "
        "the more), with 95 % intervals; 0 is clean. The higher curve shows less to the eye.",
    ),
    "iterations": Kind(
        success_over_iterations,
        "Over iterations at one step size, mean over the black-box victims: success, the gain over "
        "sign (95 % bands; a ring where it is largest), and the mean L2 spent, in [0, 255] units.",
    ),
    "accuracy": Kind(
        accuracy_over_bound,
        "Top-1 and top-5 accuracy and the mean confidence in the predicted label, over the "
        "black-box victims, with 95 % intervals; {bound} 0 is clean.",
    ),
    "accuracy_by_confidence": Kind(
        accuracy_by_confidence,
        "The same, split by the confidence in the clean image; bins of fewer than 20 predictions "
        "are joined with a neighbour.",
    ),
    "image": Kind(
        image_over_bound,
        "One image: every victim's confidence over {bound}. Filled markers: the true label; hollow "
        "ones: another label. Below each panel: at which {bound} the class flips, and to what.",
    ),
    "cosine": Kind(
        cosine_per_step,
        "How well each step, after the clip, follows the gradient at its point: 1 is exactly.",
    ),
    "strip": Kind(
        image_strips,
        "Clean image, perturbation amplified around grey by a gain chosen so that it doesn't "
        "saturate, its signs, adversarial image, and each victim's label and confidence; flips are "
        "bold and marked with a dot.",
        shows_images=True,
    ),
    "contact": Kind(
        contact_sheet,
        "Examples from the most to the least often misled, evenly spaced in that order, not chosen "
        "by eye; framed where a victim flips.",
        shows_images=True,
    ),
    "spectrum": Kind(
        perturbation_spectrum,
        "Mean log power of the perturbations, each scaled to the same L2, over spatial frequency: "
        "0.5 cycles per pixel is the finest pattern.",
    ),
}
