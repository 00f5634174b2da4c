"""Images and labels in, PNGs out. Knows nothing of networks or attacks."""

from data.batches import (
    Batch,
    batches,
    parallel_map,
    prefetching_map,
    processors,
    read_hashed,
    stacked,
)
from data.dataset import Dataset, read_dataset
from data.images import decode_image, read_image, write_image
from data.photos import Photo, decode_photo
from data.pixels import difference_of, from_uint8, to_uint8
from data.similarity import structural_similarity

__all__ = [
    "Batch",
    "Dataset",
    "Photo",
    "batches",
    "decode_image",
    "decode_photo",
    "difference_of",
    "from_uint8",
    "parallel_map",
    "prefetching_map",
    "processors",
    "read_dataset",
    "read_hashed",
    "read_image",
    "stacked",
    "structural_similarity",
    "to_uint8",
    "write_image",
]
