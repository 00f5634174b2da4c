"""What is in a folder of checkpoints, and whether each is usable."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from models.checkpoints import (
    Checkpoint,
    Examination,
    checkpoint_sha256,
    find_checkpoint,
    list_checkpoints,
    owner_of,
)
from models.folding import fold
from models.graph import folded_shapes
from models.loading import load_classifier
from models.network import Network
from models.zoo import NETWORKS
from utils.errors import ModelError


@dataclass(frozen=True)
class Diagnosis:
    """What was found out about one checkpoint.

    Attributes:
      prefix: the checkpoint.
      network: the row that it was compared with; None where it fits none.
      examination: the comparison of names and shapes; None where it cannot be read.
      error: why it is not usable; None where it is.
      fits: names of the networks that it would fit, for one under no network's name.
      sha256: file name -> digest.
    """

    prefix: Path
    network: Network | None
    examination: Examination | None
    error: str | None
    fits: tuple[str, ...] = ()
    sha256: dict[str, str] = field(default_factory=dict)

    @property
    def usable(self) -> bool:
        """Whether attack.py can load it."""
        return self.error is None


def diagnose(network: Network, prefix: Path) -> Diagnosis:
    """Reads all of a checkpoint that a network needs, and runs the network on a few images."""
    examination = error = None
    try:
        checkpoint, shapes = Checkpoint(prefix), folded_shapes(network)
        examination = checkpoint.examine(shapes, network)
        tensors = checkpoint.read(shapes, network)
        for _ in fold(shapes, tensors, network.batch_norm_epsilon):
            pass
        _check_logits(network, prefix)
    except ModelError as found:
        error = str(found)
    return Diagnosis(prefix, network, examination, error, sha256=checkpoint_sha256(prefix))


def _check_logits(network: Network, prefix: Path) -> None:
    """Runs the network on a few fixed images, since finite weights may still overflow.

    Raises:
      ModelError: a logit is not finite.
    """
    shape = (1, network.side, network.side, 3)
    noise = np.random.default_rng(0).uniform(-1, 1, shape)
    images = np.concatenate([noise, np.zeros(shape), np.ones(shape)]).astype(np.float32)
    logits = load_classifier(network.name, prefix)(images).numpy()
    if not np.isfinite(logits).all():
        raise ModelError(
            f"the logits of {prefix} for an image of noise, grey or white are NaN or infinite: "
            "fetch it again"
        )


def diagnose_unnamed(prefix: Path) -> Diagnosis:
    """The same for a checkpoint under no network's name: looks for the networks that it fits."""
    try:
        checkpoint = Checkpoint(prefix)
    except ModelError as error:
        return Diagnosis(prefix, None, None, str(error), sha256=checkpoint_sha256(prefix))
    if fits := tuple(_fitting(checkpoint)):
        return replace(diagnose(NETWORKS[fits[0]], prefix), fits=fits)
    example = min(checkpoint.shapes, default="nothing")
    reason = f"{prefix} fits no network of the zoo (it holds {example} ...)"
    return Diagnosis(prefix, None, None, reason, sha256=checkpoint_sha256(prefix))


def _fitting(checkpoint: Checkpoint) -> Iterator[str]:
    scopes = {name.partition("/")[0] for name in checkpoint.shapes}
    # Under a public scope only its own networks are looked at: building all takes a while.
    likely = [row for row in NETWORKS.values() if row.scope in scopes]
    for network in likely or NETWORKS.values():
        examination = checkpoint.examine(folded_shapes(network), network)
        if not examination.missing and not examination.misshapen:
            yield network.name


def diagnose_folder(path: Path) -> Iterator[Diagnosis]:
    """Goes over everything in a folder (or over the one checkpoint that is named).

    Raises:
      ModelError: there is no such folder or checkpoint.
    """
    if not path.is_dir():
        prefix = find_checkpoint(next(iter(NETWORKS)), path)
        if prefix is None:
            raise ModelError(f"--checkpoint_path {path} is neither a folder nor a checkpoint")
        owner = owner_of(prefix)
        yield diagnose(owner, prefix) if owner else diagnose_unnamed(prefix)
        return
    claimed = set()
    for network in NETWORKS.values():
        if prefix := find_checkpoint(network, path):
            claimed.add(prefix)
            yield diagnose(network, prefix)
    for prefix in list_checkpoints(path):
        if prefix not in claimed:
            yield diagnose_unnamed(prefix)
