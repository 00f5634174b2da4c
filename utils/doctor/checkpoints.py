"""What is said of each checkpoint, and how often its network is right on photos."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import read_dataset
from models import Chain, Network, load_classifier
from models.checkpoints import DOCTOR, Examination
from models.diagnosis import Diagnosis
from utils.pipeline.defended import Defended
from utils.pipeline.participants import ZOOS
from utils.pipeline.plausibility import doubt
from utils.pipeline.predictions import Judge
from utils.success import ABSTAINED

# Of the variables that something is wrong with, so many are named.
SHOWN = 3


@dataclass(frozen=True)
class Photos:
    """Where photos are that networks are tried on, and how many of them."""

    input_csv: Path
    input_dir: Path
    limit: int | None


def describe(found: Diagnosis) -> str:
    """A few lines on one checkpoint."""
    name = found.network.name if found.network else found.prefix.name
    if found.fits:
        name = f"{found.prefix.name} (under no network's name; fits {', '.join(found.fits)})"
    lines = [f"{name}: {'usable' if found.usable else 'NOT USABLE'}", f"  file: {found.prefix}"]
    lines += [f"  sha256 {digest}  {file}" for file, digest in found.sha256.items()]
    if found.examination and found.network:
        lines += _describe_variables(found.examination, found.network)
    if found.error:
        lines.append(f"  {found.error.removesuffix('; ' + DOCTOR)}")
    return "\n".join(lines)


def _describe_variables(examination: Examination, network: Network) -> list[str]:
    usual = "" if examination.scope == network.scope else f" (usually {network.scope})"
    lines = [
        f"  scope: {examination.scope}{usual}",
        f"  variables: {len(examination.matched)} matched, {len(examination.missing)} missing, "
        f"{len(examination.misshapen)} misshapen, {len(examination.extra)} extra",
    ]
    shapes = [f"{name} {was}, not {due}" for name, (was, due) in examination.misshapen.items()]
    for what, names in (
        ("missing", examination.missing),
        ("misshapen", shapes),
        ("extra", examination.extra),
    ):
        if names:
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            lines.append(f"    {what}: {', '.join(names[:SHOWN])}{more}")
    return lines


def clean_accuracy(
    network: Network, prefix: Path, photos: Photos, chains: Sequence[Chain] = ()
) -> tuple[list[str], str]:
    """Says how often a usable checkpoint is right on the photos that are there.

    Args:
      network: its row.
      prefix: the checkpoint.
      photos: what it is tried on.
      chains: defences that it is also tried behind.

    Returns:
      A line of the accuracy beside the published one, a line a chain, and what makes the first
      doubtful; empty where nothing does.
    """
    max_label = ZOOS[network.zoo].max_label
    dataset = read_dataset(
        photos.input_csv, photos.input_dir, max_label, photos.limit, skip_missing=True
    )
    judge = Judge.of(load_classifier(network.name, prefix))
    labels, true_labels = judge.classify(dataset.paths), dataset.true_labels
    published = network.clean_accuracy
    reference = f"published {published} % on 1000" if published else "none published"

    def accuracy(labels: np.ndarray) -> str:
        return f"{100 * (labels == true_labels).mean():.1f} % of {len(dataset)} images"

    lines = [f"clean accuracy: {accuracy(labels)} ({reference})"]
    for chain in chains:
        defended = Defended(judge, chain, seed=0).classify(dataset.paths, dataset.ids)
        abstained = int((defended == ABSTAINED).sum())
        without = f", {abstained} without an answer" if chain.votes else ""
        lines.append(f"behind {'+'.join(chain.names)}: {accuracy(defended)}{without}")
    return lines, doubt(network.name, labels, true_labels, published)
