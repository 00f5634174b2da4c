"""From the names in a configuration to images and the source in memory."""

from collections.abc import Callable, Mapping
from pathlib import Path

import models
from data import Dataset, read_dataset
from utils.pipeline.config import RunConfig
from utils.pipeline.participants import Networks, Zoo


def load_dataset(config: RunConfig, place: Networks | Zoo) -> Dataset:
    """Reads the CSV and finds the images of a run, where `place` says.

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


def load_source(
    config: RunConfig,
    checkpoints: Mapping[str, Path],
    load: Callable[..., models.Classifier] = models.load_classifier,
) -> models.Classifier | models.Ensemble:
    """Loads the network, or the ensemble of networks, that is attacked, as `load` does it."""
    sources = [
        load(name, checkpoint, dtype=config.dtype) for name, checkpoint in checkpoints.items()
    ]
    return sources[0] if len(sources) == 1 else models.Ensemble(sources)
