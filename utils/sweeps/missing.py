"""A grid reduced to the networks and images that are there."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from data import read_dataset
from models import NETWORKS, find_checkpoint, get_network, split_defences
from models.costs import gigabytes
from utils.errors import RunError, UsageError
from utils.pipeline.participants import ZOOS
from utils.sweeps.estimate import Speed, duration
from utils.sweeps.grid import Grid

_PLACES = ("checkpoint_path", "input_csv", "input_dir")
# Of the development images, where their CSV isn't there to be counted.
_DEVELOPMENT_IMAGES = 1000


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
    folder, csv, images = _places(grid)
    asked = tuple(dict.fromkeys((*_networks(grid), *grid.victims)))
    there = [
        name
        for name in dict.fromkeys((*asked, *NETWORKS))
        if get_network(base := split_defences(name)[0]).zoo == zoo_name
        and find_checkpoint(base, folder)
    ]
    remarks = []
    if missing := [name for name in asked if name not in there]:
        remarks.append(_to_fetch(missing, folder))
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


def check_places(grid: Grid) -> None:
    """Makes sure that the folders and the CSV that a grid names are there.

    Raises:
      UsageError: one isn't; the sentence says which flags to give.
    """
    flags = dict(grid.flags)
    absent = [name for name in _PLACES if flags.get(name) and not Path(str(flags[name])).exists()]
    if absent:
        raise UsageError(
            f"The grid names {', '.join(f'{name} {flags[name]}' for name in absent)}, and nothing "
            f"is there: give {', '.join(f'--{name}' for name in absent)}, or --zoo demo."
        )


def all_of_it(grids: Sequence[Grid]) -> str:
    """Says how long grids would take with everything that they name, and what images they need."""
    learnt, total, cells = None, 0.0, 0
    for grid in grids:
        _, csv, images = _places(grid)
        victims = tuple(dict.fromkeys((*_networks(grid), *grid.victims)))
        learnt = learnt or Speed.learnt_from(grid.output_dir)
        for cell in grid.cells():
            count = cell.config.limit or _DEVELOPMENT_IMAGES
            total += learnt.estimate(cell.config, cell.config.source, victims, count).alone
            cells += 1
    if learnt is None:
        return ""
    said = (
        f"With all of it the {cells} cells take about {duration(total)} on this machine "
        f"({learnt.basis()})."
    )
    if not csv.is_file() or not images.is_dir():
        said += (
            f" The photos aren't there either: put them at {csv} and {images}, or give --input_csv "
            "and --input_dir."
        )
    return said


def _to_fetch(missing: Sequence[str], folder: Path) -> str:
    linked = [name for name in missing if (row := NETWORKS.get(name)) and row.tarball]
    said = f"Missing in {folder}: {', '.join(missing)}."
    if linked:
        said += (
            f" `bash scripts/fetch_checkpoints.sh {' '.join(linked)} --checkpoint_path {folder}` "
            f"fetches {gigabytes(linked):.2f} GB of weights."
        )
    for name in missing:
        if (row := NETWORKS.get(name)) and row.elsewhere:
            said += f" {name} is published by {row.elsewhere}: {gigabytes([name]):.2f} GB."
    return said


def _places(grid: Grid) -> list[Path]:
    """The checkpoints' folder, the CSV and the images' folder."""
    zoo, flags = ZOOS[_zoo_of(grid)], dict(grid.flags)
    return [Path(str(flags.get(name) or getattr(zoo, name))) for name in _PLACES]


def _networks(grid: Grid) -> list[str]:
    return [name for source in grid.sources for name in source.split("+")]


def _zoo_of(grid: Grid) -> str:
    return get_network(_networks(grid)[0]).zoo
