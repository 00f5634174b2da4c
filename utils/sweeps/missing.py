"""A grid reduced to the networks and images that are there."""

from dataclasses import replace
from pathlib import Path

from data import read_dataset
from models import NETWORKS, find_checkpoint, get_network
from utils.errors import RunError
from utils.pipeline.participants import ZOOS
from utils.sweeps.grid import Grid


def on_zoo(grid: Grid, zoo: str) -> Grid:
    """Returns the grid on a zoo: where its sources belong to another, its default one and victims.

    Raises:
      UnknownNetwork: a source that is in no zoo.
    """
    if _zoo_of(grid) != zoo:
        grid = replace(grid, sources=(ZOOS[zoo].default_source,), victims=())
    return grid.with_flags(zoo=zoo)


def leave_out_missing(grid: Grid) -> tuple[Grid, list[str]]:
    """Drops the sources, victims and images that aren't there.

    The sources that are left are judged on, too. Where fewer than two of the victims are there, all
    networks that are there are judged on: they make the better table.

    Returns:
      The grid, and a sentence for each kind of thing that is missing.

    Raises:
      RunError: no source is there.
      UnknownNetwork: a name that is in no zoo.
      DataError: the CSV can't be used.
    """
    zoo_name, flags = _zoo_of(grid), dict(grid.flags)
    zoo = ZOOS[zoo_name]
    folder, csv, images = (
        Path(str(flags.get(name) or getattr(zoo, name)))
        for name in ("checkpoint_path", "input_csv", "input_dir")
    )
    asked = tuple(dict.fromkeys((*_networks(grid), *grid.victims)))
    there = [
        name
        for name in dict.fromkeys((*asked, *NETWORKS))
        if get_network(name).zoo == zoo_name and find_checkpoint(name, folder)
    ]
    remarks = []
    if missing := ", ".join(name for name in asked if name not in there):
        remarks.append(f"Missing in {folder}: {missing} (scripts/fetch_checkpoints.sh).")
    sources = tuple(s for s in grid.sources if set(s.split("+")) <= set(there))
    if not sources:
        raise RunError(
            f"The source {', '.join(grid.sources)} has no checkpoint in {folder} (there: "
            f"{', '.join(there) or 'none'}). {''.join(f'{remark} ' for remark in remarks)}"
            "Put it there, give --source one that is there, or --zoo demo."
        )
    victims = [name for name in grid.victims if name in there]
    if len(victims) < 2:
        victims += [name for name in NETWORKS if name in there and name not in victims]
        if grid.victims:
            remarks.append(f"Judging on what is there: {', '.join(victims)}.")
    grid = replace(grid, sources=sources)
    grid = replace(grid, victims=tuple(dict.fromkeys((*_networks(grid), *victims))))
    dataset = read_dataset(csv, images, zoo.max_label, flags.get("limit"), skip_missing=True)
    if dataset.skipped:
        remarks.append(f"Missing in {images}: {dataset.skipped} images of {csv}; left out.")
    return grid.with_flags(skip_missing_images=True), remarks


def _networks(grid: Grid) -> list[str]:
    return [name for source in grid.sources for name in source.split("+")]


def _zoo_of(grid: Grid) -> str:
    return get_network(_networks(grid)[0]).zoo
