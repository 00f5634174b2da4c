"""From the names in a configuration or a run.json to data and networks in memory."""

from collections.abc import Mapping
from pathlib import Path

import models
from data import Dataset, read_dataset
from utils.networks import Networks
from utils.run_config import RunConfig


def load_dataset(config: RunConfig, networks: Networks) -> Dataset:
    """Reads the CSV and finds the images of a run.

    Raises:
      DataError: as `read_dataset`.
    """
    return read_dataset(
        networks.input_csv,
        networks.input_dir,
        networks.max_label,
        limit=config.limit,
        skip_missing=config.skip_missing_images,
        targeted=config.attack.targeted,
    )


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
