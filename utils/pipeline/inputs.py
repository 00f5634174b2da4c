"""From the names in a configuration or a run.json to data and networks in memory."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import models
from data import Dataset, read_dataset
from utils.pipeline.config import RunConfig
from utils.pipeline.participants import ZOOS, Networks, Zoo


def load_dataset(config: RunConfig, place: Networks | Zoo) -> Dataset:
    """Reads the CSV and finds the images of a run.

    Args:
      config: the run.
      place: has input_csv, input_dir and max_label.

    Raises:
      DataError: as `read_dataset`.
    """
    return read_dataset(
        place.input_csv,
        place.input_dir,
        place.max_label,
        limit=config.limit,
        skip_missing=config.skip_missing_images,
        targeted=config.attack.targeted,
    )


def load_recorded_dataset(
    record: Mapping, input_csv: Path | None = None, input_dir: Path | None = None
) -> Dataset:
    """Finds the images of a finished run; no checkpoint is needed.

    Args:
      record: the content of run.json.
      input_csv: where the CSV is now; None for where it was.
      input_dir: where the images are now; None for where they were.

    Raises:
      DataError: as `read_dataset`.
      UsageError, MethodError: run.json holds flags that no run can have.
    """
    config = RunConfig.of_flags(record["flags"])
    place = replace(
        ZOOS[record["zoo"]],
        input_csv=Path(input_csv or config.input_csv),
        input_dir=Path(input_dir or config.input_dir),
    )
    return load_dataset(config, place)


def load_source(
    config: RunConfig, checkpoints: Mapping[str, Path]
) -> models.Classifier | models.Ensemble:
    """Loads the network, or the ensemble of networks, that is attacked."""
    sources = [
        models.load_classifier(name, checkpoint, dtype=config.dtype)
        for name, checkpoint in checkpoints.items()
    ]
    return sources[0] if len(sources) == 1 else models.Ensemble(sources)


def load_victim(name: str, checkpoint: Path, preprocessing: str) -> models.Classifier:
    """Loads a network to judge with: always float32."""
    return models.load_classifier(name, checkpoint, preprocessing=preprocessing)
