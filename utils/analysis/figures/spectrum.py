"""The spectrum of the perturbations: which spatial frequencies a mode spends its length on."""

import numpy as np
from matplotlib.figure import Figure

from utils.analysis.faces import face
from utils.analysis.families import Family
from utils.analysis.figures.selection import Drawn, NotDrawn, Selection
from utils.analysis.figures.style import caption, name_panel, panels, x_label
from utils.analysis.runs import FinishedRun

_MOST_IMAGES = 60


def perturbation_spectrum(selection: Selection) -> Drawn:
    """Draws one figure a method: the map of mean log power per mode, and its radial means."""
    if not selection.runs:
        yield "", NotDrawn("none of the chosen methods was run at that bound")
    for run in selection.runs:
        yield run.method, _draw(selection.family, run)


def log_power(perturbations: np.ndarray) -> np.ndarray:
    """Returns the mean log10 power per spatial frequency.

    Args:
      perturbations: float [N, S, S, 3]; each is scaled to L2 norm 1, so that only the shape of
        the spectrum counts.

    Returns:
      float64 [S, S], frequency 0 at [S // 2, S // 2]; the mean over images and channels.
    """
    norms = np.sqrt((perturbations**2).sum(axis=(1, 2, 3), keepdims=True))
    unit = perturbations / np.where(norms > 0, norms, 1)
    power = np.abs(np.fft.fftshift(np.fft.fft2(unit, axes=(1, 2)), axes=(1, 2))) ** 2
    # The floor is far below a rounded pixel's power; it keeps an unchanged image finite.
    return np.log10(power + 1e-12).mean(axis=(0, 3))


def radial_mean(spectrum: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Averages over rings round frequency 0.

    Args:
      spectrum: [S, S], frequency 0 at [S // 2, S // 2].

    Returns:
      (frequency in cycles per pixel, mean), each [S // 2].
    """
    side = spectrum.shape[0]
    place = np.arange(side) - side // 2
    radius = np.rint(np.hypot(place[:, None], place[None, :])).astype(int)
    sums = np.bincount(radius.ravel(), spectrum.ravel())
    means = sums / np.bincount(radius.ravel())
    rings = np.arange(1, side // 2 + 1)
    return rings / side, means[rings]


def _draw(family: Family, run: FinishedRun) -> Figure:
    image_ids = family.image_ids[:_MOST_IMAGES]
    spectra = {mode: _mean_spectrum(run, mode, image_ids) for mode in run.record.modes}
    figure, axes = panels(len(spectra) + 1, columns=4, height=2.1)
    values = np.concatenate([spectrum.ravel() for spectrum in spectra.values()])
    low, high = np.percentile(values, [1, 99.9])
    for panel, (mode, spectrum) in zip(axes[1:], spectra.items(), strict=True):
        image = panel.imshow(
            spectrum, cmap="cividis", vmin=low, vmax=high, extent=(-0.5, 0.5, -0.5, 0.5)
        )
        look = face(mode)
        name_panel(panel, look.title)
        panel.grid(False)
        axes[0].plot(*radial_mean(spectrum), label=look.title, **look.style | {"marker": ""})
    figure.colorbar(image, ax=axes[1:], shrink=0.7, label="mean log10 power")
    x_label(axes, "cycles per pixel")
    axes[0].set_ylabel("mean log10 power")
    axes[0].set_title("radial mean")
    axes[0].set_box_aspect(1)
    caption(
        figure,
        f"Perturbations at L2 norm 1, {len(image_ids)} images; {run.record.method_title}, "
        f"{run.bound}; {family.title}",
    )
    return figure


def _mean_spectrum(run: FinishedRun, mode: str, image_ids: list[str]) -> np.ndarray:
    spectra = []
    for image_id in image_ids:
        clean, adversarial = run.images(mode, image_id)
        spectra.append(log_power((adversarial.astype(np.float64) - clean)[None]))
    return np.mean(spectra, axis=0)
