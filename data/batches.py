"""Images in batches of one fixed size, the next one read while the last is used."""

import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from data.images import decode_image, read_bytes
from utils.errors import DataError

T = TypeVar("T")
R = TypeVar("R")
Known = Callable[[str, Callable[[], np.ndarray]], np.ndarray]


@dataclass(frozen=True)
class Batch:
    """Some consecutive images.

    Attributes:
      start: the first one's place in the list that was asked for.
      count: how many are real; the rest repeat the last one, so that every batch has one shape.
      pixels: uint8 [batch_size, S, S, 3].
      sha256: of each real image's file, in hexadecimal.
    """

    start: int
    count: int
    pixels: np.ndarray
    sha256: tuple[str, ...]


def batches(
    paths: Sequence[Path],
    batch_size: int,
    starts: Sequence[int] | None = None,
    known: Known | None = None,
) -> Iterator[Batch]:
    """Reads PNGs in batches, one batch ahead in a thread of its own.

    Args:
      paths: the PNGs, all of one side.
      batch_size: images a batch; the last is padded.
      starts: read only the batches that begin there (multiples of batch_size); None for all.
      known: takes a file's SHA-256 and what decodes it, and returns its pixels; None: decode all.

    Yields:
      Batches in order.

    Raises:
      DataError: an image can't be read, or has another side than the others.
    """
    starts = range(0, len(paths), batch_size) if starts is None else starts
    yield from prefetching_map(
        lambda start: _read(paths[start : start + batch_size], start, batch_size, known), starts
    )


def prefetching_map(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """As `map`, in a thread of its own that works on the next item while the last is used."""
    with ThreadPoolExecutor(max_workers=1) as worker:
        running = None
        for item in items:
            before, running = running, worker.submit(function, item)
            if before is not None:
                yield before.result()
        if running is not None:
            yield running.result()


def _read(paths: Sequence[Path], start: int, batch_size: int, known: Known | None = None) -> Batch:
    images, digests = [], []
    for path in paths:
        content = read_bytes(path)
        digests.append(hashlib.sha256(content).hexdigest())
        decode = functools.partial(decode_image, content, path)
        images.append(known(digests[-1], decode) if known else decode())
        if images[-1].shape != images[0].shape:
            raise DataError(
                f"Image {path} has a side of {images[-1].shape[0]} pixels, {paths[0]} one of "
                f"{images[0].shape[0]}: all images of a run need one side."
            )
    padding = [images[-1]] * (batch_size - len(images))
    return Batch(start, len(images), np.stack(images + padding), tuple(digests))
