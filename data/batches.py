"""Images in batches of one fixed size, the next ones read while the last is used."""

import functools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from data.images import decode_image, read_bytes
from utils.errors import DataError
from utils.hashes import content_sha256, state_of

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


def processors() -> int:
    """Returns how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def batches(
    paths: Sequence[Path],
    batch_size: int,
    starts: Sequence[int] | None = None,
    known: Known | None = None,
) -> Iterator[Batch]:
    """Reads PNGs in batches, in as many threads as there are processors, a batch or so ahead.

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
    wanted = [path for start in starts for path in paths[start : start + batch_size]]
    read = parallel_map(lambda path: read_hashed(path, known), wanted, ahead=batch_size)
    for start in starts:
        of_batch = paths[start : start + batch_size]
        images, digests = zip(*(next(read) for _ in of_batch), strict=True)
        for path, image in zip(of_batch, images, strict=True):
            if image.shape != images[0].shape:
                raise DataError(
                    f"Image {path} has a side of {len(image)} pixels, {of_batch[0]} one of "
                    f"{len(images[0])}: all images of a run need one side."
                )
        yield Batch(start, len(images), stacked(images, batch_size), digests)


def stacked(images: Sequence[np.ndarray], batch_size: int) -> np.ndarray:
    """Stacks images to one batch, which the last one fills up."""
    return np.stack([*images, *[images[-1]] * (batch_size - len(images))])


def parallel_map(function: Callable[[T], R], items: Iterable[T], ahead: int = 0) -> Iterator[R]:
    """As `map`, in as many threads as there are processors, and in the items' order.

    Args:
      function: called in other threads.
      items: its arguments.
      ahead: how many results may wait for their use, beside one for each thread. That bounds the
        memory: whoever takes the results slowly slows the threads down.
    """
    threads = processors()
    with ThreadPoolExecutor(threads) as pool:
        running: deque[Future[R]] = deque()
        try:
            for item in items:
                running.append(pool.submit(function, item))
                if len(running) > ahead + threads:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            # Where nobody takes the rest, it need not be made.
            for each in running:
                each.cancel()


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


def read_hashed(path: Path, known: Known | None = None) -> tuple[np.ndarray, str]:
    """Reads one PNG: uint8 [S, S, 3] and the SHA-256 of its file.

    Args:
      path: the PNG.
      known: as of `batches`.

    Raises:
      DataError: it can't be read.
    """
    before = state_of(path)
    content = read_bytes(path)
    digest = content_sha256(path, content, before)
    decode = functools.partial(decode_image, content, path)
    return known(digest, decode) if known else decode(), digest
