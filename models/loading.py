"""A network's name and where its checkpoint is, to a Classifier."""

from pathlib import Path

from models.checkpoints import require_checkpoint
from models.classifier import Classifier
from models.external import ExternalNetwork
from models.graph import load_network
from models.preprocessing import PREPROCESSING, as_is
from models.zoo import get_network
from utils.errors import ModelError

DTYPES = ("float32", "bfloat16")


def load_classifier(
    name: str, checkpoint: str | Path, *, preprocessing: str = "own", dtype: str = "float32"
) -> Classifier:
    """Loads a network of the zoo, or an external one (see models/external.py).

    Args:
      name: a key of NETWORKS, `keras:NAME` or `saved_model:PATH`.
      checkpoint: its V1 file, V2 prefix (or .index or .data file), or a folder that holds it; for
        an external network what `find_checkpoint` returned, or the folder.
      preprocessing: "own" feeds the network what it was trained on; "as_published" feeds every
        network of the zoo [-1, 1], as FGNM's script did; external ones are always fed their own.
      dtype: "float32" or "bfloat16" (weights and activations; logits are float32 either way).

    Raises:
      UnknownNetwork: no such name.
      ModelError: no checkpoint there, or one that does not fit or is damaged.
    """
    if preprocessing not in ("own", "as_published"):
        raise ModelError(f"preprocessing is own or as_published, not {preprocessing!r}")
    if dtype not in DTYPES:
        raise ModelError(f"dtype is one of {', '.join(DTYPES)}, not {dtype!r}")
    network = get_network(name)
    if isinstance(network, ExternalNetwork):
        if dtype != "float32":
            raise ModelError(f"{name}: bfloat16 is for the zoo's own networks")
        return network.load(checkpoint)
    forward = load_network(network, require_checkpoint(network, checkpoint), dtype)
    prepare = PREPROCESSING[network.preprocessing] if preprocessing == "own" else as_is
    return Classifier(
        name=name,
        side=network.side,
        largest_side=network.largest_side,
        num_classes=network.num_classes,
        label_offset=network.label_offset,
        forward=lambda images: forward(prepare(images)),
    )
