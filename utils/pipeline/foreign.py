"""PNGs in a run's folder that the run did not make."""

from collections.abc import Iterator
from pathlib import Path

from utils.pipeline.run import Run


def foreign_images(run: Run) -> Iterator[Path]:
    """Yields every PNG below a run's folder that is none of its modes' images, by name."""
    known = {f"{image_id}.png" for image_id in run.dataset.ids}
    folder = run.folder.path
    for png in sorted(folder.rglob("*.[pP][nN][gG]")):
        place = png.parent.relative_to(folder).parts
        if len(place) != 1 or place[0] not in run.modes or png.name not in known:
            yield png


def foreign_folders(run: Run) -> dict[Path, int]:
    """Returns the folders that hold such PNGs, and how many each."""
    counts: dict[Path, int] = {}
    for png in foreign_images(run):
        counts[png.parent] = counts.get(png.parent, 0) + 1
    return counts
