"""How much of a batch a network takes at once: where the memory ends, halves, down to one image."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from tqdm import tqdm

from utils.errors import RunError, is_out_of_memory

R = TypeVar("R")


class Portions:
    """Batches in portions of one size, which shrinks where the memory doesn't suffice.

    A batch is worked on in equal portions as if it came in batches of their size, and begun again
    whole with the next smaller one, so that its images are made as --batch_size of that size makes
    them. What has once failed is not tried again.

    Attributes:
      size: images at once that haven't failed so far.
      apart: at one image a device: whether modes go through the source one after another too.
    """

    def __init__(self, batch_size: int, devices: int = 1) -> None:
        self.size = batch_size
        self.apart = False
        self._batch_size, self._devices = batch_size, devices
        self._told = (batch_size, False)

    @property
    def share(self) -> int:
        """Images at once on one device."""
        return self.size // self._devices

    def map(self, compute: Callable[..., R], *arrays: np.ndarray) -> list[R]:
        """Calls a function on each portion of a batch.

        Args:
          compute: takes a portion of each array; a last one that is short is filled up with its
            last entry, so that all are of one size.
          arrays: of one length.

        Raises:
          RunError: one image doesn't fit; the sentence says what may help.
        """
        while True:
            try:
                results = [
                    compute(*(_portion(array, start, self.size) for array in arrays))
                    for start in range(0, len(arrays[0]), self.size)
                ]
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                self._shrink(arrays[0])
                # Outside of this block the error is gone, and with it what its frames still hold.
                continue
            return results

    def _shrink(self, images: np.ndarray) -> None:
        if self.share > 1:
            self.size = self.share // 2 * self._devices
        elif not self.apart:
            self.apart = True
        else:
            side = f" of {images.shape[1]} pixels" if images.ndim > 1 else ""
            raise RunError(
                f"The memory doesn't suffice for one image{side} at a time: take a smaller "
                "network, --dtype bfloat16, a device with more memory, or, where it is a GPU's, "
                "the processor (FGNM_DEVICE=cpu)."
            ) from None

    def tell(self) -> None:
        """Says once what fits, where the memory didn't suffice for the whole batch."""
        if (self.size, self.apart) == self._told:
            return
        self._told = (self.size, self.apart)
        fits = f"--batch_size {self.size} fits" + (", one mode at a time" if self.apart else "")
        tqdm.write(
            f"Note: the memory doesn't suffice for {self._batch_size} images at once; {fits}, and "
            "so it goes on."
        )


def _portion(array: np.ndarray, start: int, size: int) -> np.ndarray:
    if len(array) == size:
        return array
    if size == len(array):
        return array
    portion = array[start : start + size]
    missing = size - len(portion)
    return np.concatenate([portion, np.repeat(portion[-1:], missing, axis=0)])
