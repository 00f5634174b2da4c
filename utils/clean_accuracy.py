"""How often a classifier is right on a folder of images: for the checkpoint doctor."""

from collections.abc import Callable
from pathlib import Path

from data import read_dataset
from models import Classifier, Network
from utils.networks import ZOOS
from utils.predictions import Judge


def clean_accuracy(
    input_csv: Path, input_dir: Path, limit: int | None = None
) -> Callable[[Classifier, Network], tuple[int, int]]:
    """Prepares the measurement; images that are not there are left out.

    Args:
      input_csv: in the format of dev_dataset.csv.
      input_dir: holds ImageId.png.
      limit: use the first so many images; None for all.

    Returns:
      A function of a classifier and its row to (images that it gets right, images in all), which
      raises DataError where the images or labels cannot be read.
    """

    def accuracy(classifier: Classifier, network: Network) -> tuple[int, int]:
        max_label = ZOOS[network.zoo].max_label
        dataset = read_dataset(input_csv, input_dir, max_label, limit, skip_missing=True)
        wrong = Judge.of(classifier).count_wrong(dataset.paths, dataset.true_labels)
        return len(dataset) - wrong, len(dataset)

    return accuracy
