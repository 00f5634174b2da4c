"""Photos without a CSV of this program's kind: which ones the flags name, and their labels.

They are made into a folder of square PNGs of one side and a CSV of labels (`prepared.py`). What
comes after (crafting, judging, verifying, tables) knows of nothing else.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from data.foreign_labels import ForeignLabel, ForeignLabels, read_foreign_labels
from utils.class_names import named_zoo
from utils.errors import DataError, UsageError
from utils.files import open_regular
from utils.pipeline.config import RunConfig
from utils.pipeline.labels import known_names, parse_class
from utils.pipeline.names import safe_name
from utils.pipeline.participants import Networks
from utils.pipeline.prepared import Chosen, Labelled, Making
from utils.pipeline.record import Preparation
from utils.pipeline.session import Session

Names = Callable[[str], Sequence[str]]

_MOST_BYTES = 1 << 26


def prepare(
    config: RunConfig,
    networks: Networks,
    session: Session,
    names: Names | None = None,
    tell: bool = True,
) -> tuple[Networks, Preparation | None]:
    """Makes what a run takes of the images that the flags name.

    Args:
      config: the flags.
      networks: sources, and the images' place so far.
      session: loads the source where its prediction is to be the label.
      names: zoo -> its classes' names, label 0 first; None where none can be fetched.
      tell: say what the images were and what was done to them.

    Returns:
      The networks with the place of the PNGs and the CSV that were made, and how; as they came and
      None where the flags name a CSV and PNGs of this program's kind.

    Raises:
      UsageError: flags that contradict each other, or a label that is no class.
      DataError: an image or a folder that can't be used.
    """
    chosen = _chosen(config, networks, names)
    if chosen is None:
        return networks, None
    return Making(config, networks, session, chosen).made(tell)


def find_prepared(config: RunConfig, networks: Networks, session: Session) -> tuple[Networks, int]:
    """Looks for what `prepare` would make, and makes nothing.

    Args:
      config, networks, session: as of `prepare`.

    Returns:
      The networks, with the place of the PNGs and the CSV where they are made; and how many images
      are still to be made.

    Raises:
      UsageError, DataError: as `prepare`.
    """
    chosen = _chosen(config, networks, None)
    if chosen is None:
        return networks, 0
    making = Making(config, networks, session, chosen)
    made, prepared = making.found()
    return (networks, making.count()) if prepared is None else (made, 0)


def _chosen(config: RunConfig, networks: Networks, names: Names | None) -> Chosen | None:
    """Returns the images that are to be made; None for PNGs and a CSV of this program's kind."""
    if config.image and (config.input_csv or config.input_dir):
        raise UsageError("--image is one photo: leave --input_csv and --input_dir out, or --image.")
    foreign = None
    if config.input_csv:
        foreign = read_foreign_labels(
            networks.input_csv, networks.max_label, config.label_offset, config.label_format
        )
    if config.label_offset is not None and foreign is None:
        raise UsageError(
            "--label_offset is for the --input_csv of another tool; TrueLabel counts from 1."
        )
    if foreign is not None:
        if config.true_label:
            raise UsageError("--true_label is for images without labels; --input_csv has them.")
        return _of_labels(config, networks, foreign)
    if config.image:
        if Path(config.image).is_dir():
            raise UsageError(f"--image {config.image} is a folder: give it as --input_dir.")
        found = [Path(config.image)]
    elif config.input_dir and not config.input_csv and not _is_default_csv_of(networks):
        found = _image_files(networks.input_dir)
    else:
        if config.true_label:
            raise UsageError(
                "--true_label is for --image, or an --input_dir without labels: labels of other "
                "images stand in --input_csv."
            )
        return None
    if config.attack.targeted:
        raise UsageError("--targeted needs a TargetClass for every image: give an --input_csv.")
    label = None
    known = known_names(config, networks)
    if config.true_label:
        all_names = known or _fetched_names(config.true_label, networks, names)
        label = parse_class(config.true_label, "true_label", networks.max_label, all_names)
    return Chosen([Labelled(name, path, label) for name, path in ids_of(found).items()], known)


def _fetched_names(text: str, networks: Networks, names: Names | None) -> Sequence[str]:
    # A number needs none.
    is_number = text.strip().lstrip("+-").isdecimal()
    return () if names is None or is_number else names(named_zoo(networks.zoo, networks.attacked))


def _of_labels(config: RunConfig, networks: Networks, labels: ForeignLabels) -> Chosen:
    """Finds the images of another tool's label file."""
    csv_path = networks.input_csv
    folder = networks.input_dir if config.input_dir else csv_path.parent
    if not folder.is_dir():
        raise DataError(f"--input_dir {folder} is no folder: give the one with the images.")
    found: dict[Path, ForeignLabel] = {}
    missing = []
    for row in labels.rows:
        path = _find(folder, row.file)
        if path is None:
            missing.append(row.file)
        elif found.setdefault(path, row) is not row:
            raise DataError(f"{csv_path} names {row.file} twice: keep one of them.")
    if missing and not config.skip_missing_images:
        raise DataError(
            f"Image {missing[0][:200]!a} of {csv_path} is missing in {folder} ({len(missing)} "
            "in all): give --input_dir, or --skip_missing_images to leave these rows out."
        )
    if not found:
        raise DataError(f"No image of {csv_path} is in {folder}: check --input_dir.")
    items = [
        Labelled(image_id, path, found[path].label, found[path].target)
        for image_id, path in ids_of(list(found)).items()
    ]
    gone = {name: f"Image {name[:200]!a} is missing in {folder}." for name in missing}
    return Chosen(items, known_names(config, networks), labels.told(), gone)


def ids_of(paths: Sequence[Path]) -> dict[str, Path]:
    """Returns image id -> file: the file's own name, with its suffix where two would be called so.

    Raises:
      DataError: two still would.
    """
    stems = Counter(safe_name(path.stem) for path in paths)
    found: dict[str, Path] = {}
    for path in paths:
        image_id = safe_name(path.stem)
        if stems[image_id] > 1:
            image_id = safe_name(path.name)
        if other := found.get(image_id):
            raise DataError(f"{other} and {path} would both be called {image_id}: rename one.")
        found[image_id] = path
    return found


def _image_files(folder: Path) -> list[Path]:
    """Returns the files of a folder, by name; hidden ones aren't meant.

    Raises:
      DataError: it can't be read, or holds none.
    """
    if not folder.is_dir():
        raise DataError(f"--input_dir {folder} is no folder: give the one with the images.")
    try:
        files = [each for each in sorted(folder.iterdir()) if not each.name.startswith(".")]
    except OSError as error:
        raise DataError(f"--input_dir {folder} can't be read: {error.strerror}.") from error
    if not (found := [each for each in files if not each.is_dir()]):
        raise DataError(f"--input_dir {folder} holds no image: give the folder with the images.")
    return found


def _find(folder: Path, name: str) -> Path | None:
    """Returns the image that another tool's table names, by its path or its name alone."""
    if not name or "\0" in name:
        return None
    whole = Path(name)
    inside = not whole.is_absolute() and ".." not in whole.parts
    for path in (*([folder / whole] if inside else []), folder / whole.name):
        try:
            if path.is_file():
                return path
        except OSError:
            # A name that is longer than any may be.
            return None
    return None


def _is_default_csv_of(networks: Networks) -> bool:
    """Whether the zoo's own CSV names images of the folder, or there is no such folder."""
    folder, table = networks.input_dir, networks.input_csv
    if not folder.is_dir():
        return True
    try:
        with open_regular(table) as file:
            rows = csv.reader(io.StringIO(file.read(_MOST_BYTES).decode("utf-8-sig")))
            return any(row and (folder / f"{row[0]}.png").is_file() for row in rows)
    except (DataError, OSError, ValueError, csv.Error):
        return False
