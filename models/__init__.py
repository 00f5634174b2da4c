"""The zoo: networks under the public names, read from TF checkpoints. Knows nothing of attacks."""

from models.checkpoints import checkpoint_files, checkpoint_sha256, find_checkpoint
from models.classifier import Classifier
from models.ensemble import Ensemble
from models.errors import ModelError, UnknownNetwork
from models.external import split_names
from models.loading import load_classifier
from models.zoo import NETWORKS, Network

__all__ = [
    "NETWORKS",
    "Classifier",
    "Ensemble",
    "ModelError",
    "Network",
    "UnknownNetwork",
    "checkpoint_files",
    "checkpoint_sha256",
    "find_checkpoint",
    "load_classifier",
    "split_names",
]
