"""The bar of crafting, which moves with every gradient: a batch may take minutes."""

import threading
from collections.abc import Mapping, Sequence
from types import TracebackType

from tqdm import tqdm

from methods import parse_method
from utils.pipeline.config import RunConfig


class CraftingBar:
    """Counts gradients of images, padding included; the images that are done stand beside it.

    It may be told from several threads.
    """

    def __init__(
        self, config: RunConfig, todo: Mapping[int, Sequence[Sequence[str]]], images: int
    ) -> None:
        """Makes it; it is drawn when entered.

        Args:
          config: the run's.
          todo: first image of each batch -> the calls of the attack that it needs, by their modes.
          images: how many the run has.
        """
        method = parse_method(config.method)
        self._of_batch = {
            start: config.batch_size * sum(method.gradients(config.attack, len(m)) for m in calls)
            for start, calls in todo.items()
        }
        self._images, self._left = images, 0
        self._lock = threading.Lock()

    def __enter__(self) -> "CraftingBar":
        self._bar = tqdm(total=sum(self._of_batch.values()), desc="Crafting", unit="gradient")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def begin(self, start: int) -> None:
        """A batch begins."""
        with self._lock:
            self._left = self._of_batch[start]

    def tick(self, count: int) -> None:
        """A gradient of so many images is there."""
        with self._lock:
            # A batch that is begun again, where memory ends, counts once.
            count = min(count, self._left)
            self._left -= count
            self._bar.update(count)

    def end(self, done: int) -> None:
        """The batch is done, and so are so many images."""
        self._bar.set_postfix_str(f"{done}/{self._images} images", refresh=False)
        self.tick(self._left)
