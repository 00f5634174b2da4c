"""One batch on several devices: each attacks its share with a copy of the source of its own.

tf.distribute is not used: it can't mirror the variables of a network that lives in a wrapped
function, and an attack needs nothing from it, since no image's result depends on another's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from methods import Crafted, group_modes
from utils.errors import UsageError
from utils.pipeline.portions import Portions
from utils.quiet import tf


def find_devices(count: int) -> list[str]:
    """Returns the names of the devices to craft on.

    Where there is no GPU, the processor is divided into `count` logical devices: that is no faster,
    it exercises the same way.

    Raises:
      UsageError: there are GPUs, but fewer, or TensorFlow is at work with another division already.
    """
    gpus = tf.config.get_visible_devices("GPU")
    if gpus:
        if count > len(gpus):
            raise UsageError(f"--devices is {count}, but this machine has {len(gpus)} GPU(s).")
        return [f"/GPU:{index}" for index in range(count)]
    if count > 1:
        # Where TensorFlow is at work already, what it was divided into before may do.
        with contextlib.suppress(RuntimeError):
            tf.config.set_logical_device_configuration(
                tf.config.list_physical_devices("CPU")[0],
                [tf.config.LogicalDeviceConfiguration()] * count,
            )
        if len(tf.config.list_logical_devices("CPU")) < count:
            raise UsageError(f"--devices {count} must be set before TensorFlow is used.")
    return [f"/CPU:{index}" for index in range(count)]


class SplitAttack:
    """Several copies of one attack, one a device, called as one."""

    def __init__(
        self, devices: Sequence[str], make_attack: Callable[[], Callable[..., dict[str, Crafted]]]
    ):
        """Makes the copies.

        Args:
          devices: their names.
          make_attack: makes one attack (called as Attack is) with its source, on the device in
            whose scope it is called.
        """
        self._devices = tuple(devices)
        self._attacks = []
        for device in self._devices:
            with tf.device(device):
                self._attacks.append(make_attack())

    def __call__(
        self, images: np.ndarray, labels: np.ndarray, keys: np.ndarray, modes: Sequence[str]
    ) -> dict[str, Crafted]:
        """As Attack; the batch must divide by the number of devices. Results are NumPy arrays."""
        shares = zip(
            *(np.split(np.asarray(each), len(self._devices)) for each in (images, labels, keys)),
            strict=True,
        )

        def attack_share(index: int, share: tuple[np.ndarray, ...]) -> dict[str, Crafted]:
            with tf.device(self._devices[index]):
                images, labels, keys = share
                crafted = self._attacks[index](images, labels, keys, modes)
                return {
                    mode: Crafted(*(part.numpy() for part in result))
                    for mode, result in crafted.items()
                }

        with ThreadPoolExecutor(len(self._devices)) as pool:
            parts = list(pool.map(attack_share, range(len(self._devices)), shares))
        return _joined(parts)


class PortionedAttack:
    """An attack on as much of a batch at once as the memory takes."""

    def __init__(self, attack: SplitAttack, portions: Portions):
        self._attack, self._portions = attack, portions

    def __call__(
        self, images: np.ndarray, labels: np.ndarray, keys: np.ndarray, modes: Sequence[str]
    ) -> dict[str, Crafted]:
        """As SplitAttack; raises RunError where the memory doesn't suffice for one image."""

        def attack(images: np.ndarray, labels: np.ndarray, keys: np.ndarray) -> dict[str, Crafted]:
            crafted = {}
            for together in [(mode,) for mode in modes] if self._portions.apart else [modes]:
                crafted.update(self._attack(images, labels, keys, together))
            return crafted

        joined = _joined(self._portions.map(attack, images, labels, keys))
        self._portions.tell()
        return {
            mode: Crafted(*(part[: len(images)] for part in crafted))
            for mode, crafted in joined.items()
        }

    def groups(self, modes: Sequence[str]) -> list[tuple[str, ...]]:
        """The modes in the groups that shared the source in the last call."""
        if self._portions.apart:
            return [(mode,) for mode in modes]
        return group_modes(modes, self._portions.share)


def _joined(parts: Sequence[dict[str, Crafted]]) -> dict[str, Crafted]:
    """One batch's results of those of its parts, as NumPy arrays."""
    if len(parts) == 1:
        return parts[0]
    return {
        mode: Crafted(*map(np.concatenate, zip(*(part[mode] for part in parts), strict=True)))
        for mode in parts[0]
    }
