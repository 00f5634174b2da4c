"""The paper's untargeted table as a grid, and what of it can be had."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import models
from data import read_dataset
from utils.errors import RunError
from utils.pipeline.participants import ZOOS
from utils.sweeps.grid import Grid

METHODS = (
    *("fgsm", "if", "m", "n", "d", "t", "s", "pi", "v"),
    *("sd", "td", "sdt", "stdm", "vn"),
)
MODES = ("sign", "affine", "test")
EPSILON = 16
IMAGES = 1000
VICTIMS = (
    *("inception_v3", "inception_v4", "resnet_v2_152", "inception_resnet_v2"),
    *("densenet161", "vgg_16"),
    *("ens3_adv_inception_v3", "ens4_adv_inception_v3", "ens_adv_inception_resnet_v2"),
)


@dataclass(frozen=True)
class Paper:
    """The paper's table with what is there.

    Attributes:
      grid: what can be run.
      remarks: sentences on what is missing or otherwise.
    """

    grid: Grid
    remarks: tuple[str, ...]


def paper_with_what_is_there(
    zoo: str = "imagenet",
    source: str | None = None,
    checkpoint_path: str | None = None,
    input_csv: str | None = None,
    input_dir: str | None = None,
    methods: Sequence[str] = (),
    limit: int | None = None,
    output_dir: str | None = None,
) -> Paper:
    """Looks for the checkpoints and images and makes the grid.

    Args:
      zoo: "imagenet" or "demo".
      source: instead of the zoo's default.
      checkpoint_path, input_csv, input_dir: instead of the zoo's places.
      methods: only these; none: all of the paper.
      limit: only so many images.
      output_dir: of the results.

    Raises:
      RunError: the source's checkpoint is missing.
      DataError: the CSV can't be used.
    """
    places = ZOOS[zoo]
    folder = Path(checkpoint_path or places.checkpoint_path)
    source = source or places.default_source
    csv, images = Path(input_csv or places.input_csv), Path(input_dir or places.input_dir)
    found = _found(zoo, folder)
    remarks = []
    if zoo == "demo":
        victims = found
        remarks.append("The demo zoo: the paper's layout on small networks and drawn images.")
    else:
        victims = [name for name in VICTIMS if name in found]
        missing = [name for name in VICTIMS if name not in found]
        if missing:
            remarks.append(
                f"Missing in {folder}, of the nine victims: {', '.join(missing)} "
                "(scripts/fetch_checkpoints.sh)."
            )
        others = [name for name in found if name not in VICTIMS]
        if len(victims) < 2 and others:
            # With so few of the paper's networks, those that are there make the better table.
            victims += others
            remarks.append(f"Judging on what is there: {', '.join(victims)}.")
    if source not in found:
        there = ", ".join(found) or "none"
        raise RunError(
            f"The source {source} has no checkpoint in {folder} (there: {there}). "
            + "".join(f"{remark} " for remark in remarks)
            + "Put it there, give --source one that is there, or --zoo demo."
        )
    victims = [source, *(name for name in victims if name != source)]
    remarks += _images_missing(csv, images, places.max_label, limit, zoo)
    flags = {
        "zoo": zoo,
        "checkpoint_path": str(folder),
        "input_csv": str(csv),
        "input_dir": str(images),
        "skip_missing_images": True,
        "output_dir": output_dir or "results/paper",
    }
    grid = Grid(
        (source,), tuple(methods) or METHODS, MODES, (EPSILON,), victims=tuple(victims)
    ).with_flags(limit=limit, **flags)
    return Paper(grid, tuple(remarks))


def _found(zoo: str, folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return [
        name
        for name, network in models.NETWORKS.items()
        if network.zoo == zoo and models.find_checkpoint(name, folder) is not None
    ]


def _images_missing(
    csv: Path, folder: Path, max_label: int, limit: int | None, zoo: str
) -> list[str]:
    dataset = read_dataset(csv, folder, max_label, limit=limit, skip_missing=True)
    remarks = []
    if dataset.skipped:
        remarks.append(f"Missing in {folder}: {dataset.skipped} images of {csv}; left out.")
    if zoo == "imagenet" and len(dataset) != IMAGES:
        remarks.append(f"The paper has {IMAGES} images; here are {len(dataset)}.")
    return remarks
