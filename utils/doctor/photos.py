"""Whether a table of labels and its photos are there and can be read."""

from pathlib import Path

from data import read_dataset, read_image
from utils.doctor.finding import Finding
from utils.errors import DataError


def check_photos(input_csv: Path, input_dir: Path, max_label: int, limit: int | None) -> Finding:
    """Reads the table, and the first photo and the last."""
    what = f"Photos in {input_dir}"
    try:
        dataset = read_dataset(input_csv, input_dir, max_label, limit, skip_missing=True)
        for path in {dataset.paths[0], dataset.paths[-1]}:
            read_image(path)
    except DataError as error:
        return Finding(what, "not usable", str(error))
    says = f"{len(dataset)} of {dataset.side} pixels"
    if dataset.skipped:
        says += f" ({dataset.skipped} rows of {input_csv} have none)"
    return Finding(what, says)
