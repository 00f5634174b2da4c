"""The zoo: networks under the public names, read from TF checkpoints. Knows nothing of attacks."""

from models.checkpoints import checkpoint_files, checkpoint_sha256, find_checkpoint, owner_of
from models.classifier import Classifier
from models.defences import Chain, split_defences, vote
from models.ensemble import Ensemble
from models.external import (
    FETCHED_BY_KERAS,
    ExternalNetwork,
    parse_external,
    split_names,
)
from models.loading import load_classifier
from models.short_names import ShortNames
from models.zoo import NETWORKS, Network, get_network

__all__ = [
    "FETCHED_BY_KERAS",
    "NETWORKS",
    "Chain",
    "Classifier",
    "Ensemble",
    "ExternalNetwork",
    "Network",
    "ShortNames",
    "checkpoint_files",
    "checkpoint_sha256",
    "find_checkpoint",
    "get_network",
    "load_classifier",
    "owner_of",
    "parse_external",
    "split_defences",
    "split_names",
    "vote",
]
