"""Images and labels in, PNGs out. Knows nothing of networks or attacks."""

from data.batches import Batch, batches, prefetching_map
from data.dataset import Dataset, read_dataset
from data.images import decode_image, read_image, write_image
from data.pixels import from_uint8, to_uint8

__all__ = [
    "Batch",
    "Dataset",
    "batches",
    "decode_image",
    "from_uint8",
    "prefetching_map",
    "read_dataset",
    "read_image",
    "to_uint8",
    "write_image",
]
